import { test } from 'vitest';
import { systemClock } from '../src/app/system-clock.ts';
import { debianPrograms } from '../test/support/debian-programs.ts';
import { londiste, londisteBulk } from './contenders/londiste.ts';
import { native } from './contenders/native.ts';
import { slony, slonyInstalled } from './contenders/slony.ts';
import { trunkline } from './contenders/trunkline.ts';
import type { Contender } from './support/contender.ts';
import { figureOf, inRounds } from './support/in-rounds.ts';
import { freshPair } from './support/pair.ts';
import { cpuSeconds, peakMegabytes } from './support/processes.ts';
import { report } from './support/report.ts';
import { arrived, createTables, expectSame, haveArrived, loadEnd, makeChanges } from './support/workload.ts';

// How fast a queue of changes is applied by a worker that was away, and what it costs.

const changes = Number(process.env.TRUNKLINE_BENCH_CHANGES ?? 400_000);
const all = [trunkline, londiste, londisteBulk, native, ...(slonyInstalled() ? [slony] : [])];

interface Result {
  readonly perSecond: number;
  readonly cpuPerChange: number;
  readonly workerMegabytes: number;
  readonly seconds: number;
}

test('catchup', { timeout: 7_200_000 }, async () => {
  const results = await inRounds(all, once);
  report('catchup', `${changes} queued changes`, trunkline.name, [
    figureOf(results, { measure: 'changes applied', unit: 'changes/s', better: 'more' }, (result) => result.perSecond),
    figureOf(
      results,
      { measure: 'CPU of all processes', unit: 'µs/change', better: 'less' },
      (result) => result.cpuPerChange,
    ),
    figureOf(
      results,
      { measure: 'peak memory of the worker', unit: 'MB', better: 'less' },
      (result) => result.workerMegabytes,
    ),
    figureOf(
      results,
      { measure: 'from start to the last change', unit: 's', better: 'less' },
      (result) => result.seconds,
    ),
  ]);
});

/**
 * The rate counts from the first changes seen on the target to the last, so that it holds neither a start nor a first
 * sleep; the seconds hold both.
 */
async function once(contender: Contender): Promise<Result> {
  await using pair = await freshPair();
  await using programs = debianPrograms([pair.source, pair.target]);
  await createTables(pair);
  const replica = await contender.prepare(pair, programs);
  try {
    await makeChanges(pair, changes);
    await settle(pair);
    const end = await loadEnd(pair);
    await using target = await pair.target.session();
    const startedAt = performance.now();
    const workers = await replica.start();
    const roots = [...pair.pids, ...replica.pids, ...workers];
    const begin = end.map(({ table }) => ({ table, id: 1n }));
    while (!(await haveArrived(target, begin))) await systemClock.sleep(20);
    const first = { at: performance.now(), cpu: cpuSeconds(roots), changes: await arrived(target) };
    while (!(await haveArrived(target, end))) await systemClock.sleep(20);
    const endedAt = performance.now();
    const cpu = cpuSeconds(roots);
    const workerMegabytes = peakMegabytes(workers);
    await expectSame(pair);
    const counted = changes - first.changes;
    return {
      perSecond: (counted / (endedAt - first.at)) * 1_000,
      cpuPerChange: ((cpu - first.cpu) / counted) * 1e6,
      workerMegabytes,
      seconds: (endedAt - startedAt) / 1_000,
    };
  } finally {
    await replica.stop();
  }
}

/** What making the changes left to do is not part of applying them. */
async function settle(pair: Awaited<ReturnType<typeof freshPair>>): Promise<void> {
  await systemClock.sleep(3_000);
  for (const database of [pair.source, pair.target]) {
    await using session = await database.session();
    await session.script('checkpoint');
  }
}
