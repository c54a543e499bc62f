import { EJSON } from 'bson';
import { CommandError } from './errors.mjs';
import { keyOf, valueAt, valuesAt } from './keys.mjs';
import { matcher } from './match.mjs';
import { SortedList } from './sortedList.mjs';

/** An index: sorted keys of its fields, each with the id behind it. Directions do not matter, it is read both ways. */
export class Index {
  constructor(spec) {
    this.spec = { v: 2, ...spec };
    this.name = spec.name;
    this.fields = Object.keys(spec.key);
    this.entries = new SortedList();
    /** Set once a document had an array there: then a document may be met more than once, and in no useful order. */
    this.multikey = false;
    this.isInPart = spec.partialFilterExpression ? matcher(spec.partialFilterExpression) : () => true;
  }

  /** The keys a document has here; none when it is left out of a sparse or partial index. */
  keysOf(document) {
    if (!this.isInPart(document)) return [];
    if (this.spec.sparse && this.fields.every(path => valuesAt(document, path).every(value => value === undefined))) return [];
    let keys = [''];
    for (const path of this.fields) {
      const values = valuesAt(document, path);
      this.multikey ||= values.length > 1 || Array.isArray(valueAt(document, path));
      keys = values.length === 1
        ? keys.map(key => key + keyOf(values[0]))
        : keys.flatMap(key => values.map(value => key + keyOf(value)));
    }
    return keys.length === 1 ? keys : [...new Set(keys)];
  }

  /** Throws when another record than this one has one of the keys of a unique index. */
  checkUnique(keys, record, document, namespace) {
    if (!this.spec.unique) return;
    for (const key of keys) {
      const entry = this.entries.first(key);
      if (entry?.key.startsWith(key) && entry.record !== record) throw duplicateKey(this, document, namespace);
    }
  }

  add(keys, record) {
    for (const key of keys) this.entries.insert(key + record.id, record);
  }

  remove(keys, record) {
    for (const key of keys) this.entries.remove(key + record.id);
  }
}

export function duplicateKey(index, document, namespace) {
  const keyValue = Object.fromEntries(index.fields.map(path => [path, valueAt(document, path) ?? null]));
  return new CommandError(
    11000, 'DuplicateKey', `E11000 duplicate key error collection: ${namespace} index: ${index.name} dup key: ${EJSON.stringify(keyValue)}`,
    { keyPattern: index.spec.key, keyValue });
}
