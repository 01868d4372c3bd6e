import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const bin = '/usr/lib/postgresql/15/bin';

/** Debian's PostgreSQL with its packages of pgq, pgq_node and londiste, where they are installed. */
export const hasExtensionServer =
  existsSync(`${bin}/initdb`) && existsSync('/usr/share/postgresql/15/extension/londiste.control');

export interface ExtensionServer extends AsyncDisposable {
  url(dbname: string): string;
}

const nobody = 65534;

/** A server of its own under the temporary folder, without a password, on a free loopback port. */
export async function extensionServer(): Promise<ExtensionServer> {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-ext-'));
  const asRoot = process.getuid?.() === 0;
  if (asRoot) chownSync(folder, nobody, nobody);
  const run = (program: string, ...args: readonly string[]) => {
    const command = asRoot
      ? ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', `${bin}/${program}`]
      : [`${bin}/${program}`];
    const [first = '', ...rest] = [...command, ...args];
    const { status, stderr } = spawnSync(first, rest, {
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: folder,
    });
    if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
  };
  const data = join(folder, 'data');
  const port = await freePort();
  run('initdb', '-D', data, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--no-sync');
  const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c max_prepared_transactions=0`;
  run('pg_ctl', '-D', data, '-w', '-o', options, '-l', join(folder, 'log'), 'start');
  return {
    url: (dbname) => `postgresql://postgres@127.0.0.1:${port}/${dbname}`,
    async [Symbol.asyncDispose]() {
      run('pg_ctl', '-D', data, '-w', '-m', 'immediate', 'stop');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
