import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { expectEqual, replication, waitFor } from '../support/replication.ts';

const people = `create table people (id int primary key, name text, score numeric, at timestamptz default now(), unique (name));`;

test('a table is copied, then inserts, updates, deletes and truncates follow', async () => {
  await using cascade = await replication({ src: 12, dst: 18 }, people);
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  await source.script(`insert into people select i, 'name ' || i, i / 7.0 from generate_series(1, 5000) i`);
  await target.script(`insert into people values (-1, 'left over')`);
  await cascade.addTable({ name: 'public.people' });
  cascade.start();
  await cascade.caughtUp('dst');
  await expectEqual(source, 'select * from people', target, 'select * from people');

  await source.script(`
    insert into people values (6001, E'tab\\there\\nline \\\\ ''quoted'' & %41+ 中文', 'NaN'), (6002, '', null), (6003, null, 1e30);
    update people set score = score + 1 where id % 3 = 0;
    delete from people where id % 5 = 0`);
  await cascade.caughtUp('dst');
  await expectEqual(source, 'select * from people', target, 'select * from people');

  await source.script(`truncate people; insert into people values (1, 'after')`);
  await cascade.caughtUp('dst');
  await expectEqual(source, 'select * from people', target, 'select * from people');
});

test('keys that change and unique values that swap arrive', async () => {
  await using cascade = await replication({ src: 18, dst: 14 }, people);
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  await source.script(`insert into people select i, 'name ' || i, 0 from generate_series(1, 10) i`);
  await cascade.addTable({ name: 'public.people' });
  cascade.start();
  await cascade.caughtUp('dst');
  await source.script(`update people set id = id + 100 where id <= 3`);
  await source.script(`
    begin;
    update people set name = 'spare' where id = 5;
    update people set name = 'name 5' where id = 6;
    update people set name = 'name 6' where id = 5;
    commit`);
  await cascade.caughtUp('dst');
  await expectEqual(source, 'select * from people', target, 'select * from people');
});

test('a filtered table under another name holds the rows that pass, also when an update moves them', async () => {
  await using cascade = await replication(
    { src: 14, dst: 18 },
    `create table people (id int primary key, name text, score int);
     create schema other; create table other.folk (id int primary key, name text, score int);`,
  );
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  await source.script(`insert into people select i, 'name ' || i, i from generate_series(1, 2000) i`);
  await cascade.addTable({
    name: 'public.people',
    on: { dst: { target: 'other.folk', where: 'people.score < 1000' } },
  });
  cascade.start();
  await cascade.caughtUp('dst');
  const passing = 'select * from people where score < 1000';
  await expectEqual(source, passing, target, 'select * from other.folk');
  await source.script(`
    update people set score = score + 5000 where id between 990 and 995;
    update people set score = 7 where id between 1500 and 1510;
    update people set name = 'moved' where id % 100 = 0;
    update people set score = null where id = 3;
    delete from people where id in (4, 1999)`);
  await cascade.caughtUp('dst');
  await expectEqual(source, passing, target, 'select * from other.folk');
  // More than goes in one statement's arrays.
  await source.script(`update people set score = 2000 - score`);
  await cascade.caughtUp('dst');
  await expectEqual(source, passing, target, 'select * from other.folk');
});

test('changes made while tables are copied are neither lost nor doubled', async () => {
  await using cascade = await replication(
    { src: 14, dst: 18 },
    `create table counter (id int primary key, n int not null); create table log (id bigserial primary key, what text);`,
  );
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  await source.script(`insert into counter select i, 0 from generate_series(1, 30000) i`);
  await cascade.addTable({ name: 'public.counter' });
  await cascade.addTable({ name: 'public.log' });
  cascade.start();
  let writing = true;
  const load = (async () => {
    await using writer = await cascade.session('src');
    for (let round = 0; writing; round += 1) {
      await writer.script(
        `update counter set n = n + 1 where id % 500 = ${round % 500}; insert into log (what) values ('round ${round}')`,
      );
    }
  })();
  await waitFor('tables in sync', 30_000, async () => {
    const rows = await target.query<{ state: string }>(sql('select merge_state as state from londiste.table_info'));
    return rows.every(({ state }) => state === 'ok');
  });
  writing = false;
  await load;
  await cascade.caughtUp('dst');
  await expectEqual(source, 'select * from counter', target, 'select * from counter');
  await expectEqual(source, 'select * from log', target, 'select * from log');
  expect(await target.query(sql(`select 1 from pgq_node.local_state where consumer_name like '%copy%'`))).toEqual([]);
});

