import { badValue } from './errors.mjs';

/**
 * The fail point `failCommand` of a real server, with `failCommands`, `closeConnection`, `errorCode`, `errorLabels`,
 * `writeConcernError`, `blockConnection` with `blockTimeMS`, `appName`, `namespace`; mode `alwaysOn`, `off`, `{ times }`, `{ skip }`.
 * Ours alone: `executeFirst` carries the command out before it fails, as when a reply is lost on its way.
 * One is set per `appName`, so that tests beside each other do not meet each other's.
 */
export class FailPoints {
  #set = new Map();

  configure({ configureFailPoint, mode, data = {} }) {
    if (configureFailPoint !== 'failCommand') throw badValue(`The stand-in has no fail point ${configureFailPoint}`);
    const name = data.appName ?? '';
    if (mode === 'off') this.#set.delete(name);
    else this.#set.set(name, { ...data, times: mode.times ?? Infinity, skip: mode.skip ?? 0 });
    return { ok: 1 };
  }

  /** What is to happen to a command instead of, or beside, its work; null: nothing. Counts it. */
  hit(command, namespace, appName) {
    for (const [name, point] of this.#set) {
      const isMeant = point.failCommands?.includes(command)
        && (point.appName === undefined || point.appName === appName)
        && (point.namespace === undefined || point.namespace === namespace);
      if (!isMeant || point.skip-- > 0) continue;
      if (--point.times <= 0) this.#set.delete(name);
      return point;
    }
    return null;
  }
}
