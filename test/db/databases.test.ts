import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDatabases } from '../../src/app/databases.ts';
import { readDriverError } from '../../src/db/driver-errors.ts';
import { sql } from '../../src/db/statement.ts';
import { type Problem, ToolError } from '../../src/model/problem.ts';
import { Secret } from '../../src/model/secret.ts';
import type { DesiredState } from '../../src/model/state.ts';
import type { Connection, ConnectionParams } from '../../src/model/topology.ts';
import { listServers } from '../../src/sandbox/list-servers.ts';
import { startServer } from '../../src/sandbox/start-server.ts';
import { wipeServer } from '../../src/sandbox/wipe-server.ts';
import { aDatabase, aDesiredState, databaseName } from '../support/builders.ts';
import { freshDatabase } from '../support/database.ts';

const options = { applicationName: 'trunkline test' };
const main = databaseName('main');
let stateDir: string;

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'trunkline-databases-'));
});
afterEach(async () => {
  for (const { name } of listServers(stateDir)) await wipeServer({ stateDir, name });
  rmSync(stateDir, { recursive: true, force: true });
});

test('a database is reached by its name, and its location has no password', async () => {
  await using db = await freshDatabase({ install: false });
  await using databases = await openDatabases(desired({ main: toServer(db.params) }), { stateDir, env: {} });
  await using session = await databases.connector(main, options);
  expect(await session.query(sql('select current_database() as name'))).toEqual([{ name: db.dbname }]);
  expect(databases.location(main)).toBe(`host=127.0.0.1 port=${db.params.port} dbname=${db.dbname} user=postgres`);
  expect(databases.locations).toEqual(new Map([[main, databases.location(main)]]));
});

test('a database that does not answer is reported with its reason and without a password', async () => {
  await using db = await freshDatabase({ install: false });
  const silent = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  const silentPort = (silent.address() as { port: number }).port;
  const reasons: string[] = [];
  const details: string[] = [];
  for (const change of [
    { port: 1 },
    { host: 'no-such-host.invalid' },
    { password: new Secret('hunter2') },
    { password: undefined },
    { user: 'nobody_we_know' },
    { dbname: 'no_such_database' },
    { port: silentPort, connectTimeoutMs: 200 },
    { sslmode: 'nonsense' },
    { sslmode: 'require' },
    { service: 'absent' },
  ] satisfies Partial<ConnectionParams>[]) {
    const state = desired({ main: toServer({ ...db.params, ...change }) });
    await using databases = await openDatabases(state, { stateDir, env: { HOME: stateDir } });
    const problem = await problemOf(databases.connector(main, options));
    if (problem?.code !== 'database_unreachable') throw new Error(`unexpected problem ${problem?.code}`);
    expect(problem.database).toBe(main);
    expect(JSON.stringify(problem)).not.toMatch(/hunter2/);
    expect(JSON.stringify(problem)).not.toContain(db.params.password?.reveal());
    reasons.push(problem.reason);
    details.push(problem.detail);
  }
  silent.close();
  expect(details[0]).toMatch(/ECONNREFUSED/);
  expect(details[3]).toMatch(/^the server asks for a password/);
  expect(reasons).toEqual([
    'refused',
    'refused',
    'authentication',
    'authentication',
    'authentication',
    'missing',
    'timeout',
    'other',
    'other',
    'other',
  ]);
});

test('the driver error behind an unreachable database stays to be read', async () => {
  await using db = await freshDatabase({ install: false });
  const state = desired({ main: toServer({ ...db.params, port: 1 }) });
  await using databases = await openDatabases(state, { stateDir, env: {} });
  const error: unknown = await databases.connector(main, options).catch((thrown: unknown) => thrown);
  expect(readDriverError((error as Error).cause)).toMatchObject({ transient: true, connectionLost: true });
});

