import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectAsLibpq, connectionTargets } from '../../src/db/connection-target.ts';
import { sql } from '../../src/db/statement.ts';
import { Secret } from '../../src/model/secret.ts';
import type { ConnectionParams } from '../../src/model/topology.ts';
import type { RunningServer } from '../../src/sandbox/start-server.ts';
import { connectionParams } from '../support/builders.ts';
import { freshDatabase } from '../support/database.ts';
import { ownServer, sharedServer } from '../support/server.ts';

const options = { applicationName: 'trunkline test' };
const folder = mkdtempSync(join(tmpdir(), 'trunkline-connect-'));
afterAll(() => rmSync(folder, { recursive: true }));

const nothing = connectionParams({ host: undefined, port: undefined, dbname: undefined, user: undefined });
const emptyHome = { HOME: folder };

test('the file wins over the service, and the service over the environment', () => {
  const services = join(folder, 'services.conf');
  writeFileSync(
    services,
    '# ours\n[other]\nhost=wrong\n\n[main]\nhost=from-service\nport = 6000\ndbname=from_service\n[next]\nuser=wrong\n',
  );
  const env = {
    ...emptyHome,
    PGSERVICEFILE: services,
    PGHOST: 'from-env',
    PGUSER: 'from_env',
    PGPASSWORD: 'from-env',
    PGDATABASE: 'from_env',
    PGCONNECT_TIMEOUT: '7',
  };
  expect(connectionTargets({ ...nothing, service: 'main', dbname: 'from_file', sslmode: 'disable' }, env)).toEqual([
    {
      host: 'from-service',
      port: 6000,
      dbname: 'from_file',
      user: 'from_env',
      password: 'from-env',
      ssl: false,
      connectTimeoutMs: 7000,
    },
  ]);
  // More than a timer of Node can wait.
  const [patient] = connectionTargets(nothing, { ...env, PGCONNECT_TIMEOUT: '9999999' });
  expect(patient?.connectTimeoutMs).toBe(2 ** 31 - 1);
  expect(() => connectionTargets({ ...nothing, service: 'absent' }, env)).toThrow(/service absent is defined neither/);
});

test('the first fitting line of the password file counts', () => {
  const passfile = join(folder, 'passfile');
  writeFileSync(
    passfile,
    '# host:port:db:user:password\nelse:*:*:*:no\ndb1:5432:a\\:b:*:with\\:colon\\\\and:more\n*:*:*:repl:any\n',
  );
  chmodSync(passfile, 0o600);
  const passwordOf = (params: Partial<ConnectionParams>, env: Record<string, string> = emptyHome) =>
    connectionTargets(connectionParams({ passfile, host: 'db1', user: 'repl', ...params }), env)[0].password;
  expect(passwordOf({ dbname: 'a:b' })).toBe('with:colon\\and:more');
  expect(passwordOf({})).toBe('any');
  expect(passwordOf({ user: 'someone' })).toBeUndefined();
  expect(passwordOf({ password: new Secret('own') })).toBe('own');
  expect(passwordOf({ passfile: undefined }, { ...emptyHome, PGPASSFILE: passfile })).toBe('any');
  expect(passwordOf({ passfile: undefined })).toBeUndefined();
  chmodSync(passfile, 0o640);
  expect(() => passwordOf({})).toThrow(`password file ${passfile} may be read by others; run: chmod 600 ${passfile}`);
});

test.for([
  [{ sslmode: 'sometimes' }, /sslmode sometimes is unknown/],
  [{ sslmode: 'verify-full' }, /sslmode verify-full needs a root certificate/],
  [{ sslmode: 'require', sslrootcert: '/nowhere/root.crt' }, /sslrootcert \/nowhere\/root.crt can't be read: ENOENT/],
  [{ sslmode: 'verify-ca', sslrootcert: 'system' }, /use it with sslmode verify-full/],
] as const)('%o is refused before anything is sent', ([change, message]) => {
  expect(() => connectionTargets(connectionParams(change), emptyHome)).toThrow(message);
});

test('a password file opens a database', async () => {
  await using db = await freshDatabase({ install: false });
  const { password, ...rest } = db.params;
  const passfile = join(folder, 'real');
  writeFileSync(passfile, `127.0.0.1:*:${db.dbname}:postgres:${password?.reveal()}\n`, { mode: 0o600 });
  await using session = await connectAsLibpq({ ...rest, password: undefined, passfile }, options, emptyHome);
  expect(await session.query(sql('select current_database() as name'))).toEqual([{ name: db.dbname }]);
});

test('a server without TLS is reached by prefer and refused by require', async () => {
  const server = await sharedServer(18);
  const params = paramsOf(server);
  await using session = await connectAsLibpq(params, options, emptyHome);
  expect(await encrypted(session)).toBe(false);
  await expect(connectAsLibpq({ ...params, sslmode: 'require' }, options, emptyHome)).rejects.toThrow(
    /does not support/,
  );
});

const tls = (name: string) => join(process.cwd(), 'test/data/tls', name);
let server: Awaited<ReturnType<typeof ownServer>>;

beforeAll(async () => {
  server = await ownServer(18, { ssl: 'off' });
  const { uid, gid } = statSync(server.server.dataDir);
  for (const name of ['server.crt', 'server.key']) {
    const path = join(server.server.dataDir, name);
    copyFileSync(tls(name), path);
    chmodSync(path, 0o600);
    chownSync(path, uid, gid);
  }
  await server.stop();
  await server.start({ ssl: 'on' });
});
afterAll(() => server[Symbol.asyncDispose]());

test.for([
  [{ sslmode: undefined }, true],
  [{ sslmode: 'disable' }, false],
  [{ sslmode: 'allow' }, false],
  [{ sslmode: 'require' }, true],
  [{ sslmode: 'verify-ca', sslrootcert: tls('root.crt') }, true],
  [{ sslmode: 'verify-full', sslrootcert: tls('root.crt'), host: 'localhost' }, true],
] as const)('%o reaches a server with TLS', async ([change, expected]) => {
  await using session = await connectAsLibpq({ ...paramsOf(server.server), ...change }, options, emptyHome);
  expect(await encrypted(session)).toBe(expected);
});

test.for([
  [{ sslmode: 'verify-ca', sslrootcert: tls('other-root.crt') }, /unable to verify|self.signed/],
  [{ sslmode: 'require', sslrootcert: tls('other-root.crt') }, /unable to verify|self.signed/],
  [{ sslmode: 'verify-full', sslrootcert: tls('root.crt') }, /IP: 127.0.0.1 is not in the cert's list/],
] as const)('%o does not trust the server', async ([change, message]) => {
  await expect(connectAsLibpq({ ...paramsOf(server.server), ...change }, options, emptyHome)).rejects.toThrow(message);
});

function paramsOf(running: RunningServer): ConnectionParams {
  const { host, port, user, password } = running;
  return connectionParams({ host, port, user, password, dbname: 'postgres' });
}

async function encrypted(session: Awaited<ReturnType<typeof connectAsLibpq>>): Promise<unknown> {
  const [row] = await session.query<{ ssl: boolean }>(sql('select ssl from pg_stat_ssl where pid = pg_backend_pid()'));
  return row?.ssl;
}
