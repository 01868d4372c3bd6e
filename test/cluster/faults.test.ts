import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Session } from '../../src/db/session.ts';
import { sql } from '../../src/db/statement.ts';
import { type FaultProxy, faultProxy } from '../support/fault-proxy.ts';
import {
  brokenCounters,
  brokenTicks,
  lookOf,
  oracleTables,
  queueLeft,
  sideTables,
  stock,
  stockName,
  takenDown,
} from '../support/oracles.ts';
import { type ProgramOptions, type RunningProgram, startProgram, temporaryFile } from '../support/program.ts';
import { expectEqual, type Replication, replication, waitFor } from '../support/replication.ts';

// A few faults by chance, under load, in a run of the tests; `npm run soak` goes on for as long as it is told. What
// happens is chosen by a seed, which a failure prints: TRUNKLINE_SEED=… makes the same choices again. Which fault has
// a test elsewhere is told in test/faults.md.

const soakSeconds = Number(process.env.TRUNKLINE_SOAK_SECONDS ?? '0');
const seed = Number(process.env.TRUNKLINE_SEED ?? String(Math.floor(Math.random() * 2 ** 31)));
const only = process.env.TRUNKLINE_SOAK_ONLY ?? '';
const faultsInShort = 4;

/** Processes, connections and servers of one scenario. */
interface Stage {
  readonly cascade: Replication;
  readonly source: Session;
  readonly target: Session;
  readonly proxies: { readonly src: FaultProxy; readonly dst: FaultProxy };
  readonly runs: RunningProgram[];
  start(env?: ProgramOptions['env']): RunningProgram;
  /** The first of so many ids that nobody has had. */
  fresh(count: number): number;
  chance(below: number): number;
  pick<Item>(items: readonly Item[]): Item;
}

interface Fault {
  readonly name: string;
  readonly strike: (stage: Stage) => Promise<void>;
  /** Takes so long, or so much, that only the long run has it. */
  readonly long?: true;
}

const points = ['next-batch', 'mid-fetch', 'before-commit', 'after-commit', 'after-finish'];

const copyPoints = [
  'in-copy',
  'taken-down',
  'range-copied',
  'before-copy-commit',
  'copied',
  'wants-handover',
  'handing-over',
  'handed-over',
  'foreign-key-step',
];

/** A process whose clock is a day off, now to one side, now to the other. */
const jumpyClock = `--import=data:text/javascript,${encodeURIComponent(`
  const now = Date.now; let calls = 0;
  globalThis.Date = class extends Date {
    constructor(...args) { if (args.length === 0) super(Date.now()); else super(...args); }
    static now() { return now() + ((calls += 1) % 2 === 0 ? 1 : -1) * 86_400_000; }
  };`)}`;

/** For all sessions that are opened from now on. */
async function setInDatabase(session: Session, settings: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    await session.script(
      `do $$ begin execute format('alter database %I set ${name} = %L', current_database(), '${value}'); end $$`,
    );
  }
}

async function resetInDatabase(session: Session, ...names: readonly string[]): Promise<void> {
  for (const name of names)
    await session.script(`do $$ begin execute format('alter database %I reset ${name}', current_database()); end $$`);
}

async function preparedOn(session: Session): Promise<readonly string[]> {
  const text = 'select gid from pg_prepared_xacts where database = current_database() order by 1';
  return (await session.query<{ gid: string }>(sql(text))).map(({ gid }) => gid);
}

function endPrepared(session: Session, gid: string, commit: boolean): Promise<void> {
  return session.script(`${commit ? 'commit' : 'rollback'} prepared '${gid}'`);
}

/** What is due every two hours. */
async function rotateNow(source: Session): Promise<void> {
  await source.script(`update pgq.queue set queue_rotation_period = '0'`);
  await source.query(sql(`select pgq.maint_rotate_tables_step1('replika')`));
  await source.query(sql('select pgq.maint_rotate_tables_step2()'));
  await source.script(`update pgq.queue set queue_rotation_period = '2 hours'`);
}

const endSessions = sql(
  `select pg_terminate_backend(pid) from pg_stat_activity
    where application_name ~ '^trunkline (worker|ticker|apply|copy|reader) ' and datname = current_database()`,
);

