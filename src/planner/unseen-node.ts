import type { QueueName } from '../model/names.ts';
import type { Problem } from '../model/problem.ts';
import type { LiveState } from '../model/state.ts';
import type { NodeSpec } from '../model/topology.ts';

/** For a node whose database can't be looked at, or must not be. */
export function unseenNode(
  queue: QueueName,
  { name, database }: NodeSpec,
  live: LiveState,
): Extract<Problem, { code: 'node_unreachable' }> {
  const seen = live.databases.get(database);
  const moved = seen?.kind === 'unreachable' && seen.problem.code === 'database_moved';
  return { code: 'node_unreachable', queue, node: name, database, because: moved ? 'moved' : 'no_answer' };
}
