import type { Location, NodeName } from '../model/names.ts';
import type { Step } from '../model/step.ts';
import type { TickerSettings } from '../model/topology.ts';
import { workerNameOf } from '../model/topology.ts';
import type { NodeScene, Scene } from './scene.ts';
import { stepId } from './step-ids.ts';

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
    const members = [root, ...scene.leaves.filter((leaf) => leaf.node !== undefined)];
    for (const member of members) steps.push(...relocate(scene, root, member));
  }
  const from = root.node?.ticker;
  if (from === undefined || !sameTicker(from, queue.ticker)) {
    steps.push({
      ...ids,
      id: stepId.setTicker(queue.name, root.spec.name),
      kind: 'set_ticker',
      from,
      to: queue.ticker,
      dependsOn: [stepId.createRoot(queue.name, root.spec.name)],
    });
  }
  return steps;
}

export function diffLeaf(scene: Scene, leaf: NodeScene, provider: NodeName): Step[] {
  const { queue, root } = scene;
  const { name, database } = leaf.spec;
  // A node whose subscription is gone from its provider can't read, although it is there: the same step mends that.
  const subscribed = root.node?.subscribers.has(name) === true;
  if (leaf.node !== undefined && subscribed) {
    // The other members come to know of a new place by the queue itself.
    return [leaf, root].flatMap((member) => relocate(scene, leaf, member));
  }
  const location = scene.locations.get(database);
  if (location === undefined) return [];
  return [
    {
      id: stepId.createLeaf(queue.name, name),
      kind: 'create_leaf',
      database,
      queue: queue.name,
      node: name,
      worker: leaf.node?.worker ?? workerNameOf(name),
      location,
      provider,
      providerDatabase: root.spec.database,
      rootDatabase: root.spec.database,
      existing: leaf.node !== undefined,
      hazards: [],
      dependsOn: [
        stepId.install(database),
        stepId.install(root.spec.database),
        stepId.createRoot(queue.name, root.spec.name),
        stepId.dropNode(queue.name, name),
      ],
    },
  ];
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
      dependsOn: [],
    },
  ];
}

function sameTicker(left: TickerSettings, right: TickerSettings): boolean {
  return (
    left.maxCount === right.maxCount &&
    left.maxLagMs === right.maxLagMs &&
    left.idlePeriodMs === right.idlePeriodMs &&
    left.rotationPeriodMs === right.rotationPeriodMs
  );
}
