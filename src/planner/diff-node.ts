import { assertNever } from '../model/exhaustive.ts';
import type { Location, QueueName } from '../model/names.ts';
import type { Step } from '../model/step.ts';
import type { NodeSpec, TickerSettings } from '../model/topology.ts';
import { workerNameOf } from '../model/topology.ts';
import { mergesInto, type NodeScene, type Scene, type SubscriberScene } from './scene.ts';
import { rootIds, stepId } from './step-ids.ts';

/** The node itself: that it is there, where the others find it, how its queue ticks. */
export function diffRoot(scene: Scene): Step[] {
  const { queue, root } = scene;
  const steps: Step[] = [];
  const ids = { database: root.spec.database, queue: queue.name, node: root.spec.name, hazards: [] };
  if (root.node === undefined) {
    const location = scene.locations.get(root.spec.database);
    if (location === undefined) return [];
    steps.push({
      ...ids,
      id: stepId.createRoot(queue.name, root.spec.name),
      kind: 'create_root',
      worker: workerNameOf(root.spec.name),
      location,
      dependsOn: [stepId.install(root.spec.database), stepId.dropNode(queue.name, root.spec.name)],
    });
  } else {
    const members = [root, ...scene.subscribers.filter((subscriber) => subscriber.node !== undefined)];
    for (const member of members) steps.push(...relocate(scene, root, member));
  }
  return [...steps, ...diffTicker(scene, root)];
}

/**
 * A branch ticks with its provider, but keeps its events by a setting of its own. Its other settings count once it is the
 * root, and are made equal then: Londiste leaves them as they are, and adopting its cascades must not begin with changes.
 */
function diffTicker({ queue }: Scene, { spec, node }: NodeScene): Step[] {
  const from = node?.ticker;
  if (spec.placement.role === 'leaf') return [];
  const same = spec.placement.role === 'branch' ? sameRotation : sameTicker;
  if (from !== undefined && same(from, queue.ticker)) return [];
  return [
    {
      id: stepId.setTicker(queue.name, spec.name),
      kind: 'set_ticker',
      database: spec.database,
      queue: queue.name,
      node: spec.name,
      from,
      to: queue.ticker,
      hazards: [],
      dependsOn: [createId(queue.name, spec), stepId.changeRole(queue.name, spec.name)],
    },
  ];
}

export function diffSubscriber(scene: Scene, subscriber: SubscriberScene): Step[] {
  return [...diffSubscription(scene, subscriber), ...diffTicker(scene, subscriber)];
}

function diffSubscription(scene: Scene, subscriber: SubscriberScene): Step[] {
  const { queue, root } = scene;
  const { provider } = subscriber;
  const { name, database } = subscriber.spec;
  // A node whose subscription is gone from its provider can't read, although it is there: the same step mends that.
  const subscribed = provider.node?.subscribers.has(name) === true;
  // One that reads elsewhere comes here by a step of its own.
  const elsewhere = subscriber.node !== undefined && subscriber.node.provider !== provider.spec.name;
  if (subscriber.node !== undefined && (subscribed || elsewhere)) {
    // The other members come to know of a new place by the queue itself.
    return [...new Set<NodeScene>([subscriber, provider, root])].flatMap((member) =>
      relocate(scene, subscriber, member),
    );
  }
  const location = scene.locations.get(database);
  if (location === undefined) return [];
  const step = {
    database,
    queue: queue.name,
    node: name,
    worker: subscriber.node?.worker ?? workerNameOf(name),
    location,
    provider: provider.spec.name,
    providerDatabase: provider.spec.database,
    rootDatabase: root.spec.database,
    existing: subscriber.node !== undefined,
    hazards: [],
    dependsOn: [
      stepId.install(database),
      stepId.install(provider.spec.database),
      createId(queue.name, provider.spec),
      stepId.changeProvider(queue.name, provider.spec.name),
      stepId.changeRole(queue.name, provider.spec.name),
      ...rootIds(queue.name, root.spec.name),
      stepId.dropNode(queue.name, name),
    ],
  };
  if (subscriber.spec.placement.role === 'branch') {
    return [{ ...step, id: stepId.createBranch(queue.name, name), kind: 'create_branch' }];
  }
  const combined = mergesInto(subscriber.spec);
  const combinedNode = combined === undefined ? undefined : scene.nodeAt(combined, database);
  return [
    {
      ...step,
      id: stepId.createLeaf(queue.name, name),
      kind: 'create_leaf',
      mergesInto: combined,
      dependsOn:
        combined === undefined || combinedNode === undefined
          ? step.dependsOn
          : [...step.dependsOn, createId(combined, combinedNode)],
    },
  ];
}

/** The step that makes the node, where it is still to be made. */
export function createId(queue: QueueName, { name, placement }: NodeSpec): string {
  switch (placement.role) {
    case 'root':
      return stepId.createRoot(queue, name);
    case 'branch':
      return stepId.createBranch(queue, name);
    case 'leaf':
      return stepId.createLeaf(queue, name);
    default:
      return assertNever(placement);
  }
}

function relocate(scene: Scene, on: NodeScene, member: NodeScene): Step[] {
  const { queue } = scene;
  const to: Location | undefined = scene.locations.get(member.spec.database);
  const from = on.node?.members.get(member.spec.name)?.location;
  if (to === undefined || from === to) return [];
  return [
    {
      id: stepId.setLocation(queue.name, on.spec.name, member.spec.name),
      kind: 'set_location',
      database: on.spec.database,
      queue: queue.name,
      node: on.spec.name,
      member: member.spec.name,
      from,
      to,
      hazards: [],
      // What a root is told travels on to all others.
      dependsOn: rootIds(queue.name, scene.root.spec.name),
    },
  ];
}

function sameRotation(left: TickerSettings, right: TickerSettings): boolean {
  return left.rotationPeriodMs === right.rotationPeriodMs;
}

function sameTicker(left: TickerSettings, right: TickerSettings): boolean {
  return (
    left.maxCount === right.maxCount &&
    left.maxLagMs === right.maxLagMs &&
    left.idlePeriodMs === right.idlePeriodMs &&
    left.rotationPeriodMs === right.rotationPeriodMs
  );
}
