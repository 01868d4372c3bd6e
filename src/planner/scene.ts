import type { DatabaseName, Location, NodeName, QueueName } from '../model/names.ts';
import type { LastApplied, LiveDatabase, LiveNode } from '../model/state.ts';
import type { NodeSpec, QueueSpec } from '../model/topology.ts';
import type { Ground } from './create/plot.ts';
import type { Expansion } from './expand-tables.ts';

/** One node as the file wants it, and what its database holds. */
export interface NodeScene {
  readonly spec: NodeSpec;
  readonly database: LiveDatabase;
  /** Undefined where the node is still to be made. */
  readonly node: LiveNode | undefined;
  /** What the triggers get that capture on this database. */
  readonly triggerArgs: readonly string[];
}

/** Branches and leaves, with what they read from: the root or a branch of the same scene. */
export interface SubscriberScene extends NodeScene {
  readonly provider: NodeScene;
}

/** One queue whose root can be looked at. Nodes that do not answer, or are not what the file says, are left out. */
export interface Scene {
  readonly queue: QueueSpec;
  readonly root: NodeScene;
  /** Providers before their subscribers. */
  readonly subscribers: readonly SubscriberScene[];
  readonly locations: ReadonlyMap<DatabaseName, Location>;
  /** What the rules put where. */
  readonly wanted: Expansion['tables'];
  /** What tables that are to be made can be made of. */
  readonly ground: Ground;
  /** The node that another queue of the file has on a database. */
  readonly nodeAt: (queue: QueueName, database: DatabaseName) => NodeSpec | undefined;
  readonly answers: (database: DatabaseName) => boolean;
  /** Queues whose leaves on that database hand their changes on to this queue's node there. */
  readonly mergedFrom: (database: DatabaseName) => readonly QueueName[];
  /** Undefined where nothing is on record. */
  readonly lastApplied: LastApplied | undefined;
}

/** Those that read from the node, directly or by way of branches; the nearest first. */
export function below({ subscribers }: Scene, node: NodeName): readonly SubscriberScene[] {
  const names = new Set([node]);
  return subscribers.filter((subscriber) => {
    if (!names.has(subscriber.provider.spec.name)) return false;
    names.add(subscriber.spec.name);
    return true;
  });
}

/** The queue that a leaf's changes go on in. */
export function mergesInto({ placement }: NodeSpec): QueueName | undefined {
  return placement.role === 'leaf' ? placement.mergesInto : undefined;
}
