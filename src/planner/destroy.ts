import type { DatabaseName, NodeName, QueueName } from '../model/names.ts';
import type { Plan } from '../model/plan.ts';
import type { Problem } from '../model/problem.ts';
import type { DesiredState, LastApplied, LiveDatabase, LiveNode, LiveState } from '../model/state.ts';
import type { Step } from '../model/step.ts';
import { type NodeSpec, type QueueSpec, rootOf } from '../model/topology.ts';
import { checkProtection } from './check-protection.ts';
import { fingerprint } from './fingerprint.ts';
import { dropNodeHazards, dropQueueHazards } from './hazards.ts';
import { planOfSteps } from './plan-of-steps.ts';
import { stepId } from './step-ids.ts';
import { unseenNode } from './unseen-node.ts';

export interface DestroyInput {
  readonly desired: DesiredState;
  readonly live: LiveState;
  /** What is protected by it, though the files do not name it any more. */
  readonly lastApplied: ReadonlyMap<QueueName, LastApplied>;
  readonly queues: ReadonlySet<QueueName>;
  /** Undefined: every node of the queues. */
  readonly nodes: ReadonlySet<NodeName> | undefined;
}

/**
 * Takes nodes apart, those first that others read from last. A node that somebody still reads from stays, and so does
 * everything above a node that can't be looked at.
 */
export function makeDestroyPlan(input: DestroyInput): { plan: Plan; problems: Problem[] } {
  const steps: Step[] = [];
  const warnings: Problem[] = [];
  const problems: Problem[] = [];
  for (const queue of input.desired.queues.values()) {
    if (input.queues.has(queue.name)) destroyQueue(queue, input, { steps, warnings, problems });
  }
  problems.push(...checkProtection(steps, input));
  const plan = planOfSteps(steps, { warnings, problems }, fingerprintsOf(input.live, steps));
  return { plan, problems };
}

interface Found {
  readonly steps: Step[];
  readonly warnings: Problem[];
  readonly problems: Problem[];
}

function destroyQueue(queue: QueueSpec, { desired, live, nodes, queues }: DestroyInput, found: Found): void {
  const wanted = [...queue.nodes.values()].filter(({ name }) => nodes === undefined || nodes.has(name));
  const going = new Map<NodeName, { readonly spec: NodeSpec; readonly node: LiveNode }>();
  for (const spec of wanted) {
    const database = reachable(live, spec.database);
    const node = database?.queues.get(queue.name);
    if (database === undefined) {
      found.warnings.push(unseenNode(queue.name, spec, live));
    } else if (node !== undefined && node.name !== spec.name) {
      const ids = { queue: queue.name, database: spec.database };
      found.problems.push({ code: 'node_elsewhere', ...ids, expected: spec.name, found: node.name });
    } else if (node !== undefined) going.set(spec.name, { spec, node });
  }
  const unseen = new Set(
    wanted.filter(({ database }) => reachable(live, database) === undefined).map(({ name }) => name),
  );
  for (const { spec, node } of going.values()) {
    const readers = [...node.subscribers.keys()];
    const staying = readers.filter((name) => !going.has(name) && !unseen.has(name) && isThere(queue, live, name));
    const merging = mergingInto(queue, spec.database, live, desired).filter(([other]) => !queues.has(other));
    if (staying.length > 0 || merging.length > 0) {
      const names = [...staying, ...merging.map(([, name]) => name)];
      found.problems.push({ code: 'node_still_read', queue: queue.name, node: spec.name, readers: names });
    } else if (!isAboveUnseen(node, going, unseen)) {
      found.steps.push(
        dropStep(queue, spec, node, live, [
          ...readers.map((name) => stepId.dropNode(queue.name, name)),
          ...mergingInto(queue, spec.database, live, desired).map(([other, name]) => stepId.dropNode(other, name)),
        ]),
      );
    }
  }
}

/** A subscriber of the file whose node is gone holds nobody up; one that the file does not name may well read. */
function isThere(queue: QueueSpec, live: LiveState, name: NodeName): boolean {
  const spec = queue.nodes.get(name);
  const database = spec === undefined ? undefined : reachable(live, spec.database);
  return database === undefined || database.queues.get(queue.name)?.name === name;
}

function isAboveUnseen(
  node: LiveNode,
  going: ReadonlyMap<NodeName, { readonly node: LiveNode }>,
  unseen: ReadonlySet<NodeName>,
): boolean {
  return [...node.subscribers.keys()].some((name) => {
    const below = going.get(name)?.node;
    return unseen.has(name) || (below !== undefined && isAboveUnseen(below, going, unseen));
  });
}

/** Leaves of other queues on the same database whose events go on in this one. */
function mergingInto(
  queue: QueueSpec,
  database: DatabaseName,
  live: LiveState,
  desired: DesiredState,
): readonly (readonly [QueueName, NodeName])[] {
  return [...(reachable(live, database)?.queues.values() ?? [])]
    .filter((node) => node.mergesInto === queue.name && desired.queues.has(node.queue))
    .map((node) => [node.queue, node.name] as const);
}

function dropStep(
  queue: QueueSpec,
  spec: NodeSpec,
  node: LiveNode,
  live: LiveState,
  dependsOn: readonly string[],
): Step {
  const databaseOf = (name: NodeName | undefined): DatabaseName | undefined => {
    const other = name === undefined ? undefined : queue.nodes.get(name);
    const there = other === undefined ? undefined : reachable(live, other.database)?.queues.get(queue.name);
    return there === undefined || there.name === spec.name ? undefined : other?.database;
  };
  const tables = [...node.tables.values()].filter((table) => table.local).length;
  return {
    id: stepId.dropNode(queue.name, spec.name),
    kind: 'drop_node',
    database: spec.database,
    queue: queue.name,
    node: spec.name,
    provider: node.provider,
    providerDatabase: databaseOf(node.provider),
    rootDatabase: databaseOf(rootOf(queue).name),
    hazards: [
      ...dropNodeHazards(queue.name, spec.name, tables),
      ...(node.type === 'leaf' ? [] : dropQueueHazards(queue.name, spec.name)),
    ],
    dependsOn,
  };
}

function reachable(live: LiveState, database: DatabaseName): LiveDatabase | undefined {
  const seen = live.databases.get(database);
  return seen?.kind === 'reachable' ? seen : undefined;
}

function fingerprintsOf(live: LiveState, steps: readonly Step[]): ReadonlyMap<DatabaseName, string> {
  const queues = new Set(steps.flatMap((step) => ('queue' in step ? [step.queue] : [])));
  const names = [...new Set(steps.map(({ database }) => database))].sort();
  return new Map(
    names.flatMap((name) => {
      const database = reachable(live, name);
      if (database === undefined) return [];
      const nodes = [...database.queues.values()].filter((node) => queues.has(node.queue));
      const own = steps.filter((step) => step.database === name);
      return [[name, fingerprint(database, nodes, [], own)] as const];
    }),
  );
}
