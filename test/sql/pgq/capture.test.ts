import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Session } from '../../../src/db/session.ts';
import { sql } from '../../../src/db/statement.ts';
import { type FreshDatabase, freshDatabase } from '../../support/database.ts';

interface Event {
  readonly type: string;
  readonly data: string | null;
  readonly backup: string | null;
}

let database: FreshDatabase;
let session: Session;

beforeAll(async () => {
  database = await freshDatabase({ install: ['pgq'] });
  session = await database.session();
  await session.script(`select pgq.create_queue('q')`);
});
afterAll(async () => {
  await session.close();
  await database.drop();
});
beforeEach(async () => {
  await session.script('drop table if exists t cascade; truncate pgq.event_1_0');
});

async function events(): Promise<Event[]> {
  return session.query<Event>(
    sql('select ev_type as type, ev_data as data, ev_extra2 as backup from pgq.event_1 order by ev_id'),
  );
}

async function logged(trigger: string, ...args: string[]): Promise<void> {
  const list = ['q', ...args].map((each) => `'${each}'`).join(', ');
  await session.script(`create trigger tg after insert or update or delete on t
                          for each row execute procedure pgq.${trigger}(${list})`);
}

describe('key_update=split', () => {
  test.each([
    ['logutriga', ['D:id', 'I:id'], ['id=1&a=x', 'id=2&a=y']],
    ['sqltriga', ['D', 'I'], ["id='1'", "(id,a) values ('2','y')"]],
    [
      'jsontriga',
      ['{"op":"DELETE","table":["public","t"],"pkey":["id"]}', '{"op":"INSERT","table":["public","t"],"pkey":["id"]}'],
      ['{"id":1,"a":"x"}', '{"id":2,"a":"y"}'],
    ],
  ])('%s captures a key update as a delete and an insert', async (trigger, types, data) => {
    await session.script(`create table t (id int primary key, a text); insert into t values (1, 'x')`);
    await logged(trigger, 'key_update=split');
    await session.script(`update t set id = 2, a = 'y'`);
    const seen = await events();
    expect(seen.map((event) => event.type)).toEqual(types);
    expect(seen.map((event) => event.data)).toEqual(data);
  });

  test('an update that keeps the key stays an update', async () => {
    await session.script(`create table t (id numeric primary key, a text); insert into t values (1.0, 'x')`);
    await logged('logutriga', 'key_update=split', 'backup');
    await session.script(`update t set id = 1.00, a = 'y'`);
    expect(await events()).toEqual([{ type: 'U:id', data: 'id=1.00&a=y', backup: 'id=1.0&a=x' }]);
  });

  test('a condition is asked of each half on its own', async () => {
    await session.script('create table t (id int primary key); insert into t values (1), (20)');
    await logged('logutriga', 'key_update=split', 'when=id < 10');
    await session.script('update t set id = id + 11 where id = 1; update t set id = 5 where id = 20');
    expect((await events()).map((event) => `${event.type} ${event.data}`)).toEqual(['D:id id=1', 'I:id id=5']);
  });

  test('a key far from the front, in quotes, and of several columns is watched too', async () => {
    await session.script(`create table t (x text, b text, a text, primary key (a, b));
                          insert into t values ('p q', 'b b', 'a,a')`);
    await logged('logutriga', 'key_update=split');
    await session.script(`update t set x = 'r'; update t set b = 'c c'; update t set a = 'd "d"'`);
    expect((await events()).map((event) => event.type)).toEqual(['U:a,b', 'D:a,b', 'I:a,b', 'D:a,b', 'I:a,b']);
  });
});

