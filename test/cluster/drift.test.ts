import { expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { isDrift } from '../../src/model/plan.ts';
import { type Cluster, freshCluster } from '../support/cluster.ts';
import { applyAll, planOf, stepIds } from '../support/planning.ts';

const file = `queues:
  replika:
    nodes:
      src: { database: src, role: root }
      dst: { database: dst, role: leaf, provider: src }
    tables:
      - name: app.orders
        where: note <> '$$5 $\${x}'
`;

async function twoDatabases(): Promise<Cluster<'src' | 'dst'>> {
  const cluster = await freshCluster({ src: 14, dst: 18 });
  for (const database of Object.values(cluster.databases)) {
    await using session = await database.session();
    await session.script(`create schema app;
      create table app.orders (id bigserial primary key, note text); create table app.items (id int primary key)`);
  }
  return cluster;
}

const withItems = file.replace('- name: app.orders\n', '- name: app.items\n      - name: app.orders\n');

test('a change in the file and a change in a database are told apart', async () => {
  await using cluster = await twoDatabases();
  expect((await planOf(cluster, file)).drift).toEqual(new Set());
  await applyAll(cluster, file);
  const quiet = await planOf(cluster, file);
  expect([stepIds(quiet), quiet.lastApplied.get('replika' as never)?.current]).toEqual([[], true]);

  await using src = await cluster.databases.src.session();
  await src.script(`select pgq.set_queue_config('replika', 'ticker_max_count', '7');
    alter table app.orders disable trigger _londiste_replika_update`);
  const drifted = ['set_ticker/replika/src', 'restore_triggers/replika/src/app.orders'];
  const same = await planOf(cluster, file);
  expect([new Set(stepIds(same)), same.drift]).toEqual([new Set(drifted), new Set(drifted)]);

  const both = await planOf(cluster, withItems);
  expect(stepIds(both)).toContain('add_table/replika/dst/app.items');
  expect(both.drift).toEqual(new Set(drifted));
  await applyAll(cluster, withItems);
  expect(stepIds(await planOf(cluster, withItems))).toEqual([]);

  await src.script("update pgq_node.local_state set paused = true, cur_error = 'broken' where queue_name = 'replika'");
  const standing = await planOf(cluster, withItems);
  expect(standing.warnings.filter(isDrift).map(({ code }) => code)).toEqual(['worker_paused', 'worker_failing']);
});

test('what was applied is on the root, without a password, and files that say it in other words are recorded', async () => {
  await using cluster = await twoDatabases();
  await applyAll(cluster, file);
  await using src = await cluster.databases.src.session();
  const kept = async () =>
    (
      await src.query<{ text: string; result: string }>(
        sql(
          'select a.config::text || a::text as text, l.result from trunkline.last_applied a join trunkline.plan_log l using (log_id)',
        ),
      )
    )[0];
  const first = await kept();
  expect(first?.result).toBe('done');
  expect(first?.text).toContain(cluster.databases.src.dbname);
  expect(first?.text).not.toContain(cluster.databases.src.params.password?.reveal() ?? 'no password');
  const other = file.replace('role: root }', 'role: root, parallel_copies: 2 }');
  expect((await applyAll(cluster, other)).walked).toBeUndefined();
  expect((await kept())?.text).toContain('parallel_copies":2');
});

test('what an apply has left undone is a change still', async () => {
  await using cluster = await twoDatabases();
  await applyAll(cluster, file);
  await using dst = await cluster.databases.dst.session();
  await dst.script(
    'alter table londiste.table_info add constraint no_items check (table_name <> $$app.items$$ or not local)',
  );
  await expect(applyAll(cluster, withItems)).rejects.toThrow('apply_failed');
  await dst.script('alter table londiste.table_info drop constraint no_items');
  const plan = await planOf(cluster, withItems);
  expect([stepIds(plan), plan.drift]).toEqual([['add_table/replika/dst/app.items'], new Set()]);
  await applyAll(cluster, withItems);
  await dst.script("select londiste.local_remove_table('replika', 'app.items')");
  expect((await planOf(cluster, withItems)).drift).toEqual(new Set(['add_table/replika/dst/app.items']));
});

test('a root of an older release gets the record by the plan', async () => {
  await using cluster = await twoDatabases();
  await applyAll(cluster, file);
  await using src = await cluster.databases.src.session();
  await src.script(`drop table trunkline.pending_step, trunkline.last_applied, trunkline.conflict, trunkline.executed, trunkline.skipped_event,
    trunkline.replaced_root;
    update trunkline.component set version = '1' where component = 'trunkline'`);
  expect(stepIds(await planOf(cluster, file))).toEqual(['install_schemas/src']);
  await applyAll(cluster, file);
  expect((await planOf(cluster, file)).lastApplied.size).toBe(1);
  const [rights] = await src.query(
    sql("select has_table_privilege('londiste_writer', 'trunkline.last_applied', 'insert') as may"),
  );
  expect(rights).toEqual({ may: true });
});
