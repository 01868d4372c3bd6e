import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Session } from '../../src/db/session.ts';
import { sql } from '../../src/db/statement.ts';
import { expectEqual, type Replication, replication, waitFor } from '../support/replication.ts';

const tables = `
  create table account (id int primary key, n int not null default 0, note text);
  create table journal (id bigserial primary key, writer int not null, nr int not null, at timestamptz default now());
  create table other (id int primary key);
  create table place (id int primary key, seat int not null unique);`;

const versions = { root: 14, middle: 18, low: 12 } as const;
const chain = { middle: { role: 'branch', provider: 'root' }, low: { role: 'leaf', provider: 'middle' } } as const;

async function cascadeWith(
  databases: Parameters<typeof replication>[0],
  shape: Parameters<typeof replication>[2],
): Promise<Replication> {
  const cascade = await replication(databases, tables, shape);
  await using source = await cascade.session('root');
  await source.script(`insert into account (id) select generate_series(1, 5000)`);
  await cascade.addTable({ name: 'public.account' });
  await cascade.addTable({ name: 'public.journal' });
  await cascade.addTable({ name: 'public.place' });
  // Known at the root alone: its events pass through a branch all the same.
  await source.script(`select londiste.local_add_table('replika', 'public.other')`);
  return cascade;
}

/** A writer whose journal has no gaps, until stopped. */
function startWriting(cascade: Replication, database = 'root'): { stop(): Promise<void> } {
  let writing = true;
  const loop = (async () => {
    await using session = await cascade.session(database);
    for (let nr = 1; writing; nr += 1) {
      await session.script(`
        begin;
        insert into journal (writer, nr) values (1, ${nr});
        update account set n = n + 1, note = E'round\\t${nr}\\\\ \\n' where id = ${(nr * 37) % 5000} + 1;
        insert into other values (${nr}) on conflict do nothing;
        commit`);
      await sleep(20);
    }
  })();
  return {
    async stop() {
      writing = false;
      await loop;
    },
  };
}

async function expectSameRows(cascade: Replication, from: string, nodes: readonly string[]): Promise<void> {
  await using source = await cascade.session(from);
  for (const node of nodes) {
    await cascade.caughtUp(node, 60_000);
    await using target = await cascade.session(node);
    for (const table of ['account', 'journal', 'place'])
      await expectEqual(source, `select * from ${table}`, target, `select * from ${table}`);
  }
}

const events = `select ev_id, ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3, ev_extra4, ev_time
  from pgq.event_template where ev_id > 0`;
/** What lies between each two ticks, by the queue's own reckoning. */
const ticks = `select tick_id, tick_time, tick_event_seq from pgq.tick where tick_id between $1 and $2`;

/** Each tick that the branch has stands for the same events as at its provider. */
async function expectSameQueue(provider: Session, branch: Session): Promise<void> {
  await expectEqual(provider, `${events}`, branch, `${events}`);
  // The provider may have made one more since the branch stopped.
  const [held] = await branch.query<{ first: bigint; last: bigint }>(
    sql('select min(tick_id) as first, max(tick_id) as last from pgq.tick where tick_id > 1'),
  );
  const read = (session: Session) => session.query(sql(`${ticks} order by 1`, held?.first, held?.last));
  expect(await read(branch)).toEqual(await read(provider));
  const batches = async (session: Session) => {
    const found: unknown[] = [];
    await session.query(sql(`select pgq.register_consumer_at('replika', 'check', $1)`, held?.first));
    for (;;) {
      const [batch] = await session.query<{ batch_id: bigint | null; cur_tick_id: bigint }>(
        sql(`select batch_id, cur_tick_id from pgq.next_batch_info('replika', 'check')`),
      );
      if (batch === undefined || batch.batch_id === null || batch.cur_tick_id > (held?.last ?? 0n)) break;
      const rows = await session.query<{ ev_id: bigint }>(
        sql('select ev_id from pgq.get_batch_events($1)', batch.batch_id),
      );
      found.push([batch.cur_tick_id, rows.map(({ ev_id }) => ev_id)]);
      await session.query(sql('select pgq.finish_batch($1)', batch.batch_id));
    }
    await session.query(sql(`select pgq.unregister_consumer('replika', 'check')`));
    return found;
  };
  expect(await batches(branch)).toEqual(await batches(provider));
}

