import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bundledSchemas, changeSchemas, installSchemas } from '../../src/catalog/install.ts';
import type { Session } from '../../src/db/session.ts';
import type { UpgradeScript } from '../../src/db/sql-files.ts';
import { sql } from '../../src/db/statement.ts';
import { type Problem, ToolError } from '../../src/model/problem.ts';
import { compareVersions, type SchemaChange, type SchemaName } from '../../src/model/schemas.ts';
import { type Cluster, freshCluster } from '../support/cluster.ts';
import { applyAll, planOf, stepIds } from '../support/planning.ts';

// A database as an older release would have left it: today's SQL, recorded under an older revision, with an older function.

test.for([
  ['3.5', '3.5+1', -1],
  ['3.5+9', '3.5+10', -1],
  ['3.5+1', '3.5+1', 0],
  ['3.5.1', '3.5', 1],
  ['3.5.1', '3.5+9', 1],
  ['3.10', '3.9+2', 1],
  ['2', '1', 1],
] as const)('%s against %s', ([left, right, sign]) => {
  expect(Math.sign(compareVersions(left, right))).toBe(sign);
  expect(Math.sign(compareVersions(right, left))).toBe(-sign + 0);
});

const older = `update trunkline.component set version = '3.5' where component = 'pgq'`;
/** What an older release had in the place of a function. */
const oldFunction = `create or replace function pgq.get_queue_info(i_queue_name text, out queue_name text, out queue_ntables int4,
    out queue_cur_table int4, out queue_rotation_period interval, out queue_switch_time timestamptz,
    out queue_external_ticker boolean, out queue_ticker_paused boolean, out queue_ticker_max_count int4,
    out queue_ticker_max_lag interval, out queue_ticker_idle_period interval, out ticker_lag interval,
    out ev_per_sec float8, out ev_new bigint, out last_tick_id bigint) returns setof record as $$
begin raise exception 'older'; end; $$ language plpgsql`;

const root = `queues:
  replika:
    nodes:
      db: { database: db, role: root }
    tables:
      - include: ["app.*"]
`;

async function setUp(version: 12 | 18): Promise<Cluster<'db'>> {
  const cluster = await freshCluster({ db: version });
  await using session = await cluster.databases.db.session();
  await session.script('create schema app; create table app.orders (id int primary key, note text)');
  await applyAll(cluster, root);
  return cluster;
}

const change = (version: string): SchemaChange => ({ name: 'pgq', version, source: 'bundled', from: '3.5' });

function scripts(...texts: readonly (readonly [from: string, to: string, text: string])[]) {
  return (schema: SchemaName): readonly UpgradeScript[] =>
    schema === 'pgq'
      ? texts.map(([from, to, text]) => ({ from, to, path: `upgrades/pgq/${from}-to-${to}.sql`, text }))
      : [];
}

const info = "select queue_name from pgq.get_queue_info('replika')";

test.for([12, 18] as const)(
  'the plan brings older SQL up to date, and keeps data, grants and capture: %i',
  async (version) => {
    await using cluster = await setUp(version);
    await using session = await cluster.databases.db.session();
    await session.script(`${oldFunction}; ${older};
    insert into app.orders values (1, 'before');
    grant execute on function pgq.force_tick(text) to pg_monitor;
    grant execute on function pgq.get_queue_info(text) to pg_monitor`);
    await expect(session.query(sql(info))).rejects.toThrow('older');
    const functions = await definitions(session);

    const plan = await planOf(cluster, root);
    expect(stepIds(plan)).toEqual(['install_schemas/db']);
    expect(plan.steps[0]).toMatchObject({
      schemas: [{ name: 'pgq', from: '3.5', version: '3.5+9', source: 'bundled' }],
    });
    await applyAll(cluster, root);

    expect(await session.query(sql(info))).toEqual([{ queue_name: 'replika' }]);
    expect(stepIds(await planOf(cluster, root))).toEqual([]);
    // All else is what it was: names, grants, and what was written for the queues there are.
    const after = await definitions(session);
    expect(grants(after)).toEqual(grants(functions));
    expect(changed(functions, after)).toEqual(['pgq.get_queue_info(text)']);
    await session.script("insert into app.orders values (2, 'after')");
    expect(await events(session)).toEqual(['1', '2']);
    expect(await session.query(sql("select version, source from trunkline.component where component = 'pgq'"))).toEqual(
      [{ version: '3.5+9', source: 'bundled' }],
    );
  },
);

