import { expect, test } from 'vitest';
import { nextBatch } from '../../src/catalog/pgq.ts';
import { readWaitingEvents, recordSkipped } from '../../src/catalog/skipped-events.ts';
import { readWorkerState } from '../../src/catalog/worker-state.ts';
import { sql } from '../../src/db/statement.ts';
import { nodeName, tableName } from '../../src/model/names.ts';
import type { NodeDeps } from '../../src/worker/deps.ts';
import { parkTables } from '../../src/worker/park.ts';
import { aNode, aQueue, databaseName } from '../support/builders.ts';
import { expectEqual, type Replication, replication, waitFor } from '../support/replication.ts';

const tables = `
  create table good (id int primary key, note text);
  create table bad (id int primary key, n int, note text);`;

async function twoTables(): Promise<Replication> {
  const cascade = await replication({ src: 14, dst: 18 }, tables);
  await using source = await cascade.session('src');
  await source.script(
    `insert into good select i from generate_series(1, 100) i; insert into bad select i, i from generate_series(1, 100) i`,
  );
  await cascade.addTable({ name: 'public.good' });
  await cascade.addTable({ name: 'public.bad' });
  return cascade;
}

async function stateOf(
  cascade: Replication,
  table: string,
): Promise<{ state: string; error: string | null } | undefined> {
  await using target = await cascade.session('dst');
  const [row] = await target.query<{ state: string; error: string | null }>(
    sql(
      `select t.merge_state as state, s.cur_error as error from londiste.table_info t
        left join pgq_node.local_state s on s.consumer_name = 'dst.worker.copy.' || t.table_name
        where t.table_name = $1`,
      table,
    ),
  );
  return row;
}

test('a table that can not go on is parked with its events, the others go on, and it comes back once it can', async () => {
  await using cascade = await twoTables();
  cascade.start();
  await cascade.caughtUp('dst', 90_000);
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  await target.script('alter table bad add constraint small check (n < 1000)');
  await source.script(`
    begin; insert into good values (101, 'with it'); insert into bad values (101, 5000, 'too large'); commit;
    update bad set note = 'later' where id = 1`);
  await waitFor('the table to be parked', 60_000, async () => {
    const seen = await stateOf(cascade, 'public.bad');
    return seen?.state === 'catching-up' && seen.error?.includes('small') === true;
  });
  await source.script(`update good set note = 'goes on' where id < 50; delete from bad where id = 2`);
  await waitFor('the other table to go on', 60_000, async () => {
    const rows = await target.query(sql(`select from good where note = 'goes on'`));
    return rows.length === 49;
  });
  expect(await target.query(sql(`select from good where id = 101`))).toHaveLength(1);
  expect(await target.query(sql(`select from bad where id = 101 or note is not null`))).toHaveLength(0);
  expect(await stateOf(cascade, 'public.good')).toEqual({ state: 'ok', error: null });
  expect(cascade.logs.filter(({ event }) => event === 'table_parked')).toMatchObject([
    { table: 'public.bad', sqlstate: '23514', node: 'dst' },
  ]);

  // With the cause mended it is tried again at once when somebody takes the error away.
  await target.script('alter table bad drop constraint small');
  await target.query(sql(`select pgq_node.set_consumer_error('replika', 'dst.worker.copy.public.bad', null)`));
  await cascade.caughtUp('dst', 90_000);
  for (const table of ['good', 'bad'])
    await expectEqual(source, `select * from ${table}`, target, `select * from ${table}`);
  await waitFor('its own consumer to go', 30_000, async () => {
    const rows = await source.query(
      sql(`select from pgq.get_consumer_info('replika') where consumer_name like '%.copy.%'`),
    );
    return rows.length === 0;
  });
  expect(await stateOf(cascade, 'public.bad')).toEqual({ state: 'ok', error: null });

  // A table that is gone, and one whose rows are no rows.
  await target.script('alter table bad rename to elsewhere');
  await source.script(`update bad set n = 7 where id = 7; update good set note = 'and on' where id = 1`);
  await waitFor(
    'the table to be parked again',
    60_000,
    async () => (await stateOf(cascade, 'public.bad'))?.state !== 'ok',
  );
  await waitFor('the other table to go on', 60_000, async () => {
    const rows = await target.query(sql(`select from good where note = 'and on'`));
    return rows.length === 1;
  });
  await target.script('alter table elsewhere rename to bad');
  await cascade.caughtUp('dst', 90_000);
  await expectEqual(source, 'select * from bad', target, 'select * from bad');

  // A process that was replaced leaves nothing at the provider; and what one left in the middle of it goes.
  const copies = sql(`select from pgq.get_consumer_info('replika') where consumer_name like '%.copy.%'`);
  const state = await readWorkerState(target, cascade.queue.name);
  if (state === undefined) throw new Error('no node');
  const [deps, generation] = [{ queue: cascade.queue.name, node: nodeName('dst') } as NodeDeps, 0n];
  const link = { deps, provider: source, subscriber: target, generation, consumer: state.worker };
  await expect(parkTables(link, state, [{ table: tableName('public.bad'), cause: new Error('late') }])).rejects.toThrow(
    /was taken over/,
  );
  expect(await source.query(copies)).toEqual([]);
  // What somebody sends back to its copy stays on its way, also where the copy has not begun.
  {
    await using other = await cascade.session('dst');
    await other.script('begin; lock table bad');
    await target.query(sql(`select londiste.local_set_table_state('replika', 'public.bad', null, null)`));
    const [lease] = await target.query<{ generation: bigint }>(sql('select generation from trunkline.lease'));
    const current = { ...link, generation: lease?.generation ?? 0n };
    await parkTables(current, state, [{ table: tableName('public.bad'), cause: new Error('late') }]);
    expect((await stateOf(cascade, 'public.bad'))?.state).not.toBe('catching-up');
    await other.script('commit');
  }
  await cascade.caughtUp('dst', 90_000);
  await waitFor('its copy to be over', 30_000, async () => (await source.query(copies)).length === 0);
  await source.query(sql(`select pgq.register_consumer('replika', 'dst.worker.copy.public.bad')`));
  await waitFor('what was left to go', 30_000, async () => (await source.query(copies)).length === 0);
});