test('a worker that was stopped goes on where it was, and large backlogs go in few transactions', async () => {
  await using cascade = await replication({ src: 14, dst: 18 }, people);
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  await cascade.addTable({ name: 'public.people' });
  const first = cascade.start();
  await cascade.caughtUp('dst');
  await first.stop(2_000);
  for (let round = 0; round < 20; round += 1) {
    await source.script(
      `insert into people select i, 'name ' || i, 0 from generate_series(${round * 5000}, ${round * 5000 + 4999}) i; select pgq.force_tick('replika'); select pgq.ticker('replika')`,
    );
  }
  cascade.start();
  await cascade.caughtUp('dst');
  await expectEqual(source, 'select count(*), sum(id) from people', target, 'select count(*), sum(id) from people');
  const [written] = await target.query<{ transactions: number }>(
    sql('select count(distinct xmin::text)::int as transactions from people'),
  );
  expect(written?.transactions, 'of 20 ticks').toBeLessThan(10);
  await waitFor('the report of what was applied', 5_000, async () => {
    const [report] = await target.query<{ events: number }>(
      sql(`select (detail->>'events_applied')::int as events from trunkline.worker_status where node_name = 'dst'`),
    );
    return report?.events === 100_000;
  });
});

test('rows that are being written when an event can not be read go with the transaction', async () => {
  await using cascade = await replication(
    { src: 14, dst: 18 },
    ['a', 'b', 'c'].map((name) => `create table ${name} (id int primary key, note text);`).join('\n'),
  );
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  const names = ['a', 'b', 'c'];
  for (const name of names) await cascade.addTable({ name: `public.${name}` });
  const first = cascade.start();
  await cascade.caughtUp('dst');
  await first.stop(2_000);
  await source.script(`
    begin;
    do $$ begin for i in 1..3000 loop
      ${names.map((name) => `insert into ${name} values (i, repeat('x', 100));`).join(' ')}
    end loop; end $$;
    select pgq.insert_event('replika', 'I:id', 'id=%', 'public.a', null, null, null);
    commit`);
  // Of the first rows those of one table are being written, and those of the next are to follow, when the last event is read.
  await target.script('begin; lock table b');
  cascade.start();
  await waitFor('the rows to wait', 30_000, async () => {
    const waiting = await target.query(sql(`select from pg_locks where relation = 'b'::regclass and not granted`));
    return waiting.length > 0;
  });
  await sleep(500);
  await target.script('rollback');
  await waitFor('the other tables to go on', 30_000, async () => {
    const rows = await target.query<{ rows: bigint }>(
      sql('select count(*) as rows from b union all select count(*) from c'),
    );
    return rows.every((row) => row.rows === 3000n);
  });
  const failed = cascade.logs.filter(({ event }) => event === 'worker_failed');
  expect(failed.filter(({ message }) => !message.includes('is not a row as its trigger writes it'))).toEqual([]);
  const parked = await target.query(
    sql(`select table_name from londiste.table_info where merge_state is distinct from 'ok' order by 1`),
  );
  expect(parked).toEqual([{ table_name: 'public.a' }]);
});

test('local writes on a leaf are refused, replication is let through', async () => {
  await using cascade = await replication({ src: 18, dst: 18 }, people);
  await using target = await cascade.session('dst');
  await cascade.addTable({ name: 'public.people' });
  await expect(target.script(`insert into people values (1, 'mine')`)).rejects.toThrow(/replika/);
});

test('a table taken out in the middle of its copy leaves no consumer behind', async () => {
  await using cascade = await replication({ src: 18, dst: 18 }, people);
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  await cascade.addTable({ name: 'public.people' });
  const copyConsumer = 'dst.worker.copy.public.people';
  await source.script(`select pgq.register_consumer('replika', '${copyConsumer}')`);
  await target.script(`
    select pgq_node.register_consumer('replika', '${copyConsumer}', 'src', 1);
    select londiste.local_remove_table('replika', 'public.people')`);
  cascade.start();
  await waitFor('the consumer gone on both sides', 10_000, async () => {
    const left = await source.query(sql('select from pgq.get_consumer_info($1, $2)', 'replika', copyConsumer));
    const local = await target.query(sql('select from pgq_node.local_state where consumer_name = $1', copyConsumer));
    return left.length + local.length === 0;
  });
});
