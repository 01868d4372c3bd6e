import { expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { nodeName } from '../../src/model/names.ts';
import { usualCopy } from '../../src/model/table.ts';
import { runProgram, temporaryFile } from '../support/program.ts';
import { expectEqual, replication, waitFor } from '../support/replication.ts';

test('a first copy is read from a branch beside its node, or from the root above its provider, and handed over', async () => {
  const branch = { role: 'branch', provider: 'src' } as const;
  await using cascade = await replication(
    { src: 18, mid: 18, side: 14, dst: 18 },
    'create table orders (id int primary key, n int)',
    { mid: branch, side: branch, dst: { role: 'leaf', provider: 'mid' } },
  );
  await using source = await cascade.session('src');
  await using side = await cascade.session('side');
  await using target = await cascade.session('dst');
  const from = (node: string) => ({ copy: { ...usualCopy, from: nodeName(node) } });
  await source.script('insert into orders select i, i from generate_series(1, 5000) i');
  await cascade.addTable({ name: 'public.orders', on: { dst: from('side') } });

  const state = async () => {
    const [row] = await target.query<{ state: string; snapshot: string | null; provider: string | null }>(
      sql(`select t.merge_state as state, t.custom_snapshot as snapshot, s.provider_node as provider
        from londiste.table_info t left join pgq_node.local_state s on s.consumer_name = 'dst.worker.copy.public.orders'`),
    );
    return row;
  };
  // What takes long enough to be seen: the copy waits for the lock of its table.
  await target.script('begin; lock table orders in share mode');
  const first = cascade.start();
  await using look = await cascade.session('dst');
  await waitFor('the copy to begin at the branch', 60_000, async () => {
    const [row] = await look.query<{ provider: string }>(
      sql(`select provider_node as provider from pgq_node.local_state where consumer_name like '%.copy.%'`),
    );
    return row?.provider === 'side';
  });
  for (let round = 0; round < 20; round += 1) {
    await source.script(`update orders set n = -n where id % 20 = ${round}; delete from orders where id % 101 = ${round};
      insert into orders values (${6_000 + round}, 0)`);
  }
  await target.script('commit');
  await cascade.caughtUp('dst', 60_000);
  await expectEqual(source, 'select * from orders', target, 'select * from orders');
  // The rows of a branch are as of a tick: no transaction numbers of another database are left behind.
  expect(await state()).toEqual({ state: 'ok', snapshot: null, provider: null });
  await waitFor('the copy to sign off', 30_000, async () => {
    return (
      (await side.query(sql(`select from pgq.get_consumer_info() where consumer_name like '%.copy.%'`))).length === 0
    );
  });
  await first.stop(5_000);

  await target.script(`update londiste.table_info set merge_state = null, table_attrs = 'copy_node=src'`);
  await source.script('update orders set n = n + 1');
  const second = cascade.start();
  await source.script('update orders set n = n + 1 where id < 1000');
  await cascade.caughtUp('dst', 60_000);
  await expectEqual(source, 'select * from orders', target, 'select * from orders');
  expect(await state()).toEqual({ state: 'ok', snapshot: null, provider: null });
  await second.stop(5_000);

  // Rows that went astray on the branch and below it: a resync that is killed between the two is told again, and ends as one that was not.
  await using middle = await cascade.session('mid');
  for (const session of [middle, target]) {
    await session.script(`begin; set local session_replication_role = replica; update orders set n = 0; commit`);
  }
  using config = temporaryFile(
    'trunkline.yaml',
    `version: 1\n${cascade.cluster.yaml}queues:
  replika:
    nodes:
      src: { database: src, role: root }
      mid: { database: mid, role: branch }
      side: { database: side, role: branch }
      dst: { database: dst, role: leaf, provider: mid }
`,
  );
  const consent = ['--auto-approve', '--allow', 'copies-data,truncates-target'];
  const resync = ['resync', 'mid', 'public.orders', '--below', '-f', config.path, ...consent];
  const env = { TRUNKLINE_FAULT: 'after:resync_table/replika/mid/public.orders' };
  expect((await runProgram(resync, { env })).signal).toBe('SIGKILL');
  expect((await state())?.state).toBe('ok');
  expect(await runProgram(resync)).toMatchObject({ status: 0 });
  expect((await state())?.state).toBeNull();
  cascade.start();
  await source.script('update orders set n = n + 1 where id > 4000');
  for (const node of ['mid', 'dst']) {
    await cascade.caughtUp(node, 60_000);
    await expectEqual(source, 'select * from orders', node === 'mid' ? middle : target, 'select * from orders');
  }
  // The lock that the test held may have been waited for too long.
  const errors = cascade.logs.filter(({ level, sqlstate }) => level === 'error' && sqlstate !== '55P03');
  expect(errors.map(({ message }) => message)).toEqual([]);
});
