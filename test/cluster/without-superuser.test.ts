import { expect, test } from 'vitest';
import { statusOn } from '../../src/app/status.ts';
import { systemClock } from '../../src/app/system-clock.ts';
import { becomeReplica } from '../../src/catalog/table-sync.ts';
import type { Connector } from '../../src/db/connector.ts';
import { connect, type Session } from '../../src/db/session.ts';
import { sql } from '../../src/db/statement.ts';
import type { LogRecord } from '../../src/model/log.ts';
import { databaseName } from '../../src/model/names.ts';
import { ToolError } from '../../src/model/problem.ts';
import { startWorkers } from '../../src/worker/supervisor.ts';
import { freshCluster } from '../support/cluster.ts';
import { applyAll, desiredOf, planOf } from '../support/planning.ts';
import { expectEqual, waitFor } from '../support/replication.ts';
import { ownServer } from '../support/server.ts';

// Everything that a cascade does, by a role that owns the tables and may no more than that. With the right to set
// session_replication_role triggers and foreign keys stay quiet; without it, they are met.

const file = `queues:
  replika:
    ticker: { max_lag: 100ms, idle_period: 500ms }
    nodes:
      src: { database: src, role: root }
      mid: { database: mid, role: branch, provider: src }
      dst: { database: dst, role: leaf, provider: mid }
    tables:
      - include: ["app.*"]
`;

const moved = file
  .replace('{ database: src, role: root }', '{ database: src, role: branch, provider: mid }')
  .replace('role: branch, provider: src', 'role: root');

const tables = `
  create table app.parents (id int primary key, code text unique);
  create table app.children (id int primary key, parent int references app.parents on update cascade on delete cascade, note text);
  create table app.grandchildren (id int primary key, child int not null references app.children on delete restrict);
  create table app.tree (id int primary key, above int references app.tree);
  create table app.heads (id int primary key, body int);
  create table app.bodies (id int primary key, head int not null references app.heads);
  alter table app.heads add foreign key (body) references app.bodies;
  create table app.firsts (id int primary key, second int not null);
  create table app.seconds (id int primary key, first int not null references app.firsts deferrable);
  alter table app.firsts add foreign key (second) references app.seconds deferrable initially deferred;
  create table app.watched (id int primary key);
  create sequence app.numbers`;

const names = ['parents', 'children', 'grandchildren', 'tree', 'heads', 'bodies', 'firsts', 'seconds', 'watched'];

/** Foreign keys of all kinds, in every order that one root accepts. */
const rounds = [
  `insert into app.parents values (10, 'ten'), (11, 'eleven'); insert into app.children values (100, 10), (101, 11);
   insert into app.grandchildren values (1000, 100)`,
  // A child moves before its parent goes; a unique value goes with one row and comes with the next.
  `update app.children set parent = 11 where id = 100; delete from app.parents where id = 10;
   insert into app.parents values (12, 'ten'); insert into app.children values (102, 12)`,
  'update app.parents set id = 13 where id = 12',
  'delete from app.grandchildren; delete from app.parents where id = 11',
  'insert into app.tree values (1, null), (2, 1), (3, 2); update app.tree set above = 3 where id = 1; insert into app.tree values (4, 3)',
  'insert into app.heads values (1, null); insert into app.bodies values (1, 1); update app.heads set body = 1',
  'begin; insert into app.firsts values (1, 1); insert into app.seconds values (1, 1); commit',
  'update app.heads set body = null; delete from app.bodies; delete from app.heads',
  `insert into app.parents select n, 'n' || n from generate_series(1000, 3000) n;
   insert into app.children select n, n from generate_series(1000, 3000) n`,
  'truncate app.tree; delete from app.children where id % 2 = 0; delete from app.parents p where not exists (select from app.children where parent = p.id)',
];

const forms = [
  { version: 14, granted: false },
  { version: 18, granted: true },
] as const;

