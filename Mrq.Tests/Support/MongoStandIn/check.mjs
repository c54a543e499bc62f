// What the stand-in promises, asked through MongoDB's own driver for Node. `npm run check`
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Binary, Long, MongoClient, ObjectId, Timestamp } from 'mongodb';

const serverFile = fileURLToPath(new URL('server.mjs', import.meta.url));
let server;
let address;
let client;
let db;

async function start(...options) {
  const child = spawn(process.execPath, [serverFile, '--with-parent', ...options], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { child, address: `mongodb://127.0.0.1:${line.match(/^listening (\d+)$/)[1]}/` };
}

before(async () => {
  ({ child: server, address } = await start('--replset', 'rs', '--ttl-ms', '20'));
  client = await new MongoClient(`${address}?replicaSet=rs&appName=check`).connect();
});

beforeEach(() => {
  db = client.db(`check_${new ObjectId()}`);
});

after(async () => {
  await client.close();
  server.stdin.end();
  await once(server, 'exit');
});

const failNext = (data, times = 1) => client.db('admin').command({ configureFailPoint: 'failCommand', mode: { times }, data: { appName: 'check', ...data } });
const rejects = (promise, code) => assert.rejects(promise, error => error.code === code || assert.fail(error));

async function until(condition) {
  while (!(await condition()));
}

test('every kind of value comes back as it was written', async () => {
  const document = {
    _id: new ObjectId(), text: 'Zürich 🎉', zero: 'a\0b', int: -5, long: 2 ** 40, fraction: 0.1, yes: true, nothing: null, date: new Date(1e12),
    bytes: new Binary(Buffer.from([0, 255, 128])), list: [1, 'a', null, { b: [] }], inner: { x: {} }, pattern: /a.b/i, at: new Timestamp({ t: 1, i: 2 }),
  };
  await db.collection('c').insertOne(document);
  const found = await db.collection('c').findOne({});
  assert.deepEqual(found, document);
  assert.deepEqual(Object.keys(found), Object.keys(document));
});

test('integers beyond 32 bits stay integers', async () => {
  await db.collection('c').insertOne({ _id: 1, n: Long.fromNumber(3e9), m: 2147483648 });
  const found = await db.collection('c').findOne({}, { promoteLongs: false });
  assert.equal(found.n._bsontype, 'Long');
  await db.collection('c').updateOne({}, { $inc: { n: 1 } });
  assert.equal((await db.collection('c').findOne({})).n, 3_000_000_001);
});

test('filters find what they say, with and without an index', async () => {
  const plain = db.collection('plain');
  const indexed = db.collection('indexed');
  await indexed.createIndexes([{ key: { a: 1, b: -1 } }, { key: { b: 1 } }, { key: { list: 1 } }, { key: { 'in.x': 1 } }, { key: { s: 1 }, sparse: true }]);
  const values = [undefined, null, 0, 1, 2.5, 'a', 'b', '', true, new Date(5), new ObjectId('000000000000000000000001')];
  const documents = values.flatMap((a, i) => values.slice(0, 6).map((b, k) => ({
    _id: i * 10 + k, ...(a === undefined ? {} : { a }), ...(b === undefined ? {} : { b, s: b }), list: [i % 3, `t${k}`], in: { x: i }, parts: [{ n: k }, { n: 9 }],
  })));
  await plain.insertMany(documents);
  await indexed.insertMany(documents);
  const filters = [
    {}, { a: 1 }, { a: null }, { a: 'a', b: 1 }, { a: { $in: [1, 'b', null] } }, { a: { $gt: 0 } }, { a: { $gte: 'a', $lt: 'b' } }, { a: { $ne: 1 } },
    { b: { $lt: 2 } }, { a: 1, b: { $gte: 0 } }, { list: 't1' }, { list: { $in: [0, 't2'] } }, { list: { $all: [1, 't3'] } }, { 'in.x': 4 }, { s: null },
    { s: 1 }, { s: { $exists: false } }, { a: { $exists: true } }, { $or: [{ a: 1 }, { b: 'a' }] }, { $and: [{ a: 1 }, { b: 0 }] }, { a: { $not: { $gt: 0 } } },
    { 'parts.n': 3 }, { parts: { $elemMatch: { n: { $gt: 4, $lt: 6 } } } }, { a: /^a/ }, { _id: { $gt: 50 } }, { _id: { $in: [3, 1, 999] } }, { _id: 11, a: 1 },
    { a: { $type: 'string' } }, { list: { $size: 2 } }, { $nor: [{ a: 1 }] }, { a: { $nin: [null, 1] } }, { a: new Date(5) }, { in: { x: 3 } }, { list: [1, 't1'] },
  ];
  for (const filter of filters) {
    for (const sort of [{ _id: 1 }, { a: -1, _id: 1 }, { b: 1, _id: -1 }]) {
      const expected = await plain.find(filter).sort(sort).toArray();
      assert.deepEqual(await indexed.find(filter).sort(sort).toArray(), expected, JSON.stringify(filter));
      assert.deepEqual(await indexed.find(filter).sort(sort).limit(3).toArray(), expected.slice(0, 3), JSON.stringify(filter));
    }
    assert.equal(await indexed.countDocuments(filter), await plain.countDocuments(filter), JSON.stringify(filter));
  }
  assert.deepEqual((await plain.find({ a: { $gt: 0 } }).toArray()).length, 12);
  assert.equal(await plain.countDocuments({ a: null }), 12);
  for (const [filter, count] of [
    [{ 'list.0': 1 }, 24], [{ 'list.1': 't1' }, 11], [{ 'list.2': null }, 66], [{ list: 1, _id: { $in: [10, 11, 20] } }, 2],
    [{ a: { $not: { $gte: 1 } } }, 54], [{ list: { $not: { $gte: 't5' } } }, 55], [{ 'parts.0.n': 3 }, 11],
  ]) assert.equal(await plain.countDocuments(filter), count, JSON.stringify(filter));
});

test('sorting follows the order of types', async () => {
  const values = [true, 'b', 10, null, new Date(1), new ObjectId(), 'a', -1.5, 9, { x: 1 }, [5], 0, 'B'];
  await db.collection('c').insertMany(values.map(v => ({ v })));
  const sorted = (await db.collection('c').find().sort({ v: 1 }).toArray()).map(({ v }) => v);
  assert.deepEqual(sorted, [null, -1.5, 0, [5], 9, 10, 'B', 'a', 'b', { x: 1 }, values[5], true, values[4]]);
});

test('pages follow each other through a cursor', async () => {
  await db.collection('c').insertMany(Array.from({ length: 300 }, (_, n) => ({ _id: n, n })));
  assert.equal((await db.collection('c').find({ n: { $gt: 10 } }).sort({ n: -1 }).batchSize(17).toArray()).length, 289);
  assert.deepEqual((await db.collection('c').find({}, { projection: { n: 1, _id: 0 } }).skip(5).limit(2).toArray()), [{ n: 5 }, { n: 6 }]);
  const cursor = db.collection('c').find().batchSize(2);
  await cursor.next();
  await cursor.close();
  await rejects(db.command({ getMore: Long.fromNumber(999_999), collection: 'c' }), 43);
});

test('what a cursor gives was found when it was opened', async () => {
  await db.collection('c').insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }]);
  const cursor = db.collection('c').find().batchSize(1);
  await cursor.next();
  await db.collection('c').deleteMany({});
  assert.deepEqual(await cursor.toArray(), [{ _id: 2 }, { _id: 3 }]);
});

