import { expect, test } from 'vitest';
import { ToolError } from '../../src/model/problem.ts';
import { problemSentences } from '../../src/render/describe-problem.ts';
import type { Cluster } from '../support/cluster.ts';
import { applyAll, planOf, stepIds } from '../support/planning.ts';
import {
  expectEqualData,
  fileOf,
  type Place,
  rootOf,
  runWorkers,
  startWriter,
  type Topology,
  threeDatabases,
  whenInSync,
} from '../support/topologies.ts';

// From one shape of a cascade to another, while somebody writes: it ends in equal data and an empty plan, or in a refusal
// that says why. TRUNKLINE_MATRIX=all goes from each to each.

const topologies = {
  pair: { a: 'root', b: 'leaf of a' },
  fan: { a: 'root', b: 'leaf of a', c: 'leaf of a' },
  chain: { a: 'root', b: 'branch of a', c: 'leaf of b' },
  chainOther: { a: 'root', c: 'branch of a', b: 'leaf of c' },
  branches: { a: 'root', b: 'branch of a', c: 'branch of b' },
  branchFan: { a: 'root', b: 'branch of a', c: 'branch of a' },
  movedKeeping: { b: 'root', a: 'branch of b', c: 'leaf of a' },
  movedFan: { b: 'root', a: 'leaf of b', c: 'leaf of b' },
  upsideDown: { c: 'root', b: 'branch of c', a: 'leaf of b' },
  turned: { b: 'root', c: 'branch of b', a: 'leaf of c' },
  far: { c: 'root', a: 'branch of c', b: 'branch of a' },
  alone: { a: 'root' },
} as const satisfies Readonly<Record<string, Topology>>;

type Name = keyof typeof topologies;

/** Each topology once as an end, each kind of change at least once. */
const tour: readonly Name[] = [
  'pair',
  'fan',
  'chain',
  'chainOther',
  'branches',
  'movedKeeping',
  'turned',
  'upsideDown',
  'far',
  'branchFan',
  'movedFan',
  'fan',
  'alone',
];

const refusals = new Set(['new_root_missing']);

/** True where the change was made. */
async function change(
  cluster: Cluster<Place>,
  from: Name | undefined,
  to: Name,
  seen: ReadonlySet<number>,
  at: (...places: Place[]) => void,
): Promise<boolean> {
  const file = fileOf(topologies[to]);
  await using running = runWorkers(cluster, file, undefined, fileOf(topologies[from ?? to]));
  // The new one first: the old one may be dropped, and be a database like any other.
  at(...new Set([rootOf(topologies[to]), rootOf(topologies[from ?? to])]));
  try {
    await applyAll(cluster, file, { workerTimeoutMs: 60_000 });
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    const fatal = error.problems.filter(({ code }) => !refusals.has(code)).map(problemSentences);
    const said = running.logs.filter(({ level }) => level !== 'info').map(({ message }) => message);
    expect([from, to, fatal, fatal.length === 0 ? [] : said.slice(-5)]).toEqual([from, to, [], []]);
    at(rootOf(topologies[from ?? to]));
    return false;
  }
  at(rootOf(topologies[to]));
  // A few more writes that only the new shape carries.
  const before = seen.size;
  await expect.poll(() => seen.size, { timeout: 10_000 }).toBeGreaterThan(before + 5);
  at();
  const told = () =>
    running.logs
      .filter(({ level }) => level !== 'info')
      .map(({ message }) => message)
      .slice(-5)
      .join('; ');
  await whenInSync(cluster, topologies[to]);
  await expectEqualData(cluster, topologies[to], seen, told);
  expect(stepIds(await planOf(cluster, file))).toEqual([]);
  return true;
}

test('a cascade changes its shape under load, and loses nothing', async () => {
  await using cluster = await threeDatabases();
  await using writer = startWriter(cluster);
  let from: Name | undefined;
  for (const to of tour) {
    expect([from, to, await change(cluster, from, to, writer.confirmed, writer.at)]).toEqual([from, to, true]);
    from = to;
  }
});

const names = Object.keys(topologies) as Name[];
const pairs = names.flatMap((from) => names.filter((to) => to !== from).map((to) => ({ from, to })));

if (process.env.TRUNKLINE_MATRIX === 'all') {
  test.for(pairs)('$from -> $to', { timeout: 120_000 }, async ({ from, to }) => {
    await using cluster = await threeDatabases();
    await using writer = startWriter(cluster);
    await change(cluster, undefined, from, writer.confirmed, writer.at);
    await change(cluster, from, to, writer.confirmed, writer.at);
  });
}
