import { spawn } from 'node:child_process';
import { chmodSync, chownSync, closeSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConnectionTarget, connect } from '../db/session.ts';
import { quoteIdent, sql } from '../db/statement.ts';
import type { DatabaseName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import type { Secret } from '../model/secret.ts';
import type { EmbeddedServer } from '../model/topology.ts';
import {
  createDataDirectory,
  dataVersion,
  host,
  readPassword,
  serverEnvironment,
  superuser,
} from './data-directory.ts';
import { LockTimeout, withFileLock } from './file-lock.ts';
import { choosePort } from './free-port.ts';
import { addLease } from './leases.ts';
import { disarmStalePidFile, findPostmaster, type Postmaster, shutDown } from './postmaster.ts';
import { findPrograms, installCommand, installedVersions, makeLibraryLinks, type Programs } from './programs.ts';
import { makeStateDir, readSettings, type ServerPaths, serverPaths, writeSettings } from './server-paths.ts';
import { chooseServerUser, type ServerUser } from './server-user.ts';

export interface StartOptions {
  readonly stateDir: string;
  readonly name: DatabaseName;
  readonly server: EmbeddedServer;
  /** The server stays when the processes that use it have ended. */
  readonly keep: boolean;
  /** False only where losing the data with the machine does not matter. */
  readonly fsync?: boolean;
  /** Further settings, as `postgresql.conf` knows them. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Told when a server is really started, not when it is found running. */
  readonly onStart?: (port: number) => void;
}

/** A server that answers. */
export interface RunningServer {
  readonly name: DatabaseName;
  readonly version: number;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: Secret;
  readonly dbname: string;
  readonly pid: number;
  readonly dataDir: string;
  readonly logFile: string;
  readonly passfile: string;
  /** False when it already ran. */
  readonly started: boolean;
}

const startTimeoutMs = 120_000;
const lockTimeoutMs = 180_000;
const portAttempts = 5;
const largestLogBytes = 20_000_000;

/** Starts the server of a database, or finds it running. Any number of processes may do so at once. */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  const { name, stateDir } = options;
  makeStateDir(stateDir);
  const paths = serverPaths(stateDir, name);
  try {
    return await withFileLock(paths.lock, { waitMs: lockTimeoutMs, signal: options.signal }, () =>
      startUnderLock(options, paths),
    );
  } catch (error) {
    if (!(error instanceof LockTimeout)) throw error;
    throw startFailed(
      name,
      `process ${error.holder} has been starting or stopping it for ${lockTimeoutMs / 1000} s`,
      '',
    );
  }
}

async function startUnderLock(options: StartOptions, paths: ServerPaths): Promise<RunningServer> {
  const { name, server } = options;
  const remembered = readSettings(paths);
  const found = dataVersion(paths.data);
  if (found !== undefined && found !== server.version) {
    throw startFailed(
      name,
      `its data in ${paths.data} was made by PostgreSQL ${found}, and version ${server.version} can't read it`,
      '',
    );
  }
  const keep = options.keep || (remembered?.keep === true && findPostmaster(paths.data) !== undefined);
  const running = await findOrLaunch(options, paths, { ...server, port: remembered?.port, keep });
  const password = readPassword(paths);
  const target = { host, port: running.port, user: superuser, password: password.reveal() };
  try {
    await createMissingDatabase(target, server.dbname, options.signal);
  } catch (error) {
    if (running.started) await shutDown(paths.data, 30_000);
    throw error;
  }
  addLease(paths.leases);
  return {
    name,
    version: server.version,
    host,
    port: running.port,
    user: superuser,
    password,
    dbname: server.dbname,
    pid: running.pid,
    dataDir: paths.data,
    logFile: paths.log,
    passfile: paths.passfile,
    started: running.started,
  };
}

interface Launched {
  readonly pid: number;
  readonly port: number;
  readonly started: boolean;
}

async function findOrLaunch(
  options: StartOptions,
  paths: ServerPaths,
  settings: EmbeddedServer & { readonly port: number | undefined; readonly keep: boolean },
): Promise<Launched> {
  const logStart = sizeOf(paths.log);
  if (findPostmaster(paths.data) !== undefined) {
    const outcome = await waitUntilReady(paths, () => undefined, options.signal);
    if (outcome.kind === 'failed') throw startFailed(options.name, outcome.detail, logTail(paths.log, logStart));
    if (outcome.kind === 'ready') {
      writeSettings(paths, { ...settings, port: outcome.port });
      return { pid: outcome.pid, port: outcome.port, started: false };
    }
  }
  const programs = programsFor(options);
  const user = userFor(options, paths, programs);
  writeSettings(paths, settings);
  const refused = await createDataDirectory(paths, programs, user, {
    fsync: options.fsync ?? true,
    signal: options.signal,
  });
  if (refused !== undefined) throw startFailed(options.name, 'initdb could not make its data directory', refused);
  disarmStalePidFile(paths.data);
  let port = await choosePort(settings.port);
  for (let attempt = 1; ; attempt += 1) {
    writeSettings(paths, { ...settings, port });
    options.onStart?.(port);
    const outcome = await launch(options, paths, programs, user, port);
    if (outcome.kind === 'ready') return { pid: outcome.pid, port, started: true };
    // Between looking at the port and taking it somebody else may have taken it.
    if (!/address already in use/i.test(outcome.log) || attempt === portAttempts) {
      throw startFailed(options.name, outcome.detail, outcome.log);
    }
    port = await choosePort(undefined);
  }
}