test('embedded servers are started, and stopped by whoever started them', async () => {
  const notes: string[] = [];
  const state = desired({ main: embedded(18) });
  {
    await using databases = await openDatabases(state, {
      stateDir,
      report: (progress) => notes.push(progress.kind === 'note' ? progress.text : progress.kind),
    });
    await using session = await databases.connector(main, options);
    expect(await session.query(sql('select current_database() as name'))).toEqual([{ name: 'app' }]);
    expect(listServers(stateDir)).toMatchObject([{ name: 'main', version: 18, ready: true }]);
    const { port } = listServers(stateDir)[0] ?? {};
    expect(notes).toEqual([`starting PostgreSQL 18 for database main on 127.0.0.1:${port}`]);
    expect(databases.location(main)).toBe(`host=127.0.0.1 port=${port} dbname=app user=postgres sslmode=disable`);
  }
  expect(listServers(stateDir)).toMatchObject([{ name: 'main', pid: undefined, ready: false }]);
});

test('a server that was brought up to stay outlives those who use it', async () => {
  await startServer({ stateDir, name: main, server: { version: 18, dbname: 'app' }, keep: true, fsync: false });
  {
    await using databases = await openDatabases(desired({ main: embedded(18) }), { stateDir });
    await using session = await databases.connector(main, options);
    expect(await session.query(sql('select 1 as one'))).toEqual([{ one: 1 }]);
  }
  expect(listServers(stateDir)).toMatchObject([{ name: 'main', ready: true }]);
});

test('who only looks starts no server, and stops none', async () => {
  const state = desired({ main: embedded(18) });
  {
    await using databases = await openDatabases(state, { stateDir, start: false });
    expect(await problemOf(databases.connector(main, options))).toMatchObject({
      code: 'database_unreachable',
      reason: 'refused',
    });
  }
  expect(listServers(stateDir)).toEqual([]);
  // As a killed process leaves it: running, and nobody's.
  await startServer({
    stateDir,
    name: main,
    server: { version: 18, dbname: 'app' },
    keep: false,
    lease: false,
    fsync: false,
  });
  {
    await using databases = await openDatabases(state, { stateDir, start: false });
    await using session = await databases.connector(main, options);
    expect(session.lost).toBe(false);
  }
  expect(listServers(stateDir)).toMatchObject([{ ready: true }]);
});

test('a server that cannot start is the problem of its database alone', async () => {
  await using db = await freshDatabase({ install: false });
  const state = desired({ main: embedded(9), other: toServer(db.params) });
  await using databases = await openDatabases(state, { stateDir });
  expect(await problemOf(databases.connector(main, options))).toMatchObject({
    code: 'embedded_version_missing',
    database: 'main',
    version: 9,
    installed: expect.arrayContaining([12, 14, 18]),
    install: undefined,
  });
  await using session = await databases.connector(databaseName('other'), options);
  expect(session.lost).toBe(false);
});

test('opening that is given up leaves no server behind', async () => {
  const stop = new AbortController();
  const opening = openDatabases(desired({ main: embedded(18), second: embedded(14) }), {
    stateDir,
    signal: stop.signal,
    report: () => stop.abort(),
  });
  await expect(opening).rejects.toThrow(/aborted/);
  expect(listServers(stateDir).filter(({ pid }) => pid !== undefined)).toEqual([]);
});

function desired(databases: Readonly<Record<string, Connection>>): DesiredState {
  const specs = Object.entries(databases).map(([name, connection]) => aDatabase(name, { connection }));
  return { ...aDesiredState(), databases: new Map(specs.map((spec) => [spec.name, spec])) };
}

function toServer(params: ConnectionParams): Connection {
  return { kind: 'server', params };
}

function embedded(version: number): Connection {
  return { kind: 'embedded', server: { version, dbname: 'app' } };
}

async function problemOf(attempt: Promise<unknown>): Promise<Problem | undefined> {
  const error: unknown = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ToolError) return error.problems[0];
  throw new Error(`expected a problem, got ${error}`);
}
