import type { DatabaseName, Location, NodeName, QueueName } from '../model/names.ts';
import type { MoveFault, Problem } from '../model/problem.ts';
import type { LiveNode, LiveState } from '../model/state.ts';
import type { RenameNode, RenameTable, Step } from '../model/step.ts';
import { type MovedNode, type QueueSpec, rootOf, workerNameOf } from '../model/topology.ts';
import { type FoundNodes, findNodes } from './diff-topology.ts';
import { stepId } from './step-ids.ts';

export interface MovedNodes {
  /** As if the nodes had their new names already: what else is to be done is judged by these. */
  readonly live: LiveState;
  readonly steps: readonly RenameNode[];
  readonly problems: readonly Problem[];
}

/** Nodes that the catalogs know by a name which the file calls an old one. */
export function moveNodes(
  queue: QueueSpec,
  live: LiveState,
  locations: ReadonlyMap<DatabaseName, Location>,
): MovedNodes {
  let now = live;
  const steps: RenameNode[] = [];
  const problems: Problem[] = [];
  for (const entry of queue.moved) {
    const { from, to, at } = entry;
    const found = findNodes(queue, now);
    const fault = faultOf(queue, entry, found);
    if (fault !== undefined) {
      problems.push({ code: 'moved_unfit', at, queue: queue.name, from, to, because: fault });
      continue;
    }
    const step = renameStep(queue, entry, found, locations);
    if (step === undefined) continue;
    const earlier = steps.at(-1);
    steps.push(earlier === undefined ? step : { ...step, dependsOn: [earlier.id] });
    now = renamed(now, queue.name, step);
  }
  return { live: now, steps, problems };
}

/** Whatever else is done in the queue goes by the new names. */
export function afterRenames(steps: readonly Step[], renames: readonly (RenameNode | RenameTable)[]): readonly Step[] {
  const last = renames.at(-1);
  if (last === undefined) return steps;
  return [...renames, ...steps.map((step) => ({ ...step, dependsOn: [last.id, ...step.dependsOn] }))];
}

function faultOf(queue: QueueSpec, { from, to }: MovedNode, found: FoundNodes): MoveFault | undefined {
  const old = found.get(from);
  if (old === undefined) return undefined;
  const other = found.get(to);
  if (other !== undefined) return { kind: 'both', databases: [old.database, other.database] };
  const wanted = queue.nodes.get(to)?.database ?? old.database;
  if (wanted !== old.database) return { kind: 'elsewhere', found: old.database, wanted };
  const { provider, subscribers } = old.node;
  const told = [...(provider === undefined ? [] : [provider]), ...subscribers.keys()].filter((name) => name !== from);
  const unseen = told.filter((name) => !found.has(name));
  if (rootDatabaseOf(queue, found) === undefined) unseen.push(rootOf(queue).name);
  return unseen.length === 0 ? undefined : { kind: 'unseen', nodes: [...new Set(unseen)] };
}

/** Undefined where the node has its new name, and nobody around it has the old one any more. */
function renameStep(
  queue: QueueSpec,
  { from, to }: MovedNode,
  found: FoundNodes,
  locations: ReadonlyMap<DatabaseName, Location>,
): RenameNode | undefined {
  const own = found.get(from) ?? found.get(to);
  const rootDatabase = rootDatabaseOf(queue, found);
  if (own === undefined || rootDatabase === undefined) return undefined;
  const { database, node } = own;
  const provider = node.provider === undefined ? undefined : found.get(node.provider);
  const root = [...found.values()].find((other) => other.database === rootDatabase);
  const subscribers = [...found.values()].filter(
    (other) => other.node.name !== node.name && (other.node.provider === from || other.node.provider === to),
  );
  const knownAs =
    node.name === from ||
    root?.node.members.has(from) === true ||
    provider?.node.subscribers.has(from) === true ||
    subscribers.some((other) => other.node.provider === from);
  const location = locations.get(database);
  if (!knownAs || location === undefined) return undefined;
  return {
    id: stepId.renameNode(queue.name, to),
    kind: 'rename_node',
    database,
    queue: queue.name,
    node: to,
    from,
    location,
    // A name that somebody else has chosen stays: the process that goes by it may be another tool's.
    worker: node.worker === workerNameOf(from) ? workerNameOf(to) : node.worker,
    provider: provider?.node.name,
    providerDatabase: provider?.database,
    rootDatabase,
    subscribers: subscribers.map((other) => ({ node: other.node.name, database: other.database })),
    hazards: [],
    dependsOn: [],
  };
}

function rootDatabaseOf(queue: QueueSpec, found: FoundNodes): DatabaseName | undefined {
  const roots = [...found.values()].filter(({ node }) => node.type === 'root');
  const { database } = rootOf(queue);
  return (roots.find((root) => root.database === database) ?? roots[0])?.database;
}

function renamed(live: LiveState, queue: QueueName, step: RenameNode): LiveState {
  return {
    databases: new Map(
      [...live.databases].map(([name, observation]) => {
        const node = observation.kind === 'reachable' ? observation.queues.get(queue) : undefined;
        if (observation.kind !== 'reachable' || node === undefined) return [name, observation];
        return [name, { ...observation, queues: new Map(observation.queues).set(queue, renamedNode(node, step)) }];
      }),
    ),
  };
}

function renamedNode(node: LiveNode, { from, node: to, location, worker }: RenameNode): LiveNode {
  const own = node.name === from || node.name === to;
  return {
    ...node,
    name: own ? to : node.name,
    worker: own ? worker : node.worker,
    provider: node.provider === from ? to : node.provider,
    members: underName(node.members, from, to, (member) => ({ ...member, location, holdsPassword: false })),
    subscribers: underName(node.subscribers, from, to, (subscriber) => ({ ...subscriber, worker })),
  };
}

function underName<Value>(
  map: ReadonlyMap<NodeName, Value>,
  from: NodeName,
  to: NodeName,
  change: (value: Value) => Value,
): ReadonlyMap<NodeName, Value> {
  const old = map.get(from);
  if (old === undefined) return map;
  const result = new Map([...map].filter(([name]) => name !== from));
  if (!result.has(to)) result.set(to, change(old));
  return result;
}
