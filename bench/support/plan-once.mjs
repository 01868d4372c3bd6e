// One plan in a process of its own, so that its memory can be told: node plan-once.mjs TABLES first|empty|one-table
import { bundledSchemas } from '../../dist/model/schemas.js';
import { usualLimits } from '../../dist/model/step-limits.js';
import { wholeTable } from '../../dist/model/table.js';
import { makePlan } from '../../dist/planner/plan.js';

const [tables, scenario] = [Number(process.argv[2]), process.argv[3]];
const at = { file: 'trunkline.yaml', line: 1, column: 1, path: '' };
const names = Array.from({ length: tables }, (_, index) => `app.table_${index}`);
const nodes = ['root', ...Array.from({ length: 9 }, (_, index) => `leaf${index}`)];
const locations = new Map(nodes.map((node) => [node, `dbname=${node}`]));
const ticker = { maxCount: 500, maxLagMs: 1000, idlePeriodMs: 60_000, rotationPeriodMs: 7_200_000 };

// Names and types that come again are one text each, as they are in a state that was read.
const columnNames = Array.from({ length: 8 }, (_, index) => `column_${index}`);
const columns = () =>
  columnNames.map((name, index) => ({
    name,
    type: index === 0 ? 'bigint' : 'text',
    notNull: index === 0,
    hasDefault: false,
    generated: false,
  }));

const facts = (name) => ({
  name,
  partitioned: false,
  partitionOf: undefined,
  columns: columns(),
  primaryKey: ['column_0'],
  uniqueKeys: [],
  ownedSequences: [],
  estimatedRows: 1000,
  bytes: 131_072,
  empty: false,
});

function liveNode(name, replicated) {
  const role = name === 'root' ? 'root' : 'leaf';
  const args = role === 'root' ? ['replika', 'capture=generated'] : ['replika', 'deny'];
  const triggers = () =>
    ['_londiste_replika', '_londiste_replika_truncate'].map((trigger) => ({
      name: trigger,
      enabled: 'origin',
      function: 'pgq.logutriga',
      args: [...args],
      operations: trigger.endsWith('truncate') ? [] : ['insert', 'update', 'delete'],
    }));
  const table = (name_) => ({
    name: name_,
    local: true,
    spec: wholeTable(name_),
    attrs: undefined,
    sync: { kind: 'in_sync' },
    triggers: triggers(),
  });
  const subscribers = nodes.slice(1).map((leaf) => [leaf, { worker: `${leaf}.worker`, watermark: 1n, lastTick: 1n }]);
  return {
    queue: 'replika',
    name,
    type: role,
    provider: role === 'root' ? undefined : 'root',
    mergesInto: undefined,
    worker: `${name}.worker`,
    lastTick: 1n,
    paused: false,
    uptodate: true,
    error: undefined,
    sinceTickMs: undefined,
    ticker: role === 'root' ? ticker : undefined,
    closed: role !== 'root',
    members: new Map(
      nodes.map((member) => [member, { location: locations.get(member), holdsPassword: false, dead: false }]),
    ),
    subscribers: new Map(role === 'root' ? subscribers : []),
    tables: new Map(replicated.map((name_) => [name_, table(name_)])),
    sequences: new Map(),
    replaced: new Map(),
  };
}

function database(name) {
  const replicated = scenario === 'one-table' ? names.slice(1) : names;
  return {
    kind: 'reachable',
    identity: { server: '7000000000000000000', oid: 16_384 },
    serverVersion: 180_004,
    user: 'postgres',
    superuser: true,
    replicator: 'postgres',
    canReplicate: true,
    schemas: new Map(
      scenario === 'first'
        ? []
        : bundledSchemas.map(({ name: schema, version }) => [schema, { source: 'bundled', version }]),
    ),
    extensions: new Map(),
    queues: new Map(scenario === 'first' ? [] : [['replika', liveNode(name, replicated)]]),
    tables: new Map(names.map((table) => [table, facts(table)])),
    sequences: new Set(),
    applied: new Map(),
    quietCopies: new Map(),
    serversSeen: [],
    executed: new Map(),
  };
}

/** What the files say: one pattern. The files of the last apply left the first table out. */
function desired(exclude) {
  const queue = {
    name: 'replika',
    ticker,
    nodes: new Map(
      nodes.map((name) => [
        name,
        {
          name,
          database: name,
          placement: name === 'root' ? { role: 'root' } : { role: 'leaf', provider: 'root', mergesInto: undefined },
          parallelCopies: 4,
          onError: 'park',
          foreignEvents: 'skip',
          protect: false,
          at,
        },
      ]),
    ),
    tables: [{ select: { kind: 'pattern', include: ['app.*'], exclude }, where: undefined, nodes: undefined, at }],
    saysTables: true,
    create: 'none',
    tableDefaults: { where: undefined },
    sequences: { owned: true, include: [], exclude: [], create: 'none', at: undefined },
    migrations: undefined,
    moved: [],
    movedTables: [],
    kept: [],
    at,
  };
  const databases = new Map(
    nodes.map((name) => [
      name,
      { name, connection: { kind: 'embedded', server: { version: 18, dbname: name } }, engine: 'auto', at },
    ]),
  );
  return { databases, queues: new Map([['replika', queue]]), allow: [], assertions: [], limits: usualLimits };
}

const last = {
  desired: desired(['app.table_0']),
  locations,
  pending: new Set(),
  at: '2026-11-20 09:00 UTC',
  by: 'anna',
};
const input = {
  desired: desired([]),
  live: { databases: new Map(nodes.map((name) => [name, database(name)])) },
  locations,
  lastApplied: new Map(scenario === 'first' ? [] : [['replika', last]]),
};
// Of the processor: what else runs on the machine counts less.
const started = process.cpuUsage();
const { plan, problems } = makePlan(input);
const used = process.cpuUsage(started);
const ms = (used.user + used.system) / 1000;
if (problems.length > 0) throw new Error(JSON.stringify(problems.slice(0, 3)));
console.log(
  JSON.stringify({
    steps: plan.steps.length,
    drift: plan.drift.size,
    ms,
    memoryMb: process.resourceUsage().maxRSS / 1024,
  }),
);
