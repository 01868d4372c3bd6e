import { type DatabaseName, type NodeName, type QueueName, sequenceName, tableName } from '../model/names.ts';
import type { Problem } from '../model/problem.ts';
import type { DesiredState, LiveDatabase, LiveNode, LiveState } from '../model/state.ts';
import type { Step } from '../model/step.ts';
import { captureArgs } from '../model/table-codec.ts';
import { type DatabaseSpec, inTreeOrder, isKept, type NodeSpec, type QueueSpec, rootOf } from '../model/topology.ts';
import { checkCopySources } from './check-copy-sources.ts';
import { isSupported } from './diff-database.ts';
import { diffRoot, diffSubscriber } from './diff-node.ts';
import { pgqSource } from './diff-schemas.ts';
import { diffSequences } from './diff-sequences.ts';
import { diffTables, type TableFindings } from './diff-tables.ts';
import { diffTopology, type FoundNodes, findNodes, givenUp, leftIds } from './diff-topology.ts';
import { type Expansion, expandTables, type WantedTable } from './expand-tables.ts';
import { type Findings, mergeFindings } from './findings.ts';
import { anyGlob } from './glob.ts';
import { dropNodeHazards, dropQueueHazards } from './hazards.ts';
import { afterRenames, moveNodes } from './move-nodes.ts';
import { moveTables } from './move-tables.ts';
import type { NodeScene, Scene, SubscriberScene } from './scene.ts';
import { rootIds, stepId } from './step-ids.ts';
import { unseenNode } from './unseen-node.ts';

export interface QueueFindings extends Findings {
  /** Undefined where the root can't be looked at: then nothing is planned. */
  readonly looked: { readonly scene: Scene; readonly wanted: readonly WantedTable[] } | undefined;
}

/** What is known beside the files and the databases. */
type Given = Pick<Scene, 'locations' | 'ground' | 'lastApplied'>;

export function diffQueue(queue: QueueSpec, desired: DesiredState, live: LiveState, given: Given): QueueFindings {
  const nodes = moveNodes(queue, live, given.locations);
  if (nodes.problems.length > 0) return { steps: [], warnings: [], problems: nodes.problems, looked: undefined };
  const tables = moveTables(queue, desired, nodes.live);
  if (tables.problems.length > 0) return { steps: [], warnings: [], problems: tables.problems, looked: undefined };
  const findings = diffNamed(queue, desired, tables.live, given);
  return { ...findings, steps: afterRenames(afterRenames(findings.steps, tables.steps), nodes.steps) };
}

/** By the names that nodes and tables have once they are renamed. */
function diffNamed(queue: QueueSpec, desired: DesiredState, live: LiveState, given: Given): QueueFindings {
  const unanswered = [...queue.nodes.values()].filter((node) => databaseOf(live, node) === undefined);
  const warnings: Problem[] = unanswered.map((node) => unseenNode(queue.name, node, live));
  const problems = [...queue.nodes.values()].flatMap((node) => misplaced(queue, node, live));
  const wrong = new Set(problems.map((problem) => ('expected' in problem ? problem.expected : problem.node)));
  const found = findNodes(queue, live);
  const replaced = givenUp(found.get(rootOf(queue).name)?.node, found);
  const sceneOf = (spec: NodeSpec) =>
    wrong.has(spec.name) || replaced.has(spec.name)
      ? undefined
      : nodeScene(queue, spec, live, desired.databases.get(spec.database));
  const root = sceneOf(rootOf(queue));
  if (root === undefined) return { steps: [], warnings, problems, looked: undefined };

  const { subscribers, cutOff } = subscribersOf(queue, root, sceneOf);
  const nodeAt = (other: QueueName, database: DatabaseName) =>
    [...(desired.queues.get(other)?.nodes.values() ?? [])].find((node) => node.database === database);
  const mergedFrom = (database: DatabaseName) => mergingQueues(live, queue.name, database);
  const answers = (database: DatabaseName) => live.databases.get(database)?.kind === 'reachable';
  const expansion = expandTables(queue, root.database.tables);
  const wanted = expansion.tables;
  const scene: Scene = { ...given, queue, root, subscribers, wanted, nodeAt, mergedFrom, answers };
  const tables = diffTables(scene, wanted);
  const findings = mergeFindings([
    { steps: [], warnings: [...warnings, ...(problems.length === 0 ? cutOff : [])], problems },
    {
      steps: [...diffRoot(scene), ...subscribers.flatMap((subscriber) => diffSubscriber(scene, subscriber))],
      warnings: [],
      problems: [],
    },
    { steps: [], warnings: expansion.warnings, problems: expansion.problems },
    { steps: [], warnings: [], problems: checkCopySources(queue, expansion.tables) },
    tables,
    diffSequences(scene, tables),
    diffTopology(scene, found),
    leftOver(scene, found),
    { steps: [], warnings: [], problems: keptButWanted(queue, expansion, tables) },
    { steps: [], warnings: [], problems: emptied(queue, expansion, tables) },
  ]);
  return { ...findings, looked: { scene, wanted: [...wanted.values()] } };
}

