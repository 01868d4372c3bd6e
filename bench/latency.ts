import { test } from 'vitest';
import { systemClock } from '../src/app/system-clock.ts';
import type { Session } from '../src/db/session.ts';
import { sql } from '../src/db/statement.ts';
import { debianPrograms } from '../test/support/debian-programs.ts';
import { londiste } from './contenders/londiste.ts';
import { native } from './contenders/native.ts';
import { slony, slonyInstalled } from './contenders/slony.ts';
import { trunkline } from './contenders/trunkline.ts';
import type { Contender } from './support/contender.ts';
import { figureOf, inRounds } from './support/in-rounds.ts';
import { freshPair } from './support/pair.ts';
import { cpuSeconds } from './support/processes.ts';
import { report } from './support/report.ts';
import { createTables } from './support/workload.ts';

// How long after its commit a transaction is seen on the target, under a steady load of small ones.

const perSecond = 200;
const warmSeconds = 5;
const seconds = Number(process.env.TRUNKLINE_BENCH_SECONDS ?? 20);

const all = [trunkline, londiste, native, ...(slonyInstalled() ? [slony] : [])];

interface Result {
  readonly p50: number;
  readonly p99: number;
  /** Of all that replicates, without the servers: they also run the load. */
  readonly coreShare: number;
}

test('latency', { timeout: 7_200_000 }, async () => {
  const results = await inRounds(all, once);
  report('latency', `${perSecond} transactions a second, all defaults`, trunkline.name, [
    figureOf(results, { measure: 'commit to visible, half of them', unit: 'ms', better: 'less' }, ({ p50 }) => p50),
    figureOf(results, { measure: 'commit to visible, 99 of 100', unit: 'ms', better: 'less' }, ({ p99 }) => p99),
    figureOf(
      results,
      { measure: 'CPU of the worker processes', unit: '% of a core', better: 'less' },
      ({ coreShare }) => coreShare * 100,
    ),
  ]);
});

async function once(contender: Contender): Promise<Result> {
  await using pair = await freshPair();
  await using programs = debianPrograms([pair.source, pair.target]);
  await createTables(pair);
  const replica = await contender.prepare(pair, programs);
  try {
    const roots = [...replica.pids, ...(await replica.start())];
    await using source = await pair.source.session();
    await using target = await pair.target.session();
    const committed: number[] = [];
    const seen: number[] = [];
    let counting: { readonly from: number; readonly cpu: number } | undefined;
    const count = (warmSeconds + seconds) * perSecond;
    const writing = write(source, count, committed);
    while (seen.length < count) {
      const there = await newest(target);
      const now = performance.now();
      while (seen.length < there) seen.push(now);
      if (counting === undefined && committed.length > warmSeconds * perSecond)
        counting = { from: now, cpu: cpuSeconds(roots) };
      await systemClock.sleep(1);
    }
    await writing;
    const cpu = cpuSeconds(roots) - (counting?.cpu ?? 0);
    const elapsed = (performance.now() - (counting?.from ?? 0)) / 1_000;
    const waits = committed
      .map((at, index) => (seen[index] ?? Number.NaN) - at)
      .slice(warmSeconds * perSecond)
      .sort((left, right) => left - right);
    const at = (share: number) => waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? Number.NaN;
    return { p50: at(0.5), p99: at(0.99), coreShare: cpu / elapsed };
  } finally {
    await replica.stop();
  }
}

/** One transaction each 5 ms; those that are late follow at once. */
async function write(source: Session, count: number, committed: number[]): Promise<void> {
  const start = performance.now();
  for (let nr = 0; nr < count; nr += 1) {
    const wait = start + (nr * 1_000) / perSecond - performance.now();
    if (wait > 1) await systemClock.sleep(wait);
    await source.script(`insert into user_login_rec (userid, login_time, ip) values (${nr + 1}, now(), inet '127.0.0.1');
      update user_session set logintime = now(), login_count = login_count + 1 where userid = ${nr + 1}`);
    committed.push(performance.now());
  }
}

async function newest(target: Session): Promise<number> {
  const [row] = await target.query<{ newest: bigint | null }>(sql('select max(id) as newest from user_login_rec'));
  return Number(row?.newest ?? 0n);
}
