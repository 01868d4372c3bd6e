import { beforeEach, expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { freshCluster } from '../support/cluster.ts';
import { debianPrograms, locationOf } from '../support/debian-programs.ts';
import { debianServer, needDebian } from '../support/debian-server.ts';
import { applyAll, planOf, resyncAll, stepIds } from '../support/planning.ts';
import { expectEqual, waitFor } from '../support/replication.ts';
import { changes, inSync, quickTicks, rows, runNodes, settled, tables, writing } from './cascade.ts';

beforeEach(needDebian);

const ticker = 'ticker: { max_lag: 100ms, idle_period: 500ms }';
const tickNow = `select pgq.force_tick('replika'); select pgq.ticker('replika')`;
const both = ['select * from people', 'select * from log'];

test('a leaf of Londiste follows a root of Trunkline, and either worker goes on where the other stopped', async () => {
  await using debian = await debianServer();
  await using cluster = await freshCluster({ src: 18, own: 14, other: { server: debian.server } });
  const { src, own, other } = cluster.databases;
  await using programs = debianPrograms([src, own, other]);
  await using root = await src.session();
  await using ownLeaf = await own.session();
  await using otherLeaf = await other.session();
  await root.script(`${tables} ${rows}`);
  await ownLeaf.script(tables);
  const without = { ...cluster, yaml: cluster.yaml.replace(/^ *other:.*\n/m, '') };
  const file = `queues:
  replika:
    ${ticker}
    nodes:
      src: { database: src, role: root }
      own: { database: own, role: leaf, provider: src }
    tables:
      - include: [public.people, public.log]
        nodes: { own: {} }
`;
  await applyAll(without, file);
  // The workers of root and leaf, and the ticker.
  await using trunkline = runNodes(without, file);
  const londiste = programs.londiste({ job: 'other.worker', queue: 'replika', database: other });
  await londiste.run(['create-leaf', 'other', locationOf(other), `--provider=${locationOf(src)}`]);
  let worker = londiste.worker();
  await londiste.run(['add-table', 'public.people', 'public.log', '--create']);
  await londiste.run(['add-seq', 'public.log_id_seq', '--create']);
  const why = () => `${JSON.stringify(trunkline.faults())} ${programs.logs()}`;

  await using load = writing(src);
  await inSync([ownLeaf, otherLeaf], why);
  await load.stop();
  // A key that changes comes as a delete and an insert, which Londiste understands.
  await root.script(`${changes} update log set id = id + 100000; update people set id = 4000 where id = 4`);
  const equal = async () => {
    await settled(root, [ownLeaf, otherLeaf], why);
    for (const query of both) {
      await expectEqual(root, query, ownLeaf, query);
      await expectEqual(root, query, otherLeaf, query);
    }
  };
  await equal();
  await londiste.run(['compare']);
  // A leaf on a database that the file does not name stays as it is.
  const plan = await planOf(without, file);
  expect(stepIds(plan)).toEqual([]);
  expect(plan.warnings).toMatchObject([{ code: 'node_not_in_file', node: 'other' }]);

  await root.script(`insert into log (person, what) select 1, 'while nobody works' from generate_series(1, 500)`);
  await worker.stop();
  const withOther = file
    .replace('    tables:', '      other: { database: other, role: leaf, provider: src }\n    tables:')
    .replace('{ own: {} }', '{ own: {}, other: {} }');
  await applyAll(cluster, withOther);
  expect(stepIds(await planOf(cluster, withOther))).toEqual([]);
  {
    await using takenOver = runNodes(cluster, withOther, ['other']);
    await root.script('update people set score = 1 where id < 100');
    await equal();
    expect(takenOver.faults()).toEqual([]);
  }
  await root.script('update people set score = 2 where id < 200');
  worker = londiste.worker();
  await equal();

  // A table gets another name and its old one back while Londiste's worker goes on, which writes to a target of its own.
  const writesUnder = async (name: string, next: string) => {
    const insert = (table: string) => root.script(`insert into ${table} (person, what) values (1, 'in ${table}')`);
    let writes = 0;
    while (
      await insert(name).then(
        () => true,
        () => false,
      )
    )
      writes += 1;
    for (let more = 0; more < 30; more += 1) await insert(next);
    return writes;
  };
  const renamed = withOther
    .replace('public.log]', 'public.journal]')
    .concat(`      - { name: public.journal, nodes: { other: { target: public.log } } }
    moved: [{ table: log, to: journal }]\n`);
  const [there] = await Promise.all([writesUnder('log', 'journal'), applyAll(cluster, renamed)]);
  const back = `${withOther}    moved: [{ table: journal, to: log }]\n`;
  const [again] = await Promise.all([writesUnder('journal', 'log'), applyAll(cluster, back)]);
  expect(Math.min(there, again)).toBeGreaterThan(0);
  expect(stepIds(await planOf(cluster, back))).toEqual([]);
  await equal();

  // A first copy whose process was killed is brought to its end, and one that was asked for again.
  await root.script('create table late (id int primary key); insert into late select generate_series(1, 1000)');
  for (const session of [ownLeaf, otherLeaf]) await session.script('create table late (id int primary key)');
  await otherLeaf.script('begin; set local session_replication_role = replica; update people set score = -1; commit');
  await resyncAll(cluster, withOther, { node: 'other', tables: ['public.people'] });
  await applyAll(cluster, withOther.replace('public.log]', 'public.log, public.late]'));
  await waitFor(why, 30_000, async () => {
    const rows = await otherLeaf.query(sql(`select from londiste.table_info where merge_state = 'catching-up'`));
    return rows.length > 0;
  });
  await programs.crash();
  await root.script('insert into late values (1001); delete from late where id = 1');
  await using _ = runNodes(cluster, withOther, ['other']);
  await inSync([ownLeaf, otherLeaf], why);
  await equal();
  await expectEqual(root, 'select * from late', otherLeaf, 'select * from late');
  // Nothing of the copy is left that would hold back the queue.
  expect(
    await root.query(sql(`select from pgq.get_consumer_info('replika') where consumer_name like '%.copy.%'`)),
  ).toEqual([]);
  expect(trunkline.faults()).toEqual([]);
  expect(programs.errors()).toEqual([]);
  await programs.stop();
});

test('a leaf of Trunkline follows a root of Londiste on the C extension', async () => {
  await using debian = await debianServer();
  await using cluster = await freshCluster({ src: { server: debian.server }, dst: 18 });
  const { src, dst } = cluster.databases;
  await using programs = debianPrograms([src, dst]);
  await using root = await src.session();
  await using leaf = await dst.session();
  await root.script(`${tables} ${rows}`);
  await leaf.script(tables);
  const londiste = programs.londiste({ job: 'src_worker', queue: 'replika', database: src });
  await londiste.run(['create-root', 'src', locationOf(src)]);
  await quickTicks(root);
  await londiste.run(['add-table', 'public.people']);
  await londiste.run(['add-table', 'public.log', '--trigger-flags=J', '--trigger-arg=backup']);
  await londiste.run(['add-seq', 'public.log_id_seq']);
  londiste.worker();
  programs.pgqd([src], { maint_period: 2 });
  expect(await root.query(sql(`select extname from pg_extension where extname ~ 'pgq|londiste' order by 1`))).toEqual([
    { extname: 'londiste' },
    { extname: 'pgq' },
    { extname: 'pgq_node' },
  ]);

  const file = `queues:
  replika:
    ${ticker}
    nodes:
      src: { database: src, role: root }
      dst: { database: dst, role: leaf, provider: src }
    tables:
      - include: [public.people, public.log]
        nodes: { dst: {} }
      - { name: public.log, capture: { format: json, old_row: true }, nodes: { dst: {} } }
`;
  const applied = await applyAll(cluster, file);
  // What Londiste made stays as it is; beside it go the two schemas that have no extension here.
  expect(applied.walked?.done.map(({ id }) => id).filter((id) => id.includes('src'))).toEqual(['install_schemas/src']);
  expect(stepIds(await planOf(cluster, file))).toEqual([]);
  await using trunkline = runNodes(cluster, file, ['dst']);
  const why = () => `${JSON.stringify(trunkline.faults())} ${programs.logs()}`;

  await using load = writing(src);
  await inSync([leaf], why);
  await load.stop();
  await root.script(changes);
  await settled(root, [leaf], why);
  for (const query of both) await expectEqual(root, query, leaf, query);
  // Londiste's own commands on the node that another worker keeps.
  const admin = programs.londiste({ job: 'dst.worker', queue: 'replika', database: dst });
  await admin.run(['compare']);
  await admin.run(['pause']);
  expect((await admin.run(['status'])).stdout).toMatch(/dst \(leaf\)[\s\S]*PAUSED/);
  await admin.run(['resume']);
  await root.script(`create table extra (id int primary key, what text); insert into extra values (1, 'copied')`);
  await leaf.script(`create table extra (id int primary key, what text); insert into extra values (2, 'kept')`);
  await londiste.run(['add-table', 'public.extra']);
  await admin.run(['add-table', 'public.extra', '--skip-truncate']);
  await admin.run(['resync', 'public.people']);
  await inSync([leaf], why);
  await root.script(
    `insert into extra values (3, 'replayed'); delete from people where id % 3 = 0 and id not in (1, 2)`,
  );
  await settled(root, [leaf], why);
  await expectEqual(root, 'select * from people', leaf, 'select * from people');
  expect(await leaf.query(sql('select what from extra order by id'))).toEqual([
    { what: 'copied' },
    { what: 'kept' },
    { what: 'replayed' },
  ]);
  expect(trunkline.faults()).toEqual([]);
  expect(programs.errors()).toEqual([]);
  await programs.stop();
});

test('plan and apply use the extensions where a database has them, and workers run on them', async () => {
  await using debian = await debianServer();
  await using cluster = await freshCluster({
    src: { server: debian.server },
    dst: { server: debian.server },
    bundled: 18,
  });
  const { src, dst, bundled } = cluster.databases;
  await using programs = debianPrograms([src, dst, bundled]);
  await using root = await src.session();
  await using leaf = await dst.session();
  await using otherLeaf = await bundled.session();
  await root.script(`${tables} ${rows}`);
  for (const session of [root, leaf]) {
    await session.script('create extension pgq; create extension pgq_node; create extension londiste');
  }
  for (const session of [leaf, otherLeaf]) await session.script(tables);
  const file = `queues:
  replika:
    ${ticker}
    nodes:
      src: { database: src, role: root }
      dst: { database: dst, role: leaf, provider: src }
      bundled: { database: bundled, role: leaf, provider: src }
    tables:
      - include: [public.people, public.log]
        nodes: { dst: {} }
      - name: public.people
        nodes: { bundled: { where: "score < 100" } }
`;
  await applyAll(cluster, file);
  expect(stepIds(await planOf(cluster, file))).toEqual([]);
  for (const session of [root, leaf]) {
    expect(
      await session.query(
        sql('select component from trunkline.component where component <> $1 order by 1', 'trunkline'),
      ),
    ).toEqual([{ component: 'pgq_ext' }]);
    // The C functions, not ours in their place.
    expect(
      await session.query(
        sql(`select prolang = (select oid from pg_language where lanname = 'c') as c
          from pg_proc where oid = 'pgq.logutriga()'::regprocedure`),
      ),
    ).toEqual([{ c: true }]);
  }
  await using trunkline = runNodes(cluster, file);
  const why = () => JSON.stringify(trunkline.faults());
  await using load = writing(src);
  await inSync([leaf, otherLeaf], why);
  await load.stop();
  await root.script(changes);
  await settled(root, [leaf, otherLeaf], why);
  for (const query of both) await expectEqual(root, query, leaf, query);
  await expectEqual(root, 'select * from people where score < 100', otherLeaf, 'select * from people');
  await expect(leaf.script(`insert into people values (-1, 'local')`)).rejects.toThrow(/replika/);
  expect(trunkline.faults()).toEqual([]);

  // A worker of Londiste knows nothing of filters: it must stop at them.
  await trunkline.stop(5_000);
  const before = await otherLeaf.query(sql('select count(*) from people'));
  await root.script(`insert into people values (5001, 'passes', 1), (5002, 'does not', 1000); ${tickNow}`);
  const stranger = programs.londiste({ job: 'bundled.worker', queue: 'replika', database: bundled }).worker();
  await waitFor(programs.logs, 20_000, async () => programs.errors().some((line) => /crashed: 'trunkline'/.test(line)));
  expect(await otherLeaf.query(sql('select count(*) from people'))).toEqual(before);
  await stranger.stop();
  await using again = runNodes(cluster, file);
  await settled(root, [otherLeaf], why);
  await expectEqual(root, 'select * from people where score < 100', otherLeaf, 'select * from people');
  expect(again.faults()).toEqual([]);
});
