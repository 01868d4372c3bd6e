import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { statusOn } from '../../src/app/status.ts';
import { sql } from '../../src/db/statement.ts';
import { type Cluster, freshCluster } from '../support/cluster.ts';
import { applyAll, desiredOf, planOf, stepIds } from '../support/planning.ts';
import { runProgram, temporaryFile } from '../support/program.ts';
import { runWorkers } from '../support/topologies.ts';

// A table gets another name while somebody writes. The program is ended with SIGKILL at each part of it.

const file = (table: string, more = '') => `queues:
  replika:
    ticker: { max_lag: 50ms, idle_period: 500ms }
    nodes:
      a: { database: a, role: root }
      b: { database: b, role: branch, provider: a }
      c: { database: c, role: leaf, provider: b }
      d: { database: d, role: leaf, provider: b }
    tables:
      - app.items
      - { name: app.${table}, nodes: { b: {}, c: {}, d: { target: archive.orders, where: id % 2 = 0 } } }
${more}`;

const before = file('orders');
const after = file('purchases', '    moved: [{ table: app.orders, to: app.purchases }]\n');
const step = 'rename_table/replika/app.purchases';

type Place = 'a' | 'b' | 'c' | 'd';

/** By whichever name the table has; every transaction takes up where the one before has left off. */
function startWriter(cluster: Cluster<Place>) {
  let writing = true;
  const written = { orders: 0, purchases: 0 };
  const loop = (async () => {
    await using session = await cluster.databases.a.session();
    let name: 'orders' | 'purchases' = 'orders';
    for (let id = 1; writing; id += 1) {
      try {
        await session.script(`begin; insert into app.${name} (id, note) values (${id}, '${name}');
          update app.${name} set n = n + 1 where id = ${Math.max(1, id - 5)};
          delete from app.${name} where id = 0; insert into app.${name} (id, note) values (0, 'try ${id}'); commit`);
        written[name] += 1;
      } catch {
        await session.script('rollback');
        name = 'purchases';
      }
      await sleep(5);
    }
  })();
  return {
    written,
    async [Symbol.asyncDispose]() {
      writing = false;
      await loop;
    },
  };
}

