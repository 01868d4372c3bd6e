import { type ChildProcess, spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/app/system-clock.ts';
import { encodeLocation } from '../../src/model/location-codec.ts';
import { choosePort } from '../../src/sandbox/free-port.ts';
import type { FreshDatabase } from './database.ts';
import type { ProgramResult } from './program.ts';
import { waitFor } from './replication.ts';

/** Debian's programs with their files in one folder. Disposing stops them all. */
export interface DebianPrograms extends AsyncDisposable {
  readonly folder: string;
  /** A program that runs on until it is stopped. What it says goes to a file `LOG.out`. */
  daemon(program: string, args: readonly string[], logName: string): Daemon;
  /** Writes `NAME.ini`. */
  ini(name: string, section: string, settings: Settings): string;
  londiste(job: LondisteJob): Londiste;
  /** The ticker daemon for databases of one server; periods in seconds as pgqd has them. */
  pgqd(databases: readonly FreshDatabase[], settings?: Settings): Daemon;
  /** PgBouncer before one database, by the name of each way to pool. */
  pgbouncer(database: FreshDatabase, settings?: Settings): Promise<Pooled>;
  python(script: string, args: readonly string[]): Promise<ProgramResult>;
  /** Stops them all; fails where a first copy did not end by itself. */
  stop(): Promise<void>;
  /** Kills all that runs, first copies included, as a power cut would. */
  crash(): Promise<void>;
  /** The end of what each program wrote, for a failure's message. */
  logs(): string;
  /** Lines that tell of errors, in all that was written. */
  errors(): readonly string[];
}

export type Settings = Readonly<Record<string, string | number>>;

export interface LondisteJob {
  readonly job: string;
  readonly queue: string;
  readonly database: FreshDatabase;
  readonly settings?: Settings;
}

/** One node's configuration file. */
export interface Londiste {
  readonly job: string;
  /** Throws with all it said when its status is not the one expected: 0 unless told. */
  run(args: readonly string[], status?: number): Promise<ProgramResult>;
  worker(): Daemon;
}

export interface Pooled {
  /** The address, as a file has it. */
  url(mode: PoolMode): string;
}

export type PoolMode = (typeof poolModes)[number];
const poolModes = ['session', 'transaction', 'statement'] as const;

export interface Daemon {
  readonly child: ChildProcess;
  stop(): Promise<void>;
}

/** How other programs reach a database; passwords come from the password file. */
export const locationOf = (database: FreshDatabase): string => encodeLocation(database.params);

export function debianPrograms(databases: readonly FreshDatabase[]): DebianPrograms {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-debian-'));
  const passfile = join(folder, 'passfile');
  const line = ({ params: { host, port, user, password } }: FreshDatabase) =>
    `${host}:${port}:*:${user}:${password?.reveal()}\n`;
  writeFileSync(passfile, databases.map(line).join(''));
  chmodSync(passfile, 0o600);
  const env = { ...process.env, PGPASSFILE: passfile, HOME: folder, PYTHONDONTWRITEBYTECODE: '1' };
  const daemons: Daemon[] = [];

  // What runs on goes with the test process, should that die.
  const daemon = (program: string, args: readonly string[], logName: string): Daemon => {
    const log = openSync(join(folder, `${logName}.out`), 'a');
    const child = spawn('setpriv', ['--pdeathsig=INT', program, ...args], {
      cwd: folder,
      env,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const stop = async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT');
      const insist = setTimeout(() => child.kill('SIGTERM'), 3_000);
      await ended;
      clearTimeout(insist);
    };
    const started = { child, stop };
    daemons.push(started);
    return started;
  };

  const toEnd = (program: string, args: readonly string[]) =>
    new Promise<ProgramResult>((resolve, reject) => {
      const child = spawn('setpriv', ['--pdeathsig=INT', program, ...args], {
        cwd: folder,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
        // Some commands wait for workers, which may wait for each other.
        timeout: 120_000,
      });
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        stdout += text;
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        stderr += text;
      });
      child.once('error', reject);
      child.once('close', (status, signal) => resolve({ status, signal, stdout, stderr }));
    });

  const written = () =>
    readdirSync(folder)
      .filter((name) => /^[^.]*(\.worker)?\.(log|out)$/.test(name))
      .map((name) => ({ name, lines: readFileSync(join(folder, name), 'utf8').split('\n') }));

  const logs = () =>
    written()
      .map(({ name, lines }) => `== ${name}\n${lines.slice(-80).join('\n')}`)
      .join('\n');

  const ini = (name: string, section: string, settings: Settings) => {
    const path = join(folder, `${name}.ini`);
    writeFileSync(path, `[${section}]\n${linesOf(settings)}`);
    return path;
  };

  const stop = async () => {
    await Promise.all(daemons.map(({ stop }) => stop()));
    const left = await stopCopies(folder);
    if (left.length > 0) throw new Error(`still running: ${left.join('; ')}${logs()}`);
  };
  let disposed: Promise<void> | undefined;
  const dispose = () => {
    disposed ??= stop()
      .catch(() => undefined)
      .then(() => rmSync(folder, { recursive: true, force: true }));
    return disposed;
  };
  // A test that ran out of time never gets to its own end.
  onTestFinished(dispose);

  return {
    folder,
    daemon,
    stop,
    async crash() {
      for (const pid of processesOf(folder).keys()) process.kill(pid, 'SIGKILL');
      await Promise.all(daemons.map(({ stop }) => stop()));
    },
    logs,
    errors: () => written().flatMap(({ lines }) => lines.filter((line) => /ERROR|FATAL|WARNING/.test(line))),
    ini,
    londiste({ job, queue, database, settings }) {
      const file = ini(job, 'londiste', {
        job_name: job,
        db: locationOf(database),
        queue_name: queue,
        logfile: join(folder, `${job}.log`),
        pidfile: join(folder, `${job}.pid`),
        loop_delay: 0.1,
        exception_sleep: 1,
        parallel_copies: 4,
        local_wm_publish_period: 1,
        global_wm_publish_period: 1,
        ...settings,
      });
      return {
        job,
        async run(args, status = 0) {
          const result = await toEnd('londiste', [file, ...args]);
          if (result.status === status) return result;
          throw new Error(
            `londiste ${job} ${args.join(' ')}: ${result.status ?? result.signal}\n${result.stdout}${result.stderr}${logs()}`,
          );
        },
        worker: () => daemon('londiste', ['-v', file, 'worker'], job),
      };
    },
    pgqd(databases, settings) {
      const [first] = databases;
      if (first === undefined) throw new Error('pgqd needs a database');
      const { dbname: _, ...server } = first.params;
      const file = ini('pgqd', 'pgqd', {
        base_connstr: encodeLocation({ ...server, dbname: undefined }),
        initial_database: first.dbname,
        database_list: databases.map(({ dbname }) => dbname).join(','),
        logfile: join(folder, 'pgqd.log'),
        pidfile: join(folder, 'pgqd.pid'),
        syslog: 0,
        ticker_period: 0.1,
        ...settings,
      });
      return daemon('pgqd', [file], 'pgqd');
    },
    async pgbouncer({ params: { host, port, dbname, user, password } }, settings) {
      const own = await choosePort(undefined);
      const server = `host=${host} port=${port} dbname=${dbname} user=${user} password=${password?.reveal()}`;
      const file = ini(`pgbouncer_${own}`, 'databases', {
        ...Object.fromEntries(poolModes.map((mode) => [mode, `${server} pool_mode=${mode}`])),
      });
      const all = { listen_addr: '127.0.0.1', listen_port: own, unix_socket_dir: '', auth_type: 'any', ...settings };
      appendFileSync(file, `[pgbouncer]\n${linesOf(all)}`);
      // It does not run as root.
      daemon('/usr/sbin/pgbouncer', process.getuid?.() === 0 ? ['-u', 'nobody', file] : [file], `pgbouncer_${own}`);
      await waitFor(
        () => `PgBouncer: ${logs()}`,
        30_000,
        async () => logs().includes(`listening on 127.0.0.1:${own}`),
      );
      return { url: (mode) => `postgresql://${user}@127.0.0.1:${own}/${mode}` };
    },
    python: (script, args) => toEnd('/usr/bin/python3', [script, ...args]),
    [Symbol.asyncDispose]: dispose,
  };
}

const linesOf = (settings: Settings): string =>
  Object.entries(settings)
    .map(([key, value]) => `${key} = ${value}\n`)
    .join('');

/** Londiste's workers start processes of their own for first copies. Gives those that had to be ended. */
async function stopCopies(folder: string): Promise<readonly string[]> {
  // One that has just handed its table over may be about to end.
  for (let attempt = 0; attempt < 40 && processesOf(folder).size > 0; attempt += 1) await systemClock.sleep(50);
  const left = processesOf(folder);
  for (const pid of left.keys()) process.kill(pid, 'SIGTERM');
  for (let attempt = 0; attempt < 100 && processesOf(folder).size > 0; attempt += 1) await systemClock.sleep(50);
  for (const pid of processesOf(folder).keys()) process.kill(pid, 'SIGKILL');
  return [...left.values()];
}

/** By the folder on their command line, which no other process has. */
function processesOf(folder: string): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      if (line.includes(folder)) found.set(pid, line);
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}
