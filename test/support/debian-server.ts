import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { inject, onTestFinished, type TestContext } from 'vitest';
import { type DebianServer, missingPackages, startDebian } from './debian-process.ts';

/** For `beforeEach`: elsewhere than in CI a machine without Debian's programs passes over the tests that need them. */
export function needDebian({ skip }: Pick<TestContext, 'skip'>): void {
  const reason = missingPackages();
  if (reason === undefined) return;
  if ((process.env.CI ?? '') !== '') throw new Error(reason);
  skip(reason);
}

/** A throw-away server of Debian for one test. */
export async function debianServer(settings: Readonly<Record<string, string>> = {}): Promise<DebianServer> {
  const server = await startDebian(join(inject('serversDir'), `debian-${randomBytes(4).toString('hex')}`), settings);
  // A test that ran out of time never gets to its own end.
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}
