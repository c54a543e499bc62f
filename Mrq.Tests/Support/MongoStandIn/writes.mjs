import { ObjectId } from 'bson';
import { CommandError } from './errors.mjs';
import { project } from './reads.mjs';
import { applyUpdate, isReplacement, upserted } from './updates.mjs';

/** Carries out the parts of a command; those that fail are told by their index, and end an ordered one. */
function each(parts, ordered, carryOut) {
  const writeErrors = [];
  for (const [index, part] of parts.entries()) {
    try {
      carryOut(part, index);
    } catch (error) {
      writeErrors.push({ index, code: error.code ?? 2, errmsg: error.message, ...error.details });
      if (ordered !== false) break;
    }
  }
  return writeErrors.length > 0 ? { writeErrors } : {};
}

/** Changes one record; true when that made a difference. */
function change(collection, record, { u, q, arrayFilters }) {
  const next = applyUpdate(record.document, u, q, arrayFilters);
  if (next === record.document) return false;
  collection.replace(record, next);
  return true;
}

function insertUpserted(collection, { u, q, arrayFilters }) {
  const document = upserted(q, u, arrayFilters);
  collection.insert(document);
  return document;
}

export const writes = {
  insert({ insert, documents, ordered }, { databases, database }) {
    const collection = databases.findOrCreate(database, insert);
    let n = 0;
    const errors = each(documents, ordered, document => {
      collection.insert('_id' in document ? document : { _id: new ObjectId(), ...document });
      n++;
    });
    return { n, ...errors, ok: 1 };
  },

  update({ update, updates, ordered }, { databases, database }) {
    const collection = databases.findOrCreate(database, update);
    let [n, nModified] = [0, 0];
    const inserted = [];
    const errors = each(updates, ordered, (part, index) => {
      if (part.multi && isReplacement(part.u)) throw new CommandError(9, 'FailedToParse', 'multi update is not supported for replacement-style update');
      const records = collection.find(part.q, { limit: part.multi ? Infinity : 1 });
      for (const record of records) {
        if (change(collection, record, part)) nModified++;
        n++;
      }
      if (records.length === 0 && part.upsert) {
        inserted.push({ index, _id: insertUpserted(collection, part)._id });
        n++;
      }
    });
    return { n, nModified, ...(inserted.length > 0 ? { upserted: inserted } : {}), ...errors, ok: 1 };
  },

  delete(command, { databases, database }) {
    const collection = databases.find(database, command.delete);
    let n = 0;
    const errors = !collection ? {} : each(command.deletes, command.ordered, ({ q, limit }) => {
      for (const record of collection.find(q, { limit: limit === 1 ? 1 : Infinity })) {
        collection.delete(record);
        n++;
      }
    });
    return { n, ...errors, ok: 1 };
  },

  findAndModify(command, { databases, database }) {
    const { query = {}, sort, remove, update, fields, arrayFilters, upsert } = command;
    const collection = databases.findOrCreate(database, command.findAndModify ?? command.findandmodify);
    const [record] = collection.find(query, { sort, limit: 1 });
    const reply = (lastErrorObject, document) => ({ lastErrorObject, value: document ? project([document], fields)[0] : null, ok: 1 });
    if (remove) {
      if (record) collection.delete(record);
      return reply({ n: record ? 1 : 0 }, record?.document);
    }

    const part = { q: query, u: update, arrayFilters };
    if (record) {
      const before = record.document;
      change(collection, record, part);
      return reply({ n: 1, updatedExisting: true }, command.new ? record.document : before);
    }

    if (!upsert) return reply({ n: 0, updatedExisting: false }, null);
    const document = insertUpserted(collection, part);
    return reply({ n: 1, updatedExisting: false, upserted: document._id }, command.new ? document : null);
  },
};
