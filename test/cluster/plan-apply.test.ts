import { expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { ToolError } from '../../src/model/problem.ts';
import { freshCluster } from '../support/cluster.ts';
import { applyAll, planOf, stepIds } from '../support/planning.ts';
import { createSource, createTarget1, createTarget2 } from '../support/walkthrough-schema.ts';

const walkThrough = `queues:
  replika:
    nodes:
      src: { database: src, role: root }
      dst1: { database: dst1, role: leaf, provider: src }
      dst2: { database: dst2, role: leaf, provider: src }
    tables:
      - include: ["digoal_01.user_*"]
        nodes:
          dst1: {}
      - name: digoal_01.user_info
        nodes:
          dst2: { target: digoal_02.user_info1, where: "userid < 1000" }
      - name: digoal_01.user_session
        nodes:
          dst2: { target: digoal_02.user_session1, where: "userid < 1000" }
`;

async function walkThroughCluster() {
  const cluster = await freshCluster({ src: 14, dst1: 18, dst2: 18 });
  await createSource(cluster.databases.src);
  await createTarget1(cluster.databases.dst1);
  await createTarget2(cluster.databases.dst2);
  return cluster;
}

test('a bare source and two bare targets become a cascade, and the plan after it is empty', async () => {
  await using cluster = await walkThroughCluster();
  const plan = await planOf(cluster, walkThrough);
  expect(plan.warnings).toEqual([]);
  const applied = await applyAll(cluster, walkThrough);
  expect(applied.walked?.done.map((step) => step.id).sort()).toEqual([...stepIds(plan)].sort());
  expect(stepIds(await planOf(cluster, walkThrough))).toEqual([]);

  await using src = await cluster.databases.src.session();
  expect(
    await src.query(
      sql("select subscriber_node from pgq_node.subscriber_info where queue_name = 'replika' order by 1"),
    ),
  ).toEqual([{ subscriber_node: 'dst1' }, { subscriber_node: 'dst2' }]);
  await using dst2 = await cluster.databases.dst2.session();
  expect(
    await dst2.query(sql('select table_name, dest_table, merge_state from londiste.table_info where local order by 1')),
  ).toEqual([
    { table_name: 'digoal_01.user_info', dest_table: 'digoal_02.user_info1', merge_state: null },
    { table_name: 'digoal_01.user_session', dest_table: 'digoal_02.user_session1', merge_state: null },
  ]);
  await expect(dst2.script('insert into digoal_02.user_info1 (userid) values (1)')).rejects.toThrow(/user_info1/);
});

const oneLeaf = `queues:
  replika:
    nodes:
      src: { database: src, role: root }
      dst: { database: dst, role: leaf, provider: src }
    tables:
`;

/** A root and a leaf with the same three tables, one of which owns a sequence. */
async function twoDatabases() {
  const cluster = await freshCluster({ src: 14, dst: 18 });
  for (const database of [cluster.databases.src, cluster.databases.dst]) {
    await using session = await database.session();
    await session.script(`create schema app;
      create table app.orders (id bigserial primary key, note text);
      create table app.items (id int primary key, note text);
      create table app.log (id int primary key, note text)`);
  }
  return cluster;
}

test('tables come and go, and each time the plan after it is empty', async () => {
  await using cluster = await twoDatabases();
  const steps: (readonly string[])[] = [];
  for (const tables of [
    '      - name: app.orders\n',
    '      - include: ["app.*"]\n        exclude: ["app.orders"]\n',
    '      - include: ["app.*"]\n',
  ]) {
    const { plan } = await applyAll(cluster, oneLeaf + tables);
    steps.push(stepIds(plan).filter((id) => /_table|_sequence/.test(id)));
    expect(stepIds(await planOf(cluster, oneLeaf + tables))).toEqual([]);
  }
  expect(steps).toEqual([
    [
      'add_table/replika/src/app.orders',
      'add_table/replika/dst/app.orders',
      'add_sequence/replika/src/app.orders_id_seq',
      'add_sequence/replika/dst/app.orders_id_seq',
    ],
    [
      'add_table/replika/src/app.items',
      'add_table/replika/src/app.log',
      'add_table/replika/dst/app.items',
      'add_table/replika/dst/app.log',
      'remove_table/replika/dst/app.orders',
      'remove_table/replika/src/app.orders',
      'remove_sequence/replika/dst/app.orders_id_seq',
      'remove_sequence/replika/src/app.orders_id_seq',
    ],
    [
      'add_table/replika/src/app.orders',
      'add_table/replika/dst/app.orders',
      'add_sequence/replika/src/app.orders_id_seq',
      'add_sequence/replika/dst/app.orders_id_seq',
    ],
  ]);
});

test('a wider filter or another target takes the table out and adds it anew, with its sequence', async () => {
  await using cluster = await twoDatabases();
  await applyAll(cluster, `${oneLeaf}      - name: app.orders\n        where: id < 5\n`);
  await using dst = await cluster.databases.dst.session();
  await dst.script(`update londiste.table_info set merge_state = 'ok';
    create table app.orders_eu (id bigint primary key, note text)`);
  const filtered = `${oneLeaf}      - name: app.orders\n        where: id < 10\n`;
  expect(stepIds((await applyAll(cluster, filtered)).plan)).toEqual(['change_table/replika/dst/app.orders']);
  const row = sql('select table_attrs, dest_table, merge_state, local from londiste.table_info');
  expect(await dst.query(row)).toEqual([
    { table_attrs: 'handler=trunkline&where=id+%3c+10', dest_table: null, merge_state: null, local: true },
  ]);
  expect(stepIds(await planOf(cluster, filtered))).toEqual([]);

  const moved = `${filtered}        nodes: { dst: { target: app.orders_eu } }\n`;
  await applyAll(cluster, moved);
  expect(await dst.query(row)).toMatchObject([{ dest_table: 'app.orders_eu', local: true }]);
  expect(stepIds(await planOf(cluster, moved))).toEqual([]);
  // The old target is an ordinary table again.
  await dst.script("insert into app.orders (note) values ('mine')");
});

test('a node that leaves the file is signed off everywhere, and may come back', async () => {
  await using cluster = await twoDatabases();
  const tables = '      - include: ["app.*"]\n';
  await applyAll(cluster, oneLeaf + tables);
  const without = (oneLeaf + tables).replace(/ {6}dst: .*\n/, '');
  expect(stepIds((await applyAll(cluster, without)).plan)).toEqual(['drop_node/replika/dst']);
  expect(stepIds(await planOf(cluster, without))).toEqual([]);
  await using src = await cluster.databases.src.session();
  await using dst = await cluster.databases.dst.session();
  expect(await src.query(sql('select from pgq_node.subscriber_info'))).toEqual([]);
  expect(await src.query(sql('select node_name from pgq_node.node_location'))).toEqual([{ node_name: 'src' }]);
  expect(await dst.query(sql('select from pgq_node.node_info'))).toEqual([]);
  await dst.script("insert into app.items values (1, 'mine')");

  await applyAll(cluster, oneLeaf + tables);
  expect(stepIds(await planOf(cluster, oneLeaf + tables))).toEqual([]);
});

test('settings, places and triggers that somebody changed are put right', async () => {
  await using cluster = await twoDatabases();
  const file = `${oneLeaf}      - name: app.items\n`;
  await applyAll(cluster, file);
  {
    await using src = await cluster.databases.src.session();
    await using dst = await cluster.databases.dst.session();
    await src.script(`update pgq.queue set queue_ticker_max_count = 1;
      update pgq_node.node_location set node_location = 'host=elsewhere' where node_name = 'dst';
      alter table app.items disable trigger _londiste_replika_update`);
    await dst.script(`drop trigger _londiste_replika_truncate on app.items;
      update pgq_node.node_location set node_location = 'host=elsewhere' where node_name = 'src'`);
  }
  expect(stepIds((await applyAll(cluster, file)).plan)).toEqual([
    'set_location/replika/src/dst',
    'set_ticker/replika/src',
    'set_location/replika/dst/src',
    'restore_triggers/replika/src/app.items',
    'restore_triggers/replika/dst/app.items',
  ]);
  expect(stepIds(await planOf(cluster, file))).toEqual([]);
});

test('a subscription that its provider lost is made again where the leaf stands', async () => {
  await using cluster = await twoDatabases();
  const file = `${oneLeaf}      - name: app.items\n`;
  await applyAll(cluster, file);
  await using src = await cluster.databases.src.session();
  await src.script("select pgq_node.unregister_subscriber('replika', 'dst')");
  expect(stepIds((await applyAll(cluster, file)).plan)).toEqual(['create_leaf/replika/dst']);
  expect(stepIds(await planOf(cluster, file))).toEqual([]);
});

test('a step that the database refuses stops what needs it, and nothing else', async () => {
  await using cluster = await freshCluster({ src: 14, dst1: 18, dst2: 18 });
  await createSource(cluster.databases.src);
  await createTarget1(cluster.databases.dst1);
  await createTarget2(cluster.databases.dst2);
  {
    // Somebody else's table in the way of one installation.
    await using dst1 = await cluster.databases.dst1.session();
    await dst1.script(`create function refuse() returns event_trigger language plpgsql as
        $$ begin raise 'no schema londiste here'; end $$;
      create event trigger refuse on ddl_command_start when tag in ('CREATE SCHEMA') execute function refuse()`);
  }
  const told: string[] = [];
  const failure = await applyAll(cluster, walkThrough, {
    report: (progress) => {
      if ('step' in progress && progress.kind !== 'step_started') told.push(`${progress.kind} ${progress.step}`);
    },
  }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ToolError);
  const { problems } = failure as ToolError;
  expect(problems).toMatchObject([
    {
      code: 'apply_failed',
      step: expect.stringContaining('on database dst1'),
      detail: expect.stringMatching(/no schema londiste here/),
    },
  ]);
  expect(told).toContain('step_failed install_schemas/dst1');
  expect(told).toContain('step_skipped create_leaf/replika/dst1');
  expect(told).toContain('step_done add_table/replika/dst2/digoal_01.user_info');

  {
    await using dst1 = await cluster.databases.dst1.session();
    await dst1.script('drop event trigger refuse');
  }
  const rest = await applyAll(cluster, walkThrough);
  expect(stepIds(rest.plan).every((id) => id.includes('dst1'))).toBe(true);
  expect(stepIds(await planOf(cluster, walkThrough))).toEqual([]);
});

test('a table in use is waited for, and its step tried again', async () => {
  await using cluster = await twoDatabases();
  const file = `${oneLeaf}      - name: app.items\n`;
  await using busy = await cluster.databases.src.session();
  await busy.script("begin; insert into app.items values (1, 'open')");
  const applying = applyAll(cluster, file);
  // Longer than the lock timeout of a step.
  await new Promise((resolve) => setTimeout(resolve, 4500));
  await busy.script('commit');
  await applying;
  expect(stepIds(await planOf(cluster, file))).toEqual([]);
});

test('while somebody applies, a second apply is told who it is; with time to wait it goes after', async () => {
  await using cluster = await twoDatabases();
  const file = `${oneLeaf}      - name: app.items\n`;
  let inside: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    inside = resolve;
  });
  await using busy = await cluster.databases.src.session();
  await busy.script("begin; insert into app.items values (1, 'open')");
  const first = applyAll(cluster, file, {
    report: (progress) => {
      if (progress.kind === 'step_started' && progress.step === 'add_table/replika/src/app.items') inside();
    },
  });
  await begun;
  const other = `${oneLeaf}      - name: app.log\n`;
  const refused = await applyAll(cluster, other).catch((error: unknown) => error);
  expect((refused as ToolError).problems).toMatchObject([
    { code: 'apply_locked', holder: expect.stringMatching(/^trunkline apply .*:\d+ \(user .*server process \d+\)$/) },
  ]);
  const second = applyAll(cluster, file, { lockTimeoutMs: 60_000 }).catch((error: unknown) => error);
  await busy.script('commit');
  await first;
  // It was planned before the first had ended, so what it was planned for is not there any more.
  expect(((await second) as ToolError).problems).toMatchObject([{ code: 'plan_outdated', databases: ['dst', 'src'] }]);
  expect(stepIds(await planOf(cluster, file))).toEqual([]);
});