describe('scripts', () => {
  test('between the two versions run in order, and others do not', async () => {
    await using cluster = await setUp(18);
    await using session = await cluster.databases.db.session();
    await session.script(`${older}; create table public.ran (nr serial, script text)`);
    const ran = (name: string) => `insert into public.ran (script) values ('${name}')`;
    const upgrades = scripts(
      ['3.5+9', '3.5+10', ran('third')],
      ['3.5+1', '3.5+9', ran('second')],
      ['3.5', '3.5+1', `alter table pgq.queue add column queue_note text default 'kept'; ${ran('first')}`],
      ['3.4', '3.5', ran('too old')],
      ['3.5+10', '3.5+11', ran('too new')],
    );
    expect(await changeSchemas(session, [change('3.5+10')], { upgrades })).toEqual(['pgq']);
    expect(
      (await session.query<{ script: string }>(sql('select script from ran order by nr'))).map(({ script }) => script),
    ).toEqual(['first', 'second', 'third']);
    expect(await session.query(sql('select queue_name, queue_note from pgq.queue'))).toEqual([
      { queue_name: 'replika', queue_note: 'kept' },
    ]);
    // A second one, or one that comes late, has nothing to do.
    expect(await changeSchemas(session, [change('3.5+10')], { upgrades })).toEqual([]);
    expect(await changeSchemas(session, [change('3.5+9')], { upgrades })).toEqual([]);
    expect(await session.query(sql("select version from trunkline.component where component = 'pgq'"))).toEqual([
      { version: '3.5+10' },
    ]);
  });

  test('that fail leave everything as it was', async () => {
    await using cluster = await setUp(18);
    await using session = await cluster.databases.db.session();
    await session.script(older);
    const before = await definitions(session);
    const upgrades = scripts(
      ['3.5', '3.5+1', `drop function pgq.get_queue_info(text); alter table pgq.queue add column queue_note text`],
      ['3.5+1', '3.5+2', 'select 1/0'],
    );
    const error = await changeSchemas(session, [change('3.5+2')], {
      upgrades,
      database: cluster.databases.db.name,
    }).catch((reason: unknown) => reason);
    expect((error as ToolError).problems).toMatchObject([
      {
        code: 'sql_failed',
        database: 'db',
        doing: 'installing sql/upgrades/pgq/3.5+1-to-3.5+2.sql',
        sqlstate: '22012',
      },
    ]);
    expect(await definitions(session)).toEqual(before);
    expect(await session.query(sql("select version from trunkline.component where component = 'pgq'"))).toEqual([
      { version: '3.5' },
    ]);
  });
});

describe('from 3.5+1, where one function captured the rows of a table', () => {
  /** A table as that release captured it. */
  const capturedByRow = `
    drop trigger _londiste_replika_insert on app.orders; drop trigger _londiste_replika_update on app.orders;
    drop trigger _londiste_replika_delete on app.orders; drop trigger _londiste_replika_attach on app.orders; drop trigger trunkline_capture_current on pgq.queue;
    drop function trunkline_capture.queue_changed; drop function trunkline_capture.current_1;
    do $$ begin
      execute format('drop function %1$s_insert; drop function %1$s_update; drop function %1$s_delete',
        trunkline_capture.capture_name('replika', 'app.orders'));
      execute format('create function %s() returns trigger language plpgsql as
        ''begin perform trunkline_capture.put_1(''''{"op":"INSERT","table":["app","orders"],"pkey":["id"]}'''', to_json(new)::text, ''''app.orders''''); return null; end''',
        trunkline_capture.capture_name('replika', 'app.orders'));
      execute format('create trigger _londiste_replika after insert or update or delete on app.orders
        for each row execute function %s(''replika'', ''capture=generated'')', trunkline_capture.capture_name('replika', 'app.orders'));
    end $$;
    create function trunkline_capture.put_1(i_type text, i_data text, i_table text) returns void security definer language sql as
      'insert into pgq.event_1_0 (ev_time, ev_type, ev_data, ev_extra1) values (now(), i_type, i_data, i_table)';
    drop function trunkline_capture.create_capture;
    create function trunkline_capture.create_capture(i_queue_name text, i_table oid, i_name text) returns text
      language sql as 'select null::text';
    update trunkline.component set version = '3.5+1' where component = 'pgq';
    update trunkline.component set version = '3.8+1' where component = 'londiste'`;

  test('triggers and functions of captured tables are made anew', async () => {
    await using cluster = await setUp(12);
    await using session = await cluster.databases.db.session();
    const functions = await definitions(session);
    await session.script(`${capturedByRow}; insert into app.orders values (1, 'before')`);

    await applyAll(cluster, root);
    expect(stepIds(await planOf(cluster, root))).toEqual([]);
    await session.script(`insert into app.orders values (2, 'after')`);
    expect(await events(session)).toEqual(['1', '2']);
    expect(changed(functions, await definitions(session))).toEqual([]);
    expect((await definitions(session)).map(({ name }) => name)).toEqual(functions.map(({ name }) => name));
  });

  test('a table whose triggers the user may not make is captured as before, and its owner is told how', async () => {
    await using cluster = await setUp(18);
    await using session = await cluster.databases.db.session();
    await session.script(`${capturedByRow};
      create function refuse() returns event_trigger language plpgsql as $$
        begin
          if current_query() ~ 'remake_captures' then
            raise insufficient_privilege using message = 'permission denied for table orders';
          end if;
        end $$;
      create event trigger refuse on ddl_command_start when tag in ('CREATE TRIGGER') execute function refuse()`);
    await applyAll(cluster, root);
    await session.script("insert into app.orders values (2, 'after')");
    expect(await events(session)).toEqual(['2']);
    // What the warning names is all that is left to do.
    await session.script(`drop event trigger refuse; select trunkline_capture.remake_captures();
      insert into app.orders values (3, 'anew')`);
    expect(await events(session)).toEqual(['2', '3']);
    expect((await definitions(session)).map(({ name }) => name)).not.toContain(
      'trunkline_capture.put_1(text, text, text)',
    );
  });
});

