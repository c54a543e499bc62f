#!/usr/bin/env node
// A stand-in for a MongoDB server, for tests. Listens on 127.0.0.1 only and writes "listening <port>".
//   --port 27017      default 0: any free port
//   --replset name    calls itself the primary of a replica set of one: drivers then repeat writes
//   --max-wire-version 21   what it says it speaks; 5 is MongoDB 3.4
//   --engine name     the storage engine it says it has: inMemory keeps nothing
//   --no-journal      says that it was started without a journal
//   --ttl-ms 1000     how often documents that have expired are deleted
//   --with-parent     ends when its standard input does
import { parseArgs } from 'node:util';
import { Databases } from './databases.mjs';
import { Dispatcher } from './dispatcher.mjs';
import { deleteExpired } from './ttl.mjs';
import { listen } from './wire.mjs';

const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    replset: { type: 'string' },
    'max-wire-version': { type: 'string', default: '21' },
    engine: { type: 'string', default: 'wiredTiger' },
    'no-journal': { type: 'boolean', default: false },
    'ttl-ms': { type: 'string', default: '1000' },
    'with-parent': { type: 'boolean', default: false },
  },
});

const databases = new Databases();
const dispatcher = new Dispatcher(databases, {
  setName: options.replset, maxWireVersion: Number(options['max-wire-version']), engine: options.engine, hasJournal: !options['no-journal'],
});
const server = listen(Number(options.port), dispatcher, port => {
  dispatcher.port = port;
  console.log(`listening ${port}`);
});
server.on('error', error => {
  console.error(`Cannot listen on 127.0.0.1:${options.port}: ${error.message}`);
  process.exit(1);
});
setInterval(() => deleteExpired(databases, Date.now()), Number(options['ttl-ms'])).unref();
process.on('SIGTERM', () => process.exit(0));
if (options['with-parent']) process.stdin.on('end', () => process.exit(0)).resume();