test('a target that does not answer is left out, and joins when it is back', async () => {
  await using cluster = await freshCluster({ src: 14, dst1: 18, dst2: { version: 18, own: true } });
  await createSource(cluster.databases.src);
  await createTarget1(cluster.databases.dst1);
  await createTarget2(cluster.databases.dst2);
  await cluster.stop('dst2');
  const { plan } = await applyAll(cluster, walkThrough);
  expect(plan.warnings).toMatchObject([
    { code: 'database_unreachable', database: 'dst2' },
    { code: 'node_unreachable', node: 'dst2' },
  ]);
  expect(stepIds(plan).filter((id) => id.includes('dst2'))).toEqual([]);
  await cluster.start('dst2');
  const rest = await applyAll(cluster, walkThrough);
  expect(stepIds(rest.plan).every((id) => id.includes('dst2'))).toBe(true);
  expect(stepIds(await planOf(cluster, walkThrough))).toEqual([]);
});

test('what was applied is on record on the root', async () => {
  await using cluster = await twoDatabases();
  const file = `${oneLeaf}      - name: app.items\n`;
  const { plan } = await applyAll(cluster, file);
  await using src = await cluster.databases.src.session();
  expect(await src.query(sql('select result, client ~ $1 as client from trunkline.plan_log', ':[0-9]+$'))).toEqual([
    { result: 'done', client: true },
  ]);
  const steps = await src.query<{ step_id: string }>(
    sql("select step_id from trunkline.step_log where result = 'done' and finished_at >= started_at"),
  );
  expect(steps.map((step) => step.step_id).sort()).toEqual([...stepIds(plan)].sort());
});
