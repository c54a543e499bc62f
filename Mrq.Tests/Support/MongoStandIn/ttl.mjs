import { keyOf } from './keys.mjs';

/** Deletes what TTL indexes say has expired: the date at their field, plus their seconds, has passed. */
export function deleteExpired(databases, now) {
  for (const collection of databases.all()) {
    for (const { entries, spec } of collection.indexes) {
      if (spec.expireAfterSeconds === undefined) continue;
      const last = new Date(now - Number(spec.expireAfterSeconds) * 1000);
      const expired = [...entries.ascending('9', keyOf(last) + '\uffff')].map(entry => entry.record);
      new Set(expired).forEach(record => collection.delete(record));
    }
  }
}
