import { setTimeout as delay } from 'node:timers/promises';
import { admin } from './admin.mjs';
import { catalog } from './catalog.mjs';
import { CommandError, replyOf } from './errors.mjs';
import { FailPoints } from './failPoints.mjs';
import { reads } from './reads.mjs';
import { writes } from './writes.mjs';

const commands = { ...admin, ...catalog, ...reads, ...writes };
const otherNames = { ismaster: 'hello', isMaster: 'hello', findandmodify: 'findAndModify', buildinfo: 'buildInfo', collstats: 'collStats', dbstats: 'dbStats' };

/** Finds the command that a message names and answers its reply, fail points and repeated writes heeded. */
export class Dispatcher {
  failPoints = new FailPoints();
  port = 0;
  /** Session id → its last write, as a driver may ask for it again. */
  #lastWrites = new Map();

  /** @param identity what it says of itself: setName, maxWireVersion, engine, hasJournal */
  constructor(databases, identity) {
    Object.assign(this, { databases, ...identity });
  }

  /** The reply, or a promise of it when a fail point delays it; null: close the connection. */
  run(message, session) {
    const asked = Object.keys(message)[0];
    const name = otherNames[asked] ?? asked;
    const fault = name === 'configureFailPoint' ? null : this.failPoints.hit(name, `${message.$db}.${message[asked]}`, session.appName);
    if (fault === null) return this.#carryOut(name, message, session);
    return fault.blockConnection
      ? delay(fault.blockTimeMS).then(() => this.#fail(fault, name, message, session))
      : this.#fail(fault, name, message, session);
  }

  #fail(fault, name, message, session) {
    const isHarmless = !fault.closeConnection && !fault.errorCode;
    const reply = isHarmless || fault.executeFirst ? this.#carryOut(name, message, session) : null;
    if (fault.closeConnection) return null;
    if (fault.writeConcernError) return { ...reply, writeConcernError: fault.writeConcernError };
    const errorLabels = fault.errorLabels ? { errorLabels: fault.errorLabels } : {};
    return fault.errorCode
      ? { ok: 0, errmsg: "Failing command via 'failCommand' failpoint", code: fault.errorCode, codeName: 'FailPoint', ...errorLabels }
      : reply;
  }

  #carryOut(name, message, session) {
    try {
      if (!Object.hasOwn(commands, name)) throw new CommandError(59, 'CommandNotFound', `no such command: '${name}'`);
      const context = { ...this, session, database: message.$db };
      const reply = message.txnNumber === undefined ? commands[name](message, context) : this.#onlyOnce(name, message, context);
      return { ...reply, ...concernError(message.writeConcern?.w) };
    } catch (error) {
      return replyOf(error);
    }
  }

  /** A write with a number is carried out once; asked again, its first reply is given. */
  #onlyOnce(name, message, context) {
    if (!this.setName) {
      throw new CommandError(20, 'IllegalOperation', 'Transaction numbers are only allowed on a replica set member or mongos');
    }
    if (message.startTransaction || message.autocommit === false) throw new CommandError(20, 'IllegalOperation', 'The stand-in has no transactions');
    const id = message.lsid.id.toString('hex');
    const number = String(message.txnNumber);
    const last = this.#lastWrites.get(id);
    if (last?.number === number) return last.reply;
    const reply = commands[name](message, context);
    this.#lastWrites.set(id, { number, reply });
    return reply;
  }
}

/** A write is done, and its writer told, when more members were to have it than the one there is. */
function concernError(w) {
  if (w === undefined || w === 'majority' || Number(w) <= 1) return {};
  const [code, codeName, errmsg] = typeof w === 'string'
    ? [79, 'UnknownReplWriteConcern', `No write concern mode named '${w}' found in replica set configuration`]
    : [100, 'UnsatisfiableWriteConcern', 'Not enough data-bearing nodes'];
  return { writeConcernError: { code, codeName, errmsg } };
}
