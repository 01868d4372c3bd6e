import type { DatabaseName, Location, NodeName, QueueName } from '../model/names.ts';
import type { Problem } from '../model/problem.ts';
import type { DesiredState, LiveDatabase, LiveNode, LiveState } from '../model/state.ts';
import type { Step } from '../model/step.ts';
import { captureArgs } from '../model/table-codec.ts';
import { type DatabaseSpec, inTreeOrder, type NodeSpec, type QueueSpec, rootOf } from '../model/topology.ts';
import type { Ground } from './create/plot.ts';
import { isSupported } from './diff-database.ts';
import { diffRoot, diffSubscriber } from './diff-node.ts';
import { pgqSource } from './diff-schemas.ts';
import { diffSequences } from './diff-sequences.ts';
import { diffTables } from './diff-tables.ts';
import { expandTables, type WantedTable } from './expand-tables.ts';
import { type Findings, mergeFindings } from './findings.ts';
import { dropNodeHazards } from './hazards.ts';
import type { NodeScene, Scene, SubscriberScene } from './scene.ts';
import { stepId } from './step-ids.ts';

export interface QueueFindings extends Findings {
  /** Undefined where the root can't be looked at: then nothing is planned. */
  readonly looked: { readonly scene: Scene; readonly wanted: readonly WantedTable[] } | undefined;
}

export function diffQueue(
  queue: QueueSpec,
  desired: DesiredState,
  live: LiveState,
  locations: ReadonlyMap<DatabaseName, Location>,
  ground: Ground,
): QueueFindings {
  const unanswered = [...queue.nodes.values()].filter((node) => databaseOf(live, node) === undefined);
  const warnings: Problem[] = unanswered.map((node) => ({
    code: 'node_unreachable',
    queue: queue.name,
    node: node.name,
    database: node.database,
  }));
  const problems = [...queue.nodes.values()].flatMap((node) => misplaced(queue, node, live));
  const wrong = new Set(problems.map((problem) => ('expected' in problem ? problem.expected : problem.node)));
  const sceneOf = (spec: NodeSpec) =>
    wrong.has(spec.name) ? undefined : nodeScene(queue, spec, live, desired.databases.get(spec.database));
  const root = sceneOf(rootOf(queue));
  if (root === undefined) return { steps: [], warnings, problems, looked: undefined };

  const { subscribers, cutOff } = subscribersOf(queue, root, sceneOf);
  const nodeAt = (other: QueueName, database: DatabaseName) =>
    [...(desired.queues.get(other)?.nodes.values() ?? [])].find((node) => node.database === database);
  const scene: Scene = { queue, root, subscribers, locations, nodeAt, ground };
  const lost = lostRoot(scene);
  const expansion = expandTables(queue, root.database.tables);
  const tables = diffTables(scene, expansion.tables);
  const findings = mergeFindings([
    { steps: [], warnings: [...warnings, ...(problems.length === 0 ? cutOff : [])], problems: [...problems, ...lost] },
    {
      steps: [...diffRoot(scene), ...subscribers.flatMap((subscriber) => diffSubscriber(scene, subscriber))],
      warnings: [],
      problems: [],
    },
    { steps: [], warnings: expansion.warnings, problems: expansion.problems },
    tables,
    diffSequences(scene, tables),
    leftOver(scene, live),
  ]);
  return { ...findings, looked: { scene, wanted: [...expansion.tables.values()] } };
}

/** Nothing is planned behind a provider that can't be looked at. */
function subscribersOf(queue: QueueSpec, root: NodeScene, sceneOf: (spec: NodeSpec) => NodeScene | undefined) {
  const scenes = new Map<NodeName, NodeScene>([[root.spec.name, root]]);
  const subscribers: SubscriberScene[] = [];
  const cutOff: Problem[] = [];
  for (const spec of inTreeOrder(queue)) {
    const { placement } = spec;
    const found = placement.role === 'root' ? undefined : sceneOf(spec);
    if (found === undefined || placement.role === 'root') continue;
    const provider = scenes.get(placement.provider);
    if (provider === undefined) {
      cutOff.push({ code: 'provider_not_seen', queue: queue.name, node: spec.name, provider: placement.provider });
      continue;
    }
    const subscriber = { ...found, provider };
    scenes.set(spec.name, subscriber);
    subscribers.push(subscriber);
  }
  return { subscribers, cutOff };
}

