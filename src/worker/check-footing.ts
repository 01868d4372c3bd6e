import { readFooting } from '../catalog/pgq.ts';
import type { LastSeen } from '../catalog/trunkline.ts';
import type { WorkerState } from '../catalog/worker-state.ts';
import { ToolError } from '../model/problem.ts';
import type { Link } from './replay-batch.ts';

/**
 * A provider that failed over, or came from a backup, may have lost what this node has applied, and given the same numbers to
 * other ticks since. Looked at with each new connection, as none outlives such a change. Gives the subscription.
 */
export async function checkFooting(
  { deps, provider }: Link,
  state: WorkerState,
  last: LastSeen,
): Promise<number | undefined> {
  const { queue, node } = deps;
  const { position, worker } = state;
  // What merges stands where the other queue has brought it, too.
  if (state.role.kind !== 'leaf' && state.role.kind !== 'branch') return undefined;
  const footing = await readFooting(provider, queue, worker, position);
  if (footing === undefined) return undefined;
  const { newestTick, mark, counterBehind, subscription } = footing;
  const about = { queue, node, provider: state.provider, worker, position, newestTick };
  if (counterBehind) throw new ToolError([{ code: 'provider_counter_behind', ...about }]);
  // One that the node did not read from before may only be behind it.
  if (last.provider !== state.provider) return subscription;
  if (position > newestTick) throw new ToolError([{ code: 'provider_lost_ticks', ...about }]);
  const known = last.subscription === subscription && last.tick?.id === position ? last.tick.mark : undefined;
  if (known !== undefined && known !== mark) throw new ToolError([{ code: 'provider_other_ticks', ...about }]);
  return subscription;
}
