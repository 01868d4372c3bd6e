import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Session } from '../../src/db/session.ts';
import { quoteLiteral, sql } from '../../src/db/statement.ts';
import { answer, value } from '../support/call.ts';
import type { FreshDatabase } from '../support/database.ts';
import { type Engine, engineDatabase, onBoth } from '../support/engines.ts';

// Every function with good and bad arguments, asked of both: the same answer and the same changes in the catalog, or
// refused by both. Each call is undone.

interface Argument {
  readonly mode: string;
  readonly name: string;
  readonly type: string;
}
interface FunctionFacts {
  readonly name: string;
  readonly args: readonly Argument[];
  readonly result: string;
}
const catalog: {
  readonly schemas: Readonly<Record<string, { readonly functions: Readonly<Record<string, FunctionFacts>> }>>;
} = JSON.parse(readFileSync('test/data/catalog.json', 'utf8'));

type Values = readonly (string | null)[];
const odd = `O'd"d. x`;
const queues: Values = ['q', 'b', 'l', 'none', odd, '', null];

/** By name of the argument, else by its type. The first fits best. */
const byName: readonly [name: RegExp, values: Values][] = [
  [/queue/, queues],
  [/part_field/, ['d', '', 'none', null]],
  [/part_period|partition_period/, ['day', 'month', 'week', null]],
  [/pkeys/, ['id', null]],
  [/_part$|partition_table/, ['public.t_2024_01_02', 'new', null]],
  [/merge_state/, ['in-copy', 'ok', 'wanna-sync:5', 'nonsense', null]],
  [/snapshot/, [null, '1:2:']],
  [/fqname|^i_name$/, ['public.t', 't', 'a.b.c', odd, '', null]],
  [/table|tbl/, ['public.t', 't', 'public.k', 'v', 'none', odd, null]],
  [/seq_name|^seq$/, ['s', 'public.s', 'none', odd, null]],
  [/kind/, ['r', 'S', null]],
  [/consumer|worker/, ['c', 'root_w', 'new', odd, null]],
  [/provider|node_name|node_location|new_provider/, ['other', 'root', 'none', odd, null]],
  [/node_type/, ['leaf', 'root', 'trunk', null]],
  [/param_name/, ['ticker_max_lag', 'ticker_paused', 'ntables', odd, null]],
  [/param_value/, ['1', 'true', 'x', null]],
  [/fkey_name/, ['k_t_fkey', 'none', null]],
  [
    /trg_args/,
    ['{}', '{no_triggers}', '{virtual_table}', '{merge_all,no_merge}', '{tgflags=B,skip}', '{backup}', null],
  ],
  [/file_name/, ['done.sql', 'new.sql', null]],
  [/sql$|ddl/, ['select 1', null]],
  [/^val$/, ['replica', 'local', 'other', null]],
  [/(cursor)/, ['cur', odd, null]],
  [/extra_where/, ["ev_type = 't'", 'nonsense (', null]],
  [/batch_id/, ['1', '99', '-1', null]],
];
const byType: Readonly<Record<string, Values>> = {
  text: ['x', odd, '', null],
  'text[]': ['{}', null],
  bigint: ['2', '1', '999', '-1', null],
  integer: ['1', '0', '2', '-1', null],
  boolean: ['true', 'false', null],
  interval: ['0', '1 year', null],
  'timestamp with time zone': ['2024-01-02 10:30+00', null],
  oid: ['pgq.sqltriga', 'pg_catalog.now', null],
};

function valuesOf({ name, type }: Argument): Values {
  return byName.find(([pattern]) => pattern.test(name))?.[1] ?? byType[type] ?? [];
}

