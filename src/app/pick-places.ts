import type { NodeName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
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

/** The one place that a node of that name has, for a command that is about one. */
export function pickPlace(
  command: string,
  desired: DesiredState,
  { queues, node }: { readonly queues: readonly string[]; readonly node: string },
): Place {
  const places = pickPlaces(desired, { queues, nodes: [node] });
  const [place, ...more] = places;
  if (place !== undefined && more.length === 0) return place;
  const names = places.map(({ queue }) => queue.name).join(', ');
  const detail = `node ${place?.node.name} stands in the queues ${names}. Name one with --queue`;
  throw new ToolError([{ code: 'usage_invalid', command, detail }]);
}
