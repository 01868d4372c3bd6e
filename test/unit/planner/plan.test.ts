import { expect, test } from 'vitest';
import { rowOperations } from '../../../src/model/capture.ts';
import type { Location } from '../../../src/model/names.ts';
import { decodeSavedPlan, sameSteps } from '../../../src/model/plan-codec.ts';
import { bundledSchemas } from '../../../src/model/schemas.ts';
import type { LiveDatabase, LiveNode, LiveState, TableFacts } from '../../../src/model/state.ts';
import { fingerprint } from '../../../src/planner/fingerprint.ts';
import { makePlan } from '../../../src/planner/plan.ts';
import { planJson } from '../../../src/render/plan-json.ts';
import { planView } from '../../../src/render/plan-view.ts';
import {
  aColumn,
  aDesiredState,
  aLiveDatabase,
  aLiveNode,
  aLiveState,
  aLiveTable,
  aNode,
  aQueue,
  databaseName,
  location,
  nodeName,
  queueName,
  tableFacts,
  tableName,
} from '../../support/builders.ts';

const orders = tableName('app.orders');
const pattern = {
  select: { kind: 'pattern', include: ['app.*'], exclude: [] },
  where: undefined,
  create: undefined,
  protect: undefined,
  key: undefined,
  nodes: undefined,
  at: { file: 'trunkline.yaml', line: 1, column: 1, path: '' },
} as const;
const desired = aDesiredState(aQueue({ tables: [pattern] }));
const locations = new Map<ReturnType<typeof databaseName>, Location>([
  [databaseName('root'), location('dbname=root')],
  [databaseName('leaf'), location('dbname=leaf')],
]);

function bare(change: { readonly root?: Partial<TableFacts>; readonly leaf?: Partial<TableFacts> } = {}): LiveState {
  return aLiveState({
    root: aLiveDatabase({ tables: new Map([[orders, tableFacts(orders, change.root)]]) }),
    leaf: aLiveDatabase({ tables: new Map([[orders, tableFacts(orders, change.leaf)]]) }),
  });
}

const planOf = (live: LiveState) => makePlan({ desired, live, locations, lastApplied: new Map() }).plan;
const prints = (live: LiveState) => Object.fromEntries(planOf(live).fingerprints);

test('numbers that move leave the fingerprint as it is', () => {
  expect(prints(bare({ root: { estimatedRows: 12345, bytes: 999_999 } }))).toEqual(prints(bare()));
});

test.for<{ readonly name: string; readonly live: LiveState; readonly moved: readonly string[] }>([
  {
    name: 'a column of the root',
    live: bare({ root: { columns: [aColumn('id', { notNull: true })] } }),
    moved: ['root'],
  },
  { name: 'rows in the target', live: bare({ leaf: { empty: false } }), moved: ['leaf'] },
  {
    name: 'a table that a pattern finds',
    live: aLiveState({
      root: aLiveDatabase({
        tables: new Map([orders, tableName('app.items')].map((name) => [name, tableFacts(name)])),
      }),
      leaf: aLiveDatabase({
        tables: new Map([orders, tableName('app.items')].map((name) => [name, tableFacts(name)])),
      }),
    }),
    moved: ['leaf', 'root'],
  },
  {
    name: 'another major version',
    live: aLiveState({
      root: aLiveDatabase({ serverVersion: 140_001, tables: new Map([[orders, tableFacts(orders)]]) }),
      leaf: aLiveDatabase({ tables: new Map([[orders, tableFacts(orders)]]) }),
    }),
    moved: ['root'],
  },
])('$name changes the fingerprint', ({ live, moved }) => {
  const before = prints(bare());
  const after = prints(live);
  expect(Object.keys(before).filter((name) => before[name] !== after[name])).toEqual(moved);
});

test('a table of no queue leaves the fingerprint as it is', () => {
  const other = tableName('elsewhere.scratch');
  const live = aLiveState({
    root: aLiveDatabase({ tables: new Map([orders, other].map((name) => [name, tableFacts(name)])) }),
    leaf: aLiveDatabase({ tables: new Map([[orders, tableFacts(orders)]]) }),
  });
  expect(prints(live)).toEqual(prints(bare()));
});

test('what a node learns of the cascade by its queue leaves its fingerprint as it is, and what it holds does not', () => {
  const items = tableName('app.items');
  const print = (change: Partial<LiveNode>) =>
    fingerprint(aLiveDatabase(), [aLiveNode({ name: nodeName('leaf'), ...change })], [], []);
  const learned = {
    members: new Map([...aLiveNode().members, ...aLiveNode({ name: nodeName('other') }).members]),
    tables: new Map([[items, aLiveTable(items, { local: false, spec: undefined })]]),
  };
  expect(print({ type: 'leaf', ...learned })).toBe(print({ type: 'leaf' }));
  expect(print({ type: 'leaf', tables: new Map([[items, aLiveTable(items)]]) })).not.toBe(print({ type: 'leaf' }));
  // A root is who says it.
  expect(print({ members: learned.members })).not.toBe(print({}));
  expect(print({ tables: learned.tables })).not.toBe(print({}));
});

