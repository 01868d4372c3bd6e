import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { load } from '../../../src/config/load.ts';
import { location, queueName, sequenceName, tableName } from '../../../src/model/names.ts';
import { ToolError } from '../../../src/model/problem.ts';
import type { DesiredState, LiveDatabase, LiveNode, LiveState, TableFacts } from '../../../src/model/state.ts';
import { makePlan } from '../../../src/planner/plan.ts';
import {
  aColumn,
  aLiveDatabase,
  aLiveState,
  databaseName,
  tableFacts,
  tickerSettings,
} from '../../support/builders.ts';
import { carryOut, carryOutPartOf, partsOfRename } from '../../support/live-model.ts';

// For random files and random accidents in the databases: what a plan leads to is what the files say, wherever apply was ended
// on its way there.

const schema = JSON.parse(readFileSync('schemas/trunkline.schema.json', 'utf8')) as object;
const names = ['a', 'b', 'c', 'd'].map((name) => `app.${name}`);
const databases = ['d0', 'd1', 'd2', 'd3', 'd4'];

function facts(text: string): TableFacts {
  const name = tableName(text);
  const columns = [
    aColumn('id', { notNull: true, hasDefault: true }),
    aColumn('note', { type: 'text' }),
    aColumn('extra', { type: 'text' }),
  ];
  const owned = text === 'app.a' || text === 'app.b' ? [sequenceName(`${text}_id_seq`)] : [];
  const key =
    text === 'app.d' ? { primaryKey: undefined, uniqueKeys: [{ name: 'd_id', columns: ['id'], notNull: true }] } : {};
  return tableFacts(name, { columns, ownedSequences: owned, ...key });
}

const bare: LiveState = aLiveState(
  Object.fromEntries(
    databases.map((name) => [
      name,
      aLiveDatabase({
        tables: new Map([...names, 'app.other'].map((text) => [tableName(text), facts(text)])),
        sequences: new Set(['app.a_id_seq', 'app.b_id_seq', 'app.free'].map(sequenceName)),
      }),
    ]),
  ),
);

const maybe = <Value>(arb: fc.Arbitrary<Value>) => fc.option(arb, { nil: undefined, freq: 3 });
const where = fc.constantFrom('id < 10', 'id < 10 and id > 2', "note = 'x'");
const options = fc.record({
  where: maybe(where),
  conflict: maybe(fc.constantFrom('error', 'insert_or_update', 'keep', 'log')),
  apply: maybe(fc.constantFrom('set_based', 'ordered')),
  truncate: maybe(fc.constantFrom('apply', 'ignore')),
  columns: maybe(fc.constant({ exclude: ['extra'] })),
  mask: maybe(fc.constant({ note: "'***'" })),
  handler: maybe(fc.constantFrom({ virtual: {} }, { bulk: {} }, 'virtual', 'bulk')),
  copy: maybe(fc.constantFrom({ expect_sync: true }, { keep_rows: true }, { where: 'id > 0' })),
});
const placement = fc.oneof(
  fc.constant('none'),
  fc.constant({}),
  fc.tuple(options, maybe(fc.constantFrom('app.other', 'app.c'))).map(([said, target]) => ({ ...said, target })),
);

const subscribers = ['n1', 'n2', 'n3', 'n4'];
const nodePart = fc.uniqueArray(fc.tuple(fc.constantFrom(...subscribers), placement), {
  selector: ([name]) => name,
  minLength: 0,
  maxLength: 3,
});
const rule = fc.record({
  select: fc.oneof(
    fc.constantFrom(...names).map((name) => ({ name })),
    fc.constantFrom(['app.*'], ['app.a', 'app.b'], ['app.?']).map((include) => ({ include })),
  ),
  said: options,
  key: fc.boolean(),
  nodes: maybe(nodePart),
});

