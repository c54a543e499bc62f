import { UUID, calculateObjectSize } from 'bson';
import { Index, duplicateKey } from './indexes.mjs';
import { keyOf, isPlain, valuesAt } from './keys.mjs';
import { matcher } from './match.mjs';
import { plan } from './plan.mjs';

/**
 * Documents with their indexes. A document is never changed in place: a change puts another into its record,
 * `{ id, document, keys, size }`, so that what a cursor holds stays as it was.
 */
export class Collection {
  #records = new Map();
  #bytes = 0;

  /** @param options for a capped collection `{ capped, size, max }` */
  constructor(namespace, options = {}) {
    Object.assign(this, { namespace, options, uuid: new UUID() });
    this.indexes = [new Index({ key: { _id: 1 }, name: '_id_' })];
  }

  get count() {
    return this.#records.size;
  }

  *documents() {
    for (const record of this.#records.values()) yield record.document;
  }

  get bytes() {
    let bytes = 0;
    for (const document of this.documents()) bytes += calculateObjectSize(document);
    return bytes;
  }

  insert(document) {
    const id = keyOf(document._id);
    if (this.#records.has(id)) throw duplicateKey(this.indexes[0], document, this.namespace);
    const record = { id, document };
    this.#put(record, document);
    this.#records.set(id, record);
    if (this.options.capped) this.#dropOldest(record);
  }

  replace(record, document) {
    this.#put(record, document);
  }

  delete(record) {
    this.#records.delete(record.id);
    this.indexes.forEach((index, i) => index.remove(record.keys[i], record));
    this.#bytes -= record.size ?? 0;
  }

  addIndex(spec) {
    const index = new Index(spec);
    const keys = new Map();
    for (const record of this.#records.values()) {
      const own = index.keysOf(record.document);
      index.checkUnique(own, record, record.document, this.namespace);
      index.add(own, record);
      keys.set(record, own);
    }
    for (const [record, own] of keys) record.keys.push(own);
    this.indexes.push(index);
  }

  dropIndex(name) {
    const at = this.indexes.findIndex(index => index.name === name);
    this.indexes.splice(at, 1);
    for (const record of this.#records.values()) record.keys.splice(at, 1);
  }

  /** Records that match, in the order asked for (else that of insertion or of an index), at most `limit`. */
  find(filter, { sort, limit = Infinity } = {}) {
    const natural = sort?.$natural;
    const order = natural || !sort || Object.keys(sort).length === 0 ? null : sort;
    const chosen = natural ? null : plan(this.indexes, filter, order, limit !== Infinity);
    const found = [];
    const isInOrder = order === null || Boolean(chosen?.step);
    const matches = matcher(filter);
    for (const record of natural < 0 ? [...this.#records.values()].reverse() : this.#scan(filter, chosen)) {
      if (!matches(record.document)) continue;
      found.push(record);
      if (isInOrder && found.length >= limit) return found;
    }
    return isInOrder ? found : sorted(found, order).slice(0, limit);
  }

  *#scan(filter, chosen) {
    const id = filter._id;
    if (id !== undefined && !isPlain(id) && !Array.isArray(id) && !(id instanceof RegExp)) {
      const record = this.#records.get(keyOf(id));
      if (record) yield record;
    } else if (chosen === null) {
      yield* this.#records.values();
    } else {
      const seen = chosen.index.multikey ? new Set() : null;
      for (const { from, to } of chosen.ranges) {
        const { entries } = chosen.index;
        for (const { record } of chosen.step < 0 ? entries.descending(from, to) : entries.ascending(from, to)) {
          if (seen?.has(record)) continue;
          seen?.add(record);
          yield record;
        }
      }
    }
  }

  /** Gives a record its document and its keys; nothing has changed when a unique index refuses. */
  #put(record, document) {
    const keys = this.indexes.map(index => index.keysOf(document));
    this.indexes.forEach((index, i) => index.checkUnique(keys[i], record, document, this.namespace));
    this.indexes.forEach((index, i) => {
      const old = record.keys?.[i];
      if (old && old.length === keys[i].length && old.every((key, k) => key === keys[i][k])) return;
      if (old) index.remove(old, record);
      index.add(keys[i], record);
    });
    Object.assign(record, { document, keys });
  }

  #dropOldest(newest) {
    newest.size = calculateObjectSize(newest.document);
    this.#bytes += newest.size;
    const most = this.options.max ?? Infinity;
    for (const oldest of this.#records.values()) {
      if (oldest === newest || (this.#records.size <= most && this.#bytes <= this.options.size)) return;
      this.delete(oldest);
    }
  }
}

/** Sorted as MongoDB does: an array counts as its least element upwards, as its greatest downwards. */
function sorted(records, sort) {
  const fields = Object.entries(sort);
  const keysOf = document => fields.map(([path, direction]) => {
    const keys = valuesAt(document, path).map(keyOf);
    return keys.length === 1 ? keys[0] : keys.reduce((a, b) => ((a < b) === (direction > 0) ? a : b));
  });
  const compare = (a, b) => {
    for (let i = 0; i < fields.length; i++) {
      if (a.keys[i] !== b.keys[i]) return (a.keys[i] < b.keys[i] ? -1 : 1) * fields[i][1];
    }
    return 0;
  };
  return records.map(record => ({ record, keys: keysOf(record.document) })).sort(compare).map(({ record }) => record);
}