test('a result greater than one message comes in several', async () => {
  await db.collection('c').insertMany(Array.from({ length: 6 }, (_, n) => ({ _id: n, text: 'x'.repeat(7_000_000) })));
  assert.equal((await db.collection('c').find().toArray()).length, 6);
});

test('updates change what they name', async () => {
  const c = db.collection('c');
  await c.insertOne({ _id: 1, n: 1, list: [1], gone: 1, in: { a: 1 } });
  await c.updateOne({ _id: 1 }, { $set: { 'in.b': 2, 'new.x': 1 }, $inc: { n: 2, m: 5 }, $unset: { gone: '' }, $push: { list: 2, other: { $each: [1, 2, 3], $slice: -2 } }, $max: { top: 4 } });
  assert.deepEqual(await c.findOne({}), { _id: 1, n: 3, list: [1, 2], in: { a: 1, b: 2 }, new: { x: 1 }, m: 5, other: [2, 3], top: 4 });
  const again = await c.updateOne({ _id: 1 }, { $set: { n: 3 } });
  assert.deepEqual([again.matchedCount, again.modifiedCount], [1, 0]);
  await c.updateOne({ _id: 1 }, [{ $set: { sum: { $add: ['$n', '$m'] } } }]);
  assert.equal((await c.findOne({})).sum, 8);
  await c.updateOne({ _id: 1 }, { $set: { 'list.$[big]': 9 } }, { arrayFilters: [{ big: { $gt: 1 } }] });
  await c.updateOne({ _id: 1, list: 1 }, { $set: { 'list.$': 7 } });
  assert.deepEqual((await c.findOne({})).list, [7, 9]);
  await c.replaceOne({ _id: 1 }, { only: 1 });
  assert.deepEqual(await c.findOne({}), { _id: 1, only: 1 });
  await rejects(c.updateOne({ _id: 1 }, { $set: { _id: 2 } }), 66);
  await rejects(c.updateOne({ _id: 1 }, { $set: { a: 1, 'a.b': 1 } }), 40);
  await rejects(c.updateOne({ _id: 1 }, { $set: { t: 'x' } }).then(() => c.updateOne({ _id: 1 }, { $inc: { t: 1 } })), 14);
});

