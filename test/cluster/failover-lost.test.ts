import { expect, test } from 'vitest';
import type { Session } from '../../src/db/session.ts';
import { sql } from '../../src/db/statement.ts';
import { type Replication, replication, waitFor } from '../support/replication.ts';

async function refused(cascade: Replication, code: string): Promise<string> {
  await using target = await cascade.session('dst');
  let said = '';
  await waitFor(
    () => `${code}, not ${said}`,
    60_000,
    async () => {
      const [row] = await target.query<{ error: string | null }>(
        sql(`select cur_error as error from pgq_node.local_state where consumer_name = 'dst.worker'`),
      );
      said = row?.error ?? '';
      return said.includes(code);
    },
  );
  return said;
}

async function positionOf(target: Session): Promise<bigint> {
  const [row] = await target.query<{ tick: bigint }>(
    sql(`select last_tick_id as tick from pgq_node.local_state where consumer_name = 'dst.worker'`),
  );
  if (row === undefined) throw new Error('no position');
  return row.tick;
}

async function lastTickOf(target: Session): Promise<number> {
  const [row] = await target.query<{ tick: bigint }>(
    sql(`select (detail ->> 'last_tick')::bigint as tick from trunkline.worker_status where node_name = 'dst'`),
  );
  return Number(row?.tick);
}

test('a provider that lost its last commits, or was moved to another server, is not followed until somebody says so', async () => {
  await using cascade = await replication({ src: 14, dst: 18 }, 'create table people (id int primary key, name text)');
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  await cascade.addTable({ name: 'public.people' });
  const first = cascade.start();
  await source.script(`insert into people select i, 'name ' || i from generate_series(1, 100) i`);
  await cascade.caughtUp('dst', 90_000);
  await first.stop(5_000);

  // The queue has seen transactions that the server has not.
  const [newest] = await source.query<{ tick: bigint; snapshot: string }>(
    sql('select tick_id as tick, tick_snapshot::text as snapshot from pgq.tick order by 1 desc limit 1'),
  );
  const setSnapshot = (snapshot: string | undefined) =>
    source.query(sql('update pgq.tick set tick_snapshot = $1 where tick_id = $2', snapshot, newest?.tick));
  await setSnapshot('9000000000:9000000000:');
  const moved = cascade.start(['dst']);
  await refused(cascade, 'provider_counter_behind');
  await setSnapshot(newest?.snapshot);
  await cascade.caughtUp('dst', 60_000);
  await moved.stop(5_000);
  expect(cascade.logs.filter(({ event }) => event.endsWith('_moved'))).toEqual([]);

  // Both databases were moved since, and nothing was lost.
  const remember = (detail: object) =>
    target.query(sql('update trunkline.worker_status set detail = detail || $1', JSON.stringify(detail)));
  await remember({ provider_server: '1', own_server: '2' });
  const upgraded = cascade.start(['dst']);
  await cascade.caughtUp('dst', 60_000);
  await upgraded.stop(5_000);
  expect(cascade.logs.filter(({ event }) => event.endsWith('_moved'))).toMatchObject([
    { event: 'database_moved', node: 'dst', message: expect.stringMatching(/identifier \d{9,}, it was 2\)/) },
    {
      event: 'provider_moved',
      node: 'dst',
      message: expect.stringMatching(/identifier \d{9,}, it was 1\), and has the tick/),
    },
  ]);

  // What a standby that was promoted did not get: that the node has finished its last batches. Only the tick itself proves it.
  const standing = await positionOf(target);
  const lastTick = await lastTickOf(target);
  const forget = sql(
    'update pgq.subscription set sub_last_tick = $1, sub_batch = null, sub_next_tick = null',
    standing - 3n,
  );
  await source.query(forget);
  await remember({ last_tick: 0 });
  const unproven = cascade.start(['dst']);
  await refused(cascade, 'position_lost');
  await unproven.stop(5_000);
  await remember({ last_tick: lastTick });
  const proven = cascade.start();
  await source.script(`update people set name = 'name 1, again' where id = 1`);
  await cascade.caughtUp('dst', 60_000);
  await proven.stop(5_000);
  expect(cascade.logs.filter(({ event }) => event === 'position_told')).toMatchObject([{ tick: standing }]);
  expect(await target.query(sql(`select from people where name = 'name 1, again'`))).toHaveLength(1);

  // What a standby that was promoted did not get: the last tick, the rows before it, and that the node has finished it.
  const position = await positionOf(target);
  await source.script(`
    set session_replication_role = replica;
    delete from people where id > 90;
    set session_replication_role = origin;
    update pgq.subscription set sub_last_tick = ${position - 1n}, sub_batch = null, sub_next_tick = null;
    delete from pgq.tick where tick_id >= ${position};
    select setval(queue_tick_seq, ${position - 1n}) from pgq.queue`);
  // Another server, where the node goes by another registration: that does not make its ticks others.
  await remember({ provider_server: '1', subscription: 999 });
  cascade.start(['dst']);
  expect(await refused(cascade, 'provider_lost_ticks')).toMatch(
    new RegExp(`"position":"${position}".*"moved":{"from":"1"`),
  );

  // The same numbers come again, for other changes: they must not be taken for what was applied.
  cascade.start(['src']);
  await source.script(`insert into people select i, 'other ' || i from generate_series(91, 95) i`);
  await refused(cascade, 'provider_other_ticks');
  expect(await positionOf(target)).toBe(position);
  expect(await target.query(sql(`select from people where name like 'name %'`))).toHaveLength(100);

  // Somebody says so, in the words of the message.
  let tick: bigint | undefined;
  await waitFor('a newer tick', 30_000, async () => {
    await source.query(sql(`select pgq.force_tick('replika'), pgq.ticker('replika')`));
    const [row] = await source.query<{ tick: bigint }>(sql('select max(tick_id) as tick from pgq.tick'));
    tick = row?.tick;
    return tick !== undefined && tick > position;
  });
  await source.query(sql(`select pgq.register_consumer_at('replika', 'dst.worker', $1)`, tick));
  await target.query(sql(`select pgq_node.set_consumer_completed('replika', 'dst.worker', $1)`, tick));
  await source.script(`insert into people values (200, 'after')`);
  await cascade.caughtUp('dst', 60_000);
  expect(await target.query(sql('select from people where id = 200'))).toHaveLength(1);
});