/** The originals fail without a destination, ours takes the table itself. */
const oursIsBetter = /^londiste\.create_trigger\('\w'::text, 'public\.t'::text, '\{\}'::text\[\], null::text/;

/** All queues once, then each other argument changed on its own, on a root and on a branch; and nothing but nulls. */
function callsOf(schema: string, { name, args }: FunctionFacts): string[] {
  const inputs = args.filter(({ mode }) => mode === 'in' || mode === 'inout');
  const choices = inputs.map(valuesOf);
  const best = choices.map((values) => values[0] ?? null);
  const vectors = [best, best.map(() => null)];
  for (const [place, values] of choices.entries()) {
    for (const other of values.slice(1)) {
      const changed = best.with(place, other);
      vectors.push(changed);
      if (inputs[0]?.name.includes('queue') && place > 0) vectors.push(changed.with(0, 'b'));
    }
  }
  const written = vectors.map((vector) =>
    vector.map((each, place) => {
      const type = inputs[place]?.type ?? 'text';
      return `${each === null ? 'null' : quoteLiteral(each)}::${type === 'oid' ? 'regproc::oid' : type}`;
    }),
  );
  const calls = written.map((values) => `${schema}.${name}(${values.join(', ')})`);
  return [...new Set(calls)].filter((call) => !oursIsBetter.test(call));
}

const setUp = `
  create table t (id int primary key, d date, v text);
  create table t_2024_01_02 () inherits (t);
  create table k (id int primary key, t int references t);
  create view v as select 1 as x;
  create sequence s;
  create function pg_temp.state() returns setof text language sql as $$
    select 'queue ' || (to_jsonb(q) - '{queue_switch_step1,queue_switch_step2,queue_switch_time}'::text[])::text
      from pgq.queue q
    union all
    select concat_ws(' ', 'subscription', sub_queue, co_name, 'at ' || sub_last_tick, sub_batch is not null)
      from pgq.subscription join pgq.consumer on co_id = sub_consumer
    union all
    select concat_ws(' ', 'event', tableoid::regclass, row_number() over (partition by tableoid order by ev_id),
                     ev_owner, ev_retry, to_jsonb(array[ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3, ev_extra4]))
      from pgq.event_template
    union all
    select concat_ws(' ', 'again', ev_queue, ev_owner, ev_retry, ev_type, ev_data) from pgq.retry_queue
    union all
    select concat_ws(' ', 'location', to_jsonb(l)) from pgq_node.node_location l
    union all
    select concat_ws(' ', 'node', to_jsonb(n)) from pgq_node.node_info n
    union all
    select concat_ws(' ', 'consumer', to_jsonb(c)) from pgq_node.local_state c
    union all
    select concat_ws(' ', 'subscriber', to_jsonb(s)) from pgq_node.subscriber_info s
    union all
    select 'table ' || (to_jsonb(t) - 'nr')::text from londiste.table_info t
    union all
    select 'sequence ' || (to_jsonb(s) - 'nr')::text from londiste.seq_info s
    union all
    select 'file ' || (to_jsonb(f) - 'execute_time')::text from londiste.applied_execute f
    union all
    select 'down ' || (to_jsonb(f) - 'fkey_def')::text from londiste.pending_fkeys f
    union all
    select concat_ws(' ', 'relation', relkind, relname) from pg_class where relnamespace = 'public'::regnamespace
    union all
    select concat_ws(' ', 'trigger', pg_get_triggerdef(t.oid)) from pg_trigger t
      join pg_class c on c.oid = tgrelid and c.relnamespace = 'public'::regnamespace where not tgisinternal
    union all
    select concat_ws(' ', 'key', conrelid::regclass, pg_get_constraintdef(oid)) from pg_constraint
     where connamespace = 'public'::regnamespace
  $$;
  create function pg_temp.outcome(call text) returns text language plpgsql as $$
  declare
    outcome text;
    changes text;
  begin
    execute format('select coalesce(jsonb_agg(to_jsonb(x)), ''[]'')::text from %s x', call) into outcome;
    with after as materialized (select line from pg_temp.state() line)
    select string_agg(change, E'\\n' order by change collate "C")
      from (select '+' || line as change from (table after except table before) a(line)
            union all
            select '-' || line from (table before except table after) b(line)) c
      into changes;
    raise exception using errcode = 'ZZ001', message = concat_ws(E'\\n', outcome, changes);
  exception
    when sqlstate 'ZZ001' then return sqlerrm;
    when others then return 'refused: ' || sqlerrm;
  end $$`;

async function prepared(engine: Engine): Promise<{ database: FreshDatabase; session: Session }> {
  const database = await engineDatabase(engine);
  const session = await database.session();
  await session.script(setUp);
  for (const queue of ['q', 'b', 'l', odd]) {
    for (const node of ['root', 'other', 'branch', 'leaf']) {
      await answer(session, 'pgq_node.register_location', queue, node, `dbname=${node}`, false);
    }
  }
  for (const queue of ['q', odd]) {
    await answer(session, 'pgq_node.create_node', queue, 'root', 'root', 'root_w', null, null, null);
    await answer(session, 'londiste.local_add_table', queue, 't');
  }
  await answer(session, 'pgq_node.create_node', 'b', 'branch', 'branch', 'branch_w', 'root', 1, null);
  await answer(session, 'pgq_node.create_node', 'l', 'leaf', 'leaf', 'leaf_w', 'root', 1, 'q');
  await answer(session, 'pgq_node.register_subscriber', 'q', 'other', 'other_w', null);
  await answer(session, 'londiste.local_add_seq', 'q', 's');
  for (const queue of ['b', 'l']) {
    await answer(session, 'londiste.global_add_table', queue, 't');
    await answer(session, 'londiste.global_update_seq', queue, 's', 5);
  }
  await answer(session, 'londiste.local_add_table', 'b', 't');
  await answer(session, 'londiste.execute_start', 'q', 'done.sql', 'select 1', true);
  await answer(session, 'pgq_node.register_consumer', 'q', 'c', 'other', 1);
  for (const queue of ['q', odd]) {
    await value(session, 'select pgq.register_consumer($1, $2)', queue, 'c');
    await value(session, 'select pgq.insert_event($1, $2, $3)', queue, 't', 'd');
    await value(session, 'select pgq.force_tick($1)', queue);
    await value(session, 'select pgq.ticker($1)', queue);
    await value(session, 'select pgq.next_batch($1, $2)', queue, 'c');
  }
  // Whether the next tick is due does not depend on how long the calls before it took.
  await session.script(`update pgq.tick set tick_time = tick_time - interval '1 minute'`);
  await session.script('create temporary table before as select line from pg_temp.state() line');
  return { database, session };
}

/** Without what the clock, the server's counters and the wording of an error bring into it. */
function settled(outcome: string): string {
  if (outcome.startsWith('refused: ')) return 'refused';
  return outcome
    .replace(/"\d{4}-\d\d-\d\dT[\d:.+-]+"/g, '"a time"')
    .replace(/"(\d+ days? )?-?\d\d:\d\d:\d\d(\.\d+)?"/g, '"an interval"')
    .replace(/"(ev_txid|ev_per_sec)": [\d.]{3,}/g, '"$1": "a number"');
}

const anyNote = /"ret_note": (null|"([^"\\]|\\.)*")/;

