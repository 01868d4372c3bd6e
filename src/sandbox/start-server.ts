import { chmodSync, chownSync, existsSync, lchownSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type ConnectionTarget, connect } from '../db/session.ts';
import { quoteIdent, sql } from '../db/statement.ts';
import type { DatabaseName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import type { Secret } from '../model/secret.ts';
import type { EmbeddedServer } from '../model/topology.ts';
import { createDataDirectory, dataVersion, host, readPassword, superuser } from './data-directory.ts';
import { LockTimeout, withFileLock } from './file-lock.ts';
import { choosePort } from './free-port.ts';
import { launch, untilFoundReady } from './launch.ts';
import { addLease } from './leases.ts';
import { disarmStalePidFile, findPostmaster, shutDown } from './postmaster.ts';
import { findPrograms, installCommand, installedVersions, makeLibraryLinks, type Programs } from './programs.ts';
import {
  makeStateDir,
  readSettings,
  type ServerPaths,
  type ServerSettings,
  serverPaths,
  writeSettings,
} from './server-paths.ts';
import { chooseServerUser, type ServerHome, type ServerUser } from './server-user.ts';

export interface StartOptions {
  readonly stateDir: string;
  readonly name: DatabaseName;
  readonly server: EmbeddedServer;
  /** The server stays when the processes that use it have ended. */
  readonly keep: boolean;
  /** False for a process that only looks: the server does not stay for its sake, nor end with it. */
  readonly lease?: boolean;
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

const lockTimeoutMs = 180_000;
const portAttempts = 5;

/** Starts the server of a database, or finds it running. Any number of processes may do so at once. */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  const { name, stateDir } = options;
  try {
    makeStateDir(stateDir);
    const paths = serverPaths(stateDir, name);
    return await withFileLock(paths.lock, { waitMs: lockTimeoutMs, signal: options.signal }, () =>
      startUnderLock(options, paths),
    );
  } catch (error) {
    if (error instanceof LockTimeout) {
      const detail = `process ${error.holder} has been starting or stopping it for ${lockTimeoutMs / 1000} s`;
      throw startFailed(name, detail, { logFile: serverPaths(stateDir, name).log });
    }
    // A folder of another user, a full disk: the system's own words say which file.
    if (isFileError(error)) throw startFailed(name, error.message);
    throw error;
  }
}

async function startUnderLock(options: StartOptions, paths: ServerPaths): Promise<RunningServer> {
  const { name, server } = options;
  const remembered = readSettings(paths);
  const found = dataVersion(paths.data);
  if (found !== undefined && found !== server.version) {
    throw startFailed(
      name,
      `its data in ${paths.data} was made by PostgreSQL ${found}, and version ${server.version} can't read it; ask for version ${found}, or delete the data with: trunkline sandbox wipe ${name}`,
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
  if (options.lease !== false) addLease(paths.leases);
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

interface Found {
  readonly pid: number;
  readonly port: number;
  readonly started: boolean;
}

async function findOrLaunch(options: StartOptions, paths: ServerPaths, settings: ServerSettings): Promise<Found> {
  const { name, signal } = options;
  if (findPostmaster(paths.data) !== undefined) {
    const outcome = await untilFoundReady(paths, signal);
    if (outcome?.kind === 'failed')
      throw startFailed(name, outcome.detail, { serverLog: outcome.log, logFile: paths.log });
    if (outcome !== undefined) {
      writeSettings(paths, { ...settings, port: outcome.port });
      return { pid: outcome.pid, port: outcome.port, started: false };
    }
  }
  const { user, programs } = homeFor(options, paths, programsFor(options));
  writeSettings(paths, settings);
  const fsync = options.fsync ?? true;
  const refused = await createDataDirectory(paths, programs, user, { fsync, signal });
  if (refused !== undefined)
    throw startFailed(name, 'initdb could not make its data directory', { serverLog: refused });
  disarmStalePidFile(paths.data);
  let port = await choosePort(settings.port);
  for (let attempt = 1; ; attempt += 1) {
    writeSettings(paths, { ...settings, port });
    options.onStart?.(port);
    const outcome = await launch(paths, programs, user, port, { fsync, settings: options.settings ?? {}, signal });
    if (outcome.kind === 'ready') return { pid: outcome.pid, port, started: true };
    // Between looking at the port and taking it somebody else may have taken it.
    if (!/address already in use/i.test(outcome.log) || attempt === portAttempts) {
      throw startFailed(name, outcome.detail, { serverLog: outcome.log, logFile: paths.log });
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
    );
  }
  return programs;
}

function homeFor(options: StartOptions, paths: ServerPaths, programs: Programs): ServerHome {
  mkdirSync(paths.root, { recursive: true });
  const home = chooseServerUser(options.stateDir, programs);
  if (home === undefined) {
    throw startFailed(
      options.name,
      `PostgreSQL refuses to run as root, and no other user can enter ${options.stateDir} and ${programs.native}; run as an ordinary user, or put both where others may enter`,
    );
  }
  chmodSync(paths.root, 0o700);
  handOver(paths, home.user);
  return home;
}

/** The data may have been made by another user: the folder may have been closed to others, or opened, since. */
function handOver(paths: ServerPaths, user: ServerUser): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = user.owner ?? { uid: 0, gid: 0 };
  chownSync(paths.root, uid, gid);
  if (!existsSync(paths.data) || statSync(paths.data).uid === uid) return;
  for (const name of readdirSync(paths.data, { recursive: true, encoding: 'utf8' })) {
    lchownSync(join(paths.data, name), uid, gid);
  }
  chownSync(paths.data, uid, gid);
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

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'path' in error;
}

function startFailed(
  database: DatabaseName,
  detail: string,
  { serverLog = '', logFile }: { readonly serverLog?: string; readonly logFile?: string } = {},
): ToolError {
  return new ToolError([{ code: 'embedded_start_failed', database, detail, serverLog: serverLog.trim(), logFile }]);
}
