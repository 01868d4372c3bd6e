import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lives, ownIdentity, type ProcessIdentity } from './process-identity.ts';

/** Notes that this process uses the server. Call it, and the two below, under the server's lock. */
export function addLease(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const own = ownIdentity();
  writeFileSync(join(folder, String(own.pid)), JSON.stringify(own));
}

export function dropLease(folder: string): void {
  rmSync(join(folder, String(process.pid)), { force: true });
}

/** True while a living process uses the server; what dead ones left behind goes away. */
export function inUse(folder: string): boolean {
  let used = false;
  for (const name of list(folder)) {
    const path = join(folder, name);
    if (lives(read(path))) used = true;
    else rmSync(path, { force: true });
  }
  return used;
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(path: string): ProcessIdentity {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity;
  } catch {
    return { pid: 0, startedAt: '' };
  }
}
