import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isPostmasterOf, lives } from './process-identity.ts';

/** What `postmaster.pid` says, once it is known that the process lives and is the server of this data directory. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number | undefined;
  /** Accepts connections. */
  readonly ready: boolean;
}

// No process has this number, so that PostgreSQL itself takes the file for a leftover.
const deadPid = 2_147_483_647;

/** The running server of a data directory; undefined when there is none, whatever a leftover file says. */
export function findPostmaster(dataDir: string): Postmaster | undefined {
  const lines = readPidFile(dataDir);
  const pid = Number(lines?.[0]);
  if (lines === undefined || !isPostmasterOf(pid, dataDir)) return undefined;
  const port = Number(lines[3]);
  return { pid, port: Number.isInteger(port) && port > 0 ? port : undefined, ready: lines[7]?.trim() === 'ready' };
}

/**
 * Lets the next start pass over a `postmaster.pid` whose number meanwhile belongs to another process. Only the number
 * is changed: the file also names the shared memory, by which PostgreSQL sees whether orphans still use the data.
 */
export function disarmStalePidFile(dataDir: string): void {
  const lines = readPidFile(dataDir);
  if (lines === undefined || findPostmaster(dataDir) !== undefined) return;
  writeFileSync(join(dataDir, 'postmaster.pid'), [String(deadPid), ...lines.slice(1)].join('\n'));
}

/** Asks for a fast shutdown and waits until the process is gone. False when it still lives after `waitMs`. */
export async function shutDown(dataDir: string, waitMs: number): Promise<boolean> {
  const giveUpAt = Date.now() + waitMs;
  const server = findPostmaster(dataDir);
  const postmaster = server === undefined ? undefined : identify(server.pid);
  if (postmaster === undefined) return true;
  askToStop(postmaster.pid);
  // Not the pid file but the process is what counts: the file goes first, and the port only with the process.
  while (lives(postmaster)) {
    if (Date.now() > giveUpAt) return false;
    await sleep(20);
  }
  return true;
}

function askToStop(pid: number): void {
  try {
    process.kill(pid, 'SIGINT');
  } catch (error) {
    // It went by itself.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function readPidFile(dataDir: string): readonly string[] | undefined {
  try {
    return readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return undefined;
  }
}
