import { type NodeName, tableName } from '../model/names.ts';
import type { Problem } from '../model/problem.ts';
import type { DesiredState } from '../model/state.ts';
import type { MovedNode, MovedTable, QueueSpec } from '../model/topology.ts';
import type { TrunklineDocument } from './document.ts';
import { nearest } from './nearest.ts';
import { requireOneKey } from './require-one-key.ts';
import { namesUnder, type Scope } from './scope.ts';

/** Each old name leads to one node or table of the queue, and each of those has one old name at most. */
export function checkMoved(scope: Scope, state: DesiredState, document: TrunklineDocument): void {
  for (const queue of state.queues.values()) {
    (document.queues?.[queue.name]?.moved ?? []).forEach((entry, index) => {
      const path = ['queues', queue.name, 'moved', index];
      requireOneKey(scope, path, entry, { keys: ['node', 'table'], example: 'table: app.users' });
    });
    for (const entry of queue.movedTables) {
      const problem = tableFault(queue, entry);
      if (problem !== undefined) scope.problems.push(problem);
    }
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

/** Whether an entry of `tables` has the new name is for the plan to see: it may be by a pattern. */
function tableFault({ name: queue, tables, movedTables }: QueueSpec, entry: MovedTable): Problem | undefined {
  const { from, to, at } = entry;
  const conflict = (reason: (Problem & { code: 'moved_table_conflict' })['reason'], first?: MovedTable): Problem => ({
    code: 'moved_table_conflict',
    at,
    queue,
    from,
    to,
    reason,
    first: first?.at,
  });
  if (from === to) return conflict('unchanged');
  if (tables.some(({ select }) => select.kind === 'name' && tableName(select.name) === from))
    return conflict('still_named');
  const next = movedTables.find((other) => other.from === to);
  if (next !== undefined) return conflict('chained', next);
  const first = movedTables.find((other) => other.from === from || other.to === to);
  if (first === undefined || first === entry) return undefined;
  return conflict(first.from === from ? 'from_twice' : 'to_twice', first);
}