test('a table goes on under a new name, without a copy, though the apply is killed', async () => {
  await using cluster = await freshCluster({ a: 14, b: 18, c: 14, d: 18 });
  const orders = '(id bigint primary key, note text, n int not null default 0)';
  for (const place of ['a', 'b', 'c', 'd'] as const) {
    await using session = await cluster.databases[place].session();
    await session.script(`create schema app; create schema archive;
      create table ${place === 'd' ? 'archive' : 'app'}.orders ${orders}; create table app.items (id bigint primary key)`);
  }
  const read = async (place: Place, table: string, where = 'true') => {
    await using session = await cluster.databases[place].session();
    return await session.query(sql(`select * from ${table} where ${where} order by id`));
  };
  await using running = runWorkers(cluster, before);
  await applyAll(cluster, before);
  await using writer = startWriter(cluster);
  const unsettled = sql(
    `select table_name from londiste.table_info where local and (merge_state is distinct from 'ok' or custom_snapshot is not null)`,
  );
  for (const place of ['b', 'c', 'd'] as const) {
    await using session = await cluster.databases[place].session();
    await expect.poll(() => session.query(unsettled), { timeout: 120_000, interval: 100 }).toEqual([]);
  }
  // A row that a copy would take away: the leaf's own.
  await using leaf = await cluster.databases.c.session();
  await leaf.script(`set session_replication_role = replica; insert into app.orders values (-1, 'only here')`);
  const plan = await planOf(cluster, after);
  expect(stepIds(plan)).toEqual([step]);

  using config = temporaryFile('trunkline.yaml', `version: 1\n${cluster.yaml}${after}`);
  const consent = ['--auto-approve', '--allow', 'takes-exclusive-lock', '--lock-timeout', '30'];
  const killedAt = async (point: string) => {
    const { signal, stderr } = await runProgram(['apply', '-f', config.path, ...consent], {
      env: { TRUNKLINE_FAULT: point },
    });
    expect([signal, stderr]).toEqual(['SIGKILL', expect.stringContaining(point)]);
  };

  // Who is not done with the old name, as a user is told of it.
  const left = async () => {
    const { queues } = await statusOn(desiredOf(cluster, after), cluster, undefined);
    return queues.flatMap(({ nodes }) =>
      nodes.flatMap(({ findings }) =>
        findings.flatMap((one) => (one.code === 'table_renaming' ? [one.left.map(({ node }) => node)] : [])),
      ),
    );
  };
  expect(await left()).toEqual([]);
  // Some nodes know the new name, and others do not.
  await killedAt(`after-name:${step}/c`);
  expect(await left()).toEqual([['b', 'c', 'd']]);
  await killedAt(`after-root:${step}`);
  // Changes under both names in one batch go in as they came, also where they do not look alike.
  await using source = await cluster.databases.a.session();
  const events: readonly (readonly [type: string, data: string, table: string])[] = [
    ['I:id', 'id=5000&note=gone&n=1', 'orders'],
    ['D:id', 'id=5000', 'purchases'],
    ['U:id', 'id=6001&n=1', 'purchases'],
    ['U:id', 'id=6001&note=x', 'purchases'],
  ];
  const calls = events.map(
    ([type, data, table]) => `pgq.insert_event('replika', '${type}', '${data}', 'app.${table}', null, null, null)`,
  );
  await source.script(`select ${calls.join(', ')}`);
  await expect.poll(() => writer.written.purchases, { timeout: 20_000 }).toBeGreaterThan(20);
  await killedAt(`after-node:${step}/d`);
  expect(await left()).toEqual([['b', 'c']]);
  await applyAll(cluster, after, { lockTimeoutMs: 30_000 });
  expect([stepIds(await planOf(cluster, after)), await left()]).toEqual([[], []]);
  // An entry that is done does no harm, and neither does its going.
  expect(stepIds(await planOf(cluster, file('purchases')))).toEqual([]);

  const seen = writer.written.purchases;
  await expect.poll(() => writer.written.purchases, { timeout: 20_000 }).toBeGreaterThan(seen + 20);
  await writer[Symbol.asyncDispose]();
  expect(writer.written.orders).toBeGreaterThan(0);
  const told = () => running.logs.map(({ message }) => message).join('; ');
  await expect
    .poll(() => read('c', 'app.purchases', 'id = -1'), { timeout: 60_000, message: told() })
    .toMatchObject([{ note: 'only here' }]);
  await leaf.script('delete from app.purchases where id = -1');
  const rows = await read('a', 'app.purchases');
  for (const place of ['b', 'c'] as const)
    await expect.poll(() => read(place, 'app.purchases'), { timeout: 60_000, message: told() }).toEqual(rows);
  const even = await read('a', 'app.purchases', 'id % 2 = 0');
  await expect.poll(() => read('d', 'archive.orders'), { timeout: 60_000, message: told() }).toEqual(even);

  // Nobody knows the old name any more, and the table has the triggers that any table has there.
  for (const place of ['a', 'b', 'c', 'd'] as const) {
    await using session = await cluster.databases[place].session();
    const triggers = `select array_agg(tgname order by tgname) from pg_trigger where not tgisinternal and tgrelid =`;
    const found = await session.query(
      sql(
        `select (select array_agg(table_name order by 1) from londiste.table_info) as tables,
          (${triggers} $1::regclass) = (${triggers} 'app.items'::regclass) as alike,
          (select count(*)::int from pg_proc where proname like '%app.orders%') as functions`,
        place === 'd' ? 'archive.orders' : 'app.purchases',
      ),
    );
    expect(found).toEqual([{ tables: ['app.items', 'app.purchases'], alike: true, functions: 0 }]);
  }
});
