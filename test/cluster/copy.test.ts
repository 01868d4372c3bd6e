import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { usualCopy } from '../../src/model/table.ts';
import { startProgram, temporaryFile } from '../support/program.ts';
import { expectEqual, type Replication, replication, waitFor } from '../support/replication.ts';

const big = `create table big (id int primary key, n int not null, filler text not null);
  create index big_n on big (n); alter table big add constraint big_n_id unique (n, id);`;
const rows = 30_000;
const structure = `select pg_get_indexdef(indexrelid) as ddl from pg_index where indrelid = 'big'::regclass order by 1`;

test('a large table is copied by ranges; killed or refused in between, it is copied again and no index is lost', async () => {
  await using cascade = await replication({ src: 18, dst: 18 }, big);
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  await source.script(`insert into big select i, i, repeat('x', 1200) from generate_series(1, ${rows}) i`);
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

test('killed under load in each state of a copy, and between the steps of a foreign key, nothing is lost, doubled or left off', async () => {
  await using cascade = await replication(
    { src: 18, dst: 18 },
    `create table parents (id int primary key, n int); create index parents_n on parents (n);
     create table children (id int primary key, parent int constraint child_of references parents);
     create table touched (id int); create function touch() returns trigger language plpgsql
       as 'begin insert into touched values (new.id); return null; end';
     create trigger touch after insert on parents for each row execute function touch()`,
  );
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  await source.script(`insert into parents select i, i from generate_series(1, 30000) i;
    insert into children select i, i from generate_series(1, 1000) i`);
  const made = `select pg_get_indexdef(indexrelid) as ddl from pg_index where indrelid = 'parents'::regclass
    union all select pg_get_constraintdef(oid) || convalidated::text from pg_constraint where conrelid = 'children'::regclass
    union all select pg_get_triggerdef(oid) || tgenabled::text from pg_trigger where tgname = 'touch' order by 1`;
  const wanted = await target.query(sql(made));
  for (const name of ['public.parents', 'public.children']) await cascade.addTable({ name });
  await target.query(sql(`select londiste.drop_table_fkey('public.children', 'child_of')`));

  using file = temporaryFile(
    'trunkline.yaml',
    `version: 1\n${cascade.cluster.yaml}queues:\n  replika:\n    ticker: { max_lag: 100ms }\n    nodes:
      src: { database: src, role: root }\n      dst: { database: dst, role: leaf }\n    tables: [public.parents, public.children]\n`,
  );
  const writing = startWriting(cascade);
  const faults = [
    'in-copy',
    'before-copy-commit',
    'copied',
    'wants-handover',
    'handing-over',
    'handed-over',
    'foreign-key-step',
  ];
  for (const [round, fault] of faults.entries()) {
    const killed = await startProgram(['run', '-f', file.path], { env: { TRUNKLINE_FAULT: fault } }).result;
    expect([fault, killed.signal]).toEqual([fault, 'SIGKILL']);
    await source.script(`update parents set n = -n where id % 7 = ${round}; delete from children where id % 11 = ${round};
      insert into parents values (${40_000 + round}, 1); insert into children values (${40_000 + round}, ${40_000 + round})`);
  }
  expect(await target.query(sql(`select convalidated from pg_constraint where conname = 'child_of'`))).toEqual([
    { convalidated: false },
  ]);
  cascade.start();
  await writing.stop();
  await cascade.caughtUp('dst', 60_000);
  await waitFor('the foreign key', 60_000, async () => {
    return (await target.query(sql('select from londiste.pending_fkeys'))).length === 0;
  });
  for (const query of ['select * from parents', 'select * from children'])
    await expectEqual(source, query, target, query);
  expect(await target.query(sql(made))).toEqual(wanted);
  expect(await target.query(sql('select from touched'))).toEqual([]);
});

test('small tables are copied together; killed in between, or one of them refused, each gets to its end', async () => {
  const names = Array.from({ length: 6 }, (_, nr) => `t${nr}`);
  await using cascade = await replication(
    { src: 18, dst: 18 },
    names.map((name) => `create table ${name} (id int primary key, n int)`).join(';'),
  );
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  // COPY of a table by its name refuses such a column.
  await source.script('alter table t5 add twice int generated always as (n * 2) stored');
  await target.script('alter table t5 add twice int');
  await source.script(
    names.map((name) => `insert into ${name} (id, n) select i, i from generate_series(1, 50) i`).join(';'),
  );
  for (const name of names) await cascade.addTable({ name: `public.${name}` });
  const states = async () => {
    const rows = await target.query<{ state: string | null }>(
      sql('select merge_state as state from londiste.table_info'),
    );
    return rows.map(({ state }) => state);
  };
  const sameRows = async () => {
    const query = names.map((name) => `select '${name}' as name, id, n from ${name}`).join(' union all ');
    await expectEqual(source, query, target, query);
    await expectEqual(source, 'select * from t5', target, 'select * from t5');
  };

  using file = temporaryFile(
    'trunkline.yaml',
    `version: 1\n${cascade.cluster.yaml}queues:\n  replika:\n    ticker: { max_lag: 100ms }\n    nodes:
      src: { database: src, role: root }\n      dst: { database: dst, role: leaf, parallel_copies: 1 }
    tables: [${names.map((name) => `public.${name}`).join(', ')}]\n`,
  );
  for (const [round, [fault, state]] of [
    ['before-copy-commit', /^in-copy$/],
    ['handing-over', /^do-sync:/],
  ].entries()) {
    const killed = await startProgram(['run', '-f', file.path], { env: { TRUNKLINE_FAULT: String(fault) } }).result;
    expect([fault, killed.signal]).toEqual([fault, 'SIGKILL']);
    expect(await states()).toEqual(names.map(() => expect.stringMatching(state ?? '')));
    await source.script(names.map((name) => `update ${name} set n = -n where id % 7 = ${round}`).join(';'));
  }
  const workers = cascade.start();
  await cascade.caughtUp('dst', 60_000);
  await sameRows();
  await workers.stop(1_000);

  // A copy that is refused parts from the others.
  await target.script(`alter table t3 add constraint refused check (n > -50) not valid;
    update londiste.table_info set merge_state = null`);
  await source.script('insert into t3 values (99, -99)');
  const nodes = [...cascade.queue.nodes].map(([name, node]) => [name, { ...node, parallelCopies: 1 }] as const);
  cascade.startWith({ ...cascade.queue, nodes: new Map(nodes) });
  const failed = () => cascade.logs.filter(({ event }) => event === 'copy_failed').map(({ table }) => table);
  await waitFor(
    () => `five tables in sync: ${cascade.logs.map(({ message }) => message).join('; ')}`,
    60_000,
    async () => (await states()).filter((state) => state === 'ok').length === 5 && failed().length > 0,
  );
  expect(new Set(failed())).toEqual(new Set(['public.t3']));
  await target.script('alter table t3 drop constraint refused');
  await cascade.caughtUp('dst', 60_000);
  await sameRows();
});

/** New rows, and changes of old ones, until stopped. */
function startWriting(cascade: Replication): { stop(): Promise<void> } {
  let writing = true;
  const written = (async () => {
    await using session = await cascade.session('src');
    for (let id = 100_000; writing; id += 1) {
      await session.script(`begin; insert into parents values (${id}, 1); insert into children values (${id}, ${id});
        update parents set n = n + 1 where id = ${id % 30_000}; commit`);
      await sleep(10);
    }
  })();
  return {
    async stop() {
      writing = false;
      await written;
    },
  };
}
