import { Long, calculateObjectSize } from 'bson';
import { CommandError } from './errors.mjs';

const FIRST_BATCH = 101;
const MOST_BYTES = 16 * 1024 * 1024;

/** Open cursors. What they give was found when they were opened. */
export class Cursors {
  #open = new Map();
  #last = 0n;

  /** The reply to a command that opens a cursor. */
  open(namespace, documents, { batchSize = FIRST_BATCH, singleBatch = false } = {}) {
    const cursor = { namespace, documents, position: 0 };
    const firstBatch = next(cursor, Number(batchSize));
    let id = 0n;
    if (cursor.position < documents.length && !singleBatch) this.#open.set(id = ++this.#last, cursor);
    return { cursor: { firstBatch, id: Long.fromBigInt(id), ns: namespace }, ok: 1 };
  }

  getMore(number, batchSize) {
    const id = BigInt(number.toString());
    const cursor = this.#open.get(id);
    if (!cursor) throw new CommandError(43, 'CursorNotFound', `cursor id ${id} not found`);
    const nextBatch = next(cursor, Number(batchSize ?? 0) || Infinity);
    const isAtEnd = cursor.position >= cursor.documents.length;
    if (isAtEnd) this.#open.delete(id);
    return { cursor: { nextBatch, id: Long.fromBigInt(isAtEnd ? 0n : id), ns: cursor.namespace }, ok: 1 };
  }

  kill(numbers) {
    const killed = numbers.filter(number => this.#open.delete(BigInt(number.toString())));
    return { cursorsKilled: killed, cursorsNotFound: numbers.filter(number => !killed.includes(number)), cursorsAlive: [], cursorsUnknown: [], ok: 1 };
  }

  get count() {
    return this.#open.size;
  }
}

function next(cursor, most) {
  const batch = [];
  for (let bytes = 0; cursor.position < cursor.documents.length && batch.length < most; cursor.position++) {
    bytes += calculateObjectSize(cursor.documents[cursor.position]);
    if (bytes > MOST_BYTES && batch.length > 0) break;
    batch.push(cursor.documents[cursor.position]);
  }
  return batch;
}
