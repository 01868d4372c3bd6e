import type { NodeName } from '../model/names.ts';
import type { Problem } from '../model/problem.ts';
import type { DesiredState } from '../model/state.ts';
import type { MovedNode, QueueSpec } from '../model/topology.ts';
import { nearest } from './nearest.ts';
import { namesUnder, type Scope } from './scope.ts';

/** Each old name leads to one node of the queue, and each node has one old name at most. */
export function checkMoved(scope: Scope, state: DesiredState): void {
  for (const queue of state.queues.values()) {
    const known = namesUnder(scope, 'queues', queue.name, 'nodes') as NodeName[];
    for (const entry of queue.moved) {
      const problem = faultOf(queue, entry, known);
      if (problem !== undefined) scope.problems.push(problem);
    }
  }
}

function faultOf({ name: queue, moved }: QueueSpec, entry: MovedNode, known: readonly NodeName[]): Problem | undefined {
  const { from, to, at } = entry;
  const subject = { at, queue, from, to };
  if (known.includes(from)) return { code: 'moved_conflict', ...subject, reason: 'still_named', first: undefined };
  if (!known.includes(to)) {
    const next = moved.find((other) => other.from === to);
    if (next !== undefined) return { code: 'moved_conflict', ...subject, reason: 'chained', first: next.at };
    return { code: 'moved_unknown', ...subject, known, suggestion: nearest(to, known) };
  }
  const first = moved.find((other) => other.from === from || other.to === to);
  if (first === undefined || first === entry) return undefined;
  return {
    code: 'moved_conflict',
    ...subject,
    reason: first.from === from ? 'from_twice' : 'to_twice',
    first: first.at,
  };
}