test("a branch holds the tables, and its provider's events and ticks under their own numbers; a leaf follows it", async () => {
  await using cascade = await cascadeWith(versions, chain);
  for (const database of ['middle', 'low']) {
    await using session = await cascade.session(database);
    await session.script(`do $$ begin
      execute format('alter database %I set default_transaction_isolation = %L', current_database(), 'repeatable read'); end $$`);
  }
  const workers = cascade.start();
  const writing = startWriting(cascade);
  await cascade.caughtUp('middle', 90_000);
  await cascade.caughtUp('low', 90_000);
  await sleep(1_000);
  await writing.stop();
  await using root = await cascade.session('root');
  await using middle = await cascade.session('middle');
  await root.script(`truncate account; insert into account values (1, 1, null), (2, 2, '')`);
  await expectSameRows(cascade, 'root', ['middle', 'low']);
  // What all have finished goes up to the root, and comes down as an event.
  await waitFor('the watermark to come up', 30_000, async () => {
    const rows = await root.query(
      sql(`select from pgq_node.get_subscriber_info('replika') s, pgq_node.get_node_info('replika') i
        where s.node_name = 'middle' and s.node_watermark > i.global_watermark + 5`),
    );
    return rows.length > 0;
  });
  await root.query(sql(`select pgq_node.set_global_watermark('replika', null)`));
  await expectSameRows(cascade, 'root', ['middle', 'low']);
  const watermark = sql(`select global_watermark as tick from pgq_node.get_node_info('replika')`);
  expect(await middle.query(watermark)).toEqual(await root.query(watermark));
  await workers.stop(5_000);

  // However many wait, the branch passes on each of them, and the leaf joins them as it likes.
  for (let nr = 1; nr <= 16; nr += 1) {
    await root.script(`
      insert into account select ${nr} * 100 + i, 0, repeat('x', 500) from generate_series(1, 50) i;
      update account set n = n + ${nr}, note = 'y' where id % 3 = 0;
      delete from account where id = ${nr} * 100 - 1`);
    if (nr % 8 === 0) await root.script(`select pgq_node.set_global_watermark('replika', null); truncate journal`);
    await root.script(`select pgq.force_tick('replika'); select pgq.ticker('replika')`);
  }
  // Two seats that are swapped go one after the other, also where megabytes of events come after them.
  await root.script(`
    insert into place values (1, 1), (2, 2);
    select pgq.force_tick('replika')`);
  await root.script(`select pgq.ticker('replika')`);
  await root.script(`
    begin;
    update place set seat = 0 where id = 1; update place set seat = 1 where id = 2; update place set seat = 2 where id = 1;
    insert into account select 10000 + i, 0, repeat('x', 10000) from generate_series(1, 1000) i;
    commit;
    delete from account where id > 10000`);
  const again = cascade.start();
  await expectSameRows(cascade, 'root', ['middle', 'low']);
  await again.stop(5_000);
  await expectSameQueue(root, middle);

  // The attribute makes the branch keep what the nodes that it names still lack, and keeps them out of what it tells its provider.
  await middle.script(`select pgq_node.set_node_attrs('replika', 'sync_watermark=low')`);
  cascade.start();
  await using low = await cascade.session('low');
  const info = async (session: Session) => {
    const [row] = await session.query<{ global: bigint; local: bigint; position: bigint }>(
      sql(`select global_watermark as global, local_watermark as local, worker_last_tick as position
        from pgq_node.get_node_info('replika')`),
    );
    if (row === undefined) throw new Error('no node');
    return row;
  };
  // The leaf is ahead of all that the root knows when it tells how far every node is.
  await root.script(`update account set note = 'ahead' where id = 101`);
  await cascade.caughtUp('low', 60_000);
  await low.script(`select pgq_node.set_consumer_paused('replika', 'low.worker', true)`);
  await waitFor('the leaf to stand still', 30_000, async () => {
    const [row] = await low.query<{ uptodate: boolean }>(sql('select uptodate from pgq_node.local_state'));
    return row?.uptodate === true;
  });
  const stands = await info(low);
  await root.script(`insert into account values (3, 3, null)`);
  await cascade.caughtUp('middle', 60_000);
  const toldByMiddle = async () => {
    const [row] = await root.query<{ tick: bigint }>(
      sql(`select node_watermark as tick from pgq_node.get_subscriber_info('replika') where node_name = 'middle'`),
    );
    return row?.tick ?? 0n;
  };
  await waitFor('the branch to speak for itself', 30_000, async () => (await toldByMiddle()) > stands.position);
  const told = (await info(middle)).global;
  await root.query(sql(`select pgq_node.set_global_watermark('replika', null)`));
  await cascade.caughtUp('middle', 60_000);
  // The leaf was told to stop before it may have told how far it is.
  const { local } = await info(middle);
  await waitFor('the branch to go by the leaf', 30_000, async () => (await info(middle)).global === local);
  expect((await info(root)).global).toBeGreaterThan(stands.position);
  expect((await info(middle)).global).toBeLessThanOrEqual(stands.position);
  const [passedOn] = await middle.query<{ tick: bigint }>(
    sql(
      `select ev_data::bigint as tick from pgq.event_template where ev_type = 'pgq.global-watermark' order by ev_id desc limit 1`,
    ),
  );
  // Not the root's number but the branch's own, which the root's worker may have moved in between, as far as the leaf.
  expect(passedOn?.tick).toBeGreaterThanOrEqual(told);
  expect(passedOn?.tick).toBeLessThanOrEqual(stands.position);
  await low.script(`select pgq_node.set_consumer_paused('replika', 'low.worker', false)`);
  await waitFor('the leaf to let go', 30_000, async () => (await info(middle)).global > stands.position);
  expect(cascade.logs.filter(({ level }) => level !== 'info')).toEqual([]);
});

