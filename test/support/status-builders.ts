import { databaseName, location, nodeName, queueName, tableName } from '../../src/model/names.ts';
import {
  type CascadeStatus,
  changeKinds,
  type NodeStatus,
  type PresentNode,
  type QueueActivity,
  type Subscription,
  type TableStatus,
} from '../../src/model/status.ts';

// Each gives a value with nothing wrong in it; a test names only what it is about.

export const aTableStatus = (name: string, change: Partial<TableStatus> = {}): TableStatus => ({
  table: tableName(name),
  target: tableName(name),
  exists: true,
  sync: { kind: 'in_sync' },
  copy: undefined,
  watched: changeKinds,
  disabledTriggers: [],
  error: undefined,
  ...change,
});

export const anActivity = (change: Partial<QueueActivity> = {}): QueueActivity => ({
  newestTick: 120n,
  sinceTickMs: 400,
  eventsWaiting: 0n,
  maxLagMs: 1_000,
  idlePeriodMs: 60_000,
  rotationPeriodMs: 7_200_000,
  tickerPaused: false,
  sinceRotationMs: 600_000,
  bytes: 1_572_864n,
  eventsWritten: 250_000n,
  eventBytes: 180,
  oldest: { consumer: 'dst1.worker', tick: 120n, lagMs: 400 },
  heldBy: undefined,
  ...change,
});

export const aSubscription = (change: Partial<Subscription> = {}): Subscription => ({
  tick: 120n,
  lagMs: 400,
  ticksBehind: 0n,
  eventsBehind: 0n,
  eventsDone: 250_000n,
  sinceSeenMs: 400,
  ...change,
});

export const aPresentNode = (change: Partial<PresentNode> = {}): PresentNode => ({
  kind: 'present',
  type: 'leaf',
  worker: 'dst1.worker',
  tick: 120n,
  paused: false,
  uptodate: true,
  error: undefined,
  heartbeat: { state: 'idle', host: 'box', pid: 4711, ageMs: 300 },
  tables: [aTableStatus('app.orders')],
  queue: undefined,
  skipped: undefined,
  conflicts: undefined,
  olderSql: [],
  ...change,
});

export const aNodeStatus = (name: string, change: Partial<NodeStatus> = {}): NodeStatus => ({
  node: nodeName(name),
  database: databaseName(name),
  location: location(`host=127.0.0.1 port=5432 dbname=${name}`),
  role: 'leaf',
  provider: nodeName('src'),
  reading: aPresentNode({ worker: `${name}.worker` }),
  subscription: aSubscription(),
  verdict: 'ok',
  findings: [],
  ...change,
});

export const aRootStatus = (change: Partial<NodeStatus> = {}): NodeStatus =>
  aNodeStatus('src', {
    role: 'root',
    provider: undefined,
    subscription: undefined,
    reading: aPresentNode({ type: 'root', worker: 'src.worker', heartbeat: undefined, queue: anActivity() }),
    ...change,
  });

export const aCascade = (...nodes: readonly NodeStatus[]): CascadeStatus => ({
  queues: [{ queue: queueName('replika'), nodes }],
});
