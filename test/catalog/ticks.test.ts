import { expect, test } from 'vitest';
import { finishAndOpen, finishBatch, nextBatch, registerConsumers, tickAndNotify } from '../../src/catalog/pgq.ts';
import { sql } from '../../src/db/statement.ts';
import { queueName } from '../../src/model/names.ts';
import { freshDatabase } from '../support/database.ts';

// When only time makes a tick due, it waits for those who read; many events do not wait.

test('a tick is held back for a consumer that has not read the last one, and for no watermark', async () => {
  await using database = await freshDatabase();
  await using session = await database.session();
  const queue = queueName('q');
  await session.script(`select pgq.create_queue('q');
    select pgq.set_queue_config('q', 'ticker_max_lag', '0'), pgq.set_queue_config('q', 'ticker_max_count', '5')`);
  for (const consumer of ['reader', '.global_watermark', 'gone.gravestone'])
    await registerConsumers(session, queue, [consumer]);
  const write = (events: number) =>
    session.query(sql("select pgq.insert_event('q', 'type', 'data') from generate_series(1, $1)", events));

  await write(1);
  const first = await tickAndNotify(session, queue, true);
  expect(first?.tick, 'everybody stands at the newest tick').toBeDefined();

  await write(1);
  const held = await tickAndNotify(session, queue, true);
  expect(held, 'the reader has not read it').toEqual({ newest: (first?.newest ?? 0n) + 1n, tick: undefined });

  const batch = await nextBatch(session, queue, 'reader', undefined);
  if (batch === undefined) throw new Error('no batch');
  expect((await tickAndNotify(session, queue, true))?.tick, 'an open batch is not read yet').toBeUndefined();
  expect(await finishBatch(session, queue, batch), 'nothing comes after it').toBe(false);
  const second = await tickAndNotify(session, queue, true);
  expect(second?.tick, 'watermarks and dead nodes read nothing').toBe((first?.tick ?? 0n) + 1n);

  await write(5);
  expect((await tickAndNotify(session, queue, true))?.tick, 'many events wait for nobody').toBe(
    (second?.tick ?? 0n) + 1n,
  );
  await write(1);
  expect((await tickAndNotify(session, queue, false))?.tick, 'nor does a tick that has waited').toBe(
    (second?.tick ?? 0n) + 2n,
  );

  const next = await nextBatch(session, queue, 'reader', undefined);
  if (next === undefined) throw new Error('no batch');
  expect(await finishBatch(session, queue, next), 'two more wait').toBe(true);
});

test('one batch is finished and the next one opened in one go', async () => {
  await using database = await freshDatabase();
  await using session = await database.session();
  const queue = queueName('q');
  await session.script(`select pgq.create_queue('q')`);
  await registerConsumers(session, queue, ['reader']);
  for (const data of ['first', 'second']) {
    await session.query(sql(`select pgq.insert_event('q', 'type', $1)`, data));
    await session.script(`select pgq.force_tick('q'); select pgq.ticker('q')`);
  }
  const first = await nextBatch(session, queue, 'reader', undefined);
  if (first === undefined) throw new Error('no batch');
  const second = await finishAndOpen(session, queue, 'reader', first);
  expect(second).toEqual(await nextBatch(session, queue, 'reader', undefined));
  if (second === undefined) throw new Error('no batch');
  expect([second.fromTick, second.ticksBehind]).toEqual([first.toTick, 0]);
  expect(await session.query<{ ev_data: string }>(sql(second.events))).toMatchObject([{ ev_data: 'second' }]);
  expect(await finishAndOpen(session, queue, 'reader', second), 'nothing comes after it').toBeUndefined();
  expect(await nextBatch(session, queue, 'reader', undefined)).toBeUndefined();
});

test('a server whose clock was put back by hours ticks on', async () => {
  await using database = await freshDatabase();
  await using session = await database.session();
  const queue = queueName('q');
  await session.script(`select pgq.create_queue('q'); select pgq.set_queue_config('q', 'ticker_max_lag', '1 hour');
    update pgq.tick set tick_time = now() + interval '5 hours'`);
  expect((await tickAndNotify(session, queue, false))?.tick, 'at once').toBe(2n);
  await session.query(sql("select pgq.insert_event('q', 'type', 'data')"));
  expect((await tickAndNotify(session, queue, false))?.tick, 'and then as it is told').toBeUndefined();
  await session.script(`update pgq.tick set tick_time = now() + interval '5 hours' where tick_id = 2`);
  expect((await tickAndNotify(session, queue, false))?.tick, 'with events, too').toBe(3n);
});