test.each(forms)('a cascade on $version whose workers own the tables, right granted: $granted', async (form) => {
  await using server = await ownServer(form.version);
  const on = { server: server.server };
  await using cluster = await freshCluster({ src: on, mid: on, dst: on });
  await using src = await cluster.databases.src.session();
  await using mid = await cluster.databases.mid.session();
  await using dst = await cluster.databases.dst.session();
  await src.script(`create role pgq_reader; create role pgq_writer; create role pgq_admin in role pgq_reader, pgq_writer;
    create role londiste_reader in role pgq_reader; create role londiste_writer in role pgq_admin;
    create role owner login password 'x' in role londiste_writer, londiste_reader`);
  if (form.granted) await src.script('grant set on parameter session_replication_role to owner');
  for (const [session, { dbname }] of [
    [src, cluster.databases.src],
    [mid, cluster.databases.mid],
    [dst, cluster.databases.dst],
  ] as const) {
    await session.script(`grant create on database "${dbname}" to owner;
      create schema app authorization owner; set role owner; ${tables}; reset role`);
  }
  await src.script(`insert into app.parents select n, 'old' || n from generate_series(1, 5) n;
    insert into app.children select n, n from generate_series(1, 5) n; insert into app.watched values (1)`);
  // A trigger of the user that nobody asked to fire.
  await dst.script(`create table app.heard (id int);
    create function app.hear() returns trigger language plpgsql as 'begin insert into app.heard values (new.id); return null; end';
    create trigger hear after insert on app.watched for each row execute function app.hear();
    grant insert on app.heard to owner`);

  const connector: Connector = (name, options) => {
    const { host, port, dbname } = cluster.databases[name as 'src' | 'mid' | 'dst'].params;
    return connect({ host, port, dbname, user: 'owner', password: 'x', ssl: false, connectTimeoutMs: 10_000 }, options);
  };
  const owner = { ...cluster, connector };
  const { warnings } = await planOf(owner, file);
  expect(warnings.map(({ code }) => code)).toEqual(
    form.granted ? [] : ['replication_role_denied', 'replication_role_denied'],
  );
  await applyAll(owner, file);
  if (!form.granted) {
    // Whoever installs owns the SQL, and may be no member of roles that were there before.
    await src.script('revoke londiste_writer from owner');
    await using stranger = await connector(databaseName('dst'), { applicationName: 'test' });
    await expect(becomeReplica(stranger)).rejects.toMatchObject({
      problems: [{ code: 'not_a_writer', user: 'owner' }],
    });
    await src.script('grant londiste_writer to owner');
  }

  const logs: LogRecord[] = [];
  const why = () => logs.map(({ level, message }) => (level === 'info' ? '' : message)).join('\n');
  await using _workers = startWorkers({
    queues: [...desiredOf(cluster, file).queues.values()],
    nodes: undefined,
    ticker: true,
    connector,
    clock: systemClock,
    log: (record) => logs.push(record),
    report: () => undefined,
    explain: (error) => (error instanceof ToolError ? JSON.stringify(error.problems) : String(error)),
    holder: `test:${process.pid}`,
    fault: () => undefined,
  });
  const inSync = (session: Session, count: number) => async () =>
    (await number(session, "select count(*) from londiste.table_info where local and merge_state = 'ok'")) === count;
  await waitFor(why, 60_000, inSync(mid, names.length));
  if (!form.granted) {
    await waitFor(why, 60_000, inSync(dst, names.length - 1));
    await waitFor(why, 60_000, async () => /triggers hear of app\.watched/.test(why()));
    await dst.script('alter table app.watched disable trigger hear');
  }
  await waitFor(why, 60_000, inSync(dst, names.length));
  const foreignKeys = "select count(*) from pg_constraint where contype = 'f' and convalidated and conparentid = 0";
  const wanted = await number(src, foreignKeys);
  for (const node of [mid, dst]) await waitFor(why, 60_000, async () => (await number(node, foreignKeys)) === wanted);

  for (const round of rounds) {
    await src.script(`${round}; insert into app.watched select coalesce(max(id), 0) + 1 from app.watched`);
  }
  await waitFor(why, 60_000, async () => (await number(dst, 'select max(id) from app.watched')) === rounds.length + 1);
  for (const node of [mid, dst]) {
    for (const name of names) await expectEqual(src, `select * from app.${name}`, node, `select * from app.${name}`);
  }
  expect(await number(dst, 'select count(*) from app.heard')).toBe(0);
  // Which server it is on is told to everybody.
  const known = `select count(*) from trunkline.worker_status
    where detail ->> 'own_server' ~ '^\\d+$' and detail ->> 'provider_server' = detail ->> 'own_server'`;
  expect(await number(dst, known)).toBe(1);
  // The branch passes events on, and makes none of its own of what it replays.
  const events = "select ev_id, ev_type, ev_data from pgq.event_1 where ev_type !~ '^(pgq|londiste)[.]'";
  await expectEqual(src, events, mid, events);
  let findings: readonly unknown[] = [];
  await waitFor(
    () => JSON.stringify(findings, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
    30_000,
    async () => {
      const { queues } = await statusOn(desiredOf(cluster, file), owner, undefined);
      findings = queues[0]?.nodes.flatMap((node) => node.findings) ?? [];
      return queues[0]?.nodes.every(({ verdict }) => verdict === 'ok') === true;
    },
  );

  // The old root replays what the new one takes, with the same rights.
  await applyAll(owner, moved);
  await mid.script(`insert into app.parents values (5000, 'of mid'); insert into app.children values (5000, 5000);
    update app.parents set id = 5001 where id = 5000`);
  const arrived = 'select count(*) from app.children where parent = 5001';
  for (const node of [src, dst]) await waitFor(why, 60_000, async () => (await number(node, arrived)) === 1);
  const { steps } = await planOf(owner, moved);
  expect(steps).toEqual([]);
  expect(logs.filter(({ event }) => event === 'table_parked').map(({ message }) => message)).toEqual([]);
});

async function number(session: Session, query: string): Promise<number> {
  const [row] = await session.query<Record<string, bigint | number>>(sql(query));
  return Number(Object.values(row ?? {})[0]);
}
