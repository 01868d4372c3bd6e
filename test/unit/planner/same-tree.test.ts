import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { load } from '../../../src/config/load.ts';
import { location, sequenceName, tableName } from '../../../src/model/names.ts';
import { ToolError } from '../../../src/model/problem.ts';
import type { DesiredState, LiveState } from '../../../src/model/state.ts';
import type { StepKind } from '../../../src/model/step.ts';
import { makePlan } from '../../../src/planner/plan.ts';
import { aColumn, aLiveDatabase, aLiveState, databaseName, tableFacts } from '../../support/builders.ts';
import { carryOut, carryOutPartOf, partsOfRename } from '../../support/live-model.ts';

// From any tree of nodes to any other, also where the root has gone away, or apply was ended on its way: what the plans lead to
// is the tree of the file.

const schema = JSON.parse(readFileSync('schemas/trunkline.schema.json', 'utf8')) as object;
const nodes = ['n0', 'n1', 'n2', 'n3', 'n4'];
const databases = nodes.map((name) => `on_${name}`);

const bare: LiveState = aLiveState(
  Object.fromEntries(
    databases.map((name) => [
      name,
      aLiveDatabase({
        tables: new Map(
          ['app.a', 'app.b'].map((table) => [
            tableName(table),
            tableFacts(tableName(table), { columns: [aColumn('id', { notNull: true })] }),
          ]),
        ),
        sequences: new Set([sequenceName('app.free')]),
      }),
    ]),
  ),
);

interface Tree {
  /** The root first; each other one reads from one that stands before it. */
  readonly order: readonly string[];
  readonly above: readonly number[];
  /** Whether a node that nobody reads from keeps a queue all the same. */
  readonly branches: readonly boolean[];
}

const tree: fc.Arbitrary<Tree> = fc.record({
  order: fc.shuffledSubarray(nodes, { minLength: 1 }),
  above: fc.array(fc.nat(4), { minLength: 5, maxLength: 5 }),
  branches: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
});

function desiredOf({ order, above, branches }: Tree, renamed: readonly string[] = []): DesiredState {
  const called = (name: string) => (renamed.includes(name) ? `new_${name}` : name);
  const providers = order.map((_, index) => (index === 0 ? undefined : order[(above[index] ?? 0) % index]));
  const placed = order.map((name, index) => {
    const provider = providers[index];
    if (provider === undefined) return [called(name), { database: `on_${name}`, role: 'root' }];
    const role = providers.includes(name) || branches[index] === true ? 'branch' : 'leaf';
    return [called(name), { database: `on_${name}`, role, provider: called(provider) }];
  });
  const moved = order.filter((name) => renamed.includes(name)).map((name) => ({ node: name, to: called(name) }));
  const document = {
    version: 1,
    databases: Object.fromEntries(databases.map((name) => [name, { host: '127.0.0.1', dbname: name }])),
    queues: { shop: { nodes: Object.fromEntries(placed), moved, tables: ['app.a', 'app.b'] } },
  };
  return load([{ file: 'trunkline.yaml', text: JSON.stringify(document) }], { env: {}, schema });
}

function planOf(desired: DesiredState, live: LiveState) {
  const locations = new Map(databases.map((name) => [databaseName(name), location(`host=127.0.0.1 dbname=${name}`)]));
  const { plan, problems } = makePlan({ desired, live, locations, lastApplied: new Map() });
  const before = new Set<string>();
  for (const { id, dependsOn } of plan.steps) {
    for (const other of dependsOn) if (!before.has(other)) throw new ToolError([]);
    before.add(id);
  }
  return { steps: plan.steps, problems };
}

const idsOf = (steps: readonly { readonly id: string }[]) => steps.map(({ id }) => id);

function without(live: LiveState, database: string): LiveState {
  return { databases: new Map([...live.databases].filter(([name]) => name !== database)) };
}

/** What is left over of the new root's reading is taken away before the branch is. */
const rootFromBelowBranchThatGoes: [Tree, Tree, string[], boolean, number, number] = [
  { order: ['n0', 'n3', 'n2', 'n1'], above: [0, 0, 1, 2], branches: [] },
  { order: ['n1', 'n3', 'n0'], above: [0, 0, 0], branches: [] },
  [],
  true,
  0,
  0,
];

/** The old root comes below a node that stays where it is, and one below it is to keep a queue of its own. */
const oldRootBelowOneThatStays: [Tree, Tree, string[], boolean, number, number] = [
  { order: ['n3', 'n2', 'n0', 'n1'], above: [0, 0, 1, 2], branches: [] },
  { order: ['n2', 'n0', 'n3', 'n1'], above: [0, 0, 1, 2], branches: [false, false, false, true] },
  [],
  false,
  0,
  0,
];

test('any tree becomes any other, wherever apply is ended on the way', () => {
  const seen = new Map<StepKind, number>();
  const counts = { reached: 0, refused: 0 };
  fc.assert(
    fc.property(
      tree,
      tree,
      fc.option(fc.subarray(nodes), { nil: [] }),
      fc.boolean(),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(partsOfRename),
      (first, second, renamed, rootGone, part, parts) => {
        const from = desiredOf(first);
        const to = desiredOf(second, renamed);
        const built = carryOut(bare, planOf(from, bare).steps);
        expect(idsOf(planOf(from, built).steps)).toEqual([]);
        const live = rootGone ? without(built, `on_${first.order[0]}`) : built;

        const plan = planOf(to, live);
        if (plan.problems.length > 0) {
          counts.refused += 1;
          return;
        }
        counts.reached += 1;
        for (const { kind } of plan.steps) seen.set(kind, (seen.get(kind) ?? 0) + 1);
        expect(idsOf(planOf(to, carryOut(live, plan.steps)).steps)).toEqual([]);

        const done = Math.floor(part * plan.steps.length);
        const before = carryOut(live, plan.steps.slice(0, done));
        const next = plan.steps[done];
        const halfway = next?.kind === 'rename_node' ? carryOutPartOf(before, next, parts) : before;
        const rest = planOf(to, halfway);
        expect(rest.problems).toEqual([]);
        expect(idsOf(planOf(to, carryOut(halfway, rest.steps)).steps)).toEqual([]);
      },
    ),
    {
      numRuns: Number(process.env.TRUNKLINE_RUNS ?? 300),
      examples: [rootFromBelowBranchThatGoes, oldRootBelowOneThatStays],
    },
  );
  expect(counts.reached).toBeGreaterThan(counts.refused / 4);
  // The property is worth something only where such steps are planned.
  for (const kind of [
    'change_provider',
    'change_role',
    'move_root',
    'replace_root',
    'rename_node',
    'drop_node',
  ] as const) {
    expect(seen.get(kind) ?? 0, kind).toBeGreaterThan(0);
  }
});