/** A file that has lost its tables, or a database that has, is no wish to take everything out. */
function emptied(queue: QueueSpec, expansion: Expansion, { steps }: TableFindings): Problem[] {
  const onPurpose = queue.saysTables && queue.tables.length === 0;
  // What names a table that is gone is told by itself.
  if (onPurpose || expansion.tables.size > 0 || expansion.problems.length > 0) return [];
  const removed = new Set(steps.flatMap((step) => (step.kind === 'remove_table' ? [step.table] : [])));
  const matchesNothing = queue.tables.length > 0;
  return removed.size === 0
    ? []
    : [{ code: 'queue_emptied', at: queue.at, queue: queue.name, tables: removed.size, matchesNothing }];
}

/** What a pattern brings along, or a table that owns it, is not taken out of the file. */
function keptButWanted(queue: QueueSpec, { tables }: Expansion, { replicated }: TableFindings): Problem[] {
  const included = anyGlob(queue.sequences.include);
  const excluded = anyGlob(queue.sequences.exclude);
  const owned = new Set([...replicated.values()].flat().flatMap((facts) => facts.ownedSequences));
  return queue.kept.flatMap(({ kind, name, at }): Problem[] => {
    const wanted =
      kind === 'table'
        ? tables.has(tableName(name))
        : kind === 'sequence' &&
          !excluded(name) &&
          (included(name) || (queue.sequences.owned && owned.has(sequenceName(name))));
    return wanted ? [{ code: 'removed_still_named', at, queue: queue.name, kind, name }] : [];
  });
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

function mergingQueues(live: LiveState, queue: QueueName, database: DatabaseName): readonly QueueName[] {
  const observation = live.databases.get(database);
  if (observation?.kind !== 'reachable') return [];
  return [...observation.queues.values()].filter((node) => node.mergesInto === queue).map((node) => node.queue);
}

function databaseOf(live: LiveState, node: NodeSpec): LiveDatabase | undefined {
  const observation = live.databases.get(node.database);
  return observation?.kind === 'reachable' ? observation : undefined;
}

/** The database holds another node of this queue, or a leaf that can not simply be told to merge. */
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
  if (spec.placement.role !== 'leaf' || found.type !== 'leaf') return [];
  const [wanted, is] = [spec.placement.mergesInto, found.mergesInto].map((into) =>
    into === undefined ? 'leaf that merges into no queue' : `leaf that merges into ${into}`,
  ) as [string, string];
  return wanted === is ? [] : [{ code: 'node_role_differs', queue: queue.name, node: spec.name, wanted, found: is }];
}

/** Nodes of this queue that the file names no longer, or names on another database. */
function leftOver(scene: Scene, found: FoundNodes): Findings {
  const { queue, root } = scene;
  const steps: Step[] = [];
  const warnings: Problem[] = [];
  const problems: Problem[] = [];
  const placed = new Set([...queue.nodes.values()].map((node) => node.database));
  for (const { database, node } of found.values()) {
    if (placed.has(database) || isKept(queue, 'node', node.name)) continue;
    const stay = [...node.subscribers.keys()].filter((name) => !found.has(name) || isKept(queue, 'node', name));
    if (stay.length > 0) {
      problems.push({ code: 'branch_has_subscribers', queue: queue.name, node: node.name, subscribers: stay });
    } else steps.push(dropStep(scene, found, database, node));
  }
  for (const [name, { location, holdsPassword }] of root.node?.members ?? []) {
    if (holdsPassword) {
      warnings.push({ code: 'location_holds_password', queue: queue.name, node: name, root: root.spec.name, location });
    }
    if (queue.nodes.has(name) || found.has(name) || isKept(queue, 'node', name)) continue;
    const provider = root.node?.subscribers.has(name) === true ? root.spec.name : undefined;
    warnings.push({ code: 'node_not_in_file', queue: queue.name, node: name, provider });
  }
  return { steps, warnings, problems };
}

function dropStep({ queue, root }: Scene, found: FoundNodes, database: DatabaseName, node: LiveNode): Step {
  const tables = [...node.tables.values()].filter((table) => table.local).length;
  const provider = node.type === 'root' ? root.spec.name : node.provider;
  return {
    id: stepId.dropNode(queue.name, node.name),
    kind: 'drop_node',
    database,
    queue: queue.name,
    node: node.name,
    provider,
    providerDatabase: (provider === undefined ? undefined : found.get(provider)?.database) ?? root.spec.database,
    rootDatabase: root.spec.database,
    hazards: [
      ...dropNodeHazards(queue.name, node.name, tables),
      ...(node.type === 'root' && root.node?.members.get(node.name)?.dead === true
        ? dropQueueHazards(queue.name, node.name)
        : []),
    ],
    dependsOn: [
      ...rootIds(queue.name, root.spec.name),
      ...[...node.subscribers.keys()].flatMap((name) => leftIds(queue, node.name, name)),
    ],
  };
}
