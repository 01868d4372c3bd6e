import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isPostmasterOf } from './process-identity.ts';

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

/** Asks for a fast shutdown and waits for its end. False when the server still runs after `waitMs`. */
export async function shutDown(dataDir: string, waitMs: number): Promise<boolean> {
  const giveUpAt = Date.now() + waitMs;
  let asked: number | undefined;
  for (;;) {
    const server = findPostmaster(dataDir);
    if (server === undefined) return true;
    if (Date.now() > giveUpAt) return false;
    // A server that still starts up drops its pid file late, so the process is what counts.
    if (asked !== server.pid) process.kill(server.pid, 'SIGINT');
    asked = server.pid;
    await sleep(20);
  }
}

function readPidFile(dataDir: string): readonly string[] | undefined {
  try {
    return readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return undefined;
  }
}
