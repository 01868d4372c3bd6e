import { type DatabaseReading, readStatus } from '../catalog/read-status.ts';
import type { DatabaseName, NodeName, TableName } from '../model/names.ts';
import type { Report } from '../model/progress.ts';
import type { DesiredState } from '../model/state.ts';
import type {
  CascadeStatus,
  NodeReading,
  NodeStatus,
  PresentNode,
  QueueActivity,
  SubscriptionReading,
  TableRenaming,
} from '../model/status.ts';
import { type NodeSpec, type QueueSpec, workerNameOf } from '../model/topology.ts';
import { judgeNode } from '../replay/health.ts';
import { type Databases, openDatabasesOf } from './databases.ts';
import { readConfig } from './read-config.ts';

export interface StatusOptions {
  readonly files: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly report: Report;
  readonly signal: AbortSignal | undefined;
}

/** How every node of the files is, right now. Starts nothing and changes nothing. */
export async function status(options: StatusOptions): Promise<CascadeStatus> {
  const desired = await readConfig(options.files, options.env);
  await using databases = await openDatabasesOf(desired, options, { start: false });
  return await statusOn(desired, databases, options.signal);
}

/** The same on databases that are open already. */
export async function statusOn(
  desired: DesiredState,
  databases: Pick<Databases, 'connector' | 'locations'>,
  signal: AbortSignal | undefined,
): Promise<CascadeStatus> {
  const queues = [...desired.queues.values()];
  const used = new Set(queues.flatMap((queue) => [...queue.nodes.values()].map(({ database }) => database)));
  const names = queues.map(({ name }) => name);
  const readings = await readStatus(databases.connector, [...used], names, signal);
  const { locations } = databases;
  return {
    queues: queues.map((queue) => ({
      queue: queue.name,
      nodes: [...queue.nodes.values()].map((node) => nodeStatus(queue, node, readings, locations)),
    })),
  };
}

function nodeStatus(
  queue: QueueSpec,
  node: NodeSpec,
  readings: ReadonlyMap<DatabaseName, DatabaseReading>,
  locations: Databases['locations'],
): NodeStatus {
  const reading = nodeReading(queue, node, readings);
  const { subscription, provider } = seenByProvider(queue, node, reading, readings);
  const replacedBy = successorOf(queue, node, readings);
  const { role } = node.placement;
  const renamings = role === 'root' ? renamingsOf(queue, reading, readings) : [];
  const { verdict, findings } = judgeNode({ role, reading, subscription, provider, replacedBy, renamings });
  const location = locations.get(node.database);
  if (location === undefined) throw new Error(`database ${node.database} has no location`);
  return {
    node: node.name,
    database: node.database,
    location,
    role,
    provider: node.placement.role === 'root' ? undefined : node.placement.provider,
    reading,
    subscription,
    verdict,
    findings,
  };
}

/** By the word of the node that took its place: its own catalog can not know. */
function successorOf(
  queue: QueueSpec,
  { name }: NodeSpec,
  readings: ReadonlyMap<DatabaseName, DatabaseReading>,
): NodeName | undefined {
  for (const reading of readings.values()) {
    const held = reading.kind === 'read' ? reading.nodes.get(queue.name) : undefined;
    if (held?.givenUp.includes(name) === true) return held.name;
  }
  return undefined;
}

/** The root forgets an old name last. */
function renamingsOf(
  queue: QueueSpec,
  root: NodeReading,
  readings: ReadonlyMap<DatabaseName, DatabaseReading>,
): readonly TableRenaming[] {
  if (root.kind !== 'present') return [];
  const subscribers = [...queue.nodes.values()].filter(({ placement }) => placement.role !== 'root');
  return queue.movedTables.flatMap(({ from, to: table }) => {
    const target = targetOf(root, from);
    if (target === undefined || targetOf(root, table) !== target) return [];
    const left = subscribers.flatMap((node): TableRenaming['left'] => {
      const reading = nodeReading(queue, node, readings);
      if (reading.kind === 'unreachable') return [{ node: node.name, ticks: undefined }];
      if (reading.kind !== 'present' || targetOf(reading, from) === undefined) return [];
      return [{ node: node.name, ticks: (root.queue?.newestTick ?? reading.tick) - reading.tick }];
    });
    return [{ table, from, left }];
  });
}

function targetOf({ tables }: PresentNode, name: TableName): TableName | undefined {
  return tables.find(({ table }) => table === name)?.target;
}

function nodeReading(
  queue: QueueSpec,
  node: NodeSpec,
  readings: ReadonlyMap<DatabaseName, DatabaseReading>,
): NodeReading {
  const reading = readings.get(node.database);
  if (reading === undefined) throw new Error(`database ${node.database} was not read`);
  if (reading.kind === 'unreachable') return reading;
  const held = reading.nodes.get(queue.name);
  if (held === undefined) return { kind: 'not_set_up' };
  return held.name === node.name ? held.facts : { kind: 'elsewhere', found: held.name };
}

function seenByProvider(
  queue: QueueSpec,
  node: NodeSpec,
  reading: NodeReading,
  readings: ReadonlyMap<DatabaseName, DatabaseReading>,
): { readonly subscription: SubscriptionReading; readonly provider: QueueActivity | undefined } {
  const unknown = { subscription: undefined, provider: undefined };
  if (node.placement.role === 'root') return unknown;
  const provider = queue.nodes.get(node.placement.provider);
  const seen = provider && readings.get(provider.database);
  const held = seen?.kind === 'read' ? seen.nodes.get(queue.name) : undefined;
  if (held === undefined) return unknown;
  const worker = reading.kind === 'present' ? reading.worker : workerNameOf(node.name);
  return { subscription: held.subscriptions.get(worker) ?? 'none', provider: held.facts.queue };
}