test('an upsert inserts what its filter says, once', async () => {
  const c = db.collection('c');
  const first = await c.updateOne({ _id: 'k', a: 1, b: { $gt: 5 } }, { $inc: { n: 1 }, $setOnInsert: { s: 1 } }, { upsert: true });
  assert.equal(first.upsertedId, 'k');
  assert.deepEqual(await c.findOne({}), { _id: 'k', a: 1, n: 1, s: 1 });
  await c.updateOne({ _id: 'k' }, { $inc: { n: 1 }, $setOnInsert: { s: 9 } }, { upsert: true });
  assert.deepEqual(await c.findOne({}), { _id: 'k', a: 1, n: 2, s: 1 });
  await c.replaceOne({ name: 'x' }, { v: 1 }, { upsert: true });
  assert.equal((await c.findOne({ v: 1 })).name, undefined);
});

test('many writes in one command tell each failure by its place', async () => {
  const c = db.collection('c');
  await c.insertOne({ _id: 2 });
  const unordered = await c.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }], { ordered: false }).catch(error => error);
  assert.deepEqual([unordered.code, unordered.writeErrors.length, unordered.writeErrors[0].index], [11000, 1, 1]);
  const ordered = await c.insertMany([{ _id: 4 }, { _id: 2 }, { _id: 5 }]).catch(error => error);
  assert.equal(ordered.insertedCount, 1);
  assert.deepEqual(await c.distinct('_id'), [1, 2, 3, 4]);
  const bulk = await c.bulkWrite([
    { updateOne: { filter: { _id: 1 }, update: { $set: { a: 1 } } } }, { deleteOne: { filter: { _id: 2 } } }, { insertOne: { document: { _id: 'x' } } },
    { updateOne: { filter: { _id: 'y' }, update: { $inc: { a: 1 } }, upsert: true } }, { updateMany: { filter: {}, update: { $set: { z: 1 } } } },
  ]);
  assert.deepEqual([bulk.modifiedCount, bulk.deletedCount, bulk.insertedCount, bulk.upsertedCount], [6, 1, 1, 1]);
});

test('one document is found and changed at once', async () => {
  const c = db.collection('c');
  await c.insertMany([1, 2, 3].map(n => ({ _id: n, n, q: 'a' })));
  assert.equal((await c.findOneAndUpdate({ q: 'a' }, { $set: { st: 1 } }, { sort: { n: -1 }, returnDocument: 'after' })).st, 1);
  assert.equal((await c.findOneAndUpdate({ _id: 1 }, { $inc: { n: 5 } })).n, 1);
  assert.equal(await c.findOneAndUpdate({ _id: 9 }, { $inc: { n: 5 } }), null);
  assert.deepEqual(await c.findOneAndUpdate({ _id: 9 }, { $inc: { n: 5 } }, { upsert: true, returnDocument: 'after' }), { _id: 9, n: 5 });
  assert.equal((await c.findOneAndDelete({ _id: 9 })).n, 5);
  assert.equal(await c.countDocuments(), 3);
});

