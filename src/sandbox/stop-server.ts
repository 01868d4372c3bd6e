import type { DatabaseName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import { LockTimeout, withFileLock } from './file-lock.ts';
import { dropLease, inUse } from './leases.ts';
import { findPostmaster, shutDown } from './postmaster.ts';
import { readSettings, type ServerPaths, serverPaths, writeSettings } from './server-paths.ts';

export interface ServerRef {
  readonly stateDir: string;
  readonly name: DatabaseName;
}

const lockTimeoutMs = 60_000;
const shutdownTimeoutMs = 60_000;

/** Stops a server whoever uses it, and waits for its end. False when it did not run. */
export async function stopServer(ref: ServerRef): Promise<boolean> {
  const paths = serverPaths(ref.stateDir, ref.name);
  if (readSettings(paths) === undefined) return false;
  return underLock(ref, paths, async () => {
    const ran = await stopRunning(ref.name, paths);
    dropLease(paths.leases);
    return ran;
  });
}

/** Ends this process's use of a server, and stops it when nobody else uses it and it was not brought up to stay. */
export async function releaseServer(ref: ServerRef): Promise<boolean> {
  const paths = serverPaths(ref.stateDir, ref.name);
  if (readSettings(paths) === undefined) return false;
  return underLock(ref, paths, async () => {
    dropLease(paths.leases);
    if (readSettings(paths)?.keep === true || inUse(paths.leases)) return false;
    return stopRunning(ref.name, paths);
  });
}

/** For callers that already hold the server's lock. */
export async function stopRunning(name: DatabaseName, paths: ServerPaths): Promise<boolean> {
  if (findPostmaster(paths.data) === undefined) return false;
  const settings = readSettings(paths);
  const stopped = await shutDown(paths.data, shutdownTimeoutMs).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPERM') throw error;
    throw stopFailed(name, 'it belongs to another user');
  });
  if (!stopped) throw stopFailed(name, `it still runs ${shutdownTimeoutMs / 1000} s after it was asked to stop`);
  if (settings !== undefined) writeSettings(paths, { ...settings, keep: false });
  return true;
}

export async function underLock<Result>(
  ref: ServerRef,
  paths: ServerPaths,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await withFileLock(paths.lock, { waitMs: lockTimeoutMs }, work);
  } catch (error) {
    if (!(error instanceof LockTimeout)) throw error;
    throw stopFailed(
      ref.name,
      `process ${error.holder} has been starting or stopping it for ${lockTimeoutMs / 1000} s`,
    );
  }
}

function stopFailed(database: DatabaseName, detail: string): ToolError {
  return new ToolError([{ code: 'embedded_stop_failed', database, detail }]);
}
