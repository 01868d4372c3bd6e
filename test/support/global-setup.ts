import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { listServers } from '../../src/sandbox/list-servers.ts';
import { identify } from '../../src/sandbox/process-identity.ts';
import { stopServer } from '../../src/sandbox/stop-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** State directory of the servers that all tests of this run share. */
    readonly serversDir: string;
  }
}

const prefix = 'trunkline-servers-';
const serversDir = join(tmpdir(), `${prefix}${process.pid}`);
// Each project runs this file once, all in one process: the last to leave stops the servers.
const users = globalThis as { trunklineServerUsers?: number };

/** Tests start a server when they first need it, so that a run that needs none pays nothing. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (users.trunklineServerUsers === undefined) {
    await removeLeftovers();
    process.on('exit', killServers);
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
  }
  users.trunklineServerUsers = (users.trunklineServerUsers ?? 0) + 1;
  mkdirSync(serversDir, { recursive: true });
  chmodSync(serversDir, 0o755);
  project.provide('serversDir', serversDir);
  return async () => {
    users.trunklineServerUsers = (users.trunklineServerUsers ?? 1) - 1;
    if (users.trunklineServerUsers === 0) await removeServers(serversDir);
  };
}

async function removeServers(folder: string): Promise<void> {
  for (const stateDir of stateDirs(folder)) {
    for (const server of listServers(stateDir)) await stopServer({ stateDir, name: server.name });
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** What a run left that was killed before it could tidy up. */
async function removeLeftovers(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : Number.NaN;
    if (Number.isInteger(pid) && identify(pid) === undefined) await removeServers(join(tmpdir(), name));
  }
}

// When the run ends without its teardown, as after a second Ctrl-C, there is no time left to wait.
function killServers(): void {
  if (!existsSync(serversDir)) return;
  for (const stateDir of stateDirs(serversDir)) {
    for (const server of listServers(stateDir)) if (server.pid !== undefined) process.kill(server.pid, 'SIGINT');
  }
}

/** The shared one, and one below it for each test that asked for servers of its own. */
function stateDirs(folder: string): readonly string[] {
  const own = join(folder, 'own');
  return [folder, ...(existsSync(own) ? readdirSync(own).map((name) => join(own, name)) : [])];
}
