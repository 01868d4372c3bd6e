import { mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DatabaseName, databaseName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';

/** Where everything of one embedded server lies: `.trunkline/<database>/`. */
export interface ServerPaths {
  readonly root: string;
  readonly data: string;
  readonly log: string;
  /** A password file as libpq reads it, so that psql can use it too. */
  readonly passfile: string;
  readonly settings: string;
  readonly lock: string;
  /** One file per process that uses the server. */
  readonly leases: string;
}

/** What is remembered of a server between two starts. */
export interface ServerSettings {
  readonly version: number;
  readonly dbname: string;
  /** Undefined before the first start. */
  readonly port: number | undefined;
  /** Brought up to stay; otherwise the last process that uses it stops it. */
  readonly keep: boolean;
}

/** Paths of a server, whether or not it exists. */
export function serverPaths(stateDir: string, name: DatabaseName): ServerPaths {
  const root = join(realState(stateDir), folderOf(name));
  return {
    root,
    data: join(root, 'data'),
    log: join(root, 'server.log'),
    passfile: join(root, 'pgpass'),
    settings: join(root, 'server.json'),
    lock: join(root, 'lock'),
    leases: join(root, 'users'),
  };
}

/** Makes the state directory, which no version control should take in. */
export function makeStateDir(stateDir: string): void {
  if (mkdirSync(stateDir, { recursive: true }) !== undefined) writeFileSync(join(stateDir, '.gitignore'), '*\n');
}

/** Undefined where there is no server. */
export function readSettings(paths: ServerPaths): ServerSettings | undefined {
  try {
    const raw = JSON.parse(readFileSync(paths.settings, 'utf8')) as Partial<ServerSettings>;
    if (typeof raw.version !== 'number' || typeof raw.dbname !== 'string') return undefined;
    return { version: raw.version, dbname: raw.dbname, port: raw.port, keep: raw.keep === true };
  } catch (error) {
    const { code, message: detail } = error as NodeJS.ErrnoException;
    // A server that root started is not for others to see; saying that there is none would be untrue.
    if (code !== 'EACCES') return undefined;
    throw new ToolError([{ code: 'file_unreadable', file: paths.settings, reason: 'denied', detail }]);
  }
}

export function writeSettings(paths: ServerPaths, settings: ServerSettings): void {
  const fresh = `${paths.settings}.new`;
  writeFileSync(fresh, `${JSON.stringify(settings)}\n`);
  renameSync(fresh, paths.settings);
}

/** A database name may hold any character; the folder's name holds only harmless ones. */
export function folderOf(name: DatabaseName): string {
  return encodeURIComponent(name).replace(/^\.+/, (dots) => '%2E'.repeat(dots.length));
}

export function nameOfFolder(folder: string): DatabaseName {
  try {
    return databaseName(decodeURIComponent(folder));
  } catch {
    return databaseName(folder);
  }
}

// The server's command line is compared with this path, so that it must not change with a symbolic link.
function realState(stateDir: string): string {
  try {
    return realpathSync(stateDir);
  } catch {
    return stateDir;
  }
}
