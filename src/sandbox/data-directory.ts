import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Secret } from '../model/secret.ts';
import type { Programs } from './programs.ts';
import type { ServerPaths } from './server-paths.ts';
import type { ServerUser } from './server-user.ts';

export const host = '127.0.0.1';
export const superuser = 'postgres';

export function readPassword(paths: ServerPaths): Secret {
  return new Secret(readFileSync(paths.passfile, 'utf8').trim().split(':').at(-1) ?? '');
}

/** Environment of the server's programs: nothing that would point them at another cluster. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG|LD_)/.test(name)));
}

/** The major version a data directory was made by; undefined when there is none. */
export function dataVersion(dataDir: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(join(dataDir, 'PG_VERSION'), 'utf8'), 10);
  } catch {
    return undefined;
  }
}

/**
 * Makes the data directory where there is none. It gets its name when it is complete: a start that was killed
 * halfway leaves only a draft, which goes away here. Gives what `initdb` said when it failed.
 */
export async function createDataDirectory(
  paths: ServerPaths,
  programs: Programs,
  user: ServerUser,
  options: { readonly fsync: boolean; readonly signal?: AbortSignal | undefined },
): Promise<string | undefined> {
  removeDrafts(paths);
  if (existsSync(paths.data)) return undefined;
  const password = randomBytes(18).toString('base64url');
  let said = '';
  // Not every system knows C.UTF-8; C does everywhere, with upper and lower case of ASCII letters only.
  for (const locale of ['C.UTF-8', 'C']) {
    const draft = `${paths.data}.${randomBytes(6).toString('hex')}`;
    const passwordDraft = `${draft}.password`;
    mkdirSync(draft, { mode: 0o700 });
    writeFileSync(passwordDraft, password, { mode: 0o600 });
    if (user.owner !== undefined) {
      for (const path of [draft, passwordDraft]) chownSync(path, user.owner.uid, user.owner.gid);
    }
    const args = ['-D', draft, '-U', superuser, '-E', 'UTF8', `--locale=${locale}`, '-A', 'scram-sha-256'];
    args.push(`--pwfile=${passwordDraft}`, ...(options.fsync ? [] : ['--no-sync']));
    const result = await runToEnd(programs.initdb, args, user, options.signal);
    rmSync(passwordDraft, { force: true });
    if (options.signal?.aborted === true) rmSync(draft, { recursive: true, force: true, maxRetries: 3 });
    options.signal?.throwIfAborted();
    if (result.done) {
      writeFileSync(paths.passfile, `${host}:*:*:${superuser}:${password}\n`, { mode: 0o600 });
      chmodSync(paths.passfile, 0o600);
      renameSync(draft, paths.data);
      return undefined;
    }
    said = result.said;
    rmSync(draft, { recursive: true, force: true });
    if (!/invalid locale/.test(said)) break;
  }
  return said;
}

function removeDrafts(paths: ServerPaths): void {
  for (const name of readdirSync(paths.root)) {
    if (/^data\.[0-9a-f]{12}(\.password)?$/.test(name)) {
      rmSync(join(paths.root, name), { recursive: true, force: true, maxRetries: 3 });
    }
  }
}

async function runToEnd(
  program: string,
  args: readonly string[],
  user: ServerUser,
  signal: AbortSignal | undefined,
): Promise<{ readonly done: boolean; readonly said: string }> {
  const [command, all] = user.command(program, args);
  const child: ChildProcess = spawn(command, all, {
    ...user.spawnOptions,
    cwd: '/',
    env: serverEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const stop = () => child.kill('SIGTERM');
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await new Promise((resolve) => {
      child.once('error', (error) => resolve({ done: false, said: error.message }));
      child.once('close', (code) => resolve({ done: code === 0, said }));
    });
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}
