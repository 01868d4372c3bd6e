import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Session } from '../../../src/db/session.ts';
import { sql } from '../../../src/db/statement.ts';
import type { FreshDatabase } from '../../support/database.ts';
import { engineDatabase, onEngines, onOurs } from '../../support/engines.ts';

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

  async function value(text: string, on = session): Promise<unknown> {
    const [row] = await on.query<{ value: unknown }>(sql(`select (${text}) as value`));
    return row?.value;
  }

  async function queue(name: string): Promise<void> {
    await session.script(`select pgq.create_queue('${name}')`);
  }

  describe('when a tick is due', () => {
    test('the first event of a queue is not seen as new, the second is', async () => {
      await queue('first');
      await session.script(`select pgq.set_queue_config('first', 'ticker_max_count', '1')`);
      await session.script(`select pgq.set_queue_config('first', 'ticker_idle_period', '1 hour')`);
      expect(await value(`pgq.ticker('first')`)).toBe(2n); // no tick before the last one: it is due at once
      await session.script(`update pgq.tick set tick_time = now() - interval '1 h' where tick_id = 1`);
      await session.script(`select pgq.insert_event('first', 't', 'd')`);
      expect(await value(`pgq.ticker('first')`)).toBeNull();
      await session.script(`select pgq.insert_event('first', 't', 'd')`);
      expect(await value(`pgq.ticker('first')`)).toBe(3n);
    });

    test.each([
      // seconds since the last tick, seconds between the last two, new events, due
      [2.9, 100, 1, false],
      [3.1, 100, 1, true],
      [0.1, 100, 499, false],
      [0.1, 100, 500, true],
      [1.4, 0.1, 0, false],
      [1.6, 0.1, 0, true],
      [19, 10, 0, false],
      [21, 10, 0, true],
      [59, 50, 0, false],
      [61, 50, 0, true],
    ])(
      '%d s after a tick that came %d s after its predecessor, with %d new events: %s',
      async (lag, gap, events, due) => {
        await session.script(`select pgq.drop_queue(queue_name) from pgq.queue where queue_name = 'due'`);
        await queue('due');
        const id = await value(`select queue_id from pgq.queue where queue_name = 'due'`);
        await session.script(`
      select setval('pgq.event_${id}_id_seq', 1000), setval('pgq.event_${id}_tick_seq', 2);
      update pgq.tick set tick_time = now() - interval '${lag + gap} s' where tick_queue = ${id};
      insert into pgq.tick (tick_queue, tick_id, tick_time, tick_event_seq)
      values (${id}, 2, now() - interval '${lag} s', ${1000 - events})`);
        expect(await value(`pgq.ticker('due')`)).toBe(due ? 3n : null);
      },
    );

    test('force_tick makes the next ticker tick, and says where the queue stands', async () => {
      await queue('forced');
      expect(await value(`pgq.force_tick('forced')`)).toBe(1n);
      expect(await value(`pgq.ticker('forced')`)).toBe(2n);
      expect(await value(`pgq.force_tick('nowhere')`)).toBeNull();
    });

    test.each([
      ['external_ticker', /from outside|external/],
      ['ticker_paused', /paused/],
    ])('a queue with %s is refused by name and left out of the round', async (setting, message) => {
      await queue(setting);
      await session.script(`select pgq.set_queue_config('${setting}', '${setting}', 'true')`);
      await expect(value(`pgq.ticker('${setting}')`)).rejects.toThrow(message);
      await value(`pgq.ticker()`);
      expect(await value(`select last_tick_id from pgq.get_queue_info('${setting}')`)).toBe(1n);
    });

    test('ticks from outside keep their ids and never lower the sequences', async () => {
      await queue('outside');
      await session.script(`select pgq.set_queue_config('outside', 'external_ticker', 'true')`);
      const tick = (id: number, seq: number) => value(`pgq.ticker('outside', ${id}, '2020-01-01', ${seq})`);
      expect([await tick(10, 500), await tick(7, 400)]).toEqual([10n, 7n]);
      const [row] = await session.query(
        sql(`select pgq.seq_getval(queue_tick_seq) as tick, pgq.seq_getval(queue_event_seq) as event
             from pgq.queue where queue_name = 'outside'`),
      );
      expect(row).toEqual({ tick: 10n, event: 500n });
      await expect(tick(10, 600)).rejects.toThrow(/duplicate key/);
    });
  });
});

