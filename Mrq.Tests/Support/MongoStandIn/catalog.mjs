import { CommandError, noSuchCollection } from './errors.mjs';
import { keyOf } from './keys.mjs';
import { matcher } from './match.mjs';

function addIndex(collection, spec) {
  const there = collection.indexes.find(index => index.name === spec.name);
  if (!there) return collection.addIndex(spec);
  const isSame = keyOf(there.spec.key) === keyOf(spec.key) && Boolean(there.spec.unique) === Boolean(spec.unique)
    && keyOf(there.spec.partialFilterExpression) === keyOf(spec.partialFilterExpression);
  if (!isSame) {
    throw new CommandError(86, 'IndexKeySpecsConflict', `An existing index has the same name as the requested index: ${spec.name}`);
  }
  if (there.spec.expireAfterSeconds !== spec.expireAfterSeconds) {
    throw new CommandError(85, 'IndexOptionsConflict', `An equivalent index already exists with different options: ${spec.name}`);
  }
  return undefined;
}

/** Collections and their indexes. */
export const catalog = {
  create({ create, capped, size, max }, { databases, database }) {
    if (capped && !size) throw new CommandError(72, 'InvalidOptions', "the 'size' field is required when 'capped' is true");
    databases.create(database, create, capped ? { capped: true, size: Number(size), ...(max ? { max: Number(max) } : {}) } : {});
    return { ok: 1 };
  },

  drop({ drop }, { databases, database }) {
    databases.drop(database, drop);
    return { ns: `${database}.${drop}`, ok: 1 };
  },

  dropDatabase(_, { databases, database }) {
    databases.dropDatabase(database);
    return { dropped: database, ok: 1 };
  },

  createIndexes({ createIndexes, indexes }, { databases, database }) {
    const isNew = !databases.find(database, createIndexes);
    const collection = databases.findOrCreate(database, createIndexes);
    const numIndexesBefore = collection.indexes.length;
    indexes.forEach(spec => addIndex(collection, spec));
    return { numIndexesBefore, numIndexesAfter: collection.indexes.length, createdCollectionAutomatically: isNew, ok: 1 };
  },

  dropIndexes({ dropIndexes, index }, { databases, database }) {
    const collection = databases.get(database, dropIndexes);
    const nIndexesWas = collection.indexes.length;
    const names = collection.indexes.map(({ name }) => name).filter(name => name !== '_id_' && (index === '*' || index === name));
    if (names.length === 0 && index !== '*') throw new CommandError(27, 'IndexNotFound', `index not found with name [${index}]`);
    names.forEach(name => collection.dropIndex(name));
    return { nIndexesWas, ok: 1 };
  },

  listIndexes({ listIndexes, cursor }, { databases, database }) {
    const collection = databases.get(database, listIndexes);
    return databases.cursors.open(collection.namespace, collection.indexes.map(index => index.spec), cursor);
  },

  listCollections({ filter = {}, cursor }, { databases, database }) {
    const collections = databases.collections(database).map(([name, collection]) => ({
      name,
      type: 'collection',
      options: collection.options,
      info: { readOnly: false, uuid: collection.uuid },
      idIndex: collection.indexes[0].spec,
    }));
    return databases.cursors.open(`${database}.$cmd.listCollections`, collections.filter(matcher(filter)), cursor);
  },

  listDatabases(_, { databases }) {
    return { databases: databases.names().map(name => ({ name, sizeOnDisk: 0, empty: false })), totalSize: 0, ok: 1 };
  },

  collMod({ collMod, index }, { databases, database }) {
    const there = databases.get(database, collMod).indexes.find(({ name, spec }) => name === index?.name || keyOf(spec.key) === keyOf(index?.keyPattern));
    if (!there) throw noSuchCollection(`${database}.${collMod}`);
    there.spec.expireAfterSeconds = index.expireAfterSeconds;
    return { ok: 1 };
  },

  collStats({ collStats }, { databases, database }) {
    const collection = databases.find(database, collStats);
    const [count, size] = [collection?.count ?? 0, collection?.bytes ?? 0];
    const { capped = false, max = -1, size: maxSize } = collection?.options ?? {};
    return {
      ns: `${database}.${collStats}`, count, size, storageSize: size, avgObjSize: count ? Math.floor(size / count) : 0,
      nindexes: collection?.indexes.length ?? 0, totalIndexSize: 0, indexSizes: {}, capped, ...(capped ? { max, maxSize } : {}), ok: 1,
    };
  },

  dbStats(_, { databases, database }) {
    const collections = databases.collections(database).map(([, collection]) => collection);
    const dataSize = collections.reduce((sum, { bytes }) => sum + bytes, 0);
    const objects = collections.reduce((sum, { count }) => sum + count, 0);
    return { db: database, collections: collections.length, objects, dataSize, storageSize: dataSize, indexSize: 0, ok: 1 };
  },
};