test('pipelines group, unwind, look up and count', async () => {
  await db.collection('c').insertMany([1, 2, 3, 4].map(n => ({ _id: n, q: `q${n % 2}`, n, tags: ['a', `t${n}`] })));
  const run = (...stages) => db.collection('c').aggregate(stages).toArray();
  assert.deepEqual(await run({ $match: { n: { $gt: 1 } } }, { $group: { _id: '$q', n: { $sum: 1 }, most: { $max: '$n' } } }, { $sort: { _id: 1 } }),
    [{ _id: 'q0', n: 2, most: 4 }, { _id: 'q1', n: 1, most: 3 }]);
  assert.equal((await run({ $unwind: '$tags' }, { $group: { _id: '$tags' } })).length, 5);
  assert.deepEqual(await run({ $match: { n: 99 } }, { $count: 'n' }), []);
  assert.deepEqual(await run({ $sort: { n: -1 } }, { $limit: 2 }, { $project: { _id: 0, n: 1 } }), [{ n: 4 }, { n: 3 }]);
  assert.equal(await db.collection('c').estimatedDocumentCount(), 4);
});

test('a unique index refuses, whole, partial or sparse', async () => {
  const c = db.collection('c');
  await c.createIndex({ k: 1 }, { unique: true, partialFilterExpression: { k: { $exists: true } }, name: 'own_name' });
  await c.createIndex({ a: 1, b: 1 }, { unique: true, sparse: true });
  await c.insertMany([{ _id: 1, k: 'x', a: 1, b: 1 }, { _id: 2 }, { _id: 3 }]);
  const refused = await c.insertOne({ k: 'x' }).catch(error => error);
  assert.equal(refused.code, 11000);
  assert.match(refused.message, /index: own_name dup key/);
  assert.deepEqual(refused.keyPattern, { k: 1 });
  await rejects(c.updateOne({ _id: 2 }, { $set: { k: 'x' } }), 11000);
  assert.equal((await c.findOne({ _id: 2 })).k, undefined);
  await rejects(c.insertOne({ a: 1, b: 1 }), 11000);
  await c.updateOne({ _id: 1 }, { $unset: { k: '' } });
  await c.updateOne({ _id: 2 }, { $set: { k: 'x' } });
  assert.equal((await c.findOne({ k: 'x' }))._id, 2);
  await rejects(c.createIndex({ z: 1 }, { unique: true }), 11000);
});

test('indexes are listed, dropped, and not made twice', async () => {
  const c = db.collection('c');
  await c.createIndex({ a: 1 }, { name: 'a' });
  await c.createIndex({ a: 1 }, { name: 'a' });
  await rejects(c.createIndex({ b: 1 }, { name: 'a' }), 86);
  assert.deepEqual((await c.indexes()).map(({ name }) => name), ['_id_', 'a']);
  await c.dropIndex('a');
  await rejects(c.dropIndex('a'), 27);
  assert.deepEqual((await c.indexes()).map(({ name }) => name), ['_id_']);
});

test('collections are listed and dropped', async () => {
  await db.collection('c').insertOne({});
  await db.createCollection('d');
  await rejects(db.createCollection('d'), 48);
  assert.deepEqual((await db.listCollections().toArray()).map(({ name }) => name).sort(), ['c', 'd']);
  assert.equal((await db.listCollections({ name: 'd' }).toArray()).length, 1);
  await db.collection('d').drop();
  assert.equal((await db.listCollections({ name: 'd' }).toArray()).length, 0);
  await db.dropDatabase();
  assert.equal(await db.collection('c').countDocuments(), 0);
});

test('a capped collection keeps the newest', async () => {
  const byCount = await db.createCollection('count', { capped: true, size: 4096, max: 2 });
  await byCount.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }]);
  assert.deepEqual(await byCount.distinct('_id'), [2, 3]);
  assert.equal(await byCount.isCapped(), true);
  const bySize = await db.createCollection('size', { capped: true, size: 1000 });
  for (let n = 0; n < 20; n++) await bySize.insertOne({ _id: n, text: 'x'.repeat(200) });
  assert.deepEqual((await bySize.find().sort({ $natural: -1 }).toArray()).map(({ _id }) => _id), [19, 18, 17, 16]);
});