function programsFor(options: StartOptions): Programs {
  const { name, server } = options;
  const programs = findPrograms(server.version);
  if (programs === undefined) {
    throw new ToolError([
      {
        code: 'embedded_version_missing',
        database: name,
        version: server.version,
        installed: installedVersions(),
        install: installCommand(server.version),
      },
    ]);
  }
  try {
    makeLibraryLinks(programs);
  } catch (error) {
    throw startFailed(
      name,
      `the symbolic links listed in ${programs.native}/pg-symlinks.json are missing and could not be made: ${(error as Error).message}; make that folder writable, or install the packages with their scripts`,
      '',
    );
  }
  return programs;
}

function userFor(options: StartOptions, paths: ServerPaths, programs: Programs): ServerUser {
  mkdirSync(paths.root, { recursive: true });
  const user = chooseServerUser(options.stateDir, programs);
  if (user === undefined) {
    throw startFailed(
      options.name,
      `PostgreSQL refuses to run as root, and no other user can enter ${options.stateDir} and ${programs.native}; run as an ordinary user, or put both where others may enter`,
      '',
    );
  }
  chmodSync(paths.root, 0o700);
  if (user.owner !== undefined) chownSync(paths.root, user.owner.uid, user.owner.gid);
  return user;
}

type Outcome =
  | { readonly kind: 'ready'; readonly pid: number; readonly port: number }
  | { readonly kind: 'gone' }
  | { readonly kind: 'failed'; readonly detail: string };

async function launch(
  options: StartOptions,
  paths: ServerPaths,
  programs: Programs,
  user: ServerUser,
  port: number,
): Promise<Exclude<Outcome, { kind: 'gone' | 'failed' }> | { kind: 'failed'; detail: string; log: string }> {
  if (sizeOf(paths.log) > largestLogBytes) renameSync(paths.log, `${paths.log}.old`);
  const logStart = sizeOf(paths.log);
  const settings: Record<string, string> = {
    listen_addresses: host,
    // No socket file: its place would have to be writable, and its path short.
    unix_socket_directories: '',
    logging_collector: 'off',
    log_destination: 'stderr',
    // Commits still reach the system's cache, so that killing the server loses none.
    ...(options.fsync === false ? { fsync: 'off', full_page_writes: 'off' } : {}),
    ...options.settings,
  };
  const flags = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  const [command, args] = user.command(programs.postgres, ['-D', paths.data, '-p', String(port), ...flags]);
  const log = openSync(paths.log, 'a', 0o600);
  const child = spawn(command, args, {
    ...user.spawnOptions,
    cwd: '/',
    env: serverEnvironment(),
    // A group of its own: the terminal's Ctrl-C is for Trunkline, which stops its servers in order.
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  let end: string | undefined;
  child.once('error', (error) => {
    end = error.message;
  });
  child.once('exit', (code, signal) => {
    end = signal === null ? `it ended with status ${code}` : `it was ended by ${signal}`;
  });
  child.unref();
  try {
    const outcome = await waitUntilReady(paths, () => end, options.signal, child.pid);
    if (outcome.kind === 'ready') return outcome;
    const detail = outcome.kind === 'failed' ? outcome.detail : (end ?? 'it ended');
    if (end === undefined) await shutDown(paths.data, 30_000);
    return { kind: 'failed', detail, log: logTail(paths.log, logStart) };
  } catch (error) {
    // Stopped by the caller: nothing that was started here stays. Before it has a pid file, the server is only our child.
    child.kill('SIGINT');
    while (end === undefined) await sleep(20);
    throw error;
  }
}

/** With `pid`: the server just launched, which has yet to write its pid file. Without: one that was found. */
async function waitUntilReady(
  paths: ServerPaths,
  ended: () => string | undefined,
  signal: AbortSignal | undefined,
  pid?: number,
): Promise<Outcome> {
  const giveUpAt = Date.now() + startTimeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    const server: Postmaster | undefined = findPostmaster(paths.data);
    if (server?.ready === true && server.port !== undefined && (pid === undefined || server.pid === pid)) {
      return { kind: 'ready', pid: server.pid, port: server.port };
    }
    if (ended() !== undefined) return { kind: 'failed', detail: ended() ?? '' };
    if (server === undefined && pid === undefined) return { kind: 'gone' };
    if (Date.now() > giveUpAt) {
      return { kind: 'failed', detail: `it does not answer after ${startTimeoutMs / 1000} s` };
    }
    await sleep(25);
  }
}

async function createMissingDatabase(
  server: Pick<ConnectionTarget, 'host' | 'port' | 'user' | 'password'>,
  dbname: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const target: ConnectionTarget = { ...server, dbname: 'postgres', ssl: false, connectTimeoutMs: 30_000 };
  await using session = await connect(target, { applicationName: 'trunkline sandbox', signal });
  const found = await session.query(sql('select from pg_database where datname = $1', dbname));
  if (found.length === 0) await session.script(`create database ${quoteIdent(dbname)}`);
}

function startFailed(database: DatabaseName, detail: string, serverLog: string): ToolError {
  return new ToolError([{ code: 'embedded_start_failed', database, detail, serverLog: serverLog.trim() }]);
}

/** The last lines the server wrote since `from`. */
function logTail(path: string, from: number): string {
  try {
    const lines = readFileSync(path).subarray(from).toString('utf8').trimEnd().split('\n');
    return lines.slice(-15).join('\n');
  } catch {
    return '';
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
