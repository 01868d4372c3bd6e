import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { inject, onTestFinished, type TestContext } from 'vitest';
import { type DebianServer, debianAt, missingPackages, startDebian } from './debian-process.ts';

/** For `beforeEach`: elsewhere than in CI a machine without Debian's programs passes over the tests that need them. */
export function needDebian({ skip }: Pick<TestContext, 'skip'>): void {
  const reason = missingPackages();
  if (reason === undefined) return;
  if ((process.env.CI ?? '') !== '') throw new Error(reason);
  skip(reason);
}

/**
 * The server that the tests of a project share, which costs each no `initdb`; where it has none, or with settings, one that is
 * thrown away.
 */
export async function debianServer(settings?: Readonly<Record<string, string>>): Promise<DebianServer> {
  const shared = settings === undefined ? inject('debian') : undefined;
  if (shared !== undefined) return { server: debianAt(shared), [Symbol.asyncDispose]: async () => undefined };
  const server = await startDebian(join(inject('serversDir'), `debian-${randomBytes(4).toString('hex')}`), settings);
  // A test that ran out of time never gets to its own end.
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}
