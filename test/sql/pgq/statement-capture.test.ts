import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Session } from '../../../src/db/session.ts';
import { sql } from '../../../src/db/statement.ts';
import { type FreshDatabase, freshDatabase } from '../../support/database.ts';

// Whatever a transaction does, its events, taken one by one in their order, turn the tables as they were into the tables as
// they are: an insert finds no row of its key, an update and a delete find one.

const schema = `
  create table node (id int primary key, parent int references node, note text);
  create table item (id int, part int, node int references node on update cascade on delete set null, list int[], doc jsonb,
    primary key (part, id));
  create table log (nr bigserial primary key, word text);
  create table plain (id numeric primary key, note text);`;

const tables = ['node', 'item', 'log', 'plain'];

/** Triggers of users, of the kinds that make the order of captured statements hard. */
const userTriggers = {
  audit: `create function audit() returns trigger language plpgsql as $$
      begin insert into log (word) values (tg_table_name || ' ' || tg_op); return null; end $$;
    create trigger audit after insert or update or delete on node for each row execute function audit();
    create trigger audit after insert or update or delete on item for each row execute function audit();`,
  touch: `create function touch() returns trigger language plpgsql as $$
      begin
        if new.note is distinct from 'touched' and pg_trigger_depth() < 4 then
          update node set note = case when note = 'again' then 'touched' else 'again' end where id = new.id;
        end if;
        return null;
      end $$;
    create trigger touch after insert or update on node for each row execute function touch();`,
  siblings: `create function siblings() returns trigger language plpgsql as $$
      begin
        if pg_trigger_depth() < 3 then
          update node set id = id + 20, note = 'moved' where id = old.id + 1;
          delete from node where id = old.id + 2;
          insert into node values (old.id, null, 'back') on conflict (id) do update set note = 'conflict';
        end if;
        return null;
      end $$;
    create trigger siblings after delete or update on node for each row execute function siblings();`,
  statement: `create function whole() returns trigger language plpgsql as $$
      begin
        if pg_trigger_depth() < 2 then update node set note = coalesce(note, '') || '+' where id < 3; end if;
        return null;
      end $$;
    create trigger "A whole" after insert or update or delete on node for each statement execute function whole();`,
  before: `create function replace_it() returns trigger language plpgsql as $$
      begin delete from plain where id = new.id; return new; end $$;
    create trigger replace_it before insert on plain for each row execute function replace_it();`,
} as const;

const id = fc.integer({ min: 1, max: 6 });
const text = fc.constantFrom('null', "'a'", "'b'", "'it''s'", "'again'");
const shift = fc.constantFrom(1, -1, 10, -10, 2);