const faults: readonly Fault[] = [
  {
    name: 'kill',
    async strike({ runs, chance, start }) {
      const at = chance(runs.length);
      await runs[at]?.kill('SIGKILL');
      runs[at] = start();
    },
  },
  {
    name: 'kill at a point',
    async strike({ runs, chance, pick, start }) {
      for (const run of runs) await run.kill('SIGKILL');
      const doomed = start({ TRUNKLINE_FAULT: `${pick(points)}:${1 + chance(20)}` });
      await Promise.race([doomed.result, sleep(4_000)]);
      await doomed.kill('SIGKILL');
      for (const at of runs.keys()) runs[at] = start();
    },
  },
  {
    name: 'stop and continue',
    async strike({ runs, chance }) {
      const run = runs[chance(runs.length)];
      run?.child.kill('SIGSTOP');
      await sleep(chance(2) === 0 ? 1_500 : 8_000);
      run?.child.kill('SIGCONT');
    },
  },
  {
    name: 'answer to COMMIT lost',
    async strike({ proxies: { dst } }) {
      const before = dst.lost;
      dst.loseCommit();
      await waitFor('an answer to be lost', 120_000, async () => dst.lost > before);
    },
  },
  {
    name: 'connections reset',
    async strike({ proxies, pick }) {
      pick([proxies.src, proxies.dst]).reset();
    },
  },
  {
    name: 'nothing comes through, then a reset',
    async strike({ proxies, pick, chance }) {
      const proxy = pick([proxies.src, proxies.dst]);
      proxy.freeze();
      await sleep(500 + chance(1_500));
      proxy.reset();
      proxy.thaw();
    },
  },
  {
    name: 'nothing comes through for a while',
    async strike({ proxies, pick, chance }) {
      const proxy = pick([proxies.src, proxies.dst]);
      proxy.freeze();
      await sleep(500 + chance(1_500));
      proxy.thaw();
    },
  },
  {
    name: 'slow network',
    async strike({ proxies, pick }) {
      const proxy = pick([proxies.src, proxies.dst]);
      proxy.delay(30);
      await sleep(1_500);
      proxy.delay(0);
    },
  },
  {
    name: 'sessions ended by the server',
    async strike({ source, target, pick }) {
      await pick([source, target]).query(endSessions);
    },
  },
  {
    name: 'table locked by somebody',
    async strike({ target }) {
      await target.script('begin; lock table account in access exclusive mode');
      await sleep(1_000);
      await target.script('rollback');
    },
  },
  {
    name: 'transaction open for long',
    async strike({ cascade }) {
      await using other = await cascade.session('src');
      await other.script('begin; update account set n = n where id = 1; select txid_current()');
      await sleep(2_000);
      await other.script('rollback');
    },
  },
  {
    // It outlives the session that made it, holds back the snapshots of ticks, and with them rotation, while others strike.
    name: 'prepared transactions, ended much later',
    async strike({ cascade, source, target, chance, fresh }) {
      const earlier = await preparedOn(source);
      const first = fresh(10);
      {
        await using user = await cascade.session('src');
        for (const at of [first, first + 5])
          await user.script(`begin; insert into held select i, 'prepared' from generate_series(${at}, ${at + 3}) i;
            update held set note = 'changed' where id = ${at}; delete from held where id = ${at + 1};
            prepare transaction 'held_${at}'`);
      }
      await source.script(`insert into held values (${first + 4}, 'beside')`);
      await rotateNow(source);
      // A copy whose snapshot lies before their end.
      await target.query(sql(`select londiste.local_set_table_state('replika', 'public.held', null, null)`));
      await sleep(500 + chance(2_000));
      for (const gid of earlier) await endPrepared(source, gid, chance(2) === 0);
      // One by now, the other by the next of its kind, or at the end.
      await endPrepared(source, `held_${first + 5 * chance(2)}`, chance(3) > 0);
      await source.script(`update held set note = note || ', later' where id = ${first + 4}`);
      await rotateNow(source);
    },
  },
  {
    name: 'many rows at once',
    async strike({ source }) {
      await source.script(`update account set at = clock_timestamp(), amount = random() where id > 100`);
    },
  },
  {
    name: 'kill in a copy',
    async strike({ source, target, runs, chance, pick, start }) {
      for (const run of runs) await run.kill('SIGKILL');
      for (const table of chance(2) === 0 ? [stockName] : [stockName, 'public.part'])
        await target.query(sql(`select londiste.local_set_table_state('replika', $1, null, null)`, table));
      const doomed = start({ TRUNKLINE_FAULT: pick(copyPoints) });
      await source.script(`update ${stock} set n = n + 1 where id % 5 = ${chance(5)}`);
      await Promise.race([doomed.result, sleep(6_000)]);
      await doomed.kill('SIGKILL');
      for (const at of runs.keys()) runs[at] = start();
    },
  },
  {
    name: 'a third worker, two more tickers, then none',
    async strike({ source, cascade, start }) {
      const third = start();
      await using other = await cascade.session('src');
      const until = performance.now() + 2_500;
      const tick = async (session: Session) => {
        while (performance.now() < until) await session.query(sql('select pgq.ticker()'));
      };
      await Promise.all([tick(source), tick(other)]);
      await third.kill('SIGKILL');
      await source.query(sql(`select pgq.set_queue_config('replika', 'ticker_paused', 'true')`));
      await sleep(1_500);
      await source.query(sql(`select pgq.set_queue_config('replika', 'ticker_paused', 'false')`));
    },
  },
  {
    name: 'clock of a worker jumps',
    async strike({ runs, chance, start }) {
      const at = chance(runs.length);
      await runs[at]?.kill('SIGKILL');
      runs[at] = start({ NODE_OPTIONS: jumpyClock });
    },
  },
  {
    name: 'a database takes no connections for a while',
    async strike({ source, target, pick }) {
      const session = pick([source, target]);
      const allow = (allowed: boolean) =>
        session.query(
          sql('update pg_catalog.pg_database set datallowconn = $1 where datname = current_database()', allowed),
        );
      await allow(false);
      await session.query(endSessions);
      await sleep(2_000);
      await allow(true);
    },
  },
  {
    name: 'short time limits, and a lock',
    async strike({ source, target, pick }) {
      const limits = { lock_timeout: '50ms', idle_in_transaction_session_timeout: '80ms' };
      const session = pick([source, target]);
      await setInDatabase(session, limits);
      await session.query(endSessions);
      await target.script('begin; lock table account, journal in share mode');
      await sleep(1_000);
      await target.script('rollback');
      await sleep(500);
      await resetInDatabase(session, ...Object.keys(limits));
      await session.query(endSessions);
    },
  },
  {
    name: 'deadlock with a user',
    async strike({ target, chance }) {
      const tables = chance(2) === 0 ? ['account', 'journal'] : ['journal', 'account'];
      for (let round = 0; round < 3; round += 1) {
        await target.script(`begin; lock table ${tables[0]} in share row exclusive mode`);
        await sleep(400);
        // Either of the two may be the one that the server ends.
        await target.script(`lock table ${tables[1]} in share row exclusive mode`).catch(() => undefined);
        await target.script('rollback');
      }
    },
  },
  {
    name: 'tables are rewritten and get columns',
    async strike({ source, target, pick }) {
      await pick([source, target]).script('vacuum full account');
      await target.script('alter table journal add column more int not null default 1');
      await target.script('vacuum full journal');
      await sleep(500);
      await target.script('alter table journal drop column more');
    },
  },
  {
    name: 'writes of every form',
    async strike({ source, chance, fresh }) {
      const first = fresh(200);
      const last =
        chance(3) === 0
          ? `truncate ${stock}, part; insert into ${stock} (id) values (${first}); insert into part (stock) values (${first})`
          : `delete from ${stock} where id % 7 = ${chance(7)}`;
      await source.script(`
        copy ${stock} (id) from program 'seq ${first} ${first + 99}';
        insert into ${stock} (id, n, "Größe", tags, span, note, mood, doc)
          select i, i % 10, (array[0.10, 'NaN', null, -1e-20, 12345678901234567890.5])[1 + i % 5]::numeric,
            (array['{}', null, '{"a,b",NULL,"","NULL"}'])[1 + i % 3]::text[],
            (array['empty', '(,)', '[2020-01-01,infinity)'])[1 + i % 3]::tstzrange,
            (array['', null, 'null', E'tab\\t \\\\N "q" ''s''', (select string_agg(md5(i::text || k), '') from generate_series(1, 400) k)])[1 + i % 5],
            (array['so-so', 'it''s "fine"'])[1 + i % 2]::"Mood", '{"b": [1, 2.50], "a": null}'
          from generate_series(${first + 50}, ${first + 149}) i
          on conflict (id) do update set n = excluded.n, note = excluded.note, doc = 'null';
        insert into part (stock) select id from ${stock} where id >= ${first};
        update ${stock} set n = n + 1 where id between ${first} and ${first + 149};
        update ${stock} set id = id + 50 where id between ${first + 100} and ${first + 149};
        begin; delete from ${stock} where id < ${first}; savepoint a; truncate part; rollback to a; update ${stock} set note = 'x'; rollback;
        with gone as (delete from ${stock} where id between ${first + 20} and ${first + 29} returning *)
          insert into ${stock} (id, n, note) select id + 80, n, note from gone where id > ${first + 25};
        ${last}`);
    },
  },
  {
    name: 'a table of the target is not what it was',
    long: true,
    async strike({ source, target, pick, fresh }) {
      const [spoil, mend] = pick([
        [`alter table ${stock} rename column n to m`, `alter table ${stock} rename column m to n`],
        [
          `delete from ${stock}; alter table ${stock} add column extra int not null`,
          `alter table ${stock} drop column extra`,
        ],
        [`alter table ${stock} rename to elsewhere`, `alter table elsewhere rename to ${stock}`],
        [
          `alter table ${stock} add constraint small check (n < 0) not valid`,
          `alter table ${stock} drop constraint small`,
        ],
      ] as const);
      // Its rows, where they went with the change, come by a copy.
      if (spoil.startsWith('delete'))
        for (const table of [stockName, 'public.part'])
          await target.query(sql(`select londiste.local_set_table_state('replika', $1, null, null)`, table));
      await target.script(`set session_replication_role = replica; ${spoil}; set session_replication_role = origin`);
      const first = fresh(10);
      await source.script(`insert into ${stock} (id, n) select i, i from generate_series(${first}, ${first + 9}) i`);
      await sleep(2_000);
      await target.script(mend);
    },
  },
  {
    name: 'a transaction of many rows, and a value of many bytes',
    long: true,
    async strike({ source, fresh }) {
      const first = fresh(50_000);
      await source.script(`begin;
        insert into ${stock} (id, n, note) select i, i, 'some note' from generate_series(${first}, ${first + 49_999}) i;
        update ${stock} set n = n + 1 where id between ${first} and ${first + 24_999};
        delete from ${stock} where id > ${first} and id <= ${first + 49_999};
        update ${stock} set note = repeat('large value ', 1000000) where id = ${first};
        commit;
        update ${stock} set n = 1 where id = ${first};
        update ${stock} set note = null where id = ${first}`);
    },
  },
  {
    name: 'statements may not take long',
    long: true,
    async strike({ target }) {
      await setInDatabase(target, { statement_timeout: '20' });
      await sleep(3_000);
      await resetInDatabase(target, 'statement_timeout');
    },
  },
  {
    name: 'server of the target restarts',
    long: true,
    async strike({ cascade }) {
      await cascade.cluster.stop('dst');
      await sleep(1_000);
      await cascade.cluster.start('dst');
    },
  },
];