/** Where the original has no note, because an argument was NULL, ours may have one. */
function sameNote(ours: string, original: string): string {
  return original.includes('"ret_note": null') ? ours.replace(anyNote, '"ret_note": null') : ours;
}

const withoutTriggers = (outcome: string) => outcome.replace(/\n[+-]trigger .*/g, '');

/** What two databases or two ways of writing it can not have in common. */
const peculiar: Readonly<Record<string, (outcome: string) => string>> = {
  batch_event_sql: (outcome) => outcome.replace(/select .*/, 'a query'),
  maint_operations: (outcome) =>
    JSON.stringify((JSON.parse(outcome) as unknown[]).map((each) => JSON.stringify(each)).sort()),
  find_rel_oid: (outcome) => outcome.replace(/\d+/, 'an oid'),
  find_seq_oid: (outcome) => outcome.replace(/\d+/, 'an oid'),
  find_table_oid: (outcome) => outcome.replace(/\d+/, 'an oid'),
  // Triggers that the queue had on the table stay beside the new ones of the originals.
  create_trigger: withoutTriggers,
  local_change_handler: withoutTriggers,
  // Ours leaves out what is registered.
  local_show_missing: (outcome) => outcome.replace('{"obj_kind": "S", "obj_name": "public.s"}, ', ''),
  // Ours names the other table with its schema.
  find_table_fkeys: (outcome) => outcome.replaceAll('REFERENCES public.t', 'REFERENCES t'),
};

onBoth((originals, ours) => {
  let there: Awaited<ReturnType<typeof prepared>>;
  let here: Awaited<ReturnType<typeof prepared>>;
  beforeAll(async () => {
    there = await prepared(originals);
    here = await prepared(ours);
  });
  afterAll(async () => {
    for (const { session, database } of [there, here]) {
      await session.close();
      await database.drop();
    }
  });

  const functions = ['pgq', 'pgq_node', 'londiste'].flatMap((schema) =>
    Object.entries(catalog.schemas[schema]?.functions ?? {})
      .filter(([, facts]) => facts.result !== 'trigger')
      .map(([signature, facts]) => ({
        title: `${schema}.${signature}`,
        name: facts.name,
        calls: callsOf(schema, facts),
      })),
  );
  test.each(functions)('$title', async ({ name, calls }) => {
    const outcomes = async (session: Session) => {
      const found = await session.query<{ outcome: string }>(
        sql(
          'select pg_temp.outcome(call) as outcome from unnest($1::text[]) with ordinality u(call, n) order by n',
          calls,
        ),
      );
      return found.map(({ outcome }) => (peculiar[name] ?? String)(settled(outcome)));
    };
    const original = await outcomes(there.session);
    const ours = (await outcomes(here.session)).map((each, place) => sameNote(each, original[place] ?? ''));
    const listed = (answers: readonly string[]) =>
      Object.fromEntries(calls.map((call, place) => [call, answers[place]]));
    expect(listed(ours)).toEqual(listed(original));
  });
});
