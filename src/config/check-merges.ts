import type { NodeName, QueueName } from '../model/names.ts';
import type { DesiredState } from '../model/state.ts';
import type { NodeSpec, QueueSpec } from '../model/topology.ts';
import type { TrunklineDocument } from './document.ts';
import { nearest } from './nearest.ts';
import { at, keyAt, namesUnder, type Scope } from './scope.ts';

/** A leaf that merges into another queue finds that queue's root or branch on its own database. */
export function checkMerges(scope: Scope, state: DesiredState, document: TrunklineDocument): void {
  const known = namesUnder(scope, 'queues') as QueueName[];
  for (const queue of state.queues.values()) {
    for (const node of queue.nodes.values()) {
      const text = document.queues?.[queue.name]?.nodes?.[node.name]?.merge_into;
      if (text === undefined) continue;
      const into = text as QueueName;
      const path = ['queues', queue.name, 'nodes', node.name, 'merge_into'];
      if (node.placement.role !== 'leaf') {
        const place = keyAt(scope, ...path);
        scope.problems.push({
          code: 'merge_not_leaf',
          at: place,
          queue: queue.name,
          node: node.name,
          role: node.placement.role,
        });
      } else checkMerge(scope, state, queue, node, into, known, path);
    }
  }
  checkLoops(scope, state);
}

function checkMerge(
  scope: Scope,
  state: DesiredState,
  queue: QueueSpec,
  node: NodeSpec,
  into: QueueName,
  known: readonly QueueName[],
  path: readonly string[],
): void {
  const subject = { at: at(scope, ...path), queue: queue.name, node: node.name, into };
  const combined = state.queues.get(into);
  if (combined === undefined) {
    if (known.includes(into)) return;
    scope.problems.push({ code: 'merge_queue_unknown', ...subject, known, suggestion: nearest(into, known) });
    return;
  }
  if (into === queue.name) {
    scope.problems.push({
      code: 'merge_unfit',
      ...subject,
      database: node.database,
      reason: 'itself',
      found: undefined,
    });
    return;
  }
  const there = [...combined.nodes.values()].find(({ database }) => database === node.database);
  if (there === undefined || there.placement.role === 'leaf') {
    const reason = there === undefined ? 'no_node' : 'leaf';
    scope.problems.push({ code: 'merge_unfit', ...subject, database: node.database, reason, found: there?.name });
  }
}

/** Changes that go from queue to queue must come to an end. Each circle is told once. */
function checkLoops(scope: Scope, state: DesiredState): void {
  const told = new Set<QueueName>();
  for (const start of state.queues.values()) {
    const walked: { readonly queue: QueueName; readonly node: NodeName }[] = [];
    follow(start.name);

    function follow(queue: QueueName): void {
      const turn = walked.findIndex((step) => step.queue === queue);
      if (turn >= 0) {
        const circle = walked.slice(turn);
        const [first] = circle;
        if (circle.length < 2 || first === undefined || circle.some((step) => told.has(step.queue))) return;
        for (const step of circle) told.add(step.queue);
        scope.problems.push({
          code: 'merge_cycle',
          at: at(scope, 'queues', first.queue, 'nodes', first.node, 'merge_into'),
          cycle: circle.map((step) => step.queue),
        });
        return;
      }
      for (const { name, placement } of state.queues.get(queue)?.nodes.values() ?? []) {
        if (placement.role !== 'leaf' || placement.mergesInto === undefined) continue;
        walked.push({ queue, node: name });
        follow(placement.mergesInto);
        walked.pop();
      }
    }
  }
}
