import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Session } from '../../src/db/session.ts';
import { sql } from '../../src/db/statement.ts';
import { type FaultProxy, faultProxy } from '../support/fault-proxy.ts';
import { brokenCounters, lookOf, oracleTables, queueLeft } from '../support/oracles.ts';
import { type RunningProgram, startProgram, temporaryFile } from '../support/program.ts';
import { expectEqual, type Replication, replication, waitFor } from '../support/replication.ts';

// A few faults by chance, under load, in a run of the tests; `npm run soak` goes on for as long as it is told. What
// happens is chosen by a seed, which a failure prints: TRUNKLINE_SEED=… makes the same choices again.

const soakSeconds = Number(process.env.TRUNKLINE_SOAK_SECONDS ?? '0');
const seed = Number(process.env.TRUNKLINE_SEED ?? String(Math.floor(Math.random() * 2 ** 31)));
const faultsInShort = 6;

/** Processes, connections and servers of one scenario. */
interface Stage {
  readonly cascade: Replication;
  readonly source: Session;
  readonly target: Session;
  readonly proxies: { readonly src: FaultProxy; readonly dst: FaultProxy };
  readonly runs: RunningProgram[];
  start(fault?: string): RunningProgram;
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
      const doomed = start(`${pick(points)}:${1 + chance(20)}`);
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
      await waitFor('an answer to be lost', 30_000, async () => dst.lost > before);
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
      await pick([source, target]).query(
        sql(
          `select pg_terminate_backend(pid) from pg_stat_activity
            where application_name ~ '^trunkline (worker|ticker|apply|copy|reader) ' and datname = current_database()`,
        ),
      );
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
    name: 'many rows at once',
    async strike({ source }) {
      await source.script(`update account set at = clock_timestamp(), amount = random() where id > 100`);
    },
  },
  {
    name: 'statements may not take long',
    long: true,
    async strike({ target }) {
      await target.script(
        `do $$ begin execute format('alter database %I set statement_timeout = 20', current_database()); end $$`,
      );
      await sleep(3_000);
      await target.script(
        `do $$ begin execute format('alter database %I reset statement_timeout', current_database()); end $$`,
      );
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
  timeout: 240_000 + soakSeconds * 1_000,
}, async () => {
  console.log(`seed ${seed}: TRUNKLINE_SEED=${seed} chooses the same again`);
  const own = soakSeconds > 0;
  await using cascade = await replication({ src: 14, dst: { version: 18, own } }, oracleTables);
  const random = generator(seed);
  const chance = (below: number) => Math.floor(random() * below);
  {
    // Values mean the same whatever a database makes of dates and numbers.
    await using source = await cascade.session('src');
    await using target = await cascade.session('dst');
    await source.script(`insert into account (id, at, amount, raw)
        select i, now() + i * interval '1 hour', random(), decode(md5(i::text), 'hex') from generate_series(1, 5000) i`);
    for (const [session, settings] of [
      [source, `timezone = 'Asia/Tokyo', datestyle = 'German', extra_float_digits = '0'`],
      [target, `timezone = 'America/Lima', intervalstyle = 'iso_8601', bytea_output = 'escape'`],
    ] as const)
      for (const setting of settings.split(', '))
        await session.script(
          `do $$ begin execute format('alter database %I set ${setting.replaceAll("'", "''")}', current_database()); end $$`,
        );
  }
  await cascade.addTable({ name: 'public.account' });
  await cascade.addTable({ name: 'public.journal' });
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
    tables: [public.account, public.journal]
`,
  );
  const start = (fault?: string) =>
    startProgram(['run', '-f', file.path, '--json'], fault === undefined ? {} : { env: { TRUNKLINE_FAULT: fault } });
  const runs = [start(), start()];
  try {
    await cascade.caughtUp('dst', 120_000);
    const writing = startWriting(cascade);
    const watching = watchReader(cascade);
    await using source = await cascade.session('src');
    let struck = 0;
    const until = performance.now() + soakSeconds * 1_000;
    const goesOn = () => (own ? performance.now() < until : struck < faultsInShort);
    const among = faults.filter(({ long }) => own || long !== true);
    let bag: Fault[] = [];
    while (goesOn()) {
      // Each once before any comes again.
      if (bag.length === 0) bag = [...among];
      const [fault] = bag.splice(chance(bag.length), 1);
      if (fault === undefined) break;
      console.log(`fault ${struck + 1}: ${fault.name}`);
      await using target = await cascade.session('dst');
      const pick = <Item>(items: readonly Item[]): Item => items[chance(items.length)] as Item;
      await fault.strike({ cascade, source, target, proxies: { src, dst }, runs, start, chance, pick });
      await sleep(200 + chance(800));
      struck += 1;
    }
    await writing.stop();
    // O5: it comes back in bounded time, whatever was done.
    await cascade.caughtUp('dst', 90_000);
    const seen = await watching.stop();
    expect(seen.faults).toEqual([]);
    expect(seen.looks).toBeGreaterThan(10);
    await using target = await cascade.session('dst');
    // O1 and O3: equal rows; counters without a gap, each number once.
    for (const table of ['account', 'journal'])
      await expectEqual(source, `select * from ${table}`, target, `select * from ${table}`);
    expect(await brokenCounters(target)).toEqual([]);
    // O6: nobody but the worker holds back the queue, and its disk is given back by rotation.
    await waitFor('only the worker to be left at the queue', 60_000, async () => {
      const { readers } = await queueLeft(source);
      return readers.length === 1 && readers[0] === 'dst.worker';
    });
    // Two minutes, most of them for watermarks to come round: in the long run only.
    if (soakSeconds > 0) {
      const full = (await queueLeft(source)).bytes;
      await source.script(`update pgq.queue set queue_rotation_period = '0'`);
      await waitFor('the disk of the queue to be given back', 120_000, async () => {
        // The workers do this as well, every fifteen seconds.
        await source.query(sql(`select pgq.maint_rotate_tables_step1('replika')`));
        await source.query(sql('select pgq.maint_rotate_tables_step2()'));
        await source.query(sql(`select pgq.force_tick('replika')`));
        return (await queueLeft(source)).bytes < full / 10n;
      });
    }
  } catch (error) {
    for (const { output } of runs) console.log(output.split('\n').slice(-20).join('\n'));
    throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
  } finally {
    for (const run of runs) run.child.kill('SIGCONT');
    await Promise.all(runs.map((run) => run.kill('SIGTERM')));
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
