import { expect, test } from 'vitest';
import { statusOn } from '../../src/app/status.ts';
import { systemClock } from '../../src/app/system-clock.ts';
import type { Connector } from '../../src/db/connector.ts';
import { connect, type Session } from '../../src/db/session.ts';
import { sql } from '../../src/db/statement.ts';
import type { LogRecord } from '../../src/model/log.ts';
import { nodeName } from '../../src/model/names.ts';
import { ToolError } from '../../src/model/problem.ts';
import { startWorkers } from '../../src/worker/supervisor.ts';
import { type Cluster, freshCluster } from '../support/cluster.ts';
import { applyAll, desiredOf, planOf, stepIds } from '../support/planning.ts';
import { expectEqual, waitFor } from '../support/replication.ts';

// docs/reference/privileges.md, right by right: each role has what the page says and nothing else.

const root = `queues:
  replika:
    ticker: { max_lag: 100ms, idle_period: 500ms, rotation_period: 1s }
    nodes:
      src: { database: src, role: root }
`;
const leaf = '      dst: { database: dst, role: leaf, provider: src }\n';
const tables = '    tables:\n      - include: ["app.*"]\n';
const file = `${root}${leaf}${tables}`;

const queueRoles = `create role pgq_reader; create role pgq_writer; create role pgq_admin in role pgq_reader, pgq_writer;
  create role londiste_reader in role pgq_reader; create role londiste_writer in role pgq_admin;`;

test('install, plan, apply, run and status, each with no more rights than the page says', async () => {
  await using cluster = await freshCluster({ src: { version: 14, own: true }, dst: { version: 18, own: true } });
  await using src = await cluster.databases.src.session();
  await using dst = await cluster.databases.dst.session();
  for (const [session, database] of [
    [src, cluster.databases.src],
    [dst, cluster.databases.dst],
  ] as const) {
    await session.script(`${queueRoles}
      create role installer login password 'x';
      create role app_owner login password 'x';
      create role planner login password 'x' in role londiste_reader;
      create role applier login password 'x' in role londiste_writer, app_owner;
      create role worker login password 'x' in role londiste_writer, app_owner;
      create role ticker login password 'x' in role londiste_writer;
      create role provider login password 'x' in role londiste_reader;
      create role app login password 'x' in role pgq_writer;
      grant create on database "${database.dbname}" to installer;
      create schema app; grant usage on schema app to app, provider, ticker;
      create table app.orders (id bigserial primary key, note text);
      alter schema app owner to app_owner; alter table app.orders owner to app_owner;
      grant insert, update, delete, select on app.orders to app; grant usage on sequence app.orders_id_seq to app`);
  }
  await src.script(
    'grant select on app.orders, app.orders_id_seq to provider; grant select on app.orders_id_seq to ticker',
  );

  // Who installs needs neither superuser nor the tables.
  const bare = file.replace(tables, '');
  expect(stepIds(await planOf(as(cluster, 'installer', 'installer'), file))[0]).toBe('install_schemas/src');
  await applyAll(as(cluster, 'installer', 'installer'), bare);
  // Workers set it by a function of the installer's, so it is the installer's right that counts.
  const denied = { code: 'replication_role_denied', user: 'installer' };
  expect((await planOf(as(cluster, 'planner', 'planner'), file)).warnings).toMatchObject([denied]);
  await dst.script('grant set on parameter session_replication_role to installer');
  expect((await planOf(as(cluster, 'planner', 'planner'), file)).warnings).toEqual([]);
  const operator = as(cluster, 'applier', 'applier');
  await applyAll(operator, file);
  expect(stepIds(await planOf(as(cluster, 'planner', 'planner'), file))).toEqual([]);

  // Two processes: one that ticks at the root, one for the leaf.
  const logs: LogRecord[] = [];
  const why = () =>
    logs
      .filter(({ level }) => level !== 'info')
      .map(({ message }) => message)
      .join('; ');
  // A policy hides rows from who reads for the leaf: those would be missing without a word.
  await src.script(`alter table app.orders enable row level security;
    create policy all_rows on app.orders to app using (true); create policy few_rows on app.orders to provider using (id < 10)`);
  await using _ticker = run(as(cluster, 'ticker', 'ticker'), 'src', true, logs);
  await using _worker = run(as(cluster, 'provider', 'worker'), 'dst', false, logs);
  await using app = await as(cluster, 'app', 'app').connector(cluster.databases.src.name, { applicationName: 'app' });
  await app.script("set row_security = on; insert into app.orders (note) select 'row' from generate_series(1, 200)");
  await waitFor('the refusal', 30_000, async () => logs.some(({ message }) => /row-level security/.test(message)));
  await src.script('alter role provider bypassrls');
  await waitFor(why, 60_000, () => holds(dst, 200));
  await app.script(
    'update app.orders set note = upper(note) where id % 2 = 0; delete from app.orders where id % 10 = 0',
  );
  await waitFor(why, 60_000, () => holds(dst, 180));
  await expectEqual(src, 'select * from app.orders', dst, 'select * from app.orders');
  const allOk = async () => {
    const { queues } = await statusOn(desiredOf(cluster, file), as(cluster, 'planner', 'planner'), undefined);
    return queues[0]?.nodes.every(({ verdict }) => verdict === 'ok') === true;
  };
  await waitFor(why, 30_000, allOk);
  // As earlier releases left it.
  await dst.script(
    'revoke select (queue_name, node_name, event_id, skipped_at) on trunkline.skipped_event from londiste_reader',
  );
  expect(await allOk()).toBe(true);
  const errors = logs.filter(({ level }) => level === 'error').map(({ message }) => message);
  expect(errors.filter((message) => !/row-level security/.test(message))).toEqual([]);
});

