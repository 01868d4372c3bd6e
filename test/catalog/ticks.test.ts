import { expect, test } from 'vitest';
import {
  finishAndOpen,
  finishBatch,
  nextBatch,
  registerConsumers,
  tickAndNotify,
  tickChannel,
  toldTick,
} from '../../src/catalog/pgq.ts';
import { sql } from '../../src/db/statement.ts';
import { queueName } from '../../src/model/names.ts';
import { freshDatabase } from '../support/database.ts';

// When only time makes a tick due, it waits for those who read; many events do not wait.

test('a tick is held back for a consumer that has not read the last one, and for no watermark', async () => {
  await using database = await freshDatabase();
  await using session = await database.session();
  const queue = queueName('q');
  const look = (hold: boolean) => tickAndNotify(session, queue, { hold, told: undefined });
  await session.script(`select pgq.create_queue('q');
    select pgq.set_queue_config('q', 'ticker_max_lag', '0'), pgq.set_queue_config('q', 'ticker_max_count', '5')`);
  for (const consumer of ['reader', '.global_watermark', 'gone.gravestone'])
    await registerConsumers(session, queue, [consumer]);
  const write = (events: number) =>
    session.query(sql("select pgq.insert_event('q', 'type', 'data') from generate_series(1, $1)", events));

  await write(1);
  const first = await look(true);
  expect(first?.tick, 'everybody stands at the newest tick').toBeDefined();

  await write(1);
  const held = await look(true);
  expect(held, 'the reader has not read it').toMatchObject({
    newestEvent: (first?.newestEvent ?? 0n) + 1n,
    tick: undefined,
    newestTick: first?.tick,
  });

  const batch = await nextBatch(session, queue, 'reader', undefined);
  if (batch === undefined) throw new Error('no batch');
  expect((await look(true))?.tick, 'an open batch is not read yet').toBeUndefined();
  expect(await finishBatch(session, queue, batch), 'nothing comes after it').toBe(false);
  const second = await look(true);
  expect(second?.tick, 'watermarks and dead nodes read nothing').toBe((first?.tick ?? 0n) + 1n);

  await write(5);
  expect((await look(true))?.tick, 'many events wait for nobody').toBe((second?.tick ?? 0n) + 1n);
  await write(1);
  expect((await look(false))?.tick, 'nor does a tick that has waited').toBe((second?.tick ?? 0n) + 2n);

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

test('to open a batch of one tick waits for no disk, to open a longer one does, and to finish one', async () => {
  await using database = await freshDatabase();
  await using session = await database.session();
  const queue = queueName('q');
  await session.script(`select pgq.create_queue('q')`);
  await registerConsumers(session, queue, ['reader']);
  await session.script(`create table commits (nr serial, waits text);
    create function note() returns trigger language plpgsql as $$ begin
      insert into commits (waits) values (current_setting('synchronous_commit')); return null; end $$;
    create constraint trigger note after update on pgq.subscription deferrable initially deferred
      for each row execute function note()`);
  for (let tick = 0; tick < 3; tick += 1) {
    await session.script(`select pgq.insert_event('q', 'type', 'data'), pgq.force_tick('q')`);
    await session.script(`select pgq.ticker('q')`);
  }
  for (const minEvents of [undefined, 2]) {
    const batch = await nextBatch(session, queue, 'reader', minEvents);
    if (batch === undefined) throw new Error('no batch');
    await finishBatch(session, queue, batch);
  }
  const rows = await session.query<{ waits: string }>(sql('select waits from commits order by nr'));
  expect(rows.map(({ waits }) => waits)).toEqual(['off', 'on', 'on', 'on']);
});

test('a server whose clock was put back by hours ticks on', async () => {
  await using database = await freshDatabase();
  await using session = await database.session();
  const queue = queueName('q');
  const look = (hold: boolean) => tickAndNotify(session, queue, { hold, told: undefined });
  await session.script(`select pgq.create_queue('q'); select pgq.set_queue_config('q', 'ticker_max_lag', '1 hour');
    update pgq.tick set tick_time = now() + interval '5 hours'`);
  expect((await look(false))?.tick, 'at once').toBe(2n);
  await session.query(sql("select pgq.insert_event('q', 'type', 'data')"));
  expect((await look(false))?.tick, 'and then as it is told').toBeUndefined();
  await session.script(`update pgq.tick set tick_time = now() + interval '5 hours' where tick_id = 2`);
  expect((await look(false))?.tick, 'with events, too').toBe(3n);
});

test('whoever listens is told of each tick once, whoever has made it, also while the ticker may make none', async () => {
  await using database = await freshDatabase();
  await using session = await database.session();
  await using listener = await database.session();
  const queue = queueName('q 1');
  await session.script(`select pgq.create_queue('q 1'), pgq.set_queue_config('q 1', 'ticker_max_lag', '1 hour')`);
  const told: (bigint | undefined)[] = [];
  await listener.listen(tickChannel, (payload) => told.push(toldTick(payload, queue)));
  let newest: bigint | undefined;
  const look = async () => {
    newest = (await tickAndNotify(session, queue, { hold: false, told: newest }))?.newestTick;
    await listener.script('select');
    return told.splice(0);
  };
  const before = await look();
  expect(before, 'whoever begins to tick tells the newest').toEqual([newest]);
  expect(await look()).toEqual([]);
  await session.script(`select pgq.force_tick('q 1'); select pgq.ticker('q 1')`);
  expect(await look(), 'of another ticker').toEqual([newest]);
  expect(newest).toBeGreaterThan(before[0] ?? 0n);
  await session.script(`select pgq.set_queue_config('q 1', 'ticker_paused', 'true')`);
  expect(await tickAndNotify(session, queue, { hold: false, told: newest })).toEqual({
    type: undefined,
    newestEvent: undefined,
    tick: undefined,
    newestTick: newest,
  });
  await session.script(`update pgq.queue set queue_ticker_paused = false, queue_external_ticker = true;
    select pgq.ticker('q 1', ${Number(newest) + 5}, now(), 1)`);
  expect(await look(), 'as on a branch').toEqual([newest]);
  await session.script(
    `notify ${tickChannel}, 'q 7'; notify ${tickChannel}, 'q 1 x'; notify ${tickChannel}, 'q 1 2 3'`,
  );
  expect(await look(), 'what is no tick of this queue').toEqual([undefined, undefined, undefined]);
});