function nodeScene(
  queue: QueueSpec,
  spec: NodeSpec,
  live: LiveState,
  databaseSpec: DatabaseSpec | undefined,
): NodeScene | undefined {
  const database = databaseOf(live, spec);
  if (database === undefined || !isSupported(database)) return undefined;
  const triggerArgs = captureArgs(pgqSource(databaseSpec, database));
  return { spec, database, node: database.queues.get(queue.name), triggerArgs };
}

function databaseOf(live: LiveState, node: NodeSpec): LiveDatabase | undefined {
  const observation = live.databases.get(node.database);
  return observation?.kind === 'reachable' ? observation : undefined;
}

/** The database holds a node of this queue that is not the one the file means. */
function misplaced(
  queue: QueueSpec,
  spec: NodeSpec,
  live: LiveState,
): (Problem & { code: 'node_elsewhere' | 'node_role_differs' })[] {
  const found = databaseOf(live, spec)?.queues.get(queue.name);
  if (found === undefined) return [];
  if (found.name !== spec.name) {
    return [
      { code: 'node_elsewhere', queue: queue.name, database: spec.database, expected: spec.name, found: found.name },
    ];
  }
  const wanted = roleText(spec.placement.role, spec.placement.role === 'root' ? undefined : spec.placement.provider);
  const is = roleText(found.type, found.type === 'root' ? undefined : found.provider);
  if (wanted === is) return [];
  return [{ code: 'node_role_differs', queue: queue.name, node: spec.name, wanted, found: is }];
}

function roleText(role: string, provider: NodeName | undefined): string {
  return provider === undefined ? role : `${role} of ${provider}`;
}

/** Subscribers that read from a queue which is not there any more can't be continued from a new one. */
function lostRoot({ queue, root, subscribers }: Scene): Problem[] {
  const orphans = subscribers.filter(({ node }) => node !== undefined).map(({ spec }) => spec.name);
  if (root.node !== undefined || orphans.length === 0) return [];
  return [
    { code: 'root_lost', queue: queue.name, node: root.spec.name, database: root.spec.database, leaves: orphans },
  ];
}

/** Nodes of this queue that the file names no longer, or names on another database. */
function leftOver(scene: Scene, live: LiveState): Findings {
  const { queue, root } = scene;
  const steps: Step[] = [];
  const warnings: Problem[] = [];
  const problems: Problem[] = [];
  const placed = new Set([...queue.nodes.values()].map((node) => node.database));
  const found = new Set<NodeName>();
  for (const [database, observation] of live.databases) {
    const node = observation.kind === 'reachable' ? observation.queues.get(queue.name) : undefined;
    if (node === undefined || placed.has(database)) continue;
    found.add(node.name);
    if (node.type === 'leaf') steps.push(dropStep(scene, database, node));
    else {
      problems.push({
        code: 'node_elsewhere',
        queue: queue.name,
        database,
        expected: root.spec.name,
        found: node.name,
      });
    }
  }
  for (const [name, { location, holdsPassword }] of root.node?.members ?? []) {
    if (holdsPassword) {
      warnings.push({ code: 'location_holds_password', queue: queue.name, node: name, root: root.spec.name, location });
    }
    if (queue.nodes.has(name) || found.has(name)) continue;
    const provider = root.node?.subscribers.has(name) === true ? root.spec.name : undefined;
    warnings.push({ code: 'node_not_in_file', queue: queue.name, node: name, provider });
  }
  return { steps, warnings, problems };
}

function dropStep({ queue, root }: Scene, database: DatabaseName, node: LiveNode): Step {
  const tables = [...node.tables.values()].filter((table) => table.local).length;
  return {
    id: stepId.dropNode(queue.name, node.name),
    kind: 'drop_node',
    database,
    queue: queue.name,
    node: node.name,
    provider: node.provider,
    providerDatabase: root.spec.database,
    rootDatabase: root.spec.database,
    hazards: dropNodeHazards(queue.name, node.name, tables),
    dependsOn: [],
  };
}