interface Drawn {
  readonly nodes: readonly string[];
  readonly rules: readonly {
    readonly select: object;
    readonly said: object;
    readonly key: boolean;
    readonly nodes: readonly [string, unknown][] | undefined;
  }[];
  readonly lag: string;
  readonly owned: boolean;
  readonly include: readonly string[];
  readonly second: boolean;
  readonly port: number;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  nodes: fc.subarray(subscribers),
  rules: fc.array(rule, { maxLength: 3 }),
  lag: fc.constantFrom('100ms', '3s'),
  owned: fc.boolean(),
  include: fc.constantFrom([], ['app.free'], ['app.*']),
  second: fc.boolean(),
  port: fc.constantFrom(5432, 5433),
}) as fc.Arbitrary<Drawn>;

/** n1 and n4 read from the root, n2 is a branch that n3 reads from. A second queue runs the other way. */
const places: Readonly<
  Record<string, { readonly database: string; readonly role: string; readonly provider?: string }>
> = {
  n0: { database: 'd0', role: 'root' },
  n1: { database: 'd1', role: 'leaf', provider: 'n0' },
  n2: { database: 'd2', role: 'branch', provider: 'n0' },
  n3: { database: 'd3', role: 'leaf', provider: 'n2' },
  n4: { database: 'd4', role: 'leaf', provider: 'n0' },
};

/** Undefined where the words do not fit each other: then the file is refused before any plan. */
function desiredOf(
  { nodes, rules, lag, owned, include, second, port }: Drawn,
  renamed: readonly string[] = [],
): DesiredState | undefined {
  const there = nodes.filter((name) => name !== 'n3' || nodes.includes('n2'));
  const called = (name: string) => (renamed.includes(name) ? `new_${name}` : name);
  const placed = ['n0', ...there].map((name) => {
    const { provider, ...place } = places[name] ?? {};
    return [called(name), provider === undefined ? place : { ...place, provider: called(provider) }];
  });
  const moved = ['n0', ...there]
    .filter((name) => renamed.includes(name))
    .map((name) => ({ node: name, to: called(name) }));
  const tables = rules.map(({ select, said, key, nodes: only }) => ({
    ...select,
    ...said,
    ...(key ? { key: ['id'] } : {}),
    ...(only === undefined
      ? {}
      : {
          nodes: Object.fromEntries(
            only.filter(([name]) => there.includes(name)).map(([name, said]) => [called(name), said]),
          ),
        }),
  }));
  const document = {
    version: 1,
    databases: Object.fromEntries(databases.map((name) => [name, { host: '127.0.0.1', port, dbname: name }])),
    queues: {
      shop: {
        ticker: { max_lag: lag },
        nodes: Object.fromEntries(placed),
        moved,
        tables,
        sequences: { owned, include },
      },
      ...(second
        ? {
            back: {
              nodes: { m1: { database: 'd1', role: 'root' }, m0: { database: 'd0', role: 'leaf' } },
              tables: ['app.c'],
            },
          }
        : {}),
    },
  };
  try {
    return load([{ file: 'trunkline.yaml', text: JSON.stringify(document) }], { env: {}, schema });
  } catch (error) {
    if (error instanceof ToolError) return undefined;
    throw error;
  }
}

function planOf(desired: DesiredState, live: LiveState) {
  const port = [...desired.databases.values()].map(({ connection }) =>
    connection.kind === 'server' ? connection.params.port : 0,
  )[0];
  const locations = new Map(
    databases.map((name) => [databaseName(name), location(`host=127.0.0.1 port=${port} dbname=${name}`)]),
  );
  const { plan, problems } = makePlan({ desired, live, locations, lastApplied: new Map() });
  const before = new Set<string>();
  for (const { id, dependsOn } of plan.steps) {
    if (before.has(id)) throw new Error(`${id} is planned twice`);
    for (const other of dependsOn) if (!before.has(other)) throw new Error(`${id} comes before ${other}`);
    before.add(id);
  }
  return { steps: plan.steps, refused: problems.length > 0 };
}

