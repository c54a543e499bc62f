import net from 'node:net';
import { Binary, Long, deserialize, serialize } from 'bson';
import { isPlain } from './keys.mjs';

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const HEADER = 16;
const MOST_BYTES = 48_000_000;

const FLAG_CHECKSUM = 1;
const FLAG_MORE_TO_COME = 2;
const SECTION_BODY = 0;

// mingo compares BSON values by their text; the usual one of binary data loses bytes that are no UTF-8.
Binary.prototype.toString = function () {
  return `${this.sub_type}:${Buffer.from(this.buffer).toString('hex', 0, this.position)}`;
};

const read = bytes => deserialize(bytes, { promoteBuffers: false, bsonRegExp: false, promoteLongs: true });

/** Integers that JavaScript's library would write as doubles, made longs; nothing is copied that has none. */
function withLongs(value) {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value !== (value | 0) ? Long.fromNumber(value) : value;
  if (!Array.isArray(value) && !isPlain(value)) return value;
  let copy = value;
  for (const name of Object.keys(value)) {
    const item = withLongs(value[name]);
    if (item === value[name]) continue;
    if (copy === value) copy = Array.isArray(value) ? value.slice() : { ...value };
    copy[name] = item;
  }
  return copy;
}

const write = reply => serialize(withLongs(reply), { ignoreUndefined: true, checkKeys: false });

/** Splits a message into its command: the body with the document sequences beside it. */
function readMessage(bytes) {
  const flags = bytes.readUInt32LE(HEADER);
  const end = bytes.length - (flags & FLAG_CHECKSUM ? 4 : 0);
  let message = {};
  const sequences = {};
  for (let at = HEADER + 4; at < end;) {
    const kind = bytes[at++];
    const length = bytes.readInt32LE(at);
    const section = bytes.subarray(at, at + length);
    if (kind === SECTION_BODY) message = read(section);
    else Object.assign(sequences, readSequence(section));
    at += length;
  }
  return { message: Object.assign(message, sequences), isAnswered: !(flags & FLAG_MORE_TO_COME) };
}

function readSequence(section) {
  const nameEnd = section.indexOf(0, 4);
  const documents = [];
  for (let at = nameEnd + 1; at < section.length;) {
    const length = section.readInt32LE(at);
    documents.push(read(section.subarray(at, at + length)));
    at += length;
  }
  return { [section.toString('utf8', 4, nameEnd)]: documents };
}

/** The old form of a query: drivers greet with it. */
function readQuery(bytes) {
  const nameEnd = bytes.indexOf(0, HEADER + 4);
  const document = read(bytes.subarray(nameEnd + 9));
  return { ...(document.$query ?? document), $db: 'admin' };
}

function header(length, answers, operation) {
  const bytes = Buffer.alloc(HEADER);
  bytes.writeInt32LE(HEADER + length, 0);
  bytes.writeInt32LE(answers, 8);
  bytes.writeInt32LE(operation, 12);
  return bytes;
}

function messageOf(reply, answers) {
  const body = write(reply);
  return [header(5 + body.length, answers, OP_MSG), Buffer.alloc(5), body];
}

function oldReplyOf(reply, answers) {
  const body = write(reply);
  const fields = Buffer.alloc(20);
  fields.writeInt32LE(8, 0);
  fields.writeInt32LE(1, 16);
  return [header(20 + body.length, answers, OP_REPLY), fields, body];
}

/** One connection: messages in, each answered in turn. */
class Connection {
  #chunks = [];
  #length = 0;
  #needed = HEADER;
  #working = Promise.resolve();
  #isWorking = false;

  constructor(socket, dispatcher, number) {
    Object.assign(this, { socket, dispatcher, session: { number } });
  }

  receive(chunk) {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#needed) return;
    let bytes = Buffer.concat(this.#chunks);
    while (bytes.length >= HEADER) {
      const length = bytes.readInt32LE(0);
      if (length < HEADER || length > MOST_BYTES) return this.socket.destroy();
      if (bytes.length < length) break;
      this.#take(bytes.subarray(0, length));
      bytes = bytes.subarray(length);
    }
    this.#chunks = [bytes];
    this.#length = bytes.length;
    this.#needed = bytes.length < HEADER ? HEADER : bytes.readInt32LE(0);
    return undefined;
  }

  /** At once, unless a message before this one is still being delayed. */
  #take(bytes) {
    const answer = this.#isWorking ? this.#working.then(() => this.#answer(bytes)) : this.#answer(bytes);
    if (!(answer instanceof Promise)) return;
    this.#isWorking = true;
    const working = answer.finally(() => { if (this.#working === working) this.#isWorking = false; });
    this.#working = working;
  }

  #answer(bytes) {
    try {
      const number = bytes.readInt32LE(4);
      const operation = bytes.readInt32LE(12);
      if (operation === OP_MSG) {
        const { message, isAnswered } = readMessage(bytes);
        return this.#reply(this.dispatcher.run(message, this.session), reply => (isAnswered ? messageOf(reply, number) : []));
      }
      if (operation === OP_QUERY) return this.#reply(this.dispatcher.run(readQuery(bytes), this.session), reply => oldReplyOf(reply, number));
    } catch (error) {
      console.error(error);
    }
    return void this.socket.destroy();
  }

  #reply(reply, format) {
    if (reply instanceof Promise) return reply.then(late => this.#reply(late, format));
    if (reply === null) return void this.socket.destroy();
    this.socket.cork();
    format(reply).forEach(part => this.socket.write(part));
    this.socket.uncork();
    return undefined;
  }
}

/** Listens on the loopback address; tells the port that it got. */
export function listen(port, dispatcher, listening) {
  let connections = 0;
  const server = net.createServer(socket => {
    const connection = new Connection(socket.setNoDelay(true), dispatcher, ++connections);
    socket.on('data', chunk => connection.receive(chunk));
    // A client that goes away without a word is nothing to report.
    socket.on('error', () => socket.destroy());
  });
  return server.listen(port, '127.0.0.1', () => listening(server.address().port));
}
