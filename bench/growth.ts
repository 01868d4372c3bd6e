import { loadavg } from 'node:os';
import { test } from 'vitest';
import { systemClock } from '../src/app/system-clock.ts';
import type { FreshDatabase } from '../test/support/database.ts';
import { waitFor } from '../test/support/replication.ts';
import { ownCascade } from './contenders/trunkline.ts';
import { isWanted } from './support/in-rounds.ts';
import { freshPair, type Pair } from './support/pair.ts';
import { cpuSeconds, peakMegabytes } from './support/processes.ts';
import { type Figure, report } from './support/report.ts';
import { tablesInSync } from './support/tables-in-sync.ts';

// How the cost of a change grows with the events of a batch, the width of a row, the number of tables and the number of leaves. Half
// of the changes are inserts and half are updates of older rows, and they wait when the leaves' process starts.

const rounds = Number(process.env.TRUNKLINE_BENCH_ROUNDS ?? 2);
const changes = Number(process.env.TRUNKLINE_BENCH_CHANGES ?? 100_000);

interface Shape {
  readonly tables: number;
  /** Bytes of text in a row. */
  readonly width: number;
  readonly leaves: number;
  /** Events between two ticks; undefined: one transaction, one tick. */
  readonly batch: number | undefined;
}

const usual: Shape = { tables: 1, width: 50, leaves: 1, batch: undefined };

const shapes: readonly (readonly [string, Shape])[] = [
  ['1 table, 1 leaf, 50 bytes', usual],
  ['a tick each 100 events', { ...usual, batch: 100 }],
  ['a tick each 5,000 events', { ...usual, batch: 5_000 }],
  ['500 bytes a row', { ...usual, width: 500 }],
  ['5,000 bytes a row', { ...usual, width: 5_000 }],
  ['100 tables', { ...usual, tables: 100 }],
  ['2,000 tables', { ...usual, tables: 2_000 }],
  ['4 leaves', { ...usual, leaves: 4 }],
  ['16 leaves', { ...usual, leaves: 16 }],
];

interface Result {
  /** Changes applied on all leaves, each counted. */
  readonly perSecond: number;
  /** Of the leaves' process and both servers, for each change on each leaf. */
  readonly cpu: number;
  readonly megabytes: number;
}

test('growth', { timeout: 7_200_000 }, async () => {
  const results = new Map<string, readonly Result[]>();
  for (const [name, shape] of shapes) {
    if (!isWanted(name)) continue;
    const measured = await measure(shape);
    console.log(`${name}: ${measured.map((each) => JSON.stringify(each)).join(' ')}, load ${loadavg()[0]?.toFixed(1)}`);
    results.set(name, measured);
  }
  const figure = (measure: Pick<Figure, 'measure' | 'unit' | 'better'>, of: (result: Result) => number): Figure => ({
    ...measure,
    values: new Map([...results].map(([name, list]) => [name, list.map(of)])),
  });
  // Shapes of one thing are no contenders: none is compared with another.
  report('growth', `${changes} queued changes`, '', [
    figure(
      { measure: 'changes applied on all leaves', unit: 'changes/s', better: 'more' },
      ({ perSecond }) => perSecond,
    ),
    figure({ measure: 'CPU of all processes', unit: 'µs for each change on a leaf', better: 'less' }, ({ cpu }) => cpu),
    figure({ measure: 'peak memory of the process', unit: 'MB', better: 'less' }, ({ megabytes }) => megabytes),
  ]);
});

/** Setting up takes longer than what is measured: one replica serves for all rounds. */
async function measure(shape: Shape): Promise<readonly Result[]> {
  await using pair = await freshPair();
  const names = Array.from({ length: shape.tables }, (_, nr) => `public.t${nr}`);
  const leaves = [pair.target];
  while (leaves.length < shape.leaves) leaves.push(await pair.another(`target${leaves.length}`));
  for (const database of [pair.source, ...leaves]) {
    await using session = await database.session();
    await session.script(
      names.map((name) => `create table ${name} (id int primary key, note text, changed int default 0)`).join(';'),
    );
  }
  using cascade = await ownCascade(pair.source, leaves, names);
  const nodes = leaves.map(({ name }) => name);
  const source = cascade.run(pair.source.name);
  const results: Result[] = [];
  let process = cascade.run(...nodes);
  try {
    for (const leaf of leaves) await tablesInSync(leaf, () => process.output);
    for (let round = 0; round < rounds; round += 1) {
      await process.kill('SIGTERM');
      await makeChanges(pair, shape, round);
      const target = await newestTick(pair.source);
      const startedAt = performance.now();
      const cpuBefore = cpuSeconds(pair.pids);
      process = cascade.run(...nodes);
      for (const leaf of leaves) await reached(leaf, target, () => process.output);
      const seconds = (performance.now() - startedAt) / 1_000;
      const roots = [process.child.pid as number];
      const done = changes * leaves.length;
      results.push({
        perSecond: done / seconds,
        cpu: ((cpuSeconds(pair.pids) - cpuBefore + cpuSeconds(roots)) / done) * 1e6,
        megabytes: peakMegabytes(roots),
      });
    }
    return results;
  } finally {
    for (const program of [process, source]) await program.kill('SIGTERM');
  }
}

/** Each round has rows of its own. */
async function makeChanges(pair: Pair, { tables, width, batch }: Shape, round: number): Promise<void> {
  await using session = await pair.source.session();
  await session.script('set synchronous_commit = off');
  const each = Math.floor(changes / tables / 2);
  const step = batch === undefined ? each : Math.max(1, Math.floor(batch / 2));
  for (let table = 0; table < tables; table += 1) {
    for (let from = 1; from <= each; from += step) {
      const ids = [from, Math.min(each, from + step - 1)].map((id) => round * each + id);
      await session.script(`
        insert into t${table} select i, repeat(chr(97 + i % 26), ${width}) from generate_series(${ids.join(', ')}) i;
        update t${table} set changed = changed + 1 where id between ${ids.join(' and ')}`);
      if (batch !== undefined) await session.script(`select pgq.force_tick('q'); select pgq.ticker('q')`);
    }
  }
  await session.script(`select pgq.force_tick('q'); select pgq.ticker('q'); checkpoint`);
  // What making the changes left to do is not part of applying them.
  await systemClock.sleep(1_000);
}

async function newestTick(database: FreshDatabase): Promise<bigint> {
  await using session = await database.session();
  const [row] = await session.query<{ tick: bigint }>({
    text: 'select max(tick_id) as tick from pgq.tick',
    values: [],
  });
  return row?.tick ?? 0n;
}

async function reached(database: FreshDatabase, tick: bigint, why: () => string): Promise<void> {
  await using session = await database.session();
  await waitFor(
    () => `tick ${tick} on ${database.name}: ${why()}`,
    600_000,
    async () => {
      const [row] = await session.query<{ tick: bigint }>({
        text: 'select min(last_tick_id) as tick from pgq_node.local_state',
        values: [],
      });
      return (row?.tick ?? 0n) >= tick;
    },
  );
}