test('every schema can be put over itself', async () => {
  await using cluster = await freshCluster({ db: 14 });
  await using session = await cluster.databases.db.session();
  await installSchemas(
    session,
    bundledSchemas.map(({ name }) => name),
  );
  const before = await definitions(session);
  await session.script(`update trunkline.component set version = '0'`);
  const all = bundledSchemas.map((schema) => ({ ...schema, source: 'bundled', from: '0' }) as const);
  // The tables are today's already.
  const upgrades = () => [];
  expect(await changeSchemas(session, all, { upgrades })).toEqual(bundledSchemas.map(({ name }) => name));
  const after = await definitions(session);
  expect(grants(after)).toEqual(grants(before));
  // That one is written for the queues there are, also where there is none.
  expect(changed(before, after).join()).toMatch(/^(trunkline_capture\.insert_row\([^)]*\))?$/);
});

test('a hint of the server reaches the user: roles that have to be made first', async () => {
  await using cluster = await freshCluster({ db: { version: 14, own: true } });
  await using session = await cluster.databases.db.session();
  await session.script(`create role builder login; grant create on database ${cluster.databases.db.dbname} to builder;
    set session authorization builder`);
  const error = await installSchemas(session, ['pgq', 'trunkline']).catch((reason: unknown) => reason);
  const problems: readonly Problem[] = error instanceof ToolError ? error.problems : [];
  expect(problems).toMatchObject([
    {
      code: 'sql_failed',
      sqlstate: '42501',
      hint: expect.stringContaining('create role pgq_reader; create role pgq_writer;'),
    },
  ]);
});

interface FunctionRow {
  readonly name: string;
  readonly acl: string | null;
  readonly body: string;
}

function definitions(session: Session): Promise<FunctionRow[]> {
  return session.query<FunctionRow>(
    sql(
      `select format('%s.%s(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)) as name,
                array(select a::text from unnest(p.proacl) a order by 1)::text as acl, p.prosrc as body
           from pg_proc p join pg_namespace n on n.oid = p.pronamespace
          where n.nspname = any($1::text[])
          order by 1`,
      ['pgq', 'pgq_ext', 'pgq_node', 'londiste', 'trunkline', 'trunkline_capture'],
    ),
  );
}

/** But of the functions made for tables, which are no part of the installation. */
function grants(functions: readonly FunctionRow[]) {
  return functions
    .filter(({ name }) => !/^trunkline_capture\.table_/.test(name))
    .map(({ name, acl }) => ({ name, acl }));
}

function changed(before: readonly FunctionRow[], after: readonly FunctionRow[]): readonly string[] {
  const bodies = new Map(before.map(({ name, body }) => [name, body]));
  return after.filter(({ name, body }) => bodies.get(name) !== body).map(({ name }) => name);
}

async function events(session: Session): Promise<readonly string[]> {
  const rows = await session.query<{ id: string }>(
    sql(
      "select ev_data::json ->> 'id' as id from pgq.event_1 where ev_type like 'I%' or ev_type like '%INSERT%' order by ev_id",
    ),
  );
  return rows.map(({ id }) => id);
}

test('the tables of schema trunkline are the same, whether made new or brought up from its first version', async () => {
  await using cluster = await freshCluster({ made: 18, raised: 18 });
  await using made = await cluster.databases.made.session();
  await using raised = await cluster.databases.raised.session();
  const all = bundledSchemas.map(({ name }) => name);
  await installSchemas(made, all);
  await installSchemas(raised, all);
  await raised.script('drop schema trunkline cascade');
  await raised.script(readFileSync('test/data/trunkline-1.sql', 'utf8'));
  await raised.script(`insert into trunkline.component (component, version) values ('trunkline', '1')`);
  const version = bundledSchemas.find(({ name }) => name === 'trunkline')?.version ?? '';
  await changeSchemas(raised, [{ name: 'trunkline', version, source: 'bundled', from: '1' }]);
  expect(await tablesOf(raised)).toEqual(await tablesOf(made));
});

function tablesOf(session: Session) {
  return session.query(
    sql(`select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull, c.relacl::text as grants,
           (select string_agg(conname || ' ' || pg_get_constraintdef(k.oid), '; ' order by conname)
              from pg_constraint k where k.conrelid = c.oid) as constraints
         from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'trunkline'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
        order by 1, 2`),
  );
}
