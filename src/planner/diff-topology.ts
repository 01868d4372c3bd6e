import type { DatabaseName, NodeName } from '../model/names.ts';
import type { Problem } from '../model/problem.ts';
import type { LiveNode, LiveState, LiveTable } from '../model/state.ts';
import type { Step } from '../model/step.ts';
import { isKept, type QueueSpec } from '../model/topology.ts';
import { tableArgs } from './capture-args.ts';
import { createId } from './diff-node.ts';
import { type Findings, mergeFindings, noFindings } from './findings.ts';
import {
  changeRoleHazards,
  fenceRootHazards,
  movesRootHazards,
  replacesRootHazards,
  restartedCopiesHazards,
} from './hazards.ts';
import { mergesInto, type NodeScene, type Scene, type SubscriberScene } from './scene.ts';
import { rootIds, stepId } from './step-ids.ts';

/** A node of the queue as some database holds it, be it in the file or not. */
export interface FoundNode {
  readonly database: DatabaseName;
  readonly node: LiveNode;
}

export type FoundNodes = ReadonlyMap<NodeName, FoundNode>;

export function findNodes(queue: QueueSpec, live: LiveState): FoundNodes {
  const found = new Map<NodeName, FoundNode>();
  for (const [database, observation] of live.databases) {
    const node = observation.kind === 'reachable' ? observation.queues.get(queue.name) : undefined;
    if (node !== undefined) found.set(node.name, { database, node });
  }
  return found;
}

/** How the tree gets from what it is to what the file says, while every node goes on where it stands. */
export function diffTopology(scene: Scene, found: FoundNodes): Findings {
  const given = givenUp(scene.root.node, found);
  const root = diffRootPlace(scene, found, given);
  const moved = root.steps.find((step) => step.kind === 'move_root');
  const old = moved?.kind === 'move_root' ? moved.from : undefined;
  const known = scene.subscribers.filter(({ node }) => node !== undefined);
  return mergeFindings([
    root,
    ...known.map((subscriber) => pastNewRoot(scene, found, subscriber)),
    ...known.map((subscriber) => diffProvider(scene, found, subscriber, old)),
    ...known.map((subscriber) => diffRole(scene, found, subscriber)),
    straySubscriptions(
      scene,
      found,
      old,
      root.steps.some((step) => step.kind === 'replace_root'),
    ),
    ...[...given.values()].map((node) => fence(scene, node)),
  ]);
}

/** Former roots that answer again. What they hold may differ from what went on without them, and is not to come back by itself. */
export function givenUp(root: LiveNode | undefined, found: FoundNodes): FoundNodes {
  return new Map(
    [...found].filter(([name, { node }]) => node.type === 'root' && root?.members.get(name)?.dead === true),
  );
}

function fence({ queue, root }: Scene, { database, node: { name: node, closed } }: FoundNode): Findings {
  const subject = { queue: queue.name, node, root: root.spec.name };
  const back: Problem = { code: 'dead_root_back', ...subject, closed };
  if (closed) return { steps: [], warnings: [back], problems: [] };
  const id = stepId.fenceRoot(queue.name, node);
  const step: Step = { id, kind: 'fence_root', database, ...subject, hazards: fenceRootHazards(node), dependsOn: [] };
  return { steps: [step], warnings: [back], problems: [] };
}

function diffRootPlace(scene: Scene, found: FoundNodes, given: FoundNodes): Findings {
  const { queue, root } = scene;
  const { name, database } = root.spec;
  const others = [...found.values()].filter(
    ({ node }) => node.type === 'root' && node.name !== name && !given.has(node.name),
  );
  const subject = { queue: queue.name, node: name };
  if (root.node === undefined) return missingRoot(scene, others);
  if (root.node.type === 'root' && others.length === 0) {
    if (!root.node.closed) return noFindings;
    const id = stepId.reopenRoot(queue.name, name);
    return only({ id, kind: 'reopen_root', database, ...subject, hazards: [], dependsOn: [] });
  }
  const [other] = others;
  if (other === undefined) return replaceRoot(scene, found, root.node);
  const open = others.filter(({ node }) => !node.closed);
  if (root.node.type === 'root' && (root.node.closed || open.length > 0)) {
    if (root.node.closed && open.length === 1) {
      return wrong({ code: 'root_move_unfinished', ...subject, to: other.node.name });
    }
    return wrong({ code: 'two_roots', ...subject, roots: [name, ...others.map(({ node }) => node.name)] });
  }
  if (others.length > 1) {
    return wrong({ code: 'two_roots', ...subject, roots: others.map(({ node }) => node.name) });
  }
  return moveRoot(scene, found, root.node, other);
}