describe('changes of the table are seen at once', () => {
  test('renamed, added, dropped and retyped columns, and another key', async () => {
    await session.script('create table t (id int primary key, a text); insert into t values (1, null)');
    await logged('logutriga');
    await session.script(`
      update t set a = 'x';
      alter table t rename id to ident; update t set a = 'y';
      alter table t add k int default 3; update t set a = 'z';
      alter table t drop constraint t_pkey, add primary key (k); update t set a = 'k';
      alter table t replica identity full; update t set a = 'f';
      alter table t alter ident type boolean using true; update t set a = 'b';
      alter table t drop ident; update t set a = 'd'`);
    expect((await events()).map((event) => `${event.type} ${event.data}`)).toEqual([
      'U:id id=1&a=x',
      'U:ident ident=1&a=y',
      'U:ident ident=1&a=z&k=3',
      'U:k ident=1&a=k&k=3',
      'U:k ident=1&a=f&k=3',
      'U:k ident=t&a=b&k=3',
      'U:k a=d&k=3',
    ]);
  });

  test('columns that a key index only includes are not key columns', async () => {
    await session.script(
      'create table t (a int, b int, c int, primary key (b) include (c)); insert into t values (1, 2, 3)',
    );
    await logged('logutriga');
    await session.script('update t set c = 4');
    expect((await events())[0]).toMatchObject({ type: 'U:b', data: 'a=1&b=2&c=4' });
  });
});

test("a word in a key column's name is not the name of a key column", async () => {
  await session.script(`create table t ("the key" int primary key, key int); insert into t values (1, 1)`);
  await logged('logutriga');
  await session.script('update t set key = 2');
  expect((await events())[0]).toMatchObject({ type: 'U:the key', data: 'the+key=1&key=2' });
});

describe('values of any content', () => {
  /** The rule of the format, byte by byte. */
  function encoded(text: string): string {
    return [...Buffer.from(text, 'utf8')]
      .map((byte) => {
        const char = String.fromCharCode(byte);
        if (/[-0-9A-Za-z_.]/.test(char)) return char;
        return char === ' ' ? '+' : `%${byte.toString(16).padStart(2, '0')}`;
      })
      .join('');
  }

  test('each character survives alone and between others', async () => {
    await session.script('create table t (id int primary key, a text, b text, c text)');
    await logged('logutriga');
    const codes = [...Array(0x2ff).keys()].map((code) => code + 1).concat([0x20ac, 0x1f600, 0xffff]);
    await session.run(
      sql(`insert into t select c, chr(c), 'x' || chr(c) || 'y,', null from unnest($1::int[]) c order by c`, codes),
    );
    const seen = await events();
    const sorted = [...codes].sort((left, right) => left - right);
    expect(seen.map((event) => event.data)).toEqual(
      sorted.map((code) => {
        const char = String.fromCodePoint(code);
        return `id=${code}&a=${encoded(char)}&b=${encoded(`x${char}y,`)}&c`;
      }),
    );
  });

  test('a value of many megabytes with quotes in it', async () => {
    await session.script('create table t (id int primary key, a text, b text)');
    await logged('jsontriga');
    await session.script(`insert into t values (1, repeat('{"k": "v\\"}, ', 200000), null)`);
    const [row] = await session.query<{ same: boolean }>(
      sql('select ev_data::json ->> $1 = t.a as same from pgq.event_1, t', 'a'),
    );
    expect(row?.same).toBe(true);
    await session.script('drop trigger tg on t; truncate pgq.event_1_0');
    await logged('logutriga');
    await session.script('update t set id = id');
    const [{ data } = { data: null }] = await events();
    const [{ a } = { a: '' }] = await session.query<{ a: string }>(sql('select a from t'));
    expect(data).toBe(`id=1&a=${encoded(a)}&b`);
  });
});

