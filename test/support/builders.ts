import {
  databaseName,
  location,
  type NodeName,
  nodeName,
  queueName,
  rowFilter,
  sequenceName,
  type TableName,
  tableName,
} from '../../src/model/names.ts';
import type { Origin } from '../../src/model/origin.ts';
import type {
  ColumnFacts,
  DesiredState,
  LiveDatabase,
  LiveNode,
  LiveState,
  LiveTable,
  Observation,
  TableFacts,
} from '../../src/model/state.ts';
import { usualLimits } from '../../src/model/step-limits.ts';
import { type TableSpec, wholeTable } from '../../src/model/table.ts';
import type { ConnectionParams, DatabaseSpec, NodeSpec, QueueSpec, TickerSettings } from '../../src/model/topology.ts';

// Each gives a valid value; a test names only what it is about: aNode({ parallelCopies: 4 }).

export { databaseName, location, nodeName, queueName, rowFilter, sequenceName, tableName };

const anOrigin = (change: Partial<Origin> = {}): Origin => ({
  file: 'trunkline.yaml',
  line: 1,
  column: 1,
  path: '',
  ...change,
});

export const connectionParams = (change: Partial<ConnectionParams> = {}): ConnectionParams => ({
  host: '127.0.0.1',
  port: 5432,
  dbname: 'app',
  user: 'repl',
  password: undefined,
  passfile: undefined,
  service: undefined,
  sslmode: undefined,
  sslrootcert: undefined,
  sslcert: undefined,
  sslkey: undefined,
  connectTimeoutMs: undefined,
  ...change,
});

export const aDatabase = (name: string, change: Partial<DatabaseSpec> = {}): DatabaseSpec => ({
  name: databaseName(name),
  connection: { kind: 'server', params: connectionParams({ dbname: name }) },
  engine: 'auto',
  answerTimeoutMs: undefined,
  at: anOrigin({ path: `databases.${name}` }),
  ...change,
});

export const tickerSettings = (change: Partial<TickerSettings> = {}): TickerSettings => ({
  maxCount: 500,
  maxLagMs: 15,
  idlePeriodMs: 60_000,
  rotationPeriodMs: 7_200_000,
  ...change,
});

/** A root on the database of its own name; with `provider`, a leaf. */
export function aNode(change: Partial<NodeSpec> & { readonly provider?: NodeName } = {}): NodeSpec {
  const { provider, ...fields } = change;
  const name = fields.name ?? nodeName(provider === undefined ? 'root' : 'leaf');
  return {
    name,
    database: databaseName(name),
    placement: provider === undefined ? { role: 'root' } : { role: 'leaf', provider, mergesInto: undefined },
    parallelCopies: 4,
    onError: 'park',
    foreignEvents: 'stop',
    protect: false,
    at: anOrigin({ path: `nodes.${name}` }),
    ...fields,
  };
}

/** Queue `replika` with root `root` and leaf `leaf`. `nodes` and `name` may be changed like the rest. */
export function aQueue(
  change: Partial<Omit<QueueSpec, 'nodes'>> & { readonly nodes?: readonly NodeSpec[] } = {},
): QueueSpec {
  const { nodes, ...fields } = change;
  const all = nodes ?? [aNode(), aNode({ provider: nodeName('root') })];
  return {
    name: queueName('replika'),
    ticker: tickerSettings(),
    nodes: new Map(all.map((node) => [node.name, node])),
    tables: [],
    saysTables: true,
    create: 'none',
    tableDefaults: { where: undefined },
    sequences: { owned: true, include: [], exclude: [], create: 'none', at: undefined },
    migrations: undefined,
    moved: [],
    movedTables: [],
    kept: [],
    at: anOrigin({ path: 'queues.replika' }),
    ...fields,
  };
}

/** A file with these queues and a database for each of their nodes. */
export function aDesiredState(...queues: readonly QueueSpec[]): DesiredState {
  const all = queues.length === 0 ? [aQueue()] : queues;
  const databases = all.flatMap((queue) => [...queue.nodes.values()].map((node) => aDatabase(node.database)));
  return {
    databases: new Map(databases.map((database) => [database.name, database])),
    queues: new Map(all.map((queue) => [queue.name, queue])),
    allow: [],
    assertions: [],
    limits: usualLimits,
  };
}

const aTable = (change: Partial<TableSpec> = {}): TableSpec => {
  const name = change.name ?? tableName('public.account');
  return { ...wholeTable(name), ...change };
};

export const aColumn = (name: string, change: Partial<ColumnFacts> = {}): ColumnFacts => ({
  name,
  type: 'integer',
  notNull: false,
  hasDefault: false,
  generated: false,
  virtual: false,
  ...change,
});

/** A table `id int primary key, note text`, empty. */
export const tableFacts = (name: TableName, change: Partial<TableFacts> = {}): TableFacts => ({
  name,
  partitioned: false,
  partitionOf: undefined,
  columns: [aColumn('id', { notNull: true }), aColumn('note', { type: 'text' })],
  primaryKey: ['id'],
  uniqueKeys: [],
  ownedSequences: [],
  estimatedRows: 0,
  bytes: 8192,
  empty: true,
  ...change,
});

/** In sync, under its own name, with no trigger. */
export const aLiveTable = (name: TableName, change: Partial<LiveTable> = {}): LiveTable => ({
  name,
  local: true,
  spec: aTable({ name }),
  attrs: undefined,
  sync: { kind: 'in_sync' },
  takenDown: false,
  triggers: [],
  ...change,
});

/** A root that knows only itself; give `type`, `provider` and `members` for a leaf. */
export function aLiveNode(change: Partial<LiveNode> = {}): LiveNode {
  const name = change.name ?? nodeName('root');
  return {
    queue: queueName('replika'),
    name,
    type: 'root',
    provider: undefined,
    mergesInto: undefined,
    closed: (change.type ?? 'root') !== 'root',
    worker: `${name}.worker`,
    lastTick: 1n,
    paused: false,
    uptodate: true,
    error: undefined,
    sinceTickMs: undefined,
    ticker: change.type === 'leaf' ? undefined : tickerSettings(),
    members: new Map([[name, { location: location(`dbname=${name}`), holdsPassword: false, dead: false }]]),
    subscribers: new Map(),
    tables: new Map(),
    sequences: new Map(),
    replaced: new Map(),
    ...change,
  };
}

/** Reachable, PostgreSQL 18, superuser, nothing installed. */
export const aLiveDatabase = (change: Partial<LiveDatabase> = {}): LiveDatabase => ({
  kind: 'reachable',
  identity: undefined,
  serverVersion: 180_004,
  user: 'postgres',
  superuser: true,
  replicator: 'postgres',
  canReplicate: true,
  schemas: new Map(),
  extensions: new Map(),
  queues: new Map(),
  tables: new Map(),
  sequences: new Set(),
  fallingSequences: new Set(),
  applied: new Map(),
  quietCopies: new Map(),
  serversSeen: [],
  executed: new Map(),
  ...change,
});

export const aLiveState = (databases: Readonly<Record<string, Observation>>): LiveState => ({
  databases: new Map(Object.entries(databases).map(([name, seen]) => [databaseName(name), seen])),
});