/** What somebody did in a database behind our back. */
type Accident = (node: LiveNode) => LiveNode;
const withoutFirst = <Key, Value>(map: ReadonlyMap<Key, Value>): ReadonlyMap<Key, Value> => new Map([...map].slice(1));
const accidents: Readonly<Record<string, Accident>> = {
  'lost triggers': (node) => ({
    ...node,
    tables: new Map([...node.tables].map(([name, table]) => [name, { ...table, triggers: [] }])),
  }),
  'a table taken out': (node) => ({ ...node, tables: withoutFirst(node.tables) }),
  'a table added': (node) => ({
    ...node,
    tables: new Map([...node.tables].map(([name, table]) => [name, { ...table, local: true, spec: table.spec }])),
  }),
  'sequences forgotten': (node) => ({ ...node, sequences: withoutFirst(node.sequences) }),
  'subscriber gone': (node) => ({ ...node, subscribers: withoutFirst(node.subscribers) }),
  'another ticker': (node) =>
    node.type === 'leaf' ? node : { ...node, ticker: tickerSettings({ maxCount: 7, rotationPeriodMs: 1 }) },
  'another place': (node) => ({
    ...node,
    members: new Map(
      [...node.members].map(([name, member]) => [name, { ...member, location: location('host=elsewhere') }]),
    ),
  }),
};

function befall(live: LiveState, [database, queue, accident]: readonly [string, string, string]): LiveState {
  const seen = live.databases.get(databaseName(database));
  const node = seen?.kind === 'reachable' ? seen.queues.get(queueName(queue)) : undefined;
  const change = accidents[accident];
  if (seen?.kind !== 'reachable' || node === undefined || change === undefined) return live;
  const changed: LiveDatabase = { ...seen, queues: new Map([...seen.queues, [node.queue, change(node)]]) };
  return { databases: new Map([...live.databases, [databaseName(database), changed]]) };
}

const accident = fc.tuple(
  fc.constantFrom(...databases),
  fc.constantFrom('shop', 'back'),
  fc.constantFrom(...Object.keys(accidents)),
);

test('what a plan leads to is what the files say, from wherever it starts and wherever it is ended', () => {
  const counts = { reached: 0, refused: 0, steps: 0, renamed: 0 };
  fc.assert(
    fc.property(
      drawn,
      drawn,
      fc.subarray(['n0', ...subscribers]),
      fc.array(accident, { maxLength: 3 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(partsOfRename),
      (first, second, renamed, befallen, part, parts) => {
        const [from, to] = [desiredOf(first), desiredOf(second, renamed)];
        fc.pre(from !== undefined && to !== undefined);
        const start = planOf(from, bare);
        const built = carryOut(bare, start.steps);
        if (!start.refused) expect(planOf(from, built).steps).toEqual([]);
        const live = befallen.reduce(befall, built);

        const plan = planOf(to, live);
        if (plan.refused) {
          counts.refused += 1;
          return;
        }
        counts.reached += 1;
        counts.steps += plan.steps.length;
        counts.renamed += plan.steps.filter(({ kind }) => kind === 'rename_node').length;
        const end = carryOut(live, plan.steps);
        expect(planOf(to, end).steps.map(({ id }) => id)).toEqual([]);

        const done = Math.floor(part * plan.steps.length);
        const before = carryOut(live, plan.steps.slice(0, done));
        const next = plan.steps[done];
        const halfway = next?.kind === 'rename_node' ? carryOutPartOf(before, next, parts) : before;
        const rest = planOf(to, halfway);
        expect(rest.refused).toBe(false);
        expect(planOf(to, carryOut(halfway, rest.steps)).steps.map(({ id }) => id)).toEqual([]);
      },
    ),
    { numRuns: Number(process.env.TRUNKLINE_RUNS ?? 150) },
  );
  // The property is worth something only where plans are made.
  expect(counts.reached).toBeGreaterThan(counts.refused / 4);
  expect(counts.steps).toBeGreaterThan(counts.reached);
  expect(counts.renamed).toBeGreaterThan(0);
});