describe('safety', () => {
  test('operators and functions of the caller are not used', async () => {
    await session.script(`
      create table t (id int primary key, a text);
      insert into t values (1, 'x');
      create schema if not exists evil;
      create or replace function evil.trap(text, text) returns boolean language plpgsql as
        $$ begin raise exception 'trapped'; end $$;
      create or replace function evil.trap(int, int) returns boolean language plpgsql as
        $$ begin raise exception 'trapped'; end $$;
      create or replace function evil.trap(bigint, bigint) returns boolean language plpgsql as
        $$ begin raise exception 'trapped'; end $$;
      create or replace function evil.join(text, text) returns text language plpgsql as
        $$ begin raise exception 'trapped'; end $$;
      create or replace function evil.concat("any") returns text language internal as 'text_concat';
      drop operator if exists evil.= (text, text); drop operator if exists evil.= (int, int);
      drop operator if exists evil.= (bigint, bigint); drop operator if exists evil.|| (text, text);
      create operator evil.= (function = evil.trap, leftarg = text, rightarg = text);
      create operator evil.= (function = evil.trap, leftarg = int, rightarg = int);
      create operator evil.= (function = evil.trap, leftarg = bigint, rightarg = bigint);
      create operator evil.|| (function = evil.join, leftarg = text, rightarg = text);
      drop domain if exists evil.text; create domain evil.text as int;`);
    await logged('sqltriga', 'backup');
    await using other = await database.session();
    await other.script(`set search_path = evil, pg_catalog`);
    for (const statement of [
      `insert into public.t values (2, 'y')`,
      `update public.t set a = 'z'`,
      `delete from public.t`,
      `select pgq.create_queue('trap')`,
      `select pgq.register_consumer('trap', 'c')`,
      `select pgq.insert_event('trap', 'a', 'b')`,
      `select pgq.force_tick('trap')`,
      `select pgq.ticker('trap')`,
      `select pgq.next_batch('trap', 'c')`,
      `select pgq.get_batch_events(b), pgq.event_retry(b, 1, 0), pgq.batch_retry(b, 0), pgq.get_batch_info(b)
         from pgq.next_batch('trap', 'c') b`,
      `select pgq.finish_batch(b) from pgq.next_batch('trap', 'c') b`,
      `select pgq.get_queue_info(), pgq.get_consumer_info(), pgq.maint_operations()`,
      `select pgq.maint_retry_events(), pgq.maint_tables_to_vacuum()`,
      `select pgq.set_queue_config('trap', 'rotation_period', '0')`,
      `select pgq.maint_rotate_tables_step1('trap')`,
      `select pgq.maint_rotate_tables_step2()`,
      `select pgq.drop_queue('trap', true)`,
    ]) {
      await other.script(statement);
    }
    expect((await events()).length).toBe(5);
  });

  test('a writer needs pgq_writer, and nothing more', async () => {
    await session.script(`
      create table t (id int primary key, a text);
      create role writer_of_capture; create role plain_of_capture;
      grant pgq_writer to writer_of_capture;
      grant insert, update, delete, select on t to writer_of_capture, plain_of_capture`);
    try {
      await logged('logutriga');
      await session.script(`set role writer_of_capture; insert into t values (1, 'x'); reset role`);
      await expect(session.script(`set role plain_of_capture; insert into t values (2, 'x')`)).rejects.toThrow(
        /permission denied/,
      );
      expect((await events()).length).toBe(1);
    } finally {
      await session.script(`reset role; drop table t; drop role writer_of_capture; drop role plain_of_capture`);
    }
  });
});

describe('a queue that came by another way than create_queue', () => {
  test('takes events through the slow path', async () => {
    await session.script(`
      create table t (id int primary key);
      create or replace function trunkline_capture.insert_row(
        i_queue integer, i_table integer, i_id bigint, i_time timestamptz, i_owner integer, i_retry integer,
        i_type text, i_data text, i_extra1 text, i_extra2 text, i_extra3 text, i_extra4 text)
      returns bigint language plpgsql as $$ begin return null; end $$`);
    await logged('logutriga');
    await session.script(
      'insert into t values (1); select trunkline_capture.refresh_insert_row(); insert into t values (2)',
    );
    expect((await events()).map((event) => event.data)).toEqual(['id=1', 'id=2']);
  });
});