test('a saved plan is read back, and told from another one', () => {
  const plan = planOf(bare());
  const saved = decodeSavedPlan(JSON.stringify(planJson(planView(plan, desired))));
  expect(saved?.fingerprints).toEqual(plan.fingerprints);
  expect(sameSteps(saved?.steps ?? [], plan.steps)).toBe(true);
  const resized = planOf(bare({ root: { estimatedRows: 7, bytes: 70_000 } }));
  expect(sameSteps(saved?.steps ?? [], resized.steps)).toBe(true);
  const truncating = planOf(bare({ leaf: { empty: false } }));
  expect(sameSteps(saved?.steps ?? [], truncating.steps)).toBe(false);
});

test.for([
  '',
  '[]',
  '{"formatVersion":2,"steps":[],"fingerprints":{}}',
  '{"formatVersion":1,"steps":[{}],"fingerprints":{}}',
])('text that is no plan is not read as one: %s', (text) => {
  expect(decodeSavedPlan(text)).toBeUndefined();
});

test('every dependency stands before the step that has it', () => {
  const { steps } = planOf(bare());
  const seen = new Set<string>();
  for (const step of steps) {
    expect(step.dependsOn.filter((id) => !seen.has(id))).toEqual([]);
    seen.add(step.id);
  }
  expect(seen.size).toBe(steps.length);
});

test('problems leave the plan empty', () => {
  const { plan, problems } = makePlan({
    desired,
    live: bare({ leaf: { columns: [] } }),
    locations,
    lastApplied: new Map(),
  });
  expect(problems.map((problem) => problem.code)).toEqual(['columns_differ']);
  expect(plan.steps).toEqual([]);
  expect(plan.fingerprints.size).toBe(0);
});

/** 10,000 tables on a root and nine leaves: nothing there yet, or all of it. */
function large(there: boolean) {
  const names = Array.from({ length: 300 }, (_, index) => tableName(`app.table_${index}`));
  const columns = Array.from({ length: 8 }, (_, index) => aColumn(`column_${index}`, { notNull: index === 0 }));
  const tables = new Map(names.map((name) => [name, tableFacts(name, { columns, primaryKey: ['column_0'] })]));
  const nodes = [
    aNode(),
    ...Array.from({ length: 9 }, (_, index) => aNode({ name: nodeName(`leaf${index}`), provider: nodeName('root') })),
  ];
  const places = new Map(nodes.map((node) => [node.database, location(`dbname=${node.database}`)]));
  const databases = nodes.map((node): [string, LiveDatabase] => {
    const role = node.placement.role;
    const args = role === 'root' ? ['replika', 'capture=generated'] : ['replika', 'deny'];
    const triggers = ['_londiste_replika', '_londiste_replika_truncate'].map((name) => ({
      name,
      enabled: 'origin' as const,
      function: 'pgq.logutriga',
      args,
      operations: rowOperations,
    }));
    const live = aLiveNode({
      name: node.name,
      type: role,
      provider: role === 'root' ? undefined : nodeName('root'),
      members: new Map(
        nodes.map((member) => [
          member.name,
          { location: places.get(member.database)!, holdsPassword: false, dead: false },
        ]),
      ),
      subscribers: new Map(
        role === 'root'
          ? nodes.slice(1).map((leaf) => [leaf.name, { worker: `${leaf.name}.worker`, watermark: 1n, lastTick: 1n }])
          : [],
      ),
      tables: new Map(names.map((name) => [name, aLiveTable(name, { triggers })])),
    });
    return [
      node.database,
      aLiveDatabase({
        tables,
        schemas: new Map(bundledSchemas.map(({ name, version }) => [name, { source: 'bundled', version }])),
        queues: there ? new Map([[queueName('replika'), live]]) : new Map(),
      }),
    ];
  });
  return {
    desired: aDesiredState(aQueue({ nodes, tables: [pattern] })),
    live: aLiveState(Object.fromEntries(databases)),
    locations: places,
    lastApplied: new Map(),
  };
}

test.for([
  { there: false, steps: 3_011 },
  { there: true, steps: 0 },
])(
  '300 tables on 10 nodes: all of it where nothing is there, nothing where all is (there: $there)',
  ({ there, steps }) => {
    const input = large(there);
    const { plan, problems } = makePlan(input);
    expect(problems).toEqual([]);
    expect(plan.steps.length).toBe(steps);
  },
);
