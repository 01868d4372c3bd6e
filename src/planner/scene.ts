import type { DatabaseName, Location } from '../model/names.ts';
import type { LiveDatabase, LiveNode } from '../model/state.ts';
import type { NodeSpec, QueueSpec } from '../model/topology.ts';

/** One node as the file wants it, and what its database holds. */
export interface NodeScene {
  readonly spec: NodeSpec;
  readonly database: LiveDatabase;
  /** Undefined where the node is still to be made. */
  readonly node: LiveNode | undefined;
}

/** One queue whose root can be looked at. Nodes that do not answer, or are not what the file says, are left out. */
export interface Scene {
  readonly queue: QueueSpec;
  readonly root: NodeScene;
  readonly leaves: readonly NodeScene[];
  readonly locations: ReadonlyMap<DatabaseName, Location>;
  readonly triggerArgs: readonly string[];
}
