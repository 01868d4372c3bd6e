import { expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { usualCopy } from '../../src/model/table.ts';
import { rowFilter } from '../support/builders.ts';
import { expectEqual, replication } from '../support/replication.ts';

// What a worker does with all that can be said of a table, from the catalog alone.

const tables = `
  create type mood as enum ('sad', 'glad');
  create table person (id int primary key, name text, email text, born date, region text, mood mood, score numeric(10, 2));
  create table shard_me (id int primary key, note text);
  create table told (id int primary key, note text);
  create table nothing (id int primary key);
  create table kept (id int primary key, note text);
  create table logged (id int primary key, note text);
  create table either (id int primary key, note text);
  create table seen (id int primary key, note text);
  create table bulky (id int primary key, note text);
  create table steps (n serial, what text);
  create schema partconf;
  create table partconf.conf (shard_nr int, shard_mask int, shard_count int);
  create function partconf.get_hash_raw(int) returns int language sql immutable as 'select $1 * 7';
  create function note_event(conf text, tick bigint, id bigint, at timestamptz, txid bigint, retry int, type text, data text,
    extra1 text, extra2 text, extra3 text, extra4 text) returns void language sql as
    $$ insert into steps (what) values (conf || ' ' || type || ' ' || coalesce(data, '-') || ' ' || extra1 || ' ' || (at <= now())) $$;
  create function note_row() returns trigger language plpgsql as
    $$ begin insert into steps (what) values (tg_op || ' ' || coalesce(new.note, '-')); return new; end $$`;

test('rows come as columns, masks and filters make them', async () => {
  await using cascade = await replication({ src: 14, dst: 18 }, tables);
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  await target.script(
    `alter table person drop column mood, drop column born, add column age_band text, alter name type varchar(12)`,
  );
  await source.script(
    `insert into person select i, 'name ' || i, 'p' || i || '@example.com', '1950-01-01'::date + 90 * i, case i % 2 when 0 then 'eu' else 'us' end, 'glad', i / 7.0 from generate_series(1, 1000) i`,
  );
  await cascade.addTable({
    name: 'public.person',
    on: {
      dst: {
        where: "region = 'eu' and mood = 'glad' -- the happy ones",
        columns: { kind: 'exclude', names: ['born', 'mood', 'name'] },
        mask: [
          { column: 'age_band', expression: "to_char(person.born, 'YYYY')" },
          { column: 'email', expression: "'hidden' -- from all" },
        ],
        handler: { kind: 'obfuscate', rules: [{ column: 'name', rule: 'hash32' }] },
      },
    },
  });
  cascade.start();
  await cascade.caughtUp('dst');
  const wanted = `select id, ('x' || substr(md5(name), 1, 8))::bit(32)::integer::text as name, 'hidden' as email, region,
    score, to_char(born, 'YYYY') as age_band from person where region = 'eu' and mood = 'glad'`;
  const held = 'select id, name, email, region, score, age_band from person';
  await expectEqual(source, wanted, target, held);

  await source.script(`
    insert into person select i, 'new ' || i, 'x', '2001-01-01', 'eu', 'glad', i from generate_series(2001, 3000) i;
    insert into person values (5001, 'few', 'x', '2001-01-01', 'eu', 'glad', 1.005), (5002, 'few', 'x', '2001-01-01', 'eu', 'sad', 1);
    update person set region = 'eu' where id in (1, 3, 5);
    update person set mood = 'sad' where id in (2, 4, 6);
    update person set born = '1999-09-09', email = 'other', name = 'renamed' where id in (8, 10);
    delete from person where id between 20 and 40`);
  await cascade.caughtUp('dst');
  await expectEqual(source, wanted, target, held);
});

test('handlers that Londiste knows do what they do there', async () => {
  await using cascade = await replication({ src: 14, dst: 18 }, tables);
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  await target.script(`insert into partconf.conf values (1, 3, 4); insert into kept values (1, 'mine')`);
  await source.script(
    `insert into shard_me select i, 'n' from generate_series(1, 500) i; insert into told values (1, 'copied')`,
  );
  const noPart = { kind: 'shard', key: 'id', hash: undefined, part: undefined } as const;
  await cascade.addTable({ name: 'public.shard_me', on: { dst: { handler: noPart } } });
  await cascade.addTable({
    name: 'public.told',
    triggerArgs: [],
    on: { dst: { handler: { kind: 'apply_function', function: 'public.note_event', argument: 'conf' } } },
  });
  await cascade.addTable({ name: 'public.nothing', on: { dst: { handler: { kind: 'virtual' } } } });
  await cascade.addTable({
    name: 'public.bulky',
    on: { dst: { handler: { kind: 'bulk', method: 1 }, truncate: 'ignore' } },
  });
  cascade.start();
  await target.script(
    `update londiste.table_info set merge_state = 'ok' where table_name = 'public.nothing'; drop table nothing`,
  );
  await cascade.caughtUp('dst');
  const mine = 'select * from shard_me where (id * 7) & 3 = 1';
  await expectEqual(source, mine, target, 'select * from shard_me');

  await source.script(`
    insert into shard_me select i, 'n' from generate_series(501, 1500) i;
    update shard_me set id = id + 10000 where id % 10 = 1; delete from shard_me where id % 11 = 0;
    insert into nothing values (1);
    insert into bulky values (1, 'one'); truncate bulky; insert into bulky values (2, 'two');
    insert into told values (2, 'it''s'); update told set note = null where id = 2; delete from told where id = 2`);
  await cascade.caughtUp('dst');
  await expectEqual(source, mine, target, 'select * from shard_me');
  expect((await target.query<{ id: number }>(sql('select id from bulky order by 1'))).map(({ id }) => id)).toEqual([
    1, 2,
  ]);
  const steps = await target.query<{ what: string }>(sql('select what from steps order by n'));
  expect(steps.map(({ what }) => what)).toEqual([
    'conf I:id id=2&note=it%27s public.told true',
    'conf U:id id=2&note public.told true',
    'conf D:id id=2&note public.told true',
  ]);
});

test('rows in the way are kept, replaced and written down as the policy says', async () => {
  await using cascade = await replication({ src: 14, dst: 18 }, tables);
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  await target.script(`
    insert into kept values (1, 'mine'); insert into kept select i, 'mine' from generate_series(1001, 2000) i;
    create trigger noting after insert or update on seen for each row execute function note_row()`);
  const keepRows = { ...usualCopy, keepRows: true, where: rowFilter('id > 100') };
  await cascade.addTable({ name: 'public.kept', on: { dst: { conflict: 'keep', copy: keepRows } } });
  await cascade.addTable({ name: 'public.logged', on: { dst: { conflict: 'log' } } });
  await cascade.addTable({ name: 'public.either', on: { dst: { conflict: 'insert_or_update' } } });
  await cascade.addTable({ name: 'public.seen', on: { dst: { userTriggers: 'fire' } } });
  await source.script(`insert into kept values (50, 'not copied'), (150, 'copied')`);
  cascade.start();
  await cascade.caughtUp('dst');
  // What a worker meets: rows that somebody made or took away behind its back.
  await target.script(`
    set session_replication_role = replica;
    insert into logged values (1, 'mine'); insert into either values (1, 'mine'); delete from kept where id = 150`);
  await source.script(`
    insert into kept select i, 'theirs' from generate_series(1001, 1500) i; insert into kept values (1, 'theirs'), (2, 'theirs');
    update kept set note = 'theirs' where id = 150;
    insert into logged values (1, 'theirs'), (2, 'theirs'), (3, 'theirs'); insert into either values (1, 'theirs'), (2, 'theirs');
    insert into seen values (1, 'a'); update seen set note = 'b'; insert into seen values (2, 'c')`);
  await cascade.caughtUp('dst');
  await target.script(
    `set session_replication_role = replica; delete from logged where id in (2, 3); delete from either where id = 2`,
  );
  await source.script(
    `update logged set note = 'again' where id = 2; delete from logged where id = 3; update either set note = 'again' where id = 2`,
  );
  await cascade.caughtUp('dst');

  const rows = async (table: string) =>
    (await target.query<{ row: string }>(sql(`select id || ' ' || note as row from ${table} order by id limit 5`))).map(
      ({ row }) => row,
    );
  expect(await rows('kept where id < 1000')).toEqual(['1 mine', '2 theirs']);
  expect(await rows('kept where id >= 1000 and note <> $$mine$$')).toEqual([]);
  expect(await rows('logged')).toEqual(['1 theirs', '2 again']);
  expect(await rows('either')).toEqual(['1 theirs', '2 again']);
  const conflicts = await target.query<{ told: string }>(
    sql(`select concat_ws(' ', table_name, policy, kind, row_here, row_of_provider) as told from trunkline.conflict
      where queue_name = 'replika' and node_name = 'dst' and (row_of_provider ->> 'id')::int < 1000 order by 1`),
  );
  expect(conflicts.map(({ told }) => told)).toEqual([
    'public.kept keep insert_exists {"id": 1, "note": "mine"} {"id": 1, "note": "theirs"}',
    'public.kept keep update_missing {"id": 150, "note": "theirs"}',
    'public.logged log delete_missing {"id": 3}',
    'public.logged log insert_exists {"id": 1, "note": "mine"} {"id": 1, "note": "theirs"}',
    'public.logged log update_missing {"id": 2, "note": "again"}',
  ]);
  const steps = await target.query<{ what: string }>(sql('select what from steps order by n'));
  expect(steps.map(({ what }) => what)).toEqual(['INSERT a', 'UPDATE b', 'INSERT c']);
});