/** Writes can only go on where a node has read them. */
function missingRoot({ queue, root, subscribers }: Scene, others: readonly FoundNode[]): Findings {
  const { name: node, database } = root.spec;
  const [other] = others;
  if (other !== undefined) {
    return wrong({ code: 'new_root_missing', queue: queue.name, node, found: other.node.name });
  }
  const leaves = subscribers.filter((subscriber) => subscriber.node !== undefined).map(({ spec }) => spec.name);
  return leaves.length === 0 ? noFindings : wrong({ code: 'root_lost', queue: queue.name, node, database, leaves });
}

function moveRoot(scene: Scene, found: FoundNodes, live: LiveNode, old: FoundNode): Findings {
  const { queue, root } = scene;
  const { name: node, database } = root.spec;
  const location = scene.locations.get(database);
  const fromLocation = scene.locations.get(old.database);
  const from = old.node.name;
  const parts = scene.mergedFrom(old.database);
  if (parts.length > 0) return wrong({ code: 'combined_root_moves', queue: queue.name, node, found: from, parts });
  const unfit =
    live.type === 'root'
      ? []
      : unfitTables(
          scene,
          live,
          [...old.node.tables.values()].filter(({ local }) => local),
        );
  if (unfit.length > 0) return { steps: [], warnings: [], problems: unfit };
  if (location === undefined || fromLocation === undefined) return noFindings;
  const toBranch = live.type === 'leaf' ? roleStep(scene, root, live, 'branch') : undefined;
  const provider = live.type === 'root' ? undefined : live.provider;
  const step: Step = {
    id: stepId.moveRoot(queue.name, node),
    kind: 'move_root',
    database,
    queue: queue.name,
    node,
    location,
    from,
    fromDatabase: old.database,
    fromLocation,
    provider,
    providerDatabase: provider === undefined ? undefined : found.get(provider)?.database,
    hazards: live.type === 'root' ? [] : movesRootHazards(node, from),
    dependsOn: [stepId.changeRole(queue.name, node)],
  };
  return { steps: toBranch === undefined ? [step] : [toBranch, step], warnings: [], problems: [] };
}

/**
 * The root does not answer, and the file gives its place to a node that does. Positions are compared by the numbers of ticks:
 * a node that has read further than the new root would take the new ticks of its number for those that it has.
 */
function replaceRoot(scene: Scene, found: FoundNodes, live: LiveNode): Findings {
  const { queue } = scene;
  const subject = { queue: queue.name, node: live.name };
  const from = topOf(live, found);
  const dead = from === undefined ? undefined : queue.nodes.get(from);
  const fromLocation = from === undefined ? undefined : live.members.get(from)?.location;
  // Left out of the file it may be well: only the file's own databases are asked.
  if (from === undefined || dead === undefined || fromLocation === undefined || scene.answers(dead.database)) {
    return wrong({ code: 'old_root_missing', ...subject, provider: from ?? live.provider ?? live.name });
  }
  const unfit = unfitTables(scene, live, [...live.tables.values()]);
  if (unfit.length > 0) return { steps: [], warnings: [], problems: unfit };
  const reason = (why: 'behind' | 'unseen' | 'no_queue', others: readonly NodeName[]) =>
    wrong({ code: 'successor_unfit', ...subject, root: from, reason: why, others });
  const unseen = [...queue.nodes.values()].filter((spec) => spec.name !== from && !scene.answers(spec.database));
  if (unseen.length > 0)
    return reason(
      'unseen',
      unseen.map(({ name }) => name),
    );
  const others = [...found.values()].filter(({ node }) => node.name !== live.name);
  const ahead = others.filter(({ node }) => node.lastTick > live.lastTick);
  if (ahead.length > 0)
    return reason(
      'behind',
      ahead.map(({ node }) => node.name),
    );
  const behind = others.filter(({ node }) => node.lastTick < live.lastTick);
  if (live.type === 'leaf' && behind.length > 0)
    return reason(
      'no_queue',
      behind.map(({ node }) => node.name),
    );
  const steps: Step[] = live.type === 'leaf' ? [roleStep(scene, scene.root, live, 'branch')] : [];
  steps.push({
    id: stepId.replaceRoot(queue.name, live.name),
    kind: 'replace_root',
    database: scene.root.spec.database,
    ...subject,
    from,
    fromLocation,
    others: others.map(({ database, node }) => ({ node: node.name, database })),
    hazards: replacesRootHazards(live, from),
    dependsOn: [stepId.changeRole(queue.name, live.name)],
  });
  return { steps, warnings: [], problems: [] };
}