const nodeChange = fc.oneof(
  fc.tuple(id, id, text).map(
    ([a, b, note]) => `insert into node select g, null, ${note} from generate_series(${a}, ${b}) g
    on conflict (id) do nothing`,
  ),
  fc
    .tuple(id, fc.option(id), text)
    .map(([key, parent, note]) => `insert into node values (${key}, ${parent ?? 'null'}, ${note})`),
  fc.tuple(id, id, shift).map(
    ([a, b, by]) => `insert into node values (${a}, null, 'x'), (${b}, ${a}, 'y')
    on conflict (id) do update set id = node.id + ${by}, note = 'upsert'`,
  ),
  fc.tuple(shift, id, id).map(([by, a, b]) => `update node set id = id + ${by} where id between ${a} and ${b}`),
  fc.tuple(id, text).map(([key, note]) => `update node set note = ${note} where id >= ${key}`),
  fc.tuple(id, fc.option(id)).map(([key, parent]) => `update node set parent = ${parent ?? 'null'} where id = ${key}`),
  id.map((key) => `delete from node where id = ${key}`),
  fc.tuple(id, id).map(
    ([a, b]) => `with d as (delete from node where id in (${a}, ${b}) returning *)
    insert into node select id, null, 'anew' from d`,
  ),
  fc.tuple(id, id).map(
    ([a, b]) => `with d as (delete from node where id in (${a}, ${b}) returning *)
    insert into node select id, null, 'one of them' from d limit 1`,
  ),
);
const merges = fc.oneof(
  fc.tuple(id, id, shift).map(
    ([a, b, by]) => `merge into node using (values (${a}, 1), (${b}, 2)) s (id, n)
    on node.id = s.id and s.n = 1
    when matched and node.note is null then delete
    when matched then update set id = node.id + ${by}
    when not matched then insert values (s.id, null, 'merged')`,
  ),
  fc.tuple(id, id).map(
    ([a, b]) => `merge into node using (values (${a}, ${b})) s (id, other) on node.id = s.id or node.id = s.other
    when matched and node.id = s.other then delete
    when matched then update set note = 'matched'
    when not matched then insert values (s.id, null, 'merged')`,
  ),
);
const otherChange = fc.oneof(
  fc
    .tuple(id, id, fc.option(id))
    .map(
      ([key, part, node]) =>
        `insert into item values (${key}, ${part}, ${node ?? 'null'}, array[${key}, null], '{"a": [null, "b"]}')`,
    ),
  fc.tuple(id, shift).map(([key, by]) => `update item set part = part + ${by} where id <= ${key}`),
  id.map((key) => `update item set list = list || ${key}, doc = 'null' where part = ${key}`),
  id.map((key) => `delete from item where part <= ${key}`),
  fc.tuple(id, text).map(([key, note]) => `insert into plain values (${key}.0, ${note})`),
  fc.tuple(id, shift).map(([key, by]) => `update plain set id = id + ${by} where id <= ${key}`),
  fc.constantFrom(
    'update plain set id = id * 1.0',
    'update plain set id = id * 1.00 where id > 2',
    'truncate item',
    'delete from plain',
    'truncate log',
  ),
);
const ddl = fc.constantFrom(
  'alter table node add column more int[]',
  'alter table node drop column if exists more',
  'alter table item rename column list to lists',
  'alter table item alter column node type bigint',
  'analyze node',
);
const rotate = fc.constant(`update pgq.queue set queue_cur_table = (queue_cur_table + 1) % 3`);

type Action = { readonly text: string } | { readonly block: readonly string[]; readonly ends: 'commit' | 'rollback' };

const workload = (withMerge: boolean) => {
  const statement = fc.oneof(
    { weight: 8, arbitrary: nodeChange },
    ...(withMerge ? [{ weight: 3, arbitrary: merges }] : []),
    { weight: 5, arbitrary: otherChange },
    { weight: 1, arbitrary: rotate },
  );
  return fc.record({
    triggers: fc.subarray(Object.keys(userTriggers) as (keyof typeof userTriggers)[]),
    /** After capture was made: the table's functions know nothing of them. */
    late: fc.boolean(),
    actions: fc.array(
      fc.oneof(
        { weight: 6, arbitrary: statement.map((each): Action => ({ text: each })) },
        { weight: 1, arbitrary: ddl.map((each): Action => ({ text: each })) },
        {
          weight: 3,
          arbitrary: fc.record({
            block: fc.array(statement, { minLength: 1, maxLength: 5 }),
            ends: fc.constantFrom('commit' as const, 'rollback' as const),
          }),
        },
      ),
      { minLength: 4, maxLength: 14 },
    ),
  });
};

