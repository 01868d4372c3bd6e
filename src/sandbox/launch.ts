import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { host, serverEnvironment } from './data-directory.ts';
import { findPostmaster } from './postmaster.ts';
import type { Programs } from './programs.ts';
import type { ServerPaths } from './server-paths.ts';
import type { ServerUser } from './server-user.ts';

const startTimeoutMs = 120_000;
const largestLogBytes = 20_000_000;
const shownLogLines = 15;

export interface LaunchOptions {
  readonly fsync: boolean;
  /** Further settings, as `postgresql.conf` knows them. */
  readonly settings: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
}

export type Launched =
  | { readonly kind: 'ready'; readonly pid: number; readonly port: number }
  /** `log` is what the server wrote during this start. */
  | { readonly kind: 'failed'; readonly detail: string; readonly log: string };

/** Starts the server of a data directory. It outlives this process; only a start that fails or is aborted ends it. */
export async function launch(
  paths: ServerPaths,
  programs: Programs,
  user: ServerUser,
  port: number,
  options: LaunchOptions,
): Promise<Launched> {
  if (sizeOf(paths.log) > largestLogBytes) renameSync(paths.log, `${paths.log}.old`);
  const logStart = sizeOf(paths.log);
  const args = ['-D', paths.data, '-p', String(port), ...settingFlags(options)];
  const child = spawnDetached(user.command(programs.postgres, args), user, paths.log);
  const ending = watchEnd(child);
  let ready = false;
  try {
    const outcome = await untilReady(paths, ending, options.signal, child.pid);
    ready = outcome.kind === 'ready';
    return outcome.kind === 'failed' ? { ...outcome, log: logTail(paths.log, logStart) } : outcome;
  } finally {
    // Before it has written its pid file, the server is known only as our child.
    if (!ready) await endChild(child, ending);
  }
}

/** Waits for a server that somebody else started; undefined when it went away instead. */
export async function untilFoundReady(
  paths: ServerPaths,
  signal: AbortSignal | undefined,
): Promise<Launched | undefined> {
  const logStart = sizeOf(paths.log);
  const gone: Ending = {
    get how() {
      return findPostmaster(paths.data) === undefined ? 'it ended' : undefined;
    },
  };
  const outcome = await untilReady(paths, gone, signal, undefined);
  if (outcome.kind === 'ready') return outcome;
  return gone.how === undefined ? { ...outcome, log: logTail(paths.log, logStart) } : undefined;
}

function settingFlags(options: LaunchOptions): readonly string[] {
  const settings: Readonly<Record<string, string>> = {
    listen_addresses: host,
    // No socket file: its place would have to be writable, and its path short.
    unix_socket_directories: '',
    logging_collector: 'off',
    log_destination: 'stderr',
    // Commits still reach the system's cache, so that killing the server loses none.
    ...(options.fsync ? {} : { fsync: 'off', full_page_writes: 'off' }),
    ...options.settings,
  };
  return Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
}

function spawnDetached(
  [command, args]: readonly [string, readonly string[]],
  user: ServerUser,
  logFile: string,
): ChildProcess {
  const log = openSync(logFile, 'a', 0o600);
  try {
    const child = spawn(command, args, {
      ...user.spawnOptions,
      cwd: '/',
      env: serverEnvironment(),
      // A group of its own: the terminal's Ctrl-C is for Trunkline, which stops its servers in order.
      detached: true,
      stdio: ['ignore', log, log],
    });
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

/** `how` is undefined while the process lives. */
interface Ending {
  readonly how: string | undefined;
}

function watchEnd(child: ChildProcess): Ending {
  const ending: { how: string | undefined } = { how: undefined };
  child.once('error', (error) => {
    ending.how = error.message;
  });
  child.once('exit', (code, signal) => {
    ending.how = signal === null ? `it ended with status ${code}` : `it was ended by ${signal}`;
  });
  return ending;
}

/** With `pid`, only that process counts: another one may hold the directory. */
async function untilReady(
  paths: ServerPaths,
  ending: Ending,
  signal: AbortSignal | undefined,
  pid: number | undefined,
): Promise<Extract<Launched, { kind: 'ready' }> | { readonly kind: 'failed'; readonly detail: string }> {
  const giveUpAt = Date.now() + startTimeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    const server = findPostmaster(paths.data);
    if (server?.ready === true && server.port !== undefined && (pid === undefined || server.pid === pid)) {
      return { kind: 'ready', pid: server.pid, port: server.port };
    }
    const how = ending.how;
    if (how !== undefined) return { kind: 'failed', detail: how };
    if (Date.now() > giveUpAt) {
      return { kind: 'failed', detail: `it does not answer after ${startTimeoutMs / 1000} s` };
    }
    await sleep(25);
  }
}

async function endChild(child: ChildProcess, ending: Ending): Promise<void> {
  if (ending.how === undefined) child.kill('SIGINT');
  while (ending.how === undefined) await sleep(20);
}

function logTail(path: string, from: number): string {
  try {
    const lines = readFileSync(path).subarray(from).toString('utf8').trimEnd().split('\n');
    return lines.slice(-shownLogLines).join('\n');
  } catch {
    return '';
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
