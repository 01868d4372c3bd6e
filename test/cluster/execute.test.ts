import { expect, test } from 'vitest';
import type { Session } from '../../src/db/session.ts';
import { sql } from '../../src/db/statement.ts';
import { expectEqual, replication, waitFor } from '../support/replication.ts';

const tables = `
  create type mood as enum ('sad', 'glad');
  create table people (id int primary key, name text);
  create schema other; create table other.folk (id int primary key, name text);`;

/** What Londiste's `execute` does on the root. */
async function execute(root: Session, file: string, text: string, attributes: string, ownText = text): Promise<void> {
  await root.script('begin');
  await root.query(sql(`select londiste.set_session_replication_role('local', true)`));
  const [started] = await root.query<{ ret_code: number }>(
    sql('select ret_code from londiste.execute_start($1, $2, $3, true, $4)', 'replika', file, text, attributes),
  );
  expect(started?.ret_code).toBe(200);
  await root.script(ownText);
  await root.query(sql('select londiste.execute_finish($1, $2)', 'replika', file));
  await root.script('commit');
}

test('SQL files run at their place in the stream, under the names of each node, and only where they are meant to', async () => {
  await using cascade = await replication({ src: 14, dst1: 18, dst2: 18 }, tables);
  await using source = await cascade.session('src');
  await using first = await cascade.session('dst1');
  await using second = await cascade.session('dst2');
  await cascade.addTable({ name: 'public.people', on: { dst2: { target: 'other.folk' } } });
  await second.script(`select londiste.local_remove_table('replika', 'public.unknown'); drop table public.people`);
  const workers = cascade.start();
  await cascade.caughtUp('dst1');
  await cascade.caughtUp('dst2');

  await source.script(`insert into people values (1, 'before')`);
  await execute(
    source,
    '0001.sql',
    'alter table @people@ add column age int, add column mood mood',
    'local-table=people',
    'alter table people add column age int, add column mood mood',
  );
  await source.script(`update people set age = 7; insert into people values (2, 'after', 8)`);
  await execute(source, '0002.sql', 'create table extra (id int)', 'need-table=public.people');
  await execute(source, '0003.sql', `create table everywhere as select 'a''b' as x`, '');
  // Not before the batch is committed can a new value of an enum be used: the table is parked until then.
  await workers.stop(2_000);
  await execute(source, '0003a.sql', `alter type mood add value 'so-so'`, '');
  await source.script(`update people set mood = 'so-so' where id = 1`);
  cascade.start();
  await cascade.caughtUp('dst1');
  // What it sets is its own.
  const sets = `set client_encoding = 'LATIN1'; set local datestyle = 'German'; set search_path = pg_catalog; set role pgq_reader`;
  await execute(source, '0004.sql', `set session_replication_role = origin; ${sets}`, '', 'select 1');
  await source.script(`insert into people select i, 'é ' || i, i, 'sad' from generate_series(10, 600) i`);
  await cascade.caughtUp('dst1');
  // So many rows go through a stage, whose column has the type.
  await source.script(`begin; update people set mood = 'glad' where id < 500`);
  await execute(
    source,
    '0005.sql',
    'alter table @people@ alter mood type text; drop type mood',
    'local-table=people',
    'alter table people alter mood type text; drop type mood',
  );
  await source.script(`update people set mood = 'whatever' where mood = 'sad'`);
  await cascade.caughtUp('dst1');
  await cascade.caughtUp('dst2');

  await expectEqual(source, 'select * from people', first, 'select * from people');
  await expectEqual(source, 'select * from people', second, 'select * from other.folk');
  const has = async (session: Session, table: string) =>
    (await session.query(sql('select from pg_class where relname = $1', table))).length === 1;
  expect([await has(first, 'extra'), await has(second, 'extra')]).toEqual([true, false]);
  expect([await has(first, 'everywhere'), await has(second, 'everywhere')]).toEqual([true, true]);
  expect(await second.query(sql('select execute_file from londiste.applied_execute order by 1'))).toHaveLength(6);
});

test('a file that fits in part stops the node by name until it fits', async () => {
  await using cascade = await replication({ src: 18, dst: 18 }, tables);
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  await cascade.addTable({ name: 'public.people' });
  cascade.start();
  await cascade.caughtUp('dst');
  await source.script('create view seen as select * from people');
  await execute(source, '0001.sql', 'alter table people add column seen bool', 'local-table=people&need-view=seen');
  await waitFor('the refusal', 20_000, async () =>
    cascade.logs.some(({ message }) => /execute_refused.*need-view seen, which is not here/.test(message)),
  );
  await target.script('create view seen as select 1 as x');
  await source.script('insert into people values (1, null, true)');
  await cascade.caughtUp('dst');
  await expectEqual(source, 'select * from people', target, 'select * from people');
});

test('a file can not end the transaction of its batch', async () => {
  await using cascade = await replication({ src: 14, dst: 18 }, tables);
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  await cascade.addTable({ name: 'public.people' });
  cascade.start();
  await cascade.caughtUp('dst');
  await execute(source, '0001.sql', `insert into people values (2, 'half');\ncommit`, '', 'select 1');
  await waitFor('the refusal', 20_000, async () =>
    cascade.logs.some(({ message }) => /SQL file 0001\.sql.*EXECUTE of transaction commands/.test(message)),
  );
  expect(await target.query(sql('select from people'))).toEqual([]);
});