/** Where the node's changes come from, as far up as can be seen. */
function topOf(live: LiveNode, found: FoundNodes): NodeName | undefined {
  const above = live.provider === undefined ? undefined : found.get(live.provider)?.node;
  return above === undefined || above.type === 'root' ? live.provider : topOf(above, found);
}

/** What the old root captures, the new one has to hold: all rows, in sync, under the same name. */
function unfitTables({ queue, root }: Scene, live: LiveNode, captured: readonly LiveTable[]): Problem[] {
  return captured.flatMap((table): Problem[] => {
    const there = live.tables.get(table.name);
    const reason =
      there === undefined || !there.local
        ? 'missing'
        : there.sync.kind !== 'in_sync'
          ? 'copying'
          : there.spec === undefined || there.spec.destination !== table.name
            ? 'renamed'
            : there.spec.where !== undefined || there.spec.columns !== undefined || there.spec.mask.length > 0
              ? 'partial'
              : undefined;
    if (reason === undefined) return [];
    return [{ code: 'new_root_unfit', queue: queue.name, node: root.spec.name, table: table.name, reason }];
  });
}

/** Where a node reads once the root has moved; undefined for a root. */
function providerAfter(scene: Scene, live: LiveNode, old: NodeName | undefined): NodeName | undefined {
  return live.name === old ? scene.root.spec.name : live.provider;
}

function diffProvider(
  scene: Scene,
  found: FoundNodes,
  subscriber: SubscriberScene,
  old: NodeName | undefined,
): Findings {
  const { queue, locations } = scene;
  const { provider, node: live } = subscriber;
  const { name: node, database } = subscriber.spec;
  const location = locations.get(database);
  const toLocation = locations.get(provider.spec.database);
  const from = live === undefined ? undefined : providerAfter(scene, live, old);
  if (live === undefined || from === undefined || from === provider.spec.name) return noFindings;
  if (location === undefined || toLocation === undefined) return noFindings;
  return only({
    id: stepId.changeProvider(queue.name, node),
    kind: 'change_provider',
    database,
    queue: queue.name,
    node,
    location,
    from,
    fromDatabase: found.get(from)?.database,
    to: provider.spec.name,
    toDatabase: provider.spec.database,
    toLocation,
    hazards: restartedCopiesHazards(node, live),
    // The old root reads from nobody until it has become a branch of the new one.
    dependsOn: [...readyIds(scene, provider), ...(node === old ? rootIds(queue.name, scene.root.spec.name) : [])],
  });
}

/**
 * A node that did not hear of a failover may have read on from the root that was given up: what it took then went with that
 * one, under numbers of ticks that the new root gives to others.
 */
function pastNewRoot({ queue, root }: Scene, found: FoundNodes, { node: live }: SubscriberScene): Findings {
  if (live === undefined || root.node === undefined || root.node.replaced.size === 0) return noFindings;
  const { name: provider, members, replaced: ticks } = root.node;
  const from = topOf(live, found);
  const replaced = from === undefined ? undefined : ticks.get(from);
  if (from === undefined || members.get(from)?.dead !== true) return noFindings;
  if (replaced === undefined || live.lastTick <= replaced) return noFindings;
  const subject = { queue: queue.name, node: live.name, tick: live.lastTick };
  return wrong({ code: 'node_past_new_root', ...subject, provider, from, replaced });
}

