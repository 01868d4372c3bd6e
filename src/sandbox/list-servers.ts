import { type Dirent, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseName } from '../model/names.ts';
import type { ServerState } from '../model/sandbox.ts';
import { host, superuser } from './data-directory.ts';
import { findPostmaster } from './postmaster.ts';
import { folderOf, nameOfFolder, readSettings, serverPaths } from './server-paths.ts';

export function listServers(stateDir: string): readonly ServerState[] {
  const states: ServerState[] = [];
  for (const entry of entriesOf(stateDir)) {
    if (!entry.isDirectory()) continue;
    const name = nameOfFolder(entry.name);
    const paths = serverPaths(stateDir, name);
    const settings = readSettings(paths);
    if (settings === undefined || folderOf(name) !== entry.name) continue;
    const running = findPostmaster(paths.data);
    states.push({
      name,
      version: settings.version,
      dbname: settings.dbname,
      host,
      user: superuser,
      port: running?.port ?? settings.port,
      pid: running?.pid,
      ready: running?.ready ?? false,
      dataBytes: bytesBelow(paths.data),
      dataDir: paths.data,
      logFile: paths.log,
      passfile: paths.passfile,
    });
  }
  return states.sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** The port of a server's last start; undefined when it never started. */
export function rememberedPort(stateDir: string, name: DatabaseName): number | undefined {
  return readSettings(serverPaths(stateDir, name))?.port;
}

function bytesBelow(folder: string): number {
  let sum = 0;
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    // Files come and go while the server runs.
    if (entry.isDirectory()) sum += bytesBelow(path);
    else sum += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }
  return sum;
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