describe.each([12, 18] as const)('PostgreSQL %i', (version) => {
  let database: FreshDatabase;
  let session: Session;
  beforeAll(async () => {
    database = await freshDatabase({ version, install: ['pgq'] });
    session = await database.session();
    await session.script(`select pgq.create_queue('q'); set client_min_messages = error`);
  });
  afterAll(async () => {
    await session.close();
    await database.drop();
  });

  test('what is written to a table that was altered in any way is captured as the table is now', async () => {
    const row = `{ "id": 1, "ident": 1, "other": 1, "list": [1], "doc": {}, "note": "x" }`;
    const writes = `insert into altered select * from jsonb_populate_record(null::altered, '${row}');
      update altered set note = 'y'; update altered set other = 2; delete from altered;`;
    for (const together of [false, true]) {
      await session.script(`drop schema public cascade; create schema public; drop schema if exists ext cascade; create schema ext;
        create extension ltree schema ext;
        create table altered (id numeric primary key, other int not null, list int[], doc jsonb, note text)`);
      await capture(session, 'altered');
      await session.script(writes);
      for (const change of [
        'drop column list',
        'rename column doc to document',
        'rename column id to ident',
        'alter column ident type ext.ltree using ident::text::ext.ltree',
        'alter column ident type text',
        'drop constraint altered_pkey, add primary key (other)',
        'drop column ident',
        'alter column other type numeric',
      ]) {
        await session.script('truncate pgq.event_1');
        // In one transaction, as one query.
        if (together) await session.script(`alter table altered ${change}; ${writes}`);
        else for (const each of [`alter table altered ${change}`, ...writes.split(';')]) await session.script(each);
        const seen = await session.query<{ ops: string; columns: string }>(
          sql(`select string_agg(ev_type::jsonb ->> 'op', ' ' order by ev_id) as ops, (select string_agg(k, ' ') from json_object_keys(min(ev_data)::json) k) as columns
            from pgq.event_1`),
        );
        const columns = sql(
          `select string_agg(attname, ' ' order by attnum) as columns, $1 as ops
          from pg_attribute where attrelid = 'altered'::regclass and attnum > 0 and not attisdropped`,
          /other/.test(change) || change === 'drop column ident'
            ? 'INSERT UPDATE DELETE INSERT DELETE'
            : 'INSERT UPDATE UPDATE DELETE',
        );
        expect(seen, change).toEqual(await session.query(columns));
      }
    }
  }, 60_000);

  test('a transaction that began before the table was altered is refused in place of losing a column', async () => {
    await using altering = await database.session();
    await session.script(`drop schema public cascade; create schema public; truncate pgq.event_1; create table altered (id int primary key, n numeric);
      create table by_row (id int primary key, n numeric);
      create trigger told after insert on by_row for each row execute function pgq.logutriga('q')`);
    await capture(session, 'altered');
    for (const [table, sees] of [
      ['altered', 'ev_data::jsonb -> $1'],
      ['by_row', `substring(ev_data from $1 || '=[^&]*')`],
    ] as const) {
      await session.script(`insert into ${table} values (0)`);
      for (const column of ['more', 'yet_more']) {
        await session.script('begin isolation level repeatable read; select from pg_class');
        await altering.script(`alter table ${table} add ${column} int`);
        await expect(session.script(`insert into ${table} (id, ${column}) values (9, 9)`)).rejects.toMatchObject({
          code: '40001',
        });
        await session.script(`rollback; delete from ${table}; truncate pgq.event_1`);
        await session.script(`insert into ${table} (id, ${column}) values (1, 1)`);
        await session.script('begin isolation level repeatable read');
        await session.script(`insert into ${table} (id, ${column}) values (2, 2); commit`);
        const told = await session.query(sql(`select from pgq.event_1 where ${sees} is not null`, column));
        expect(told, `${table} ${column}`).toHaveLength(2);
      }
    }
  });

  test('what a session says of itself counts from its next statement on, whatever plans it keeps', async () => {
    await session.script(`drop schema public cascade; create schema public; truncate pgq.event_1;
      create table told (id int primary key, note text);
      do $$ begin create role told_writer; exception when duplicate_object then null; end $$;
      grant pgq_writer to told_writer; grant all on told to told_writer; grant usage on schema public to told_writer`);
    await capture(session, 'told');
    await session.script('insert into told select generate_series(1, 3)');
    const told = async () => {
      const [last] = await session.query<{ id: bigint }>(sql('select coalesce(max(ev_id), 0) as id from pgq.event_1'));
      for (const write of [
        'insert into told values (4)',
        "update told set note = 'a' where id = 4",
        'update told set note = id',
        'delete from told where id = 4',
        'update told set note = id where id > 4',
        'delete from told where id > 4',
      ]) {
        await session.script(write);
      }
      const events = await session.query<{ op: string }>(
        sql(`select ev_type::json ->> 'op' as op from pgq.event_1 where ev_id > $1 order by ev_id`, last?.id),
      );
      return events.map(({ op }) => op).join(' ');
    };
    const all = 'INSERT UPDATE UPDATE UPDATE UPDATE UPDATE DELETE';
    for (const role of ['origin', 'local', 'origin', 'replica', 'local', 'origin']) {
      await session.script(`set session_replication_role = ${role}`);
      expect(await told(), role).toBe(role === 'origin' ? all : '');
    }
    await session.script('begin; savepoint before; set local session_replication_role = local');
    expect(await told()).toBe('');
    await session.script('rollback to before');
    expect(await told()).toBe(all);
    await session.script(`commit; set trunkline.replays = 'on'`);
    expect(await told()).toBe('');
    await session.script('reset trunkline.replays');
    expect(await told()).toBe(all);
    // Not everybody may say so.
    await session.script(
      `grant select on pgq.event_1 to told_writer; set session authorization told_writer; set trunkline.replays = 'on'`,
    );
    expect(await told()).toBe(all);
    await session.script(
      'reset session authorization; reset trunkline.replays; revoke all on pgq.event_1 from told_writer',
    );
  });

  test.each([
    ['interval', `'-1 day -01:02:03'`],
    ['interval[]', `'{-1 day -01:02:03}'`],
    ['float8', '1.0 / 3'],
    ['float4[]', `'{0.1234567}'`],
    ['point', 'point(1.0 / 3, 2)'],
    ['date[]', `'{2024-02-03}'`],
    ['tstzrange', `'[2024-02-03 04:05+00,)'`],
    ['daterange', `'[2024-02-03,2024-03-04)'`],
    ['part', `row('-1 day -01:02:03', '2024-02-03')::part`],
    ['lately', `'{2024-02-03}'`],
    ['timestamptz', `'2024-02-03 04:05+00'`],
  ])('a column of type %s is told alike by all sessions', async (type, value) => {
    await session.script(`drop schema public cascade; create schema public; create type part as (iv interval, day date);
      create domain lately as date[]; create table styled (id int primary key, v ${type})`);
    await capture(session, 'styled');
    const told = async () => {
      await session.script(
        `truncate pgq.event_1; insert into styled values (1, ${value}); update styled set v = v; delete from styled`,
      );
      return session.query(sql('select ev_data from pgq.event_1 order by ev_id'));
    };
    const plainly = await told();
    expect(plainly).toHaveLength(3);
    for (const [setting, other] of [
      ['datestyle', 'SQL, DMY'],
      ['intervalstyle', 'sql_standard'],
      ['extra_float_digits', '-3'],
    ]) {
      await session.script(`set ${setting} = '${other}'`);
      expect(await told(), setting).toEqual(plainly);
      expect(await session.query(sql('select current_setting($1) as value', setting))).toEqual([{ value: other }]);
      await session.script(`reset ${setting}`);
    }
  });

  test('a key that is written otherwise is another key, also where its collation takes both for one', async () => {
    await session.script(`drop schema public cascade; create schema public; truncate pgq.event_1;
      create collation either (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      create table named (k text collate either primary key)`);
    await capture(session, 'named');
    await session.script(
      `insert into named values ('a'), ('b'); update named set k = 'A' where k = 'a'; update named set k = upper(k)`,
    );
    const events = await session.query<{ told: string }>(
      sql(`select concat(ev_type::json ->> 'op', ' ', ev_data::json ->> 'k') as told from pgq.event_1 order by ev_id`),
    );
    expect(events.map(({ told }) => told)).toEqual([
      'INSERT a',
      'INSERT b',
      'DELETE a',
      'INSERT A',
      'DELETE b',
      'INSERT B',
      'UPDATE A',
    ]);
  });

  // There is no MERGE before.
  if (version >= 15) {
    test('a row that a MERGE inserts comes after the one that had its key', async () => {
      for (const before of ['update set id = 5', 'delete']) {
        await session.script(
          `drop schema public cascade; create schema public; truncate pgq.event_1; create table merged (id int primary key)`,
        );
        await capture(session, 'merged');
        await session.script(`insert into merged values (1);
        merge into merged m using (values (1), (9)) s (id) on m.id = s.id when matched then ${before} when not matched then insert values (1)`);
        const events = await session.query<{ told: string }>(
          sql(
            `select concat(ev_type::json ->> 'op', ' ', ev_data::json ->> 'id') as told from pgq.event_1 order by ev_id`,
          ),
        );
        const moved = before === 'delete' ? [] : ['INSERT 5'];
        expect(events.map(({ told }) => told)).toEqual(['INSERT 1', 'DELETE 1', ...moved, 'INSERT 1']);
      }
    });
  }

  test('a queue that takes no events refuses the write, whatever triggers follow it', async () => {
    await session.script(`drop schema public cascade; create schema public; ${schema}`);
    for (const trigger of ['', userTriggers.audit]) {
      await session.script(trigger);
      await capture(session, 'node');
      await session.script('update pgq.queue set queue_disable_insert = true');
      await expect(session.script('insert into node values (1)')).rejects.toThrow('does not take events');
      await session.script(`update pgq.queue set queue_disable_insert = false;
        select trunkline_capture.drop_capture('q', 'public.node'); drop table node cascade; create table node (id int primary key, parent int, note text)`);
    }
  });

  test('events replayed one by one give the tables they came from', async () => {
    let seen = 0;
    await fc.assert(
      fc.asyncProperty(workload(version === 18), async ({ triggers, late, actions }) => {
        await session.script(`drop schema public cascade; create schema public; truncate pgq.event_1;
          ${schema}`);
        const users = triggers.map((name) => userTriggers[name]).join('\n');
        if (!late) await session.script(users);
        for (const table of tables) await capture(session, table);
        if (late) await session.script(users);
        // All of it in one transaction, then again in one for each.
        await session.script('begin');
        for (const action of actions) await act(session, action);
        await session.script('commit');
        for (const action of actions) {
          await session.script('begin');
          await act(session, action);
          await session.script('commit');
        }
        seen += await expectReplay(session);
      }),
      {
        numRuns: 80,
        interruptAfterTimeLimit: 10_000,
        ...seeded(),
      },
    );
    expect(seen).toBeGreaterThan(200);
  }, 60_000);
});