test('a leaf copies from a branch only what the queue of the branch will not bring again', async () => {
  await using cascade = await cascadeWith(versions, chain);
  await using root = await cascade.session('root');
  await using middle = await cascade.session('middle');
  // Events that a copy sees and that no tick has told of yet.
  await root.script(`
    select pgq.set_queue_config('replika', 'ticker_paused', 'true');
    insert into account select n from generate_series(5001, 5050) n`);
  const workers = cascade.start();
  const states = sql(`select merge_state, custom_snapshot is not null as ahead from londiste.table_info
    where table_name = 'public.account'`);
  await waitFor('the copy', 30_000, async () => (await middle.query(sql('select from account'))).length === 5_050);
  await sleep(500);
  expect(await middle.query(states)).toEqual([{ merge_state: 'catching-up', ahead: true }]);
  await root.script(`select pgq.set_queue_config('replika', 'ticker_paused', 'false')`);
  await expectSameRows(cascade, 'root', ['middle', 'low']);
  expect(await middle.query(states)).toEqual([{ merge_state: 'ok', ahead: false }]);
  await workers.stop(5_000);
  expect(cascade.logs.filter(({ level }) => level !== 'info')).toEqual([]);
});

test('a running worker follows a changed provider, a demoted root and a promoted branch', async () => {
  await using cascade = await cascadeWith({ root: 18, middle: 18, low: 18 }, chain);
  const workers = cascade.start();
  for (const node of ['middle', 'low']) await cascade.caughtUp(node, 90_000);
  await using root = await cascade.session('root');
  await using middle = await cascade.session('middle');
  await using low = await cascade.session('low');
  const ask = async (session: Session, text: string, ...values: unknown[]) => {
    const [row] = await session.query<{ ret_code: number; ret_note: string; last_tick?: bigint }>(
      sql(`select * from ${text}`, ...values),
    );
    expect(row?.ret_code, `${text}: ${row?.ret_note}`).toBeLessThan(300);
    return row;
  };
  const confirmed = (session: Session) =>
    waitFor('the worker to confirm', 60_000, async () => {
      const [row] = await session.query<{ done: boolean }>(
        sql('select bool_and(uptodate) as done from pgq_node.local_state'),
      );
      return row?.done === true;
    });
  const position = async (session: Session) => {
    const [row] = await session.query<{ at: bigint }>(
      sql(`select worker_last_tick as at from pgq_node.get_node_info('replika')`),
    );
    return row?.at ?? 0n;
  };

  // Under load the leaf moves up to the root, by tick number alone.
  const writing = startWriting(cascade);
  await ask(low, `pgq_node.set_consumer_paused('replika', 'low.worker', true)`);
  await confirmed(low);
  await ask(root, `pgq_node.register_subscriber('replika', 'low', 'low.worker', $1)`, await position(low));
  await ask(low, `pgq_node.change_consumer_provider('replika', 'low.worker', 'root')`);
  await ask(middle, `pgq_node.unregister_subscriber('replika', 'low')`);
  await ask(low, `pgq_node.set_consumer_paused('replika', 'low.worker', false)`);
  await confirmed(low);
  await sleep(500);
  await writing.stop();
  await expectSameRows(cascade, 'root', ['middle', 'low']);

  // The branch becomes the root, and the root a branch of it; the leaf stays where it is.
  await ask(root, `pgq_node.demote_root('replika', 1, 'middle')`);
  await expect(root.script('insert into other values (-1)')).rejects.toThrow();
  const last = (await ask(root, `pgq_node.demote_root('replika', 2, 'middle')`))?.last_tick ?? 0n;
  await waitFor('the branch to have the last tick', 60_000, async () => (await position(middle)) >= last);
  await ask(middle, `pgq_node.promote_branch('replika')`);
  await ask(middle, `pgq_node.register_subscriber('replika', 'root', 'root.worker', $1)`, last);
  await ask(root, `pgq_node.demote_root('replika', 3, 'middle')`);
  await ask(root, `pgq_node.unregister_subscriber('replika', 'middle')`);
  await confirmed(root);
  await middle.script(
    `insert into journal (id, writer, nr) select 1000000 + i, 2, i from generate_series(1, 500) i; update account set n = -1 where id = 3`,
  );
  await middle.query(sql(`select pgq.force_tick('replika')`));
  const arrived = (session: Session) =>
    waitFor('changes of the new root', 60_000, async () => {
      const rows = await session.query(sql('select from journal where writer = 2'));
      const changed = await session.query(sql('select from account where n = -1'));
      return rows.length === 500 && changed.length === 1;
    });
  await arrived(root);
  await arrived(low);
  for (const table of ['account', 'journal'])
    for (const session of [root, low])
      await expectEqual(middle, `select * from ${table}`, session, `select * from ${table}`);
  await expect(root.script(`insert into account values (-5)`)).rejects.toThrow();
  await workers.stop(5_000);
  expect(cascade.logs.filter(({ level }) => level === 'error')).toEqual([]);
});
