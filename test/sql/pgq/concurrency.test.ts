import { describe, expect, test } from 'vitest';
import type { Session } from '../../../src/db/session.ts';
import { sql } from '../../../src/db/statement.ts';
import { value, waits } from '../../support/call.ts';
import { type FreshDatabase, freshDatabase } from '../../support/database.ts';

// Writers, of which some commit late, against a ticker, a rotation without pause, and two consumers.

const shortest = 6_000;
const longest = 60_000;
/** So often must the tables have turned that each was emptied and used again. */
const turns = 4;

/** Numbers between 0 and 1, always the same for one seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Run {
  readonly database: FreshDatabase;
  readonly seed: number;
  /** Data of the events whose transaction was committed. */
  readonly committed: string[];
  writing: boolean;
  running: boolean;
  turned: number;
}

/** Writes transactions of some events; by function, by trigger or by a captured table, some kept open, some rolled back. */
async function writer(run: Run, name: string): Promise<void> {
  const random = randomFrom(run.seed + name.length * 1000 + name.charCodeAt(0));
  await using session = await run.database.session();
  for (let round = 0; run.writing; round++) {
    const written: string[] = [];
    // A captured table knows the current event table whatever the snapshot is.
    const frozen = random() < 0.3;
    const held = random() < 0.25;
    await session.script(frozen ? 'begin isolation level repeatable read; select from source limit 1' : 'begin');
    if (frozen && held) await sleep(random() * 250);
    for (let n = Math.ceil(random() * 4); n >= 0; n--) {
      const data = `${name}-${round}-${n}`;
      if (frozen || random() < 0.4) await session.run(sql('insert into captured values ($1)', data));
      else if (random() < 0.5)
        await session.query(sql('select pgq.insert_event($1, $2, $3)', 'q', 'function', `=${data}`));
      else await session.run(sql('insert into source values ($1)', data));
      written.push(data);
      if (held) await sleep(random() * 250);
    }
    const undone = random() < 0.15;
    await session.script(undone ? 'rollback' : 'commit');
    if (!undone) run.committed.push(...written);
    await sleep(random() * 15);
  }
}

async function ticker(run: Run, call: string): Promise<void> {
  await using session = await run.database.session();
  while (run.running) {
    await session.script(`select ${call}`);
    await sleep(15);
  }
}

/** As pgqd does it: each operation in a transaction of its own. */
async function maintenance(run: Run): Promise<void> {
  await using session = await run.database.session();
  let last: unknown;
  while (run.running) {
    const operations = await session.query<{ func_name: string; func_arg: string | null }>(
      sql('select func_name, func_arg from pgq.maint_operations()'),
    );
    for (const { func_name, func_arg } of operations) {
      if (func_name.startsWith('vacuum')) await session.script(`${func_name} ${func_arg}`);
      else if (func_arg === null) await session.script(`select ${func_name}()`);
      else await session.query(sql(`select ${func_name}($1)`, func_arg));
    }
    const table = await value(session, 'select queue_cur_table from pgq.queue');
    if (last !== undefined && table !== last) run.turned++;
    last = table;
    await sleep(25);
  }
}

interface Seen {
  readonly data: string[];
  /** Batches whose events were not in the order of their ids, or that did not begin where the one before ended. */
  readonly disorder: string[];
}

/** Takes batches, drops some of them and takes them again, until the last event has come. */
async function consumer(run: Run, name: string, until: string): Promise<Seen> {
  const random = randomFrom(run.seed + name.charCodeAt(0));
  await using session = await run.database.session();
  const seen: Seen = { data: [], disorder: [] };
  let end: unknown;
  while (run.running) {
    const batch = await value(session, 'select pgq.next_batch($1, $2)', 'q', name);
    if (batch === null) {
      await sleep(10);
      continue;
    }
    await session.script('begin');
    const found = await events(session, batch, random() < 0.5);
    if (random() < 0.1) {
      await session.script('rollback');
      continue;
    }
    const [ticks] = await session.query<{ start: unknown; finish: unknown }>(
      sql('select prev_tick_id as start, tick_id as finish from pgq.get_batch_info($1)', batch),
    );
    await session.query(sql('select pgq.finish_batch($1)', batch));
    await session.script('commit');
    if (end !== undefined && ticks?.start !== end) seen.disorder.push(`a batch from ${ticks?.start} after ${end}`);
    end = ticks?.finish;
    for (const [place, { ev_id }] of found.entries()) {
      const before = found[place - 1];
      if (before !== undefined && before.ev_id >= ev_id) seen.disorder.push(`event ${ev_id} after ${before.ev_id}`);
    }
    seen.data.push(...found.map(({ ev_data }) => ev_data));
    if (found.some(({ ev_data }) => ev_data === until)) return seen;
  }
  return seen;
}

