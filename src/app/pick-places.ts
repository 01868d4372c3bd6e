import type { NodeName } from '../model/names.ts';
import type { DesiredState } from '../model/state.ts';
import type { NodeSpec, QueueSpec } from '../model/topology.ts';
import { pickNodes, pickQueues } from './run.ts';

/** A node, and the queue that it belongs to. */
export interface Place {
  readonly queue: QueueSpec;
  readonly node: NodeSpec;
}

/** Those of the files that were named; all where none is. Throws `name_unknown`. */
export function pickPlaces(
  desired: DesiredState,
  { queues, nodes }: { readonly queues: readonly string[]; readonly nodes: readonly string[] },
): readonly Place[] {
  const picked = pickQueues(desired, queues);
  const wanted: ReadonlySet<NodeName> | undefined = pickNodes(picked, nodes);
  return picked.flatMap((queue) =>
    [...queue.nodes.values()]
      .filter(({ name }) => wanted === undefined || wanted.has(name))
      .map((node) => ({ queue, node })),
  );
}
