import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { connect, type Session } from '../../src/db/session.ts';
import { databaseName } from '../../src/model/names.ts';
import { type RunningServer, startServer } from '../../src/sandbox/start-server.ts';
import { stopServer } from '../../src/sandbox/stop-server.ts';
import { wipeServer } from '../../src/sandbox/wipe-server.ts';

export type ServerVersion = 12 | 14 | 18;

/** What tests need fast is told to the server: durability is the one thing no test of this project looks at. */
const settings = {
  max_connections: '200',
  max_prepared_transactions: '20',
  shared_buffers: '64MB',
  autovacuum_naptime: '10s',
  jit: 'off',
};

const shared = new Map<ServerVersion, Promise<RunningServer>>();

/** The one server of this version that all tests of the run share, started by whoever comes first. */
export function sharedServer(version: ServerVersion): Promise<RunningServer> {
  let server = shared.get(version);
  if (server === undefined) {
    server = start(inject('serversDir'), `pg${version}`, version);
    shared.set(version, server);
  }
  return server;
}

/** A server that one test may stop and start as it likes; it keeps its port. */
export interface OwnServer extends AsyncDisposable {
  readonly server: RunningServer;
  stop(): Promise<void>;
  /** With further settings, as `postgresql.conf` knows them. */
  start(more?: Readonly<Record<string, string>>): Promise<void>;
}

export async function ownServer(
  version: ServerVersion,
  more: Readonly<Record<string, string>> = {},
): Promise<OwnServer> {
  const stateDir = join(inject('serversDir'), 'own', randomBytes(4).toString('hex'));
  mkdirSync(stateDir, { recursive: true });
  const ref = { stateDir, name: databaseName(`pg${version}`) };
  let server = await start(stateDir, ref.name, version, more);
  return {
    get server() {
      return server;
    },
    async stop() {
      await stopServer(ref);
    },
    async start(again = more) {
      const port = server.port;
      server = await start(stateDir, ref.name, version, again);
      if (server.port !== port) throw new Error(`port ${port} was taken while the server was down`);
    },
    async [Symbol.asyncDispose]() {
      await wipeServer(ref);
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

/** A superuser's session on one database of a server. */
export function sessionOn(server: RunningServer, dbname: string): Promise<Session> {
  return connect(
    {
      host: server.host,
      port: server.port,
      dbname,
      user: server.user,
      password: server.password.reveal(),
      ssl: false,
      connectTimeoutMs: 20_000,
    },
    { applicationName: 'trunkline test' },
  );
}

function start(
  stateDir: string,
  name: string,
  version: ServerVersion,
  more: Readonly<Record<string, string>> = {},
): Promise<RunningServer> {
  return startServer({
    stateDir,
    name: databaseName(name),
    server: { version, dbname: 'postgres' },
    keep: true,
    fsync: false,
    settings: { ...settings, ...more },
  });
}