test('with on_error: stop the node stops at the first table that can not go on, and no table is ahead of it', async () => {
  await using cascade = await twoTables();
  const [root, leaf] = [...cascade.queue.nodes.values()];
  const strict = aQueue({ ...cascade.queue, nodes: [root ?? aNode(), aNode({ ...leaf, onError: 'stop' })] });
  cascade.startWith(strict);
  await cascade.caughtUp('dst', 90_000);
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  await target.script('alter table bad add constraint small check (n < 1000)');
  await source.script(`begin; insert into good values (101); insert into bad values (101, 5000); commit`);
  const error = sql(`select cur_error as error from pgq_node.local_state where consumer_name = 'dst.worker'`);
  await waitFor('the node to stop', 60_000, async () => {
    const [row] = await target.query<{ error: string | null }>(error);
    return row?.error?.includes('small') === true;
  });
  expect(await target.query(sql('select from good where id = 101'))).toEqual([]);
  expect(await stateOf(cascade, 'public.bad')).toEqual({ state: 'ok', error: null });
  await target.script('alter table bad drop constraint small');
  await cascade.caughtUp('dst', 90_000);
  await expectEqual(source, 'select * from bad', target, 'select * from bad');
  expect(await target.query(error)).toEqual([{ error: null }]);
});

test('a text that is not UTF-8, from a database without an encoding, parks its table, and can be left out', async () => {
  await using cascade = await twoTables();
  {
    await using source = await cascade.session('src');
    await source.script(`update pg_database set encoding = 0 where datname = current_database()`);
  }
  cascade.start();
  await cascade.caughtUp('dst', 90_000);
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  for (const [table, rows] of [
    ['good', `select 1000 + i, 'x' from generate_series(1, 5000) i`],
    ['bad', `select 1000, 0, chr(252)`],
  ] as const) {
    await source.script(`insert into ${table} ${rows}`);
  }
  await waitFor('the table to be parked', 60_000, async () => {
    const seen = await stateOf(cascade, 'public.bad');
    return seen?.error?.includes('not UTF-8') === true;
  });
  await waitFor(
    'the other to go on',
    60_000,
    async () => (await target.query(sql('select from good where id = 6000'))).length === 1,
  );
  const { queue } = cascade;
  const consumer = 'dst.worker.copy.public.bad';
  await using provider = await cascade.cluster.connector(databaseName('src'), {
    applicationName: 'test',
    unchecked: true,
  });
  const batch = await nextBatch(provider, queue.name, consumer, undefined);
  if (batch === undefined) throw new Error('no batch');
  const events = await readWaitingEvents(provider, batch, tableName('public.bad'), 10);
  const record = { queue: queue.name, node: nodeName('dst'), consumer, client: 'test', reason: 'test', error: null };
  await recordSkipped(
    provider,
    target,
    batch,
    events.map(({ id }) => id),
    record,
  );
  await cascade.caughtUp('dst', 90_000);
  expect(await stateOf(cascade, 'public.bad')).toEqual({ state: 'ok', error: null });

  // Where more is written at once, the server says it.
  await source.script(`insert into good select 10000 + i, chr(252) from generate_series(1, 5000) i`);
  await waitFor('the other to be parked, too', 60_000, async () => {
    const seen = await stateOf(cascade, 'public.good');
    return seen?.error?.includes('invalid byte sequence') === true;
  });
});