onOurs([18], (engine) => {
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

  async function value(text: string, on = session): Promise<unknown> {
    const [row] = await on.query<{ value: unknown }>(sql(`select (${text}) as value`));
    return row?.value;
  }

  async function queue(name: string): Promise<void> {
    await session.script(`select pgq.create_queue('${name}')`);
  }

  async function waitsForLock(waiter: Session): Promise<void> {
    for (;;) {
      const [row] = await session.query<{ waits: boolean }>(
        sql(`select wait_event_type = 'Lock' as waits from pg_stat_activity where pid = $1`, waiter.backendPid),
      );
      if (row?.waits) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  describe('several tickers at once', () => {
    test('a second ticker waits, then finds that nothing is due', async () => {
      await queue('twice');
      await value(`pgq.force_tick('twice')`);
      await using other = await database.session();
      await session.script('begin');
      expect(await value(`pgq.ticker('twice')`)).toBe(2n);
      const second = value(`pgq.ticker('twice')`, other);
      await using watcher = await database.session();
      expect(await value(`pgq.insert_event('twice', 'writers', 'do not wait')`, watcher)).toBeTypeOf('bigint');
      await waitsForLock(other);
      await session.script('commit');
      expect(await second).toBeNull();
    });

    test('the round over all queues passes by a queue that is being ticked', async () => {
      await queue('busy');
      await queue('idle');
      await session.script(`select pgq.force_tick('busy'), pgq.force_tick('idle')`);
      await using other = await database.session();
      await session.script('begin');
      await value(`pgq.ticker('busy')`);
      await value('pgq.ticker()', other);
      expect(await value(`select last_tick_id from pgq.get_queue_info('idle')`, other)).toBe(2n);
      expect(await value(`select last_tick_id from pgq.get_queue_info('busy')`, other)).toBe(1n);
      await session.script('rollback');
    });

    test('a tick in a repeatable read transaction has the snapshot of that transaction', async () => {
      await queue('snapshot');
      await session.script('begin isolation level repeatable read');
      const before = await value('txid_current_snapshot()::text');
      await using other = await database.session();
      await value(`pgq.insert_event('snapshot', 'later', 'than the snapshot')`, other);
      await value(`pgq.force_tick('snapshot')`);
      expect(await value(`pgq.ticker('snapshot')`)).toBe(2n);
      await session.script('commit');
      expect(
        await value(`select tick_snapshot::text from pgq.tick t join pgq.queue q on tick_queue = queue_id
                    where queue_name = 'snapshot' and tick_id = 2`),
      ).toBe(before);
    });

    test('a snapshot older than the newest tick is refused, and the transaction can be run again', async () => {
      await queue('older');
      await value(`pgq.force_tick('older')`);
      expect(await value(`pgq.ticker('older')`)).toBe(2n);
      const attempt = async (meanwhile: () => Promise<unknown>) => {
        await session.script('begin isolation level repeatable read');
        try {
          await value('txid_current_snapshot()::text');
          await meanwhile();
          await value(`pgq.force_tick('older')`);
          return await value(`pgq.ticker('older')`);
        } finally {
          await session.script('rollback');
        }
      };
      await using other = await database.session();
      const tickBetween = async () => {
        await value(`pgq.force_tick('older')`, other);
        expect(await value(`pgq.ticker('older')`, other)).toBe(3n);
      };
      await expect(attempt(tickBetween)).rejects.toMatchObject({
        code: '40001',
        message: expect.stringContaining('got a newer tick'),
      });
      // The sequence is ahead of the ticks now, by the tick that was refused: that must not matter.
      expect(await attempt(async () => undefined)).toBeTypeOf('bigint');
    });

    test('the first tick after an upgrade of a queue without bookkeeping is guarded too', async () => {
      await queue('unguarded');
      await session.script('delete from trunkline_capture.ticker_guard');
      await using other = await database.session();
      await session.script('begin isolation level repeatable read');
      await value('txid_current_snapshot()::text');
      await value(`pgq.force_tick('unguarded')`, other);
      await value(`pgq.ticker('unguarded')`, other);
      await value(`pgq.force_tick('unguarded')`);
      await expect(value(`pgq.ticker('unguarded')`)).rejects.toMatchObject({ code: '40001' });
      await session.script('rollback');
    });

    test('ids and snapshots grow together, whoever ticks', async () => {
      await queue('race');
      const sessions = await Promise.all([1, 2, 3].map(() => database.session()));
      await Promise.all(
        sessions.map(async (each, place) => {
          for (let round = 0; round < 15; round++) {
            await each.script(place === 0 ? 'begin isolation level repeatable read' : 'begin');
            try {
              await value(`pgq.insert_event('race', 't', 'd')`, each);
              await value(`pgq.force_tick('race')`, each);
              await value(`pgq.ticker('race')`, each);
              await each.script('commit');
            } catch (error) {
              expect(error).toMatchObject({ code: '40001' });
              await each.script('rollback');
            }
          }
        }),
      );
      await Promise.all(sessions.map((each) => each.close()));
      expect(
        await value(`select count(*) from (
          select txid_snapshot_xmin(tick_snapshot) < lag(txid_snapshot_xmin(tick_snapshot)) over w
              or txid_snapshot_xmax(tick_snapshot) < lag(txid_snapshot_xmax(tick_snapshot)) over w as backwards
            from pgq.tick join pgq.queue on queue_id = tick_queue
           where queue_name = 'race' window w as (order by tick_id)) x where backwards`),
      ).toBe(0n);
    });
  });
});
