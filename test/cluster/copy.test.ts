import { expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { usualCopy } from '../../src/model/table.ts';
import { startProgram, temporaryFile } from '../support/program.ts';
import { expectEqual, replication, waitFor } from '../support/replication.ts';

const big = `create table big (id int primary key, n int not null, filler text not null);
  create index big_n on big (n); alter table big add constraint big_n_id unique (n, id);`;
const rows = 120_000;
const structure = `select pg_get_indexdef(indexrelid) as ddl from pg_index where indrelid = 'big'::regclass order by 1`;

test('a large table is copied by ranges; killed or refused in between, it is copied again and no index is lost', async () => {
  await using cascade = await replication({ src: 18, dst: 18 }, big);
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  await source.script(`insert into big select i, i, repeat('x', 300) from generate_series(1, ${rows}) i`);
  await cascade.addTable({ name: 'public.big', on: { dst: { copy: { ...usualCopy, ranges: 2 } } } });
  const wanted = await target.query(sql(structure));
  const state = async () => {
    const [row] = await target.query<{ state: string | null; dropped: string | null }>(
      sql(`select merge_state as state, dropped_ddl as dropped from londiste.table_info`),
    );
    return row;
  };

  using file = temporaryFile(
    'trunkline.yaml',
    `version: 1\n${cascade.cluster.yaml}queues:\n  replika:\n    ticker: { max_lag: 100ms }\n    nodes:
      src: { database: src, role: root }\n      dst: { database: dst, role: leaf }\n    tables: [public.big]\n`,
  );
  for (const fault of ['taken-down', 'range-copied']) {
    const killed = await startProgram(['run', '-f', file.path], { env: { TRUNKLINE_FAULT: fault } }).result;
    expect(killed.signal).toBe('SIGKILL');
    expect(await target.query(sql(structure))).toEqual([]);
    expect(await state()).toEqual({ state: 'in-copy', dropped: expect.stringContaining('big_n_id') });
  }

  await target.script('alter table big add constraint refused check (n > 1) not valid');
  cascade.start();
  const refused = () => cascade.logs.filter(({ event, sqlstate }) => event === 'copy_failed' && sqlstate === '23514');
  await waitFor(
    () => `the refusal of a row: ${cascade.logs.map(({ message }) => message).join('; ')}`,
    60_000,
    async () => refused().length > 0,
  );
  await source.script('update big set n = -n where id % 1000 = 0; delete from big where id % 1000 = 1');
  await target.script('alter table big drop constraint refused');
  await cascade.caughtUp('dst', 120_000);
  await expectEqual(source, 'select * from big', target, 'select * from big');
  expect(await target.query(sql(structure))).toEqual(wanted);
  expect(await state()).toEqual({ state: 'ok', dropped: null });
});

test('what a copy of Londiste took down before it was killed is put back', async () => {
  await using cascade = await replication({ src: 18, dst: 14 }, big);
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  await source.script(`insert into big select i, i, 'x' from generate_series(1, 100) i`);
  await cascade.addTable({ name: 'public.big' });
  const wanted = await target.query(sql(structure));
  await target.script(`update londiste.table_info set merge_state = 'in-copy',
      dropped_ddl = E'create index big_n on big (n);\\nalter table big add constraint big_n_id unique (n, id);';
    drop index big_n; alter table big drop constraint big_n_id; set session_replication_role = replica;
    insert into big values (1, 1, 'half copied')`);
  cascade.start();
  await cascade.caughtUp('dst', 60_000);
  await expectEqual(source, 'select * from big', target, 'select * from big');
  expect(await target.query(sql(structure))).toEqual(wanted);
});
