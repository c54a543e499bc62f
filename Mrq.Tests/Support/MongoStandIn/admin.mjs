import { CommandError } from './errors.mjs';

const VERSION = '7.0.0';
const MOST_DOCUMENT_BYTES = 16 * 1024 * 1024;

/** What a replica set of one says of itself. */
const setOf = (name, me) => ({
  setName: name, setVersion: 1, hosts: [me], me, primary: me, secondary: false, lastWrite: { lastWriteDate: new Date() },
});

/** Everything that is not about data. */
export const admin = {
  hello({ client }, { session, setName, port, maxWireVersion }) {
    session.appName = client?.application?.name ?? session.appName;
    return {
      ...(setName ? setOf(setName, `127.0.0.1:${port}`) : {}),
      ismaster: true,
      isWritablePrimary: true,
      helloOk: true,
      maxBsonObjectSize: MOST_DOCUMENT_BYTES,
      maxMessageSizeBytes: 48_000_000,
      maxWriteBatchSize: 100_000,
      localTime: new Date(),
      logicalSessionTimeoutMinutes: 30,
      connectionId: session.number,
      minWireVersion: 0,
      maxWireVersion,
      readOnly: false,
      ok: 1,
    };
  },

  ping: () => ({ ok: 1 }),

  buildInfo: () => ({
    version: VERSION, versionArray: [7, 0, 0, 0], gitVersion: 'stand-in', modules: [], bits: 64, maxBsonObjectSize: MOST_DOCUMENT_BYTES, ok: 1,
  }),

  serverStatus: (_, { databases, engine }) => ({
    host: 'stand-in', version: VERSION, process: 'mongod', pid: process.pid, uptime: process.uptime(), localTime: new Date(),
    storageEngine: { name: engine, persistent: engine !== 'inMemory' }, metrics: { cursor: { open: { total: databases.cursors.count } } }, ok: 1,
  }),

  getCmdLineOpts: (_, { engine, hasJournal }) => ({
    argv: ['mongod'], parsed: { storage: { engine, ...(hasJournal ? {} : { journal: { enabled: false } }) } }, ok: 1,
  }),

  endSessions: () => ({ ok: 1 }),

  configureFailPoint: (command, { failPoints }) => failPoints.configure(command),

  saslStart() {
    throw new CommandError(18, 'AuthenticationFailed', 'Authentication failed.');
  },
};