/** The provider is in its place, and keeps a queue: from the root down, so that nobody ever reads in a circle. */
function readyIds({ queue }: Scene, { spec }: NodeScene): readonly string[] {
  return [
    stepId.install(spec.database),
    createId(queue.name, spec),
    ...rootIds(queue.name, spec.name),
    stepId.changeProvider(queue.name, spec.name),
    stepId.changeRole(queue.name, spec.name),
  ];
}

function diffRole(scene: Scene, found: FoundNodes, subscriber: SubscriberScene): Findings {
  const { placement } = subscriber.spec;
  const live = subscriber.node;
  if (live === undefined || placement.role === 'root') return noFindings;
  // An old root has become a branch by then.
  const is = live.type === 'root' ? 'branch' : live.type;
  if (is === placement.role) return noFindings;
  const { queue } = scene;
  if (placement.role === 'leaf') {
    const stay = [...live.subscribers.keys()].filter((name) => !found.has(name) || isKept(queue, 'node', name));
    if (stay.length > 0) {
      return wrong({ code: 'branch_has_subscribers', queue: queue.name, node: live.name, subscribers: stay });
    }
  }
  return only(roleStep(scene, subscriber, live, placement.role));
}

function roleStep(
  { queue, root, wanted }: Scene,
  { spec, database, triggerArgs }: NodeScene,
  live: LiveNode,
  to: 'branch' | 'leaf',
) {
  const tables = [...live.tables.values()].flatMap((table) =>
    table.local && table.spec !== undefined ? [table.spec] : [],
  );
  const step: Step = {
    id: stepId.changeRole(queue.name, spec.name),
    kind: 'change_role',
    database: spec.database,
    queue: queue.name,
    node: spec.name,
    from: to === 'branch' ? 'leaf' : 'branch',
    to,
    mergesInto: to === 'leaf' ? mergesInto(spec) : undefined,
    tables,
    triggerArgs: to === 'branch' ? triggerArgs : [],
    captures: tables.flatMap((table) => {
      const args = tableArgs(to, table, database.tables.get(table.destination), wanted.get(table.name));
      return args.length === 0 ? [] : [{ table: table.name, args }];
    }),
    hazards: changeRoleHazards(spec.name, tables.length),
    dependsOn: [
      stepId.changeProvider(queue.name, spec.name),
      ...(spec.name === root.spec.name ? [] : rootIds(queue.name, root.spec.name)),
      ...(to === 'leaf' ? [...live.subscribers.keys()].flatMap((name) => leftIds(queue, spec.name, name)) : []),
    ],
  };
  return step;
}

/** Who reads from a branch has left before it gives its queue up. */
export function leftIds(queue: QueueSpec, branch: NodeName, node: NodeName): readonly string[] {
  return [
    stepId.changeProvider(queue.name, node),
    stepId.dropNode(queue.name, node),
    stepId.removeSubscription(queue.name, branch, node),
  ];
}

/** Left over where a change of the provider was cut short, or made by another tool. */
function straySubscriptions(
  scene: Scene,
  found: FoundNodes,
  old: NodeName | undefined,
  rootReplaced: boolean,
): Findings {
  const { queue } = scene;
  const steps: Step[] = [];
  const given = givenUp(scene.root.node, found);
  for (const { database, node } of found.values()) {
    if (given.has(node.name)) continue;
    for (const subscriber of node.subscribers.keys()) {
      const other = found.get(subscriber)?.node;
      if (other === undefined || subscriber === old) continue;
      // As the root it reads from nobody.
      const leaves = rootReplaced && subscriber === scene.root.spec.name;
      if (other.provider === node.name && !leaves) continue;
      // On its way here: the step that moves it signs it on anew.
      if (scene.subscribers.some(({ spec, provider }) => spec.name === subscriber && provider.node === node)) continue;
      steps.push({
        id: stepId.removeSubscription(queue.name, node.name, subscriber),
        kind: 'remove_subscription',
        database,
        queue: queue.name,
        node: node.name,
        subscriber,
        hazards: [],
        dependsOn: [...rootIds(queue.name, scene.root.spec.name), stepId.changeProvider(queue.name, subscriber)],
      });
    }
  }
  return { steps, warnings: [], problems: [] };
}

function only(step: Step): Findings {
  return { steps: [step], warnings: [], problems: [] };
}

function wrong(problem: Problem): Findings {
  return { steps: [], warnings: [], problems: [problem] };
}
