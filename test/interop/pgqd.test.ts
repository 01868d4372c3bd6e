import { beforeEach, expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { freshDatabase } from '../support/database.ts';
import { debianPrograms } from '../support/debian-programs.ts';
import { debianServer, needDebian } from '../support/debian-server.ts';
import { waitFor } from '../support/replication.ts';

beforeEach(needDebian);

test('pgqd ticks a queue, gives events again that were put off, rotates and maintains', async () => {
  await using debian = await debianServer();
  await using database = await freshDatabase({ server: debian.server });
  await using programs = debianPrograms([database]);
  await using db = await database.session();
  await db.script(`
    create sequence numbers;
    select pgq_node.register_location('replika', 'src', 'dbname=src', false);
    select pgq_node.create_node('replika', 'root', 'src', 'src.worker', null, null, null);
    select londiste.local_add_seq('replika', 'public.numbers');
    insert into londiste.applied_execute (queue_name, execute_file, execute_time, execute_sql)
      values ('replika', 'long-ago.sql', now() - interval '4 months', 'select 1'),
        ('replika', 'lately.sql', now() - interval '2 months', 'select 1');
    -- The global watermark is moved once it is five minutes behind.
    update pgq.tick set tick_time = tick_time - interval '6 minutes';
    select pgq.create_queue('plain');
    select pgq.set_queue_config('plain', 'ticker_max_lag', '100 milliseconds');
    select pgq.set_queue_config('plain', 'rotation_period', '2 seconds');
    select pgq.register_consumer('plain', 'reader');
  `);
  programs.pgqd([database], { check_period: 1, maint_period: 1, retry_period: 1 });

  // Reads what pgqd's ticks let through; an event is put off once.
  const seen: { data: string; retry: number | null }[] = [];
  const readBatch = async () => {
    const [batch] = await db.query<{ id: bigint | null }>(sql(`select pgq.next_batch('plain', 'reader') as id`));
    if (batch?.id === null || batch === undefined) return;
    const events = await db.query<{ ev_id: bigint; ev_data: string; ev_retry: number | null }>(
      sql('select ev_id, ev_data, ev_retry from pgq.get_batch_events($1)', batch.id),
    );
    for (const { ev_id, ev_data, ev_retry } of events) {
      seen.push({ data: ev_data, retry: ev_retry });
      if (ev_data === 'later' && ev_retry === null) {
        await db.query(sql('select pgq.event_retry($1, $2, 1)', batch.id, ev_id));
      }
    }
    await db.query(sql('select pgq.finish_batch($1)', batch.id));
  };
  await db.script(`select pgq.insert_event('plain', 'test', 'now'); select pgq.insert_event('plain', 'test', 'later')`);
  await waitFor(
    () => `the event that was put off: ${JSON.stringify(seen)} ${programs.logs()}`,
    20_000,
    async () => {
      await readBatch();
      return seen.length >= 3;
    },
  );
  expect(seen).toEqual([
    { data: 'now', retry: null },
    { data: 'later', retry: null },
    { data: 'later', retry: 1 },
  ]);

  // What was read goes away by rotation: all three tables come to their turn.
  const current = new Set<number>();
  const [table] = await db.query<{ name: string }>(
    sql(`select queue_data_pfx as name from pgq.queue where queue_name = 'plain'`),
  );
  const events = `select from ${table?.name}`;
  await waitFor(
    () => `three rotations ${programs.logs()}`,
    40_000,
    async () => {
      await readBatch();
      const [queue] = await db.query<{ cur: number }>(
        sql("select queue_cur_table as cur from pgq.queue where queue_name = 'plain'"),
      );
      if (queue !== undefined) current.add(queue.cur);
      const left = await db.query(sql(events));
      return current.size === 3 && left.length === 0;
    },
  );

  // Its maintenance reaches the schemas pgq_node and londiste too.
  expect(
    await db.query(sql(`select last_tick > 1 as moved from pgq.get_consumer_info('replika', '.global_watermark')`)),
  ).toEqual([{ moved: true }]);
  expect(await db.query(sql('select execute_file from londiste.applied_execute'))).toEqual([
    { execute_file: 'lately.sql' },
  ]);
  expect(await db.query(sql('select seq_name, last_value > 0 as published from londiste.seq_info'))).toEqual([
    { seq_name: 'public.numbers', published: true },
  ]);
  await db.script(`select setval('numbers', 50000)`);
  await waitFor(
    () => `sequence published ${programs.logs()}`,
    10_000,
    async () => {
      const rows = await db.query(sql('select from londiste.seq_info where last_value > 50000'));
      return rows.length === 1;
    },
  );
  expect(programs.errors()).toEqual([]);
});
