import { expect, test } from 'vitest';
import type { Session } from '../../../src/db/session.ts';
import { sql } from '../../../src/db/statement.ts';
import { value } from '../../support/call.ts';
import { engineDatabase, onEngines, onOurs } from '../../support/engines.ts';

const create = (session: Session, parent: string, part: string, field: string | null, period: string | null) =>
  value(
    session,
    "select londiste.create_partition($1, $2, 'id', $3, '2024-01-02 10:30+00', $4)",
    parent,
    part,
    field,
    period,
  );

onEngines([18], (engine) => {
  test('a partition without a field has no check, and one with a field needs a period', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script('create table p (id int, d date)');
    expect(await create(session, 'p', 'p1', '', null)).toBe(1);
    expect(await create(session, 'p', 'p2', 'd', 'month')).toBe(1);
    await expect(create(session, 'p', 'p3', 'd', null)).rejects.toThrow();
    expect(
      await session.query(
        sql(
          "select conrelid::regclass::text as part, pg_get_constraintdef(oid) as def from pg_constraint where contype = 'c' and conrelid::regclass::text ~ '^p[0-9]'",
        ),
      ),
    ).toEqual([{ part: 'p2', def: "CHECK (((d >= '2024-01-01'::date) AND (d < '2024-02-01'::date)))" }]);
  });

  test('partitions grow obsolete by the time in their name', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script(`
    create table par (id int); create table par_2020_01_02 () inherits (par); create table par_2020_01 () inherits (par);
    create table par_x_2020_01_02 () inherits (par); create table par_9999_01_01 () inherits (par);
    create schema other; create table other.par_2020_01_03 ()`);
    const obsolete = (name: string, keep: string | null, period: string) =>
      value(session, 'select londiste.is_obsolete_partition($1, $2::text::interval, $3)', name, keep, period);
    expect(await obsolete('public.par_2020_01_02', '1 year', 'day')).toBe(true);
    expect(await obsolete('public.par_9999_01_01', '1 year', 'daily')).toBe(false);
    expect(await obsolete('public.par_2020_01_02', '1 year', 'month')).toBe(null);
    expect(await obsolete('public.par_2020_01_02', null, 'day')).toBe(false);
    await expect(obsolete('public.par_2020_01_02', '1 year', 'week')).rejects.toThrow(
      'not supported i_partition_period: week',
    );
    const list = async (name: string) =>
      (await session.query(sql(`select londiste.${name}('par', '1 year', 'day') as part`))).map(({ part }) => part);
    expect(await list('list_obsolete_partitions')).toEqual(['public.par_2020_01_02']);
    expect(await list('drop_obsolete_partitions')).toEqual(['public.par_2020_01_02']);
    expect(await list('list_obsolete_partitions')).toEqual([]);
  });
});

onOurs([12, 18], (engine) => {
  test('a partition has all that its parent has', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script(`
    create schema "S x";
    create table "S x"."Pa r" (
        id int primary key, "T s" timestamptz, v text check (v <> ''), g int generated always as (id * 2) stored);
    create index on "S x"."Pa r" (v);
    grant select on "S x"."Pa r" to pgq_reader with grant option;
    create function "S x".f() returns trigger language plpgsql as 'begin return null; end';
    create trigger "a ON ""S x"".""Pa r"" b" after update of v on "S x"."Pa r" for each row
        when (new.v <> 'a') execute function "S x".f('x', 'y''z');
    alter table "S x"."Pa r" disable trigger "a ON ""S x"".""Pa r"" b";
    create rule "R 1" as on delete to "S x"."Pa r" where old.id = 0 do instead nothing`);
    expect(await create(session, 'S x.Pa r', 'S x.Pa r_2024_01_02', 'T s', 'day')).toBe(1);
    expect(await create(session, 'S x.Pa r', 'S x.Pa r_2024_01_02', 'T s', 'day')).toBe(0);
    const part = '"S x"."Pa r_2024_01_02"';
    expect(
      await session.query(
        sql(
          `select pg_get_constraintdef(oid) as def from pg_constraint
            where conrelid = $1::text::regclass and contype in ('c', 'p') order by 1`,
          part,
        ),
      ),
    ).toEqual([
      {
        def: `CHECK ((("T s" >= '2024-01-02 00:00:00+00'::timestamp with time zone) AND ("T s" < '2024-01-03 00:00:00+00'::timestamp with time zone)))`,
      },
      { def: "CHECK ((v <> ''::text))" },
      { def: 'PRIMARY KEY (id)' },
    ]);
    expect(
      await session.query(
        sql(
          'select pg_get_triggerdef(oid) as def, tgenabled as on from pg_trigger where tgrelid = $1::text::regclass',
          part,
        ),
      ),
    ).toEqual([
      {
        def: `CREATE TRIGGER "a ON ""S x"".""Pa r"" b" AFTER UPDATE OF v ON ${part} FOR EACH ROW WHEN ((new.v <> 'a'::text)) EXECUTE FUNCTION "S x".f('x', 'y''z')`,
        on: 'D',
      },
    ]);
    expect(await value(session, "select count(*) from pg_rules where tablename = 'Pa r_2024_01_02'")).toBe(1n);
    expect(await value(session, "select count(*) from pg_indexes where tablename = 'Pa r_2024_01_02'")).toBe(2n);
    expect(await value(session, "select has_table_privilege('pgq_reader', $1, 'select with grant option')", part)).toBe(
      true,
    );
    await session.script(`insert into ${part} (id, "T s", v) values (1, '2024-01-02', 'x')`);
    expect(await value(session, 'select g from "S x"."Pa r"')).toBe(2);
  });
});
