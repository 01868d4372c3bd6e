import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lives, ownIdentity, type ProcessIdentity } from './process-identity.ts';

/** Another process held the lock for too long. */
export class LockTimeout extends Error {
  readonly holder: number;

  constructor(holder: number) {
    super(`process ${holder} holds the lock`);
    this.name = 'LockTimeout';
    this.holder = holder;
  }
}

export interface LockOptions {
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Runs `work` while no other process does so under the same path. The lock of a process that died is taken over. */
export async function withFileLock<Result>(
  path: string,
  options: LockOptions,
  work: () => Promise<Result>,
): Promise<Result> {
  const mine = JSON.stringify({ ...ownIdentity(), id: randomUUID() });
  const giveUpAt = Date.now() + options.waitMs;
  while (!tryTake(path, mine)) {
    options.signal?.throwIfAborted();
    const holder = readHolder(path);
    if (holder !== undefined && !lives(holder.process)) clearStale(path, holder.text);
    else if (holder !== undefined && Date.now() > giveUpAt) throw new LockTimeout(holder.process.pid);
    else await sleep(50);
  }
  try {
    return await work();
  } finally {
    if (readText(path) === mine) rmSync(path, { force: true });
  }
}

// Linking a finished file makes lock and content appear at once; creating and then writing would show an empty lock.
function tryTake(path: string, mine: string): boolean {
  const draft = `${path}.${randomUUID()}`;
  mkdirSync(dirname(path), { recursive: true });
  try {
    writeFileSync(draft, mine);
    linkSync(draft, path);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // ENOENT: a wipe took the folder away between the two calls.
    if (code === 'EEXIST' || code === 'ENOENT') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function readHolder(path: string): { readonly text: string; readonly process: ProcessIdentity } | undefined {
  const text = readText(path);
  if (text === undefined) return undefined;
  try {
    return { text, process: JSON.parse(text) as ProcessIdentity };
  } catch {
    return { text, process: { pid: 0, startedAt: '' } };
  }
}

// Renaming first means that of several who saw the stale lock only one removes it, and never a younger one.
function clearStale(path: string, stale: string): void {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (readText(aside) !== stale) {
    try {
      linkSync(aside, path);
    } catch {
      // Somebody took the lock meanwhile; its holder is the one that counts.
    }
  }
  rmSync(aside, { force: true });
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
