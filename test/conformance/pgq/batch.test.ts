import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { finishAndOpen, nextBatch } from '../../../src/catalog/pgq.ts';
import type { Session } from '../../../src/db/session.ts';
import { sql } from '../../../src/db/statement.ts';
import { queueName } from '../../../src/model/names.ts';
import { slicesOf, stretchFrom } from '../../../src/replay/batch-slices.ts';
import { readQueueRows } from '../../../src/replay/event-line.ts';
import { parseSnapshot, type Snapshot, sees } from '../../../src/replay/snapshot.ts';
import { fetchBatch, fetchSlice } from '../../../src/worker/fetch-batch.ts';
import type { FreshDatabase } from '../../support/database.ts';
import { engineDatabase, onEngines } from '../../support/engines.ts';

onEngines([18], (engine) => {
  let database: FreshDatabase;
  let session: Session;

  beforeAll(async () => {
    database = await engineDatabase(engine, ['pgq']);
    session = await database.session();
  });
  afterAll(async () => {
    await session.close();
    await database.drop();
  });

  async function value<Value = unknown>(text: string, on = session): Promise<Value> {
    const [row] = await on.query<{ value: Value }>(sql(`select (${text}) as value`));
    return row?.value as Value;
  }

  async function queue(name: string, ...consumers: string[]): Promise<void> {
    await session.script(`select pgq.create_queue('${name}')`);
    for (const consumer of consumers) await session.script(`select pgq.register_consumer('${name}', '${consumer}')`);
  }

  async function tick(name: string): Promise<bigint> {
    await session.script(`select pgq.force_tick('${name}')`);
    return value<bigint>(`pgq.ticker('${name}')`);
  }

  /** Data of the events of the next batch, which is finished; undefined without one. */
  async function consume(name: string, consumer: string): Promise<string[] | undefined> {
    const batch = await value<bigint | null>(`pgq.next_batch('${name}', '${consumer}')`);
    if (batch === null) return undefined;
    const rows = await session.query<{ data: string }>(
      sql('select ev_data as data from pgq.get_batch_events($1)', batch),
    );
    expect(await value(`pgq.finish_batch(${batch})`)).toBe(1);
    return rows.map((row) => row.data);
  }

  describe('batches', () => {
    test('a large batch comes in slices, each event once and in order, and what is foreseen comes after it', async () => {
      const name = queueName('sliced');
      await queue('sliced', 'c', 'd');
      const write = (events: number, on = session) =>
        on.script(`select pgq.insert_event('sliced', 't', repeat('x', 50)) from generate_series(1, ${events})`);
      await using first = await database.session();
      await using second = await database.session();
      // Open over some ticks each, so that several slices lie between an event's number and its commit.
      await first.script('begin');
      await write(1, first);
      for (const round of [1, 2, 3, 4, 5, 6, 7, 8, 9]) {
        if (round === 3) {
          await second.script('begin');
          await write(1, second);
        }
        if (round === 5) await first.script('commit');
        if (round === 9) await second.script('commit');
        await write(4_000);
        await session.script(`
          select pgq.insert_event_raw('sliced', null, now(), s.sub_id, 1, 'again', null, null, null, null, null)
          from pgq.subscription s join pgq.consumer c on c.co_id = s.sub_consumer where c.co_name = 'c'`);
        await tick('sliced');
      }
      const batch = await nextBatch(session, name, 'c', 30_000);
      if (batch === undefined) throw new Error('no batch');
      expect(batch.cuts.length).toBeGreaterThan(2);
      const seen: { id: bigint; txid: number }[] = [];
      for await (const lines of fetchBatch(session, batch, { kind: 'all' }, false))
        for (const row of readQueueRows(Uint8Array.from(lines)))
          seen.push({ id: BigInt(row.id), txid: Number(row.txid) });
      const whole = await session.query<{ id: bigint }>(sql(`select ev_id as id from (${batch.events}) e order by 1`));
      const byNumber = seen.map(({ id }) => id).sort((left, right) => Number(left - right));
      expect(byNumber).toEqual(whole.map(({ id }) => id));
      const cuts = batch.cuts.map((cut) => parseSnapshot(cut) as Snapshot);
      const slices = seen.map(({ txid }) => cuts.filter((cut) => !sees(cut, txid)).length);
      expect(slices).toEqual([...slices].sort((left, right) => left - right));
      expect(new Set(slices).size).toBeGreaterThan(2);
      expect(seen.map(({ id }) => id)).not.toEqual(byNumber);

      // What is foreseen of the batches after one is what the provider then opens, event for event.
      const numbersOf = async (query: string, slices: readonly (readonly string[])[]) => {
        const numbers: bigint[] = [];
        for (const slice of slices)
          for await (const lines of fetchSlice(session, { query, slice, filter: { kind: 'all' }, whole: false }))
            numbers.push(...[...readQueueRows(Uint8Array.from(lines))].map(({ id }) => BigInt(id)));
        return numbers;
      };
      let open = await nextBatch(session, name, 'd', 5_000);
      const { ahead } = open ?? {};
      const foreseen: number[] = [];
      for (;;) {
        const stretch = ahead && open && stretchFrom(ahead, open.toTick, 20_000);
        if (ahead === undefined || open === undefined || stretch === undefined) break;
        const read = await numbersOf(ahead.events, stretch.slices);
        open = await finishAndOpen(session, name, 'd', open, stretch.events);
        expect([open?.fromTick, open?.toTick]).toEqual([stretch.fromTick, stretch.toTick]);
        const given = await numbersOf(open?.events ?? '', slicesOf(open?.cuts ?? []));
        expect(read.sort()).toEqual(given.sort());
        foreseen.push(read.length);
      }
      expect(foreseen.length).toBeGreaterThan(1);
    });

    test('events of a transaction that stays open over ticks come once, after its commit', async () => {
      await queue('long', 'c');
      await using slow = await database.session();
      await slow.script(`begin; select pgq.insert_event('long', 't', 'slow')`);
      // Far more transactions than the range is widened by, so that the slow one is fetched by its id.
      for (let i = 0; i < 130; i++) await session.script(`select pgq.insert_event('long', 't', 'e${i}')`);
      await tick('long');
      await session.script(`select pgq.insert_event('long', 't', 'between')`);
      await tick('long');
      await slow.script('commit');
      await session.script(`select pgq.insert_event('long', 't', 'after')`);
      await tick('long');
      expect((await consume('long', 'c'))?.length).toBe(130);
      expect(await consume('long', 'c')).toEqual(['between']);
      await session.script(`select pgq.next_batch('long', 'c')`);
      expect(await value(`pgq.batch_event_sql(pgq.next_batch('long', 'c'))`)).toContain('union all');
      expect(await consume('long', 'c')).toEqual(['slow', 'after']);
      expect(await consume('long', 'c')).toBeUndefined();
    });

    test('rolled back transactions leave no events', async () => {
      await queue('undone', 'c');
      await session.script(`begin; select pgq.insert_event('undone', 't', 'no'); rollback`);
      await session.script(`select pgq.insert_event('undone', 't', 'yes')`);
      await tick('undone');
      expect(await consume('undone', 'c')).toEqual(['yes']);
    });

    test('nothing is lost or doubled while tables rotate under open transactions', async () => {
      await queue('turning', 'c');
      await session.script(`select pgq.set_queue_config('turning', 'rotation_period', '0')`);
      const seen: string[] = [];
      await using slow = await database.session();
      for (let round = 0; round < 8; round++) {
        await slow.script(`begin; select pgq.insert_event('turning', 't', 'slow ${round}')`);
        await session.script(`select pgq.insert_event('turning', 't', 'fast ${round}')`);
        await tick('turning');
        seen.push(...((await consume('turning', 'c')) ?? []));
        await session.script(`select pgq.maint_rotate_tables_step1('turning')`);
        // Began before the switch, writes after it: to the old table.
        await slow.script(`select pgq.insert_event('turning', 't', 'late ${round}')`);
        await session.script('select pgq.maint_rotate_tables_step2()');
        await slow.script('commit');
        await tick('turning');
        seen.push(...((await consume('turning', 'c')) ?? []));
      }
      const expected = [...Array(8).keys()].flatMap((round) => [`fast ${round}`, `late ${round}`, `slow ${round}`]);
      expect([...seen].sort()).toEqual(expected.sort());
      expect(await value(`select queue_cur_table from pgq.queue where queue_name = 'turning'`)).toBeTypeOf('number');
    });

    test('a consumer that stands still holds the rotation up', async () => {
      await queue('held', 'c');
      await session.script(`select pgq.set_queue_config('held', 'rotation_period', '0')`);
      const turn = async () => {
        await session.script(`select pgq.maint_rotate_tables_step1('held')`);
        await session.script('select pgq.maint_rotate_tables_step2()');
        await tick('held');
        return value(`select queue_cur_table from pgq.queue where queue_name = 'held'`);
      };
      expect([await turn(), await turn(), await turn()]).toEqual([0, 0, 0]);
      // A transaction anywhere on the server keeps snapshots back, so one turn may not do.
      const catchUpAndTurn = async () => {
        while ((await consume('held', 'c')) !== undefined);
        return turn();
      };
      await expect.poll(catchUpAndTurn, { timeout: 20_000 }).toBe(1);
      expect(await turn()).toBe(1);
    });

    test('a table that somebody reads is rotated later', async () => {
      await queue('read');
      await session.script(`select pgq.set_queue_config('read', 'rotation_period', '0')`);
      const id = await value(`select queue_id from pgq.queue where queue_name = 'read'`);
      await using reader = await database.session();
      await reader.script(`begin; select * from pgq.event_${id}_1`);
      expect(await value(`pgq.maint_rotate_tables_step1('read')`)).toBe(0);
      expect(await value(`select queue_cur_table from pgq.queue where queue_name = 'read'`)).toBe(0);
      await reader.script('commit');
      await session.script(`select pgq.maint_rotate_tables_step1('read')`);
      expect(await value(`select queue_cur_table from pgq.queue where queue_name = 'read'`)).toBe(1);
    });

    test('the same batch is given until it is finished', async () => {
      await queue('same', 'c');
      await tick('same');
      const batch = await value(`pgq.next_batch('same', 'c')`);
      expect(await value(`pgq.next_batch('same', 'c')`)).toBe(batch);
    });

    test('a cursor gives its first rows at once and the rest by fetching, and filters', async () => {
      await queue('cursor', 'c');
      await session.script(`select pgq.insert_event('cursor', 't', i::text) from generate_series(1, 5) i`);
      await tick('cursor');
      const batch = await value(`pgq.next_batch('cursor', 'c')`);
      await session.script('begin');
      const rows = (text: string) => session.query<{ ev_data: string }>(sql(text));
      const data = async (text: string) => (await rows(text)).map((row) => row.ev_data);
      expect(await data(`select * from pgq.get_batch_cursor(${batch}, 'C u', 2)`)).toEqual(['1', '2']);
      expect(await data('fetch all from "C u"')).toEqual(['3', '4', '5']);
      expect(await data(`select * from pgq.get_batch_cursor(${batch}, 'd', 9, 'ev_data::int > 3')`)).toEqual([
        '4',
        '5',
      ]);
      expect(await data(`select * from pgq.get_batch_cursor(${batch}, 'e', 0)`)).toEqual([]);
      expect(await data(`select * from pgq.get_batch_cursor(${batch}, null, 3)`)).toEqual([]);
      await session.script('commit');
    });

    test('a missing last tick is an error, not a skipped stretch', async () => {
      await queue('gone', 'c');
      await tick('gone');
      await session.script(`delete from pgq.tick t using pgq.queue q
                           where tick_queue = queue_id and queue_name = 'gone' and tick_id = 1`);
      await expect(value(`pgq.next_batch('gone', 'c')`)).rejects.toThrow(/tick/);
    });
  });

  describe('retry', () => {
    test('an event comes again to the consumer that put it aside, and to no other', async () => {
      await queue('again', 'a', 'b');
      await session.script(`select pgq.insert_event('again', 't', 'x'), pgq.insert_event('again', 't', 'y')`);
      await tick('again');
      const batch = await value(`pgq.next_batch('again', 'a')`);
      const id = await value(`select min(ev_id) from pgq.get_batch_events(${batch})`);
      expect(await value(`pgq.event_retry(${batch}, ${id}, 0)`)).toBe(1);
      expect(await value(`pgq.event_retry(${batch}, ${id}, 0)`)).toBe(0);
      expect(await value(`pgq.batch_retry(${batch}, 0)`)).toBe(1);
      await session.script(`select pgq.finish_batch(${batch})`);
      expect(await value('pgq.maint_retry_events()')).toBe(2);
      expect(await value('pgq.maint_retry_events()')).toBe(0);
      await tick('again');
      expect(await consume('again', 'a')).toEqual(['x', 'y']);
      expect(await consume('again', 'b')).toEqual(['x', 'y']);
      expect(await consume('again', 'b')).toEqual([]);
    });
  });

  describe('cooperative consumers', () => {
    test('a member leaves alone, the main consumer takes the group along', async () => {
      await queue('group', 'main', 'one', 'two');
      await session.script(`
      update pgq.subscription s
         set sub_id = m.sub_id, sub_last_tick = null
        from pgq.subscription m join pgq.consumer mc on mc.co_id = m.sub_consumer and mc.co_name = 'main',
             pgq.consumer c
       where m.sub_queue = s.sub_queue and c.co_id = s.sub_consumer and c.co_name in ('one', 'two')`);
      expect(await value(`pgq.unregister_consumer('group', 'one')`)).toBe(1);
      expect(await value(`pgq.unregister_consumer('group', 'main')`)).toBe(2);
      expect(await value(`select count(*) from pgq.consumer where co_name = 'main'`)).toBe(0n);
      const members = await value(`select count(*) from pgq.consumer where co_name in ('one', 'two')`);
      expect(members).toBe(engine.kind === 'bundled' ? 0n : 2n);
    });
  });
});
