import { createServer, connect as dial, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { unreachable } from '../../src/app/databases.ts';
import { readCheckup } from '../../src/catalog/read-checkup.ts';
import { connect, type Session } from '../../src/db/session.ts';
import { sql } from '../../src/db/statement.ts';
import { databaseName } from '../../src/model/names.ts';
import { freshDatabase } from '../support/database.ts';

test('a pool that shares a connection is refused, though it gives the name of the server’s own process', async () => {
  await using database = await freshDatabase({ install: false });
  const { hostname, port, username, password } = new URL(database.url);
  await using pool = await poolOfOne(hostname, Number(port));
  const open = (through: number, as = { user: username, password: decodeURIComponent(password) }): Promise<Session> =>
    connect(
      {
        ...as,
        host: '127.0.0.1',
        port: through,
        dbname: database.dbname,
        ssl: false,
        connectTimeoutMs: 20_000,
      },
      { applicationName: 'pooling', settings: { lock_timeout: '7s' } },
    );

  await expect(open(pool.port)).rejects.toThrow('a proxy between gives each transaction to another connection');

  // What passes on each connection as it is only costs a look.
  pool.shares = false;
  await using alone = await open(pool.port);
  expect(await alone.query(sql('show lock_timeout'))).toEqual([{ lock_timeout: '7s' }]);
  expect(alone.direct).toBe(false);

  // What doctor sees of that, for a role that may have two, one of them for somebody else.
  await using admin = await database.session();
  expect(admin.direct).toBe(true);
  const scarce = { user: `scarce_${database.dbname}`, password: 'scarce' };
  await admin.script(`create role "${scarce.user}" login password 'scarce' connection limit 2`);
  try {
    const other = await open(Number(port), scarce);
    const checkup = await readCheckup(() => open(pool.port, scarce), databaseName('here'), {
      queues: [],
      oldMs: 0,
      own: [],
    });
    expect(checkup).toMatchObject({ direct: false });
    const [server, ...limits] = checkup.connections;
    expect(server).toMatchObject({ of: 'server', limit: Number((await shown(admin, 'max_connections')) ?? 0) });
    // Whoever may not look into the sessions of others still counts them.
    expect(server?.taken).toBeGreaterThan(3 + 2);
    expect(limits).toEqual([{ of: 'role', limit: 2, taken: expect.any(Number) }]);
    const another = await open(Number(port), scarce);
    const refused = await open(Number(port), scarce).catch((error: unknown) => error);
    expect(unreachable(databaseName('here'), refused)).toMatchObject({
      code: 'database_unreachable',
      reason: 'full',
      detail: `too many connections for role "${scarce.user}"`,
    });
    await Promise.all([other.close(), another.close()]);
  } finally {
    await admin.script(`drop role "${scarce.user}"`);
  }
});

async function shown(session: Session, setting: string): Promise<string | undefined> {
  const [row] = await session.query<{ value: string }>(sql('select current_setting($1) as value', setting));
  return row?.value;
}

interface Pool extends AsyncDisposable {
  readonly port: number;
  shares: boolean;
}

/** With one connection of the server, whose welcome each client gets, or one for each of them. */
async function poolOfOne(host: string, port: number): Promise<Pool> {
  const sockets = new Set<Socket>();
  let shared: { readonly server: Socket; readonly welcome: () => Buffer; serve: Socket } | undefined;
  const pool = { shares: true };
  const own = (client: Socket): NonNullable<typeof shared> => {
    const server = dial(port, host);
    sockets.add(server);
    const seen: Buffer[] = [];
    const it = { server, welcome: () => welcomeIn(Buffer.concat(seen)), serve: client };
    server.on('error', () => client.destroy()).on('close', () => client.destroy());
    server.on('data', (chunk: Buffer) => {
      seen.push(chunk);
      it.serve.write(chunk);
    });
    return it;
  };
  const listener = createServer((client) => {
    sockets.add(client);
    const first = !pool.shares || shared === undefined;
    const mine = !pool.shares || shared === undefined ? own(client) : shared;
    if (pool.shares) shared = mine;
    let greeted = first;
    client.on('error', () => undefined);
    if (first) client.on('close', () => mine.server.destroy());
    client.on('data', (chunk: Buffer) => {
      if (!greeted) {
        greeted = true;
        client.write(mine.welcome());
      } else if (chunk[0] === 'X'.charCodeAt(0)) {
        client.end();
      } else {
        mine.serve = client;
        mine.server.write(chunk);
      }
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  return Object.assign(pool, {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => listener.close(() => resolve()));
    },
  });
}

/** From AuthenticationOk to the first ReadyForQuery. */
function welcomeIn(bytes: Buffer): Buffer {
  const from = bytes.indexOf(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]));
  const ready = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
  return bytes.subarray(from, bytes.indexOf(ready, from) + ready.length);
}
