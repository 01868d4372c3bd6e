import { expect, test } from 'vitest';
import type { Session } from '../../../src/db/session.ts';
import { answer, events, row, rows, value } from '../../support/call.ts';
import { engineDatabase, onEngines } from '../../support/engines.ts';

/** A root of queue `q`, with nodes `branch` and `leaf` on the map. */
async function root(session: Session): Promise<void> {
  for (const node of ['root', 'branch', 'leaf']) {
    await answer(session, 'pgq_node.register_location', 'q', node, `dbname=${node}`, false);
  }
  expect(await answer(session, 'pgq_node.create_node', 'q', 'root', 'root', 'root_w', null, null, null)).toBe(
    '200 Node "root" initialized for queue "q" with type "root"',
  );
}

async function newTick(session: Session): Promise<unknown> {
  await value(session, "select pgq.force_tick('q')");
  return value(session, "select pgq.ticker('q')");
}

onEngines([12], (engine) => {
  test('a root tells what it is and makes its queue', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    expect(await answer(session, 'pgq_node.get_node_info', 'q')).toBe('404 Unknown queue: q');
    await root(session);
    expect(await row(session, 'pgq_node.get_node_info', 'q')).toEqual({
      ret_code: 100,
      ret_note: 'Ok',
      node_type: 'root',
      node_name: 'root',
      global_watermark: 1n,
      local_watermark: 1n,
      provider_node: 'root',
      provider_location: 'dbname=root',
      combined_queue: null,
      combined_type: null,
      worker_name: 'root_w',
      worker_paused: false,
      worker_uptodate: false,
      worker_last_tick: 1n,
      node_attrs: null,
      target_for: null,
    });
    expect(await answer(session, 'pgq_node.create_node', 'q', 'leaf', 'leaf', 'w', 'root', 1, null)).toBe(
      '401 Node already initialized',
    );
    expect(await value(session, "select pgq_node.is_root_node('q') and not pgq_node.is_leaf_node('q')")).toBe(true);
    await expect(value(session, "select pgq_node.is_root_node('other')")).rejects.toThrow(
      'queue does not exist: other',
    );
  });

  test('arguments that do not go together are refused', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    const create = (...args: unknown[]) => answer(session, 'pgq_node.create_node', 'q', ...args);
    await answer(session, 'pgq_node.register_location', 'q', 'n', 'dbname=n', false);
    expect(await create('root', 'n', 'w', 'p', null, null)).toBe('401 unexpected args for root');
    expect(await create('branch', 'n', 'w', null, 1, null)).toBe('401 provider not set for branch');
    expect(await create('branch', 'n', 'w', 'p', null, null)).toBe('401 global watermark not set for branch');
    expect(await create('leaf', 'n', 'w', 'p', 1, 'c')).toBe('401 non-existing queue on leaf side: c');
    await expect(create('trunk', 'n', 'w', null, null, null)).rejects.toThrow('node_info_check');
    await expect(create('root', 'unknown', 'w', null, null, null)).rejects.toThrow(
      'node_info_queue_name_node_name_fkey',
    );
    expect(await rows(session, 'pgq_node.get_consumer_info', 'q')).toEqual([]);
  });

  test('a branch starts at the watermark and takes ticks and events from its worker alone', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await answer(session, 'pgq_node.register_location', 'q', 'root', 'dbname=root', false);
    await answer(session, 'pgq_node.register_location', 'q', 'branch', 'dbname=branch', false);
    await answer(session, 'pgq_node.create_node', 'q', 'branch', 'branch', 'w', 'root', 7, null);
    expect(await row(session, 'pgq_node.get_worker_state', 'q')).toMatchObject({
      node_type: 'branch',
      completed_tick: 7n,
      provider_node: 'root',
      global_watermark: 7n,
      local_watermark: 7n,
      local_queue_top: 7n,
    });
    await expect(value(session, "select pgq.insert_event('q', 't', 'd')")).rejects.toThrow();
    await expect(value(session, "select pgq.ticker('q')")).rejects.toThrow();
    expect(await value(session, "select pgq.ticker('q', 9, now(), 5)")).toBe(9n);
    expect(await answer(session, 'pgq_node.set_global_watermark', 'q', 8)).toBe(
      '200 Skipping global watermark update to 8',
    );
    expect(await answer(session, 'pgq_node.set_global_watermark', 'q', 9)).toBe('200 Global watermark set to 9');
    expect(await answer(session, 'pgq_node.set_global_watermark', 'q', null)).toBe(
      '500 bad usage: wm=null on branch node',
    );
  });

  test('locations are kept, changed and told to the cascade', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await root(session);
    await answer(session, 'pgq_node.register_location', 'q', 'new', 'dbname=new', false);
    await answer(session, 'pgq_node.register_location', 'q', 'new', null, true);
    expect(await answer(session, 'pgq_node.unregister_location', 'q', 'root')).toBe(
      "403 Cannot drop node's own location",
    );
    expect(await answer(session, 'pgq_node.unregister_location', 'q', 'new')).toBe('200 Ok');
    expect(await answer(session, 'pgq_node.unregister_location', 'q', 'new')).toBe('301 Location not found: q/new');
    expect(await events(session)).toEqual([
      'pgq.location-info|new|q|dbname=new',
      'pgq.location-info|new|q|-',
      'pgq.unregister-location|new|q|-',
      'pgq.unregister-location|new|q|-',
    ]);
    expect(await value(session, 'select ev_extra3 from pgq.event_template where ev_extra2 is null limit 1')).toBe(
      'true',
    );
  });

  test('the local watermark is that of the slowest reader, and publishing it moves the global one', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await root(session);
    expect(await row(session, 'pgq_node.register_subscriber', 'q', 'branch', 'branch_w', null)).toEqual({
      ret_code: 200,
      ret_note: 'Subscriber registered: branch',
      global_watermark: 1n,
    });
    await answer(session, 'pgq_node.register_subscriber', 'q', 'leaf', 'leaf_w', 1);
    await newTick(session);
    const top = await newTick(session);
    const watermark = (node: string, tick: unknown) =>
      answer(session, 'pgq_node.set_subscriber_watermark', 'q', node, tick);
    expect(await watermark('branch', 2)).toBe('200 .branch.watermark set to 2');
    expect(await watermark('branch', 2)).toBe('100 watermark already set');
    expect(await watermark('branch', 1)).toBe('405 watermark must not be moved backwards');
    expect(await watermark('nobody', 1)).toBe('404 node nobody not subscribed to queue ');
    await watermark('leaf', top);
    for (const worker of ['branch_w', 'leaf_w']) {
      await value(session, "select pgq.register_consumer_at('q', $1, 3)", worker);
    }
    expect(await rows(session, 'pgq_node.get_subscriber_info', 'q')).toEqual([
      { node_name: 'branch', worker_name: 'branch_w', node_watermark: 2n },
      { node_name: 'leaf', worker_name: 'leaf_w', node_watermark: 3n },
    ]);
    expect(await answer(session, 'pgq_node.set_global_watermark', 'q', null)).toBe('200 Global watermark set to 2');
    expect(await events(session)).toEqual(['pgq.global-watermark|2|q|-']);
    expect(await row(session, 'pgq_node.get_worker_state', 'q')).toMatchObject({
      completed_tick: 2n,
      global_watermark: 2n,
      local_watermark: 2n,
      local_queue_top: 3n,
    });
    expect(await answer(session, 'pgq_node.unregister_subscriber', 'q', 'branch')).toBe(
      '200 Subscriber unregistered: branch',
    );
    expect(await answer(session, 'pgq_node.unregister_subscriber', 'q', 'branch')).toBe('304 Subscriber not found');
    expect(await row(session, 'pgq_node.get_node_info', 'q')).toMatchObject({ local_watermark: 3n });
  });

  test('maintenance publishes a watermark that is five minutes old', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await root(session);
    await newTick(session);
    await rows(session, 'pgq_node.maint_watermark', 'q');
    expect(await events(session)).toEqual([]);
    await session.script("update pgq.tick set tick_time = now() - interval '6 minutes' where tick_id = 1");
    expect(await rows(session, 'pgq_node.maint_watermark', 'q')).toEqual([{ maint_watermark: 0 }]);
    expect(await events(session)).toEqual(['pgq.global-watermark|2|q|-']);
  });

  test('a consumer is paused, confirmed, moved and reported', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await root(session);
    const call = (name: string, ...args: unknown[]) => answer(session, `pgq_node.${name}`, 'q', ...args);
    expect(await call('register_consumer', 'c', 'branch', 5)).toBe('200 Consumer c registered on queue q');
    expect(await call('set_consumer_uptodate', 'c', true)).toBe('200 Consumer uptodate = 1');
    expect(await call('set_consumer_paused', 'c', true)).toBe('200 Consumer c tagged as paused');
    expect(await call('set_consumer_paused', 'c', true)).toBe('201 Consumer c already paused');
    expect(await call('set_consumer_error', 'c', 'no route')).toBe('100 Consumer c error = no route');
    expect(await row(session, 'pgq_node.get_consumer_state', 'q', 'c')).toMatchObject({
      ret_code: 100,
      completed_tick: 5n,
      provider_location: 'dbname=branch',
      paused: true,
      uptodate: false,
      cur_error: 'no route',
    });
    expect(await call('register_consumer', 'c', 'leaf', 6)).toBe('201 Consumer already registered: q/c');
    expect(await call('set_consumer_error', 'c', null)).toBe('100 null');
    expect(await call('set_consumer_error', 'unknown', 'x')).toBe('101 Consumer not known, ignoring: q/unknown');
    expect(await call('set_consumer_completed', 'c', 8)).toBe('100 Consumer c completed tick = 8');
    expect(await call('set_consumer_completed', 'unknown', 8)).toBe('404 Consumer not known: q/unknown');
    expect(await call('change_consumer_provider', 'c', 'unknown')).toBe('404 New node not found: unknown');
    expect(await call('change_consumer_provider', 'c', 'root')).toBe('200 Consumer provider node set to : root');
    expect(await call('set_consumer_paused', 'c', false)).toBe('200 Consumer c tagged as resumed');
    expect(await rows(session, 'pgq_node.get_consumer_info', 'q')).toEqual([
      { consumer_name: 'c', provider_node: 'root', last_tick_id: 8n, paused: false, uptodate: false, cur_error: null },
      {
        consumer_name: 'root_w',
        provider_node: 'root',
        last_tick_id: 1n,
        paused: false,
        uptodate: false,
        cur_error: null,
      },
    ]);
    expect(await call('unregister_consumer', 'c')).toBe('200 Consumer c unregistered from q');
    expect(await call('set_node_attrs', 'sync_watermark=a,b')).toBe('200 Node attributes updated');
  });

  test('leaves that merge are listed by their target, and wait behind it on a branch', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await root(session);
    for (const part of ['p1', 'p2']) {
      await answer(session, 'pgq_node.register_location', part, 'source', 'dbname=s', false);
      await answer(session, 'pgq_node.register_location', part, 'here', 'dbname=h', false);
      await answer(session, 'pgq_node.create_node', part, 'leaf', 'here', `${part}_w`, 'source', 3, 'q');
    }
    expect(await row(session, 'pgq_node.get_node_info', 'q')).toMatchObject({ target_for: ['p1', 'p2'] });
    expect(await row(session, 'pgq_node.get_worker_state', 'p1')).toMatchObject({
      completed_tick: 3n,
      global_watermark: null,
      local_watermark: 3n,
      local_queue_top: null,
      combined_queue: 'q',
      combined_type: 'root',
    });
    expect(await answer(session, 'pgq_node.register_subscriber', 'p1', 'source', 'w', null)).toBe(
      '401 Cannot subscribe to leaf node',
    );
    expect(await answer(session, 'pgq_node.set_partition_watermark', 'q', 'p1', 5)).toBe(
      '201 Part-queue does not exist',
    );
    for (const step of [1, 2, 3]) await answer(session, 'pgq_node.demote_root', 'q', step, 'branch');
    expect(await answer(session, 'pgq_node.set_partition_watermark', 'q', 'p1', 5)).toBe('200 Ok');
    expect(await row(session, 'pgq_node.get_worker_state', 'p1')).toMatchObject({ completed_tick: 5n });
  });

  test('dropping a node forgets it, and dropping the local one forgets the queue', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await root(session);
    await answer(session, 'pgq_node.register_subscriber', 'q', 'leaf', 'leaf_w', null);
    expect(await answer(session, 'pgq_node.drop_node', 'q', 'leaf')).toBe('200 Node dropped: leaf');
    expect(await rows(session, 'pgq_node.get_queue_locations', 'q')).toHaveLength(2);
    for (const step of [1, 2, 3]) await answer(session, 'pgq_node.demote_root', 'q', step, 'branch');
    expect(await answer(session, 'pgq_node.drop_node', 'q', 'branch')).toBe('405 Cannot drop provider node: branch');
    expect(await answer(session, 'pgq_node.drop_node', 'q', 'root')).toBe('200 Node dropped: root');
    expect(await answer(session, 'pgq_node.drop_node', 'q', 'root')).toBe('200 Node dropped: root');
    expect(await rows(session, 'pgq_node.get_queue_locations', 'q')).toEqual([]);
    expect(await rows(session, 'pgq.get_queue_info')).toEqual([]);
  });

  test('names may hold quotes, dots, spaces and letters of any script', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    const queue = `Q'u"o.te ß`;
    await answer(session, 'pgq_node.register_location', queue, 'N 1', "dbname='x y'", false);
    await answer(session, 'pgq_node.register_location', queue, 'N.2', 'dbname=z', false);
    expect(await answer(session, 'pgq_node.create_node', queue, 'root', 'N 1', `W'"`, null, null, null)).toBe(
      `200 Node "N 1" initialized for queue "${queue}" with type "root"`,
    );
    await answer(session, 'pgq_node.register_subscriber', queue, 'N.2', 'Sub W', null);
    for (const step of [1, 2, 3]) await answer(session, 'pgq_node.demote_root', queue, step, 'N.2');
    expect(await answer(session, 'pgq_node.promote_branch', queue)).toBe('200 Branch node promoted to root');
    expect(await answer(session, 'pgq_node.drop_node', queue, 'N 1')).toBe('200 Node dropped: N 1');
  });
});