test('documents whose time has come are deleted', async () => {
  const c = db.collection('c');
  await c.createIndex({ ends: 1 }, { expireAfterSeconds: 0 });
  await c.insertMany([{ _id: 1, ends: new Date(Date.now() - 1) }, { _id: 2, ends: new Date(Date.now() + 60_000) }, { _id: 3 }, { _id: 4, ends: 'never' }]);
  await until(async () => (await c.countDocuments()) === 3);
  assert.deepEqual(await c.distinct('_id'), [2, 3, 4]);
});

test('a write whose connection breaks is repeated by the driver and done once', async () => {
  const c = db.collection('c');
  await c.insertOne({ _id: 1, n: 0 });
  for (const executeFirst of [false, true]) {
    await failNext({ failCommands: ['update'], closeConnection: true, executeFirst });
    assert.equal((await c.updateOne({ _id: 1 }, { $inc: { n: 1 } })).modifiedCount, 1);
  }
  assert.equal((await c.findOne({})).n, 2);
});

test('a fail point answers an error as often as it says', async () => {
  const c = db.collection('c');
  await failNext({ failCommands: ['count'], errorCode: 13 }, 2);
  await rejects(c.estimatedDocumentCount(), 13);
  await rejects(c.estimatedDocumentCount(), 13);
  assert.equal(await c.estimatedDocumentCount(), 0);
  await failNext({ failCommands: ['find'], errorCode: 10107, errorLabels: ['RetryableWriteError'] });
  assert.equal(await c.findOne({}), null);
});

test('a fail point holds a command back', async () => {
  await failNext({ failCommands: ['find'], blockConnection: true, blockTimeMS: 50 });
  const began = performance.now();
  await db.collection('c').findOne({});
  assert.ok(performance.now() - began >= 49);
});

test('a fail point of another application does not strike', async () => {
  await failNext({ failCommands: ['find'], errorCode: 13, appName: 'other' });
  assert.equal(await db.collection('c').findOne({}), null);
});

test('what is not known is an error, never silence', async () => {
  await rejects(db.command({ frob: 1 }), 59);
  await rejects(db.collection('c').find({ a: { $frob: 1 } }).toArray(), 2);
  await assert.rejects(db.collection('c').watch().tryNext());
  await rejects(db.collection('c').insertOne({}).then(() => db.collection('c').updateOne({}, { $frob: { a: 1 } })), 2);
});

test('a server of its own repeats no writes', async () => {
  const { child, address: own } = await start();
  const alone = await new MongoClient(`${own}?retryWrites=false`).connect();
  await alone.db('d').collection('c').insertOne({ _id: 1 });
  await rejects(alone.db('d').command({ insert: 'c', documents: [{}], txnNumber: Long.fromNumber(1), lsid: { id: new Binary(Buffer.alloc(16), 4) } }), 20);
  await alone.close();
  child.stdin.end();
  await once(child, 'exit');
});

test('twenty thousand documents are inserted, found by key, changed and deleted', async () => {
  const c = db.collection('c');
  await c.createIndexes([{ key: { status: 1, _id: -1 } }, { key: { queue: 1, status: 1 } }, { key: { key: 1 }, unique: true, sparse: true }, { key: { ends: 1 } }]);
  const count = 20_000;
  const ids = [];
  for (let n = 0; n < count; n += 1_000) {
    const documents = Array.from({ length: 1_000 }, (_, i) => ({ _id: new ObjectId(), key: `k${n + i}`, status: 'queued', queue: `q${i % 5}`, params: { n, i }, at: new Date() }));
    ids.push(...documents.map(document => document._id));
    await c.insertMany(documents);
  }
  for (const status of ['started', 'success']) {
    for (let n = 0; n < count; n += 1_000) {
      await c.bulkWrite(ids.slice(n, n + 1_000).map(_id => ({ updateOne: { filter: { _id, status: { $in: ['queued', 'started'] } }, update: { $set: { status, ends: new Date() }, $inc: { attempt: 1 } } } })), { ordered: false });
    }
  }
  for (let n = 0; n < 500; n++) assert.equal((await c.findOne({ key: `k${n}` })).attempt, 2);
  for (let n = 0; n < 100; n++) assert.equal((await c.find({ status: 'success', _id: { $lt: ids[count / 2] } }).sort({ _id: -1 }).limit(50).toArray()).length, 50);
  assert.equal((await c.deleteMany({ status: 'success' })).deletedCount, count);
});
