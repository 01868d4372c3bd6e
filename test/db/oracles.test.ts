import { expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import {
  brokenCounters,
  brokenTicks,
  lookOf,
  oracleTables,
  queueLeft,
  sideTables,
  takenDown,
} from '../support/oracles.ts';
import { expectEqual, replication } from '../support/replication.ts';

test('each oracle of the fault tests sees what it is there for', async () => {
  await using cascade = await replication({ src: 14, dst: 18 }, oracleTables + sideTables);
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  const rows = `
    insert into account (id, n, amount) select i, 1, 0.1 from generate_series(1, 10) i;
    insert into journal (writer, nr) select 1 + i % 2, 1 + i / 2 from generate_series(0, 9) i`;
  for (const session of [source, target]) await session.script(rows);
  await source.query(sql(`select pgq.force_tick('replika'), pgq.ticker('replika')`));
  const equal = () => expectEqual(source, 'select * from account', target, 'select * from account');
  const look = (last = 0n) => lookOf(source, target, 'dst.worker', last);
  await equal();
  expect(await brokenCounters(target)).toEqual([]);
  const { tick, faults } = await look();
  expect(faults).toEqual([]);

  const planted = async (change: string, seen: () => Promise<void>) => {
    await target.script(`begin; ${change}`);
    await seen();
    await target.script('rollback');
  };
  // O1: a lost row, a doubled one, one bit of one value.
  for (const change of [
    'delete from account where id = 3',
    'insert into account (id, n, amount) values (11, 1, 0.1)',
    'update account set amount = 0.1 + 1.4e-17 where id = 3',
  ])
    await planted(change, async () => {
      await expect(equal()).rejects.toThrow();
    });
  // O3: a gap, a repetition.
  for (const change of [
    'delete from journal where writer = 1 and nr = 2',
    'insert into journal (writer, nr) values (2, 3)',
  ])
    await planted(change, async () => expect(await brokenCounters(target)).toHaveLength(1));
  // O2: one table without the other.
  for (const change of ['update account set n = 2 where id = 1', 'insert into journal (writer, nr) values (1, 6)'])
    await planted(change, async () => expect((await look()).faults).toEqual([`half a batch at tick ${tick}`]));
  // O4: back, and beyond.
  expect((await look(tick + 1n)).faults).toEqual([`tick ${tick} after ${tick + 1n}`]);
  await planted(`select pgq_node.set_consumer_completed('replika', 'dst.worker', ${tick + 999n})`, async () =>
    expect((await look()).faults).toEqual([expect.stringMatching(/^tick \d+ past \d+$/)]),
  );
  // O4: a tick that saw less than the one before.
  expect(await brokenTicks(source)).toEqual([]);
  for (const change of ['tick_event_seq = 0', `tick_snapshot = '3:3:'`]) {
    await source.script(`begin; update pgq.tick set ${change} where tick_id = (select max(tick_id) from pgq.tick)`);
    expect(await brokenTicks(source)).toHaveLength(1);
    await source.script('rollback');
  }
  // O7: what was not put back, or does not hold.
  const whole = await takenDown(target);
  expect(whole).toHaveLength(4);
  for (const change of [
    'drop index "Stock by n"',
    'alter table part drop constraint part_of',
    `update pg_constraint set convalidated = false where conname = 'part_of'`,
  ])
    await planted(change, async () => expect(await takenDown(target)).not.toEqual(whole));
  // O6: somebody who stays, and events that stay.
  const before = await queueLeft(source);
  expect(before.readers).toEqual(['dst.worker']);
  await source.script(`select pgq.register_consumer('replika', 'forgotten');
    select pgq.insert_event('replika', 'x', repeat('y', 100)) from generate_series(1, 1000)`);
  const after = await queueLeft(source);
  expect(after.readers).toEqual(['dst.worker', 'forgotten']);
  expect(after.bytes).toBeGreaterThan(before.bytes + 50_000n);
});
