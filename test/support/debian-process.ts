import { spawn } from 'node:child_process';
import { chmodSync, chownSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/app/system-clock.ts';
import { databaseName } from '../../src/model/names.ts';
import { Secret } from '../../src/model/secret.ts';
import { choosePort } from '../../src/sandbox/free-port.ts';
import { findPostmaster, shutDown } from '../../src/sandbox/postmaster.ts';
import type { RunningServer } from '../../src/sandbox/start-server.ts';

const programs = '/usr/lib/postgresql/15/bin';

/** One file of each package is enough to see whether it is installed. */
const packages: Readonly<Record<string, string>> = {
  'postgresql-15': `${programs}/postgres`,
  'postgresql-15-pgq3': '/usr/share/postgresql/15/extension/pgq.control',
  'postgresql-15-pgq-node': '/usr/share/postgresql/15/extension/pgq_node.control',
  'postgresql-15-plpgsql-check': '/usr/share/postgresql/15/extension/plpgsql_check.control',
  'postgresql-15-londiste-sql': '/usr/share/postgresql/15/extension/londiste.control',
  pgqd: '/usr/bin/pgqd',
  'python3-londiste': '/usr/bin/londiste',
  pgbouncer: '/usr/sbin/pgbouncer',
};

/** Says what to install, or undefined where all of it is there. */
export function missingPackages(): string | undefined {
  const missing = Object.entries(packages).flatMap(([name, file]) => (existsSync(file) ? [] : [name]));
  if (missing.length === 0) return undefined;
  return `missing on this machine, Debian 12 has them: apt-get install ${missing.join(' ')}`;
}

const user = 'postgres';

/** A throw-away PostgreSQL 15 of Debian, whose databases may have the extensions. */
export interface DebianServer extends AsyncDisposable {
  readonly server: RunningServer;
}

/** Enough to find a running one from another process. */
export type DebianRef = Pick<RunningServer, 'port' | 'pid' | 'dataDir' | 'logFile'>;

export function debianAt(ref: DebianRef): RunningServer {
  return {
    ...ref,
    name: databaseName('debian'),
    version: 15,
    host: '127.0.0.1',
    user,
    // Nobody asks for it.
    password: new Secret('trusted'),
    dbname: 'postgres',
    passfile: '/dev/null',
    started: true,
  };
}

const nobody = 65534;

/** Starts it in a folder that is its own and goes with it; it ends with this process at the latest. */
export async function startDebian(
  root: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<DebianServer> {
  const dataDir = join(root, 'data');
  const logFile = join(root, 'log');
  mkdirSync(dataDir, { recursive: true });
  chmodSync(dataDir, 0o700);
  const asRoot = process.getuid?.() === 0;
  if (asRoot) chownSync(dataDir, nobody, nobody);
  const log = openSync(logFile, 'a', 0o600);
  // Should this process die, its server goes with it.
  const run = (program: string, args: readonly string[]) =>
    spawn(
      'setpriv',
      [
        ...(asRoot ? [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'] : []),
        '--pdeathsig=INT',
        `${programs}/${program}`,
        ...args,
      ],
      { cwd: '/', stdio: ['ignore', log, log] },
    );
  const stop = async () => {
    const stopped = await shutDown(dataDir, 30_000);
    rmSync(root, { recursive: true, force: true, maxRetries: 3 });
    if (!stopped) throw new Error(`the server of ${dataDir} does not stop`);
  };
  let disposed: Promise<void> | undefined;
  const dispose = () => {
    disposed ??= stop();
    return disposed;
  };
  try {
    const made = run('initdb', ['-D', dataDir, '-U', user, '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '-N']);
    const status = await new Promise<number | null>((resolve, reject) => {
      made.once('error', reject);
      made.once('close', resolve);
    });
    if (status !== 0) throw new Error(`initdb failed: ${readFileSync(logFile, 'utf8')}`);
    const port = await choosePort(undefined);
    const all = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      fsync: 'off',
      full_page_writes: 'off',
      ...settings,
    };
    const flags = Object.entries(all).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
    const postgres = run('postgres', ['-D', dataDir, '-p', String(port), ...flags]);
    const pid = await ready(dataDir, () => postgres.exitCode ?? postgres.signalCode, logFile);
    return { server: debianAt({ port, pid, dataDir, logFile }), [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  } finally {
    closeSync(log);
  }
}

async function ready(dataDir: string, ended: () => unknown, logFile: string): Promise<number> {
  const until = performance.now() + 60_000;
  for (;;) {
    const server = findPostmaster(dataDir);
    if (server?.ready === true) return server.pid;
    if (ended() !== null || performance.now() > until) {
      throw new Error(`Debian's server does not start: ${readFileSync(logFile, 'utf8')}`);
    }
    await systemClock.sleep(25);
  }
}
