import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { type DebianRef, missingPackages, startDebian } from './debian-process.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Debian's server that the tests of a project share, unless this machine has none. */
    readonly debian: DebianRef | undefined;
  }
}

/** For projects that compare with the originals: one server of Debian for all their files. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  project.provide('debian', undefined);
  if (missingPackages() !== undefined) return undefined;
  const root = join(tmpdir(), `trunkline-debian-${project.name}-${process.pid}`);
  rmSync(root, { recursive: true, force: true });
  const debian = await startDebian(root, { max_connections: '200', jit: 'off' });
  const { port, pid, dataDir, logFile } = debian.server;
  project.provide('debian', { port, pid, dataDir, logFile });
  return async () => debian[Symbol.asyncDispose]();
}
