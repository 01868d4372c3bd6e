import type { NodeName } from '../model/names.ts';
import type { DesiredState } from '../model/state.ts';
import { type NodeSpec, providerOf, type QueueSpec } from '../model/topology.ts';
import { nearest } from './nearest.ts';
import { at, namesUnder, type Scope } from './scope.ts';

/** Each subscriber reads from a node that exists, keeps a queue, and leads to the root in the end. */
export function checkProviders(scope: Scope, state: DesiredState): void {
  for (const queue of state.queues.values()) {
    const known = namesUnder(scope, 'queues', queue.name, 'nodes') as NodeName[];
    const cycles = cyclesOf(queue);
    for (const cycle of cycles) {
      const [node = ''] = cycle;
      const place = at(scope, 'queues', queue.name, 'nodes', node, 'provider');
      scope.problems.push({ code: 'provider_cycle', at: place, queue: queue.name, cycle });
    }
    for (const node of queue.nodes.values()) {
      if (!cycles.some((cycle) => cycle.includes(node.name))) checkProvider(scope, queue, node, known);
    }
  }
}

function checkProvider(scope: Scope, queue: QueueSpec, node: NodeSpec, known: readonly NodeName[]): void {
  if (node.placement.role === 'root' || node.placement.provider === '') return;
  const { provider } = node.placement;
  const place = at(scope, 'queues', queue.name, 'nodes', node.name, 'provider');
  const subject = { at: place, queue: queue.name, node: node.name, provider };
  if (!known.includes(provider)) {
    scope.problems.push({ code: 'provider_unknown', ...subject, known, suggestion: nearest(provider, known) });
  } else if (queue.nodes.get(provider)?.placement.role === 'leaf') {
    scope.problems.push({ code: 'provider_is_leaf', ...subject });
  }
}

/** Each circle once, from the node that stands first in the file. */
function cyclesOf(queue: QueueSpec): NodeName[][] {
  const cycles: NodeName[][] = [];
  const seen = new Set<NodeName>();
  for (const start of queue.nodes.keys()) {
    const walked: NodeName[] = [];
    let current: NodeName | undefined = start;
    while (current !== undefined && !seen.has(current)) {
      seen.add(current);
      walked.push(current);
      current = providerOf(queue, current);
    }
    const turn = current === undefined ? -1 : walked.indexOf(current);
    if (turn >= 0) cycles.push(walked.slice(turn));
  }
  return cycles;
}