async function capture(session: Session, table: string): Promise<void> {
  await session.script(`
    do $$ declare names text[] := trunkline_capture.create_capture('q', 'public.${table}'::regclass, 'public.${table}'); begin
      perform trunkline_capture.create_triggers('public.${table}', 'q', names);
    end $$;
    create trigger truncated after truncate on public.${table} for each statement execute function pgq.sqltriga('q')`);
}

/** What the database refuses is taken back, and is no part of the workload. */
async function act(session: Session, action: Action): Promise<void> {
  const statements = 'text' in action ? [action.text] : action.block;
  await session.script('savepoint whole');
  for (const statement of statements) {
    await session.script('savepoint one');
    try {
      await session.script(statement);
    } catch (error) {
      const { code } = ((error as Error).cause ?? error) as { code?: string };
      if (!/^(23|42|0A|54|21|2F|55|27)/.test(code ?? '')) throw error;
      await session.script('rollback to savepoint one');
    }
  }
  if (!('text' in action) && action.ends === 'rollback') await session.script('rollback to savepoint whole');
}

interface Event {
  readonly table: string;
  readonly type: string;
  readonly data: string;
}

/** Gives the number of events. */
async function expectReplay(session: Session): Promise<number> {
  const events = await session.query<Event>(
    sql('select ev_extra1 as table, ev_type as type, ev_data as data from pgq.event_1 order by ev_id'),
  );
  for (const table of tables) {
    const rows = new Map<string, Row>();
    for (const event of events) if (event.table === `public.${table}`) replay(rows, event);
    const there = await session.query<{ row: string }>(
      sql(`select trunkline_capture.row_json(t.tableoid,
             array(select attname from pg_attribute where attrelid = t.tableoid and attnum > 0 and not attisdropped order by attnum),
             null, null, t) as row from ${table} t`),
    );
    const actual = there.map(({ row }) => shown(JSON.parse(row) as Row));
    expect([...rows.values()].map(shown).sort(), table).toEqual(actual.sort());
  }
  return events.length;
}

type Row = Readonly<Record<string, unknown>>;

function replay(rows: Map<string, Row>, event: Event): void {
  if (event.type === 'R') {
    rows.clear();
    return;
  }
  const { op, pkey } = JSON.parse(event.type) as { readonly op: string; readonly pkey: readonly string[] };
  const row = JSON.parse(event.data) as Row;
  const key = JSON.stringify(pkey.map((column) => row[column]));
  if (rows.has(key) !== (op !== 'INSERT')) throw new Error(`${op} of ${event.table} ${event.data}`);
  if (op === 'DELETE') rows.delete(key);
  else rows.set(key, row);
}

/** Without what DDL did to rows that no event speaks of. */
function shown({ more: _, list, lists, ...row }: Row): string {
  const all: Row = { ...row, list: lists ?? list ?? null };
  return JSON.stringify(Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** Failures name their seed; TEST_SEED runs that one again. */
function seeded(): { readonly seed?: number } {
  const seed = Number(process.env.TEST_SEED ?? '');
  return process.env.TEST_SEED === undefined ? {} : { seed };
}
