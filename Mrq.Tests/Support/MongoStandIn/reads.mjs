import { Aggregator, Query } from 'mingo';
import { badValue } from './errors.mjs';
import { keyOf, valuesAt } from './keys.mjs';
import { matcher } from './match.mjs';

const isEmpty = object => !object || Object.keys(object).length === 0;

/** Documents as a projection shows them; `_id` stays in front. */
export function project(documents, projection) {
  if (isEmpty(projection)) return documents;
  return new Query({}).find(documents, projection).all().map(document => ('_id' in document ? { _id: document._id, ...document } : document));
}

function documentsOf(collection, filter, { sort, skip = 0, limit = 0 } = {}) {
  // A wrong filter is an error also where there is nothing to find.
  if (!collection) matcher(filter ?? {});
  const most = limit ? Number(skip) + Math.abs(Number(limit)) : Infinity;
  return collection ? collection.find(filter ?? {}, { sort, limit: most }).slice(Number(skip)).map(record => record.document) : [];
}

/** The part at the head of a pipeline that a find can do, with its indexes, and the stages that are left. */
function splitPipeline(pipeline) {
  const stages = [...pipeline];
  const filter = stages[0]?.$match ? stages.shift().$match : {};
  const sort = stages[0]?.$sort ? stages.shift().$sort : undefined;
  const limit = stages[0]?.$limit ? stages.shift().$limit : undefined;
  return { filter, sort, limit, stages };
}

export const reads = {
  find({ find, filter, projection, singleBatch, limit, ...options }, { databases, database }) {
    const documents = project(documentsOf(databases.find(database, find), filter, { ...options, limit }), projection);
    return databases.cursors.open(`${database}.${find}`, documents, { batchSize: options.batchSize, singleBatch: singleBatch || limit < 0 });
  },

  aggregate({ aggregate, pipeline, cursor }, { databases, database }) {
    if (pipeline.some(stage => '$out' in stage || '$merge' in stage || '$changeStream' in stage)) throw badValue('The stand-in does not know this stage');
    const { filter, sort, limit, stages } = splitPipeline(pipeline);
    const source = documentsOf(typeof aggregate === 'string' ? databases.find(database, aggregate) : undefined, filter, { sort, limit });
    const collectionResolver = name => [...(databases.find(database, name)?.documents() ?? [])];
    let documents = stages.length === 0 ? source : new Aggregator(stages, { collectionResolver }).run(source);
    const counted = stages.at(-1)?.$count;
    // Where nothing is left to count MongoDB gives no document, mingo a zero.
    if (counted && documents[0]?.[counted] === 0) documents = [];
    return databases.cursors.open(`${database}.${aggregate}`, documents, { batchSize: cursor?.batchSize });
  },

  count({ count, query, skip = 0, limit = 0 }, { databases, database }) {
    const collection = databases.find(database, count);
    const found = !collection ? 0 : isEmpty(query) ? collection.count : collection.find(query).length;
    const n = Math.max(0, found - Number(skip));
    return { n: limit ? Math.min(n, Math.abs(Number(limit))) : n, ok: 1 };
  },

  distinct({ distinct, key, query }, { databases, database }) {
    const values = new Map();
    for (const document of documentsOf(databases.find(database, distinct), query)) {
      for (const value of valuesAt(document, key)) if (value !== undefined) values.set(keyOf(value), value);
    }
    return { values: [...values].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value), ok: 1 };
  },

  getMore({ getMore, batchSize }, { databases }) {
    return databases.cursors.getMore(getMore, batchSize);
  },

  killCursors({ cursors }, { databases }) {
    return databases.cursors.kill(cursors);
  },
};