type Event = { readonly ev_id: bigint; readonly ev_data: string };

function events(session: Session, batch: unknown, byCursor: boolean): Promise<Event[]> {
  const text = `select case when ev_data like '{%' then ev_data::json ->> 'd' else split_part(ev_data, $2, 2) end as ev_data, ev_id from`;
  if (byCursor) return session.query(sql(`${text} pgq.get_batch_cursor($1, 'c', 1000000)`, batch, '='));
  return session.query(sql(`${text} pgq.get_batch_events($1)`, batch, '='));
}

/** Ticks whose snapshot is older than that of the tick before, or whose time is. */
const backwards = `
  select tick_id from (
      select tick_id,
             txid_snapshot_xmin(tick_snapshot) < lag(txid_snapshot_xmin(tick_snapshot)) over w
             or txid_snapshot_xmax(tick_snapshot) < lag(txid_snapshot_xmax(tick_snapshot)) over w
             or tick_event_seq < lag(tick_event_seq) over w as back
        from pgq.tick window w as (order by tick_id)) x
   where back`;

describe.concurrent('many sessions at once', () => {
  test.each([12, 18] as const)('on PostgreSQL %i no event is lost or seen twice', async (version) => {
    const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 1e9));
    await using database = await freshDatabase({ version, install: ['pgq'] });
    await using session = await database.session();
    // Function and trigger have the data behind the equals sign, the captured table has it in JSON.
    await session.script(`
      select pgq.create_queue('q'), pgq.register_consumer('q', 'a'), pgq.register_consumer('q', 'b');
      select pgq.set_queue_config('q', 'ticker_max_lag', '50 ms'), pgq.set_queue_config('q', 'ticker_max_count', '50'),
             pgq.set_queue_config('q', 'ticker_idle_period', '100 ms'), pgq.set_queue_config('q', 'rotation_period', '100 ms');
      create table source (d text primary key);
      create trigger capture after insert on source for each row execute function pgq.logutriga('q');
      create table captured (d text primary key);
      select trunkline_capture.create_triggers('captured', 'q', trunkline_capture.create_capture('q', 'captured'::regclass, 'captured'))`);
    const run: Run = { database, seed, committed: [], writing: true, running: true, turned: 0 };
    const last = 'the last';
    const consumers = ['a', 'b'].map((name) => consumer(run, name, last));
    const daemons = [ticker(run, `pgq.ticker('q')`), ticker(run, 'pgq.ticker()'), maintenance(run)];
    const writers = ['v', 'w', 'x', 'y', 'z', 'zz'].map((name) => writer(run, name));

    const began = performance.now();
    const elapsed = () => performance.now() - began;
    while (elapsed() < shortest || (run.turned < turns && elapsed() < longest)) await sleep(50);
    run.writing = false;
    await Promise.all(writers);
    await session.query(sql('select pgq.insert_event($1, $2, $3)', 'q', 'function', `=${last}`));
    const seen = await Promise.all(consumers);
    run.running = false;
    await Promise.all(daemons);

    const expected = [...run.committed, last].sort();
    for (const { data, disorder } of seen) {
      expect(disorder, `seed ${seed}`).toEqual([]);
      expect([...data].sort(), `seed ${seed}`).toEqual(expected);
    }
    expect(await session.query(sql(backwards)), `seed ${seed}`).toEqual([]);
    expect(run.turned, 'the tables turned too seldom to show anything').toBeGreaterThanOrEqual(turns);
  });

  test('two sessions that ask for the next batch of a consumer at once get the same', async () => {
    await using database = await freshDatabase({ version: 18, install: ['pgq'] });
    await using first = await database.session();
    await using second = await database.session();
    await first.script(`select pgq.create_queue('q'), pgq.register_consumer('q', 'c')`);
    await first.script(`select pgq.force_tick('q'); select pgq.ticker('q')`);
    const pid = await value(second, 'select pg_backend_pid()');
    await first.script('begin');
    const opened = await value(first, `select pgq.next_batch('q', 'c')`);
    const asked = value(second, `select pgq.next_batch('q', 'c')`);
    expect(await waits(first, Number(pid))).toBe(true);
    await first.script('commit');
    expect(await asked).toBe(opened);
    expect(opened).not.toBeNull();
  });
});