/** The same databases for other users. */
function as(cluster: Cluster<'src' | 'dst'>, srcUser: string, dstUser: string) {
  const connector: Connector = (name, options) => {
    const { host, port, dbname } = cluster.databases[name === 'src' ? 'src' : 'dst'].params;
    const user = name === 'src' ? srcUser : dstUser;
    return connect({ host, port, dbname, user, password: 'x', ssl: false, connectTimeoutMs: 10_000 }, options);
  };
  return { connector, locations: cluster.locations, yaml: cluster.yaml };
}

function run(cluster: ReturnType<typeof as>, node: string, ticker: boolean, logs: LogRecord[]) {
  return startWorkers({
    queues: [...desiredOf(cluster, file).queues.values()],
    nodes: new Set([nodeName(node)]),
    ticker,
    connector: cluster.connector,
    clock: systemClock,
    log: (record) => logs.push(record),
    report: () => undefined,
    explain: (error) => (error instanceof ToolError ? JSON.stringify(error.problems) : String(error)),
    holder: `test:${process.pid}:${node}`,
    fault: () => undefined,
  });
}

async function holds(session: Session, rows: number): Promise<boolean> {
  const [row] = await session.query<{ done: boolean }>(sql('select count(*) = $1 as done from app.orders', rows));
  return row?.done === true;
}

test('who may make roles installs on a server that has none; an administrator is told what else to run', async () => {
  await using cluster = await freshCluster({ src: { version: 14, own: true }, dst: { version: 14, own: true } });
  for (const database of Object.values(cluster.databases)) {
    await using session = await database.session();
    await session.script(`create role maker login createrole password 'x'; create role plain login password 'x';
      grant create on database "${database.dbname}" to maker, plain`);
  }
  const bare = file.replace(tables, '');
  const refused = await applyAll(as(cluster, 'plain', 'plain'), bare).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ToolError);
  expect((refused as ToolError).problems).toMatchObject(
    ['src', 'dst'].map(() => ({
      code: 'apply_failed',
      detail: expect.stringMatching(/Ask an administrator to run: create role pgq_reader; create role pgq_writer; /),
    })),
  );
  await applyAll(as(cluster, 'maker', 'maker'), bare);
  for (const database of Object.values(cluster.databases)) {
    await using session = await database.session();
    const roles = await session.query(sql("select from pg_roles where rolname ~ '^(pgq|londiste)_'"));
    expect(roles).toHaveLength(5);
  }
  const warnings = async () => (await planOf(as(cluster, 'maker', 'maker'), bare)).warnings;
  expect(await warnings()).toMatchObject([{ code: 'replication_role_denied', database: 'dst', user: 'maker' }]);
  await using dst = await cluster.databases.dst.session();
  await dst.script('alter function londiste.set_session_replication_role(text, boolean) owner to current_user');
  expect(await warnings()).toEqual([]);
});
