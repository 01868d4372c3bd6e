import { expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { expectEqual, replication } from '../support/replication.ts';

const tables = `
  create type mood as enum ('sad', 'so-so', 'it''s "fine"');
  create domain positive as numeric(12, 3) check (value > 0);
  create table simple (id uuid primary key, i2 int2, i8 int8, t text, c char(5), v varchar(9), b bytea, ok bool, d date, ts timestamp,
    tz timestamptz(3), iv interval, ip inet, r int4range, m mood, f float8, x xml, bits bit varying(8), p point);
  create table exact (id numeric primary key, n numeric, p positive);
  create table mixed (id int primary key, n numeric, f float4);
  create table nested (id int primary key, a int[], aa text[][], doc json, j jsonb);
  create table "Odd.""N'ame %" ("k %s'1" int, "k,2" text, "ü,""x" text, primary key ("k,2", "k %s'1"));
  create table deferred (id int primary key deferrable initially deferred, t text);
  create type pair as (a int, b text);
  create domain tags as text[];
  create table composed (id pair primary key, pairs pair[], tags tags, span int4range[]);
  create table tree (id int primary key, parent int references tree on update cascade on delete cascade, t text);
  create schema ext; create extension ltree schema ext;
  create table tagged (tag ext.ltree primary key, t text);
  create table forebear (id int primary key, t text);
  create table heir (primary key (id)) inherits (forebear);
  create table named (k text primary key, words regconfig, r regclass, acl aclitem, nr int generated always as identity);`;

const names = [
  'simple',
  'exact',
  'mixed',
  'nested',
  `Odd."N'ame %`,
  'deferred',
  'composed',
  'tree',
  'forebear',
  'heir',
  'named',
  'tagged',
];
const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

const rows = `
  insert into simple values
    ('00000000-0000-0000-0000-000000000001', -32768, 9223372036854775807, E'tab\\t nl\\n \\\\ "q" ''s'' 中文 \\u0001 %2b+&=', 'ab', 'v', '\\x00ff5c',
      true, '0044-03-15 BC', 'infinity', '2020-02-29 23:59:59.1234+05:30', '1 year -2 mons 3 days -04:05:06.7', '::1/64', '[1,5)', 'it''s "fine"',
      '-0', '<a b="c">d</a>', B'1010', '(1.5,-2)'),
    ('00000000-0000-0000-0000-000000000002', null, null, '', '', '', '', false, 'infinity', '-infinity', null, '0', null, 'empty', null, 'NaN', null, B'', null),
    ('00000000-0000-0000-0000-000000000003', 0, 0, 'null', null, null, null, null, null, null, null, null, '10.0.0.0/8', '(,)', 'sad', 1e300, null, null, null);
  insert into exact values (1.10, 'NaN', 0.001), (12345678901234567890.123456789, -0.0, null), (2, 1e-20, 7);
  insert into mixed values (1, 1.50, '-0'), (2, 'NaN', 'Infinity'), (3, null, 1.1);
  insert into nested values (1, '{1,null,3}', '{{a,"b c"},{"\\"",null}}', '{ "a" : 1,  "a": 2}', '{"b": [1, 2.50], "a": "é"}'),
    (2, '{}', null, 'null', 'null'), (3, null, '{}', '[1]', '"text"'), (4, null, null, null, null);
  insert into ${quoted(names[4] ?? '')} values (1, 'a,b', 'x'), (2, '', null);
  insert into deferred values (1, 'a'), (2, 'b');
  insert into composed values ((1, 'a,"b'), array[(2, null)::pair, null], '{"x y",null}', '{"[1,2)",empty}'), ((1, null), null, null, null);
  insert into tree values (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'c');
  insert into forebear values (1, 'a'); insert into heir values (2, 'b');
  insert into tagged values ('a.b', 'x'), ('a.c', 'y');
  insert into named values (E'\uFEFFmarked', 'simple', 'exact', null);`;

const changes = `
  update simple set i2 = 7 where i2 is null; update simple set id = '00000000-0000-0000-0000-00000000000f', t = t || t where i2 = 0;
  delete from simple where i2 = -32768;
  update exact set n = n * 2; update exact set id = 1.100 where id = 1.1; delete from exact where id = 2;
  update mixed set id = id + 10, n = 9.99; update nested set a = a || 4;
  update ${quoted(names[4] ?? '')} set "k,2" = 'c,d' where "k %s'1" = 1; update ${quoted(names[4] ?? '')} set "ü,""x" = 'y';
  update deferred set t = 'c' where id = 2;
  update composed set id = (3, 'c')::pair, tags = tags || '{z}' where (id).b is not null; update composed set pairs = '{}' where (id).b is null;
  update tree set id = id + 10; delete from tree where id = 12;
  truncate only forebear;
  update tagged set t = 'z' where t = 'x'; delete from tagged where t = 'y';
  update named set words = 'french'; update named set nr = default where k = 'copied';
  alter table simple add column more numeric default 1.50`;

test('every type and every name arrives as it was, whichever way its table is captured', async () => {
  await using cascade = await replication({ src: 12, dst: 18 }, tables);
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  await target.script('alter table simple add column more numeric default 1.50');
  await source.script(`insert into named values ('copied', 'english', 'heir', makeaclitem(0, 10, 'SELECT', false))`);
  for (const name of names) await cascade.addTable({ name: `public.${name}` });
  cascade.start();
  await cascade.caughtUp('dst');
  const expectAllEqual = async () => {
    for (const name of names) {
      // xml and point can not be compared, their text can.
      const query = `select t::text from ${quoted(name)} t`;
      await expectEqual(source, query, target, query);
    }
  };
  await expectAllEqual();
  // Fed by events alone: the other copies were of empty tables.
  await source.script(rows);
  await cascade.caughtUp('dst');
  await target.script(`set session_replication_role = replica; update simple set more = null`);
  await source.script(`alter table simple add column spare int; alter table simple drop column spare`);
  await source.script(changes);
  await source.script(`update simple set more = i2`);
  await cascade.caughtUp('dst');
  await expectAllEqual();
});

/** One table for each format of events, with everything that a session writes in its own way. */
const styled = ['json', 'logutriga', 'sqltriga', 'jsontriga'];
const styledColumns = `iv interval, ivs interval[], at timestamptz, d date, span daterange, times tstzrange, dates date[], f float8, fs float4[], p point, raw bytea`;
const styledTables = `create type span as (a interval, d date); create domain day as date;
  ${styled.map((name) => `create table s_${name} (id int primary key, ${styledColumns}, s span, dd day, x xml);`).join(' ')}`;
const styles = [
  `intervalstyle = sql_standard`,
  `datestyle = 'SQL, DMY'; set timezone = 'Asia/Kolkata'`,
  `datestyle = 'German, DMY'; set timezone = 'Asia/Shanghai'`,
  `datestyle = 'Postgres, MDY'`,
  `extra_float_digits = -6; set bytea_output = escape`,
  `intervalstyle = postgres_verbose; set lc_monetary = 'C'; set xmlbinary = hex; set xmloption = content`,
];

test('values mean the same whatever the session that wrote them has set, in each format of events', async () => {
  await using cascade = await replication({ src: 18, dst: 18 }, styledTables);
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  for (const name of styled) await cascade.addTable({ name: `public.s_${name}` });
  for (const name of styled.slice(1)) {
    await source.script(`select londiste.drop_table_triggers('replika', 'public.s_${name}');
      create trigger capture after insert or update or delete on s_${name} for each row execute function pgq.${name}('replika')`);
  }
  cascade.start();
  await cascade.caughtUp('dst');
  for (const [nr, set] of styles.entries()) {
    const span = `make_interval(days => -1, secs => -7384)`;
    const values = `${span}, array[${span}, '1 year -1 day'], '2024-02-03 04:05+00', '2024-02-03', '[2024-02-03,2024-03-04)',
      '[2024-02-03 04:05+00,)', '{2024-02-03}', 1.0 / 3 + 1e-9, array[0.1::float4 + 1e-7], point(1.0 / 3, 2), '\\x00ff5c', row(${span}, '2024-03-04')::span,
      '2024-05-06', '<a>1</a><b/>'`;
    const write = (table: string) => `insert into ${table} select ${nr}, ${values};
      update ${table} set iv = iv * 2, dates = dates || date '2024-06-07' where id = ${nr};
      insert into ${table} select g, ${values} from generate_series(${nr + 1}000, ${nr + 1}500) g`;
    await source.script(`begin; set ${set}; ${styled.map((name) => write(`s_${name}`)).join('; ')}; commit`);
    // The session has what it had.
    const name = set.split(' ')[0] ?? '';
    const [own] = await source.query<{ value: string }>(sql('select current_setting($1) as value', name));
    expect(set.toLowerCase().replaceAll("'", '')).toContain((own?.value ?? '-').toLowerCase());
    await source.script('reset all');
  }
  // The original C trigger writes what its session would: an interval whose one sign is for all of it.
  const original = (from: number, to: number) => `select pgq.insert_event('replika', 'I:id', format(
      'id=%s&iv=-1+2%%3a03%%3a04&ivs=%%7b%%22-1+2%%3a03%%3a04%%22%%7d&s=%%28%%22-1+2%%3a03%%3a04%%22%%2c%%29', g),
      'public.s_logutriga', null, null, null) from generate_series(${from}, ${to}) g`;
  await source.script(original(900_001, 900_001));
  await cascade.caughtUp('dst');
  await source.script(original(900_002, 901_000));
  await source.script(
    `select pgq.insert_event('replika', 'I', '(id,iv) values (''900001'',''-1 2:03:04'')', 'public.s_sqltriga', null, null, null)`,
  );
  await cascade.caughtUp('dst');
  const read = `select distinct iv::text, ivs::text, (s).a::text from`;
  expect(await target.query(sql(`${read} s_logutriga where id > 900000`))).toEqual([
    { iv: '-1 days -02:03:04', ivs: '{"-1 days -02:03:04"}', a: '-1 days -02:03:04' },
  ]);
  expect(await target.query(sql(`${read} s_sqltriga where id > 900000`))).toMatchObject([{ iv: '-1 days -02:03:04' }]);
  await using written = await cascade.session('src');
  for (const name of styled) {
    const query = `select t::text from s_${name} t where id <= 900000 order by id`;
    await expectEqual(written, query, target, query);
  }
});

test('which trigger function a table gets follows from its columns', async () => {
  await using cascade = await replication({ src: 18, dst: 18 }, tables);
  await using source = await cascade.session('src');
  for (const name of names) await cascade.addTable({ name: `public.${name}` });
  const triggers = await source.query<{ name: string; generated: boolean }>(
    sql(
      `select c.relname as name, bool_and(n.nspname = 'trunkline_capture') as generated
        from pg_trigger g join pg_class c on c.oid = g.tgrelid join pg_proc p on p.oid = g.tgfoid join pg_namespace n on n.oid = p.pronamespace
        where g.tgname ~ '^_londiste_replika' and g.tgname <> '_londiste_replika_truncate' group by 1 order by 1`,
    ),
  );
  expect(Object.fromEntries(triggers.map(({ name, generated }) => [name, generated]))).toEqual({
    simple: true,
    exact: true,
    mixed: true,
    nested: true,
    [names[4] ?? '']: true,
    deferred: true,
    composed: true,
    // Its foreign key changes its own rows.
    tree: false,
    forebear: false,
    heir: false,
    named: true,
    tagged: true,
  });
});

test.for([12, 18] as const)(
  'a captured table is not attached to a parent, whose writes it would miss: %i',
  async (version) => {
    await using cascade = await replication(
      { src: version, dst: 18 },
      `create table part (id int primary key, t text);
     create table parent (id int primary key, t text);
     create table whole (id int primary key, t text) partition by range (id)`,
    );
    await using source = await cascade.session('src');
    await cascade.addTable({ name: 'public.part' });
    const attach = 'alter table whole attach partition part for values from (0) to (10)';
    const refusal = /trigger "_londiste_replika_attach" prevents table "part" from becoming/;
    await expect(source.script(attach)).rejects.toThrow(refusal);
    await expect(source.script('alter table part inherit parent')).rejects.toThrow(refusal);
    // It is no capture: each change is in the queue once, also where somebody has switched triggers off and on again.
    await source.script(`alter table part disable trigger all; alter table part enable trigger all;
    insert into part values (1), (2); delete from part`);
    const events = await source.query<{ type: string }>(
      sql(`select ev_type as type from pgq.event_1 where ev_extra1 = 'public.part' order by ev_id`),
    );
    expect(events.map(({ type }) => JSON.parse(type).op)).toEqual(['INSERT', 'INSERT', 'DELETE', 'DELETE']);
    await source.query(sql(`select londiste.local_remove_table('replika', 'public.part')`));
    await source.script(attach);
  },
);

test('keys that could swap inside a statement may not change, and the statement is refused whole', async () => {
  await using cascade = await replication({ src: 18, dst: 18 }, tables);
  await using source = await cascade.session('src');
  await cascade.addTable({ name: 'public.deferred' });
  await source.script(`insert into deferred values (1, 'a'), (2, 'b')`);
  await expect(source.script('update deferred set id = 3 - id')).rejects.toThrow(/deferrable key/);
  expect(await source.query(sql('select id, t from deferred order by 1'))).toEqual([
    { id: 1, t: 'a' },
    { id: 2, t: 'b' },
  ]);
});

test('a writer needs no right on the queue but to write into it', async () => {
  await using cascade = await replication({ src: 18, dst: 18 }, tables);
  await using source = await cascade.session('src');
  await cascade.addTable({ name: 'public.mixed' });
  await cascade.addTable({ name: 'public.exact' });
  await source.script(`
    do $$ begin create role capture_writer; exception when duplicate_object then null; end $$;
    grant pgq_writer to capture_writer; grant insert, select on mixed, exact to capture_writer; set role capture_writer`);
  await source.script(`insert into exact values (1); insert into mixed values (1)`);
  await expect(source.script('select from pgq.event_1')).rejects.toThrow(/permission denied/);
  await source.script('reset role');
  const events = await source.query<{ at: string }>(
    sql(`select ev_extra1 as at from pgq.event_1 where ev_type !~ '^(pgq|londiste)' order by ev_id`),
  );
  expect(events.map(({ at }) => at)).toEqual(['public.exact', 'public.mixed']);
});

test('taking a table out leaves no trigger function behind', async () => {
  await using cascade = await replication({ src: 18, dst: 18 }, tables);
  await using source = await cascade.session('src');
  await cascade.addTable({ name: 'public.exact' });
  const left = () =>
    source.query(
      sql(
        `select p.proname from pg_proc p where p.proname ~ '^(table_[0-9a-f]{32}|current_)' and p.pronamespace = 'trunkline_capture'::regnamespace`,
      ),
    );
  expect(await left()).toHaveLength(4);
  await source.query(sql(`select londiste.local_remove_table('replika', 'public.exact')`));
  expect(await left()).toHaveLength(1);
  await source.query(sql(`select pgq_node.drop_node('replika', 'src')`));
  expect(await left()).toEqual([]);
});