test('faults under load lose nothing, double nothing, and show no half of a batch', {
  timeout: 360_000 + soakSeconds * 1_000,
}, async () => {
  console.log(`seed ${seed}: TRUNKLINE_SEED=${seed} chooses the same again`);
  const own = soakSeconds > 0;
  await using cascade = await replication({ src: 14, dst: { version: 18, own } }, oracleTables + sideTables);
  const random = generator(seed);
  const chance = (below: number) => Math.floor(random() * below);
  {
    // Values mean the same whatever a database makes of dates and numbers.
    await using source = await cascade.session('src');
    await using target = await cascade.session('dst');
    await source.script(`insert into account (id, at, amount, raw)
        select i, now() + i * interval '1 hour', random(), decode(md5(i::text), 'hex') from generate_series(1, 5000) i;
      insert into ${stock} (id, n) select i, i from generate_series(1, 1000) i;
      insert into part (stock) select i from generate_series(1, 1000) i`);
    for (const [session, settings] of [
      [source, { timezone: 'Asia/Tokyo', datestyle: 'German', extra_float_digits: '0' }],
      [target, { timezone: 'America/Lima', intervalstyle: 'iso_8601', bytea_output: 'escape' }],
    ] as const)
      await setInDatabase(session, settings);
  }
  await cascade.addTable({ name: 'public.account' });
  await cascade.addTable({ name: 'public.journal' });
  const structure = await cascade.session('dst').then(async (session) => {
    await using target = session;
    return await takenDown(target);
  });
  await cascade.addTable({ name: stockName });
  await cascade.addTable({ name: 'public.part' });
  await cascade.addTable({ name: 'public.held' });
  const databases = cascade.cluster.databases as Readonly<Record<'src' | 'dst', { readonly url: string }>>;
  const proxyOf = ({ url }: { readonly url: string }) =>
    faultProxy({ host: new URL(url).hostname, port: Number(new URL(url).port) });
  await using src = await proxyOf(databases.src);
  await using dst = await proxyOf(databases.dst);
  const through = ({ url }: { readonly url: string }, { port }: FaultProxy) => url.replace(/:\d+\//, `:${port}/`);
  using file = temporaryFile(
    'trunkline.yaml',
    `version: 1
databases:
  src: { url: "${through(databases.src, src)}" }
  dst: { url: "${through(databases.dst, dst)}" }
queues:
  replika:
    ticker: { max_lag: 100ms, max_count: 200 }
    nodes:
      src: { database: src, role: root }
      dst: { database: dst, role: leaf, provider: src }
    tables: [public.account, public.journal, '${stockName}', public.part, public.held]
`,
  );
  const start = (env: ProgramOptions['env'] = {}) => startProgram(['run', '-f', file.path, '--json'], { env });
  let given = 100_000;
  const fresh = (count: number) => {
    given += count;
    return given - count;
  };
  const runs = [start(), start()];
  try {
    await cascade.caughtUp('dst', 120_000);
    const writing = startWriting(cascade);
    const watching = watchReader(cascade);
    await using source = await cascade.session('src');
    let struck = 0;
    const until = performance.now() + soakSeconds * 1_000;
    const goesOn = () => (own ? performance.now() < until : struck < faultsInShort);
    const among = faults.filter(({ name, long }) => name.includes(only) && (own || long !== true));
    expect(among).not.toEqual([]);
    let bag: Fault[] = [];
    while (goesOn()) {
      // Each once before any comes again.
      if (bag.length === 0) bag = [...among];
      const [fault] = bag.splice(chance(bag.length), 1);
      if (fault === undefined) break;
      console.log(`fault ${struck + 1}: ${fault.name}`);
      await using target = await cascade.session('dst');
      const pick = <Item>(items: readonly Item[]): Item => items[chance(items.length)] as Item;
      await fault.strike({ cascade, source, target, proxies: { src, dst }, runs, start, fresh, chance, pick });
      await sleep(200 + chance(800));
      struck += 1;
    }
    for (const gid of await preparedOn(source)) await endPrepared(source, gid, chance(3) > 0);
    await writing.stop();
    // O5: it comes back in bounded time, whatever was done.
    await cascade.caughtUp('dst', 90_000);
    const seen = await watching.stop();
    expect(seen.faults).toEqual([]);
    expect(seen.looks).toBeGreaterThan(10);
    await using target = await cascade.session('dst');
    // O1 and O3: equal rows; counters without a gap, each number once.
    for (const table of ['account', 'journal', stock, 'part', 'held'])
      await expectEqual(source, `select * from ${table}`, target, `select * from ${table}`);
    expect(await brokenCounters(target)).toEqual([]);
    expect(await brokenTicks(source)).toEqual([]);
    // O7: what copies took down is back.
    await waitFor('foreign keys that wait', 60_000, async () => {
      return (await target.query(sql('select from londiste.pending_fkeys'))).length === 0;
    });
    expect(await takenDown(target)).toEqual(structure);
    // O6: nobody but the worker holds back the queue, and its disk is given back by rotation.
    await waitFor('only the worker to be left at the queue', 60_000, async () => {
      const { readers } = await queueLeft(source);
      return readers.length === 1 && readers[0] === 'dst.worker';
    });
    const [written] = await source.query<{ rows: bigint; events: bigint }>(
      sql('select (select count(*) from journal) as rows, last_value as events from pgq.event_1_id_seq'),
    );
    console.log(
      `${struck} faults, ${written?.rows} rows counted, ${written?.events} events, ${seen.looks} looks at the target`,
    );
    // Minutes, most of them for watermarks to come round: in the long run only.
    if (soakSeconds > 0) {
      const full = (await queueLeft(source)).bytes;
      await source.script(`update pgq.queue set queue_rotation_period = '0'`);
      let left = full;
      // Three tables, each of which waits for a watermark that has passed the last rotation.
      await waitFor(
        () => `the disk of the queue to be given back: ${left} bytes of ${full}`,
        240_000,
        async () => {
          // The workers do this as well, every fifteen seconds.
          await source.query(sql(`select pgq.maint_rotate_tables_step1('replika')`));
          await source.query(sql('select pgq.maint_rotate_tables_step2()'));
          await source.query(sql(`select pgq.force_tick('replika')`));
          left = (await queueLeft(source)).bytes;
          return left < full / 10n;
        },
      );
    }
  } catch (error) {
    for (const { output } of runs) console.log(output.split('\n').slice(-20).join('\n'));
    console.log(await workersNow(cascade).catch(() => 'the target does not answer'));
    throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
  } finally {
    for (const run of runs) run.child.kill('SIGCONT');
    await Promise.all(runs.map((run) => run.kill('SIGTERM')));
    // A database that has one left can't be dropped.
    await using source = await cascade.session('src');
    for (const gid of await preparedOn(source)) await endPrepared(source, gid, false);
  }
});

/** Each writer counts in the journal, and in an account in the same transaction. */
function startWriting(cascade: Replication): AsyncDisposable & { stop(): Promise<void> } {
  let writing = true;
  const loops = [1, 2].map(async (writer) => {
    await using session = await cascade.session('src');
    for (let nr = 1; writing; nr += 1) {
      await session.script(`
        begin;
        insert into journal (writer, nr) values (${writer}, ${nr});
        update account set n = n + 1, at = clock_timestamp() where id = ${(nr * 37 + writer) % 5000} + 1;
        commit`);
      await sleep(5);
    }
  });
  // What ended one is told where it is waited for.
  for (const loop of loops) loop.catch(() => undefined);
  const stop = async () => {
    writing = false;
    await Promise.all(loops);
  };
  return { stop, [Symbol.asyncDispose]: stop };
}

/** Reads the subscriber all the time, as a user would. */
function watchReader(cascade: Replication): AsyncDisposable & {
  stop(): Promise<{ readonly faults: readonly string[]; readonly looks: number }>;
} {
  const found: string[] = [];
  let looks = 0;
  let watching = true;
  const loop = (async () => {
    let last = 0n;
    while (watching) {
      try {
        await using source = await cascade.session('src');
        await using target = await cascade.session('dst');
        while (watching) {
          const look = await lookOf(source, target, 'dst.worker', last);
          looks += 1;
          found.push(...look.faults);
          last = look.tick;
          await sleep(150);
        }
      } catch {
        // A server that is away is looked at again.
        await sleep(300);
      }
    }
  })();
  const stop = async () => {
    watching = false;
    await loop;
    return { faults: [...new Set(found)], looks };
  };
  return {
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}

/** For whoever reads why it failed. */
async function workersNow(cascade: Replication): Promise<string> {
  await using target = await cascade.session('dst');
  const rows = [
    await target.query(
      sql(`select state, detail, heartbeat_at::text, clock_timestamp()::text as now from trunkline.worker_status`),
    ),
    await target.query(sql('select consumer_name, last_tick_id, cur_error from pgq_node.local_state')),
    await target.query(sql('select table_name, merge_state from londiste.table_info')),
    await target.query(
      sql(
        'select application_name, state, wait_event, left(query, 80) as query from pg_stat_activity where datname = current_database()',
      ),
    ),
  ];
  return JSON.stringify(rows.flat(), (_, value) => (typeof value === 'bigint' ? String(value) : value));
}

/** Mulberry32: small, and the same everywhere. */
function generator(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
