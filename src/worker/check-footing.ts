import { readFooting, registerConsumerAt } from '../catalog/pgq.ts';
import { type LastSeen, readServerIdentity } from '../catalog/trunkline.ts';
import type { WorkerState } from '../catalog/worker-state.ts';
import { type ServerMove, ToolError } from '../model/problem.ts';
import type { Link } from './link.ts';

/** Where the node reads: what it is registered under there, and on which server. */
export interface Footing {
  readonly subscription: number | undefined;
  readonly server: string | undefined;
  /**
   * Ticks that wait; none where a batch is open, or was forgotten, that this node has applied: only one of a single tick is
   * sure to be the same again.
   */
  readonly behind: number;
}

/**
 * A provider that failed over, or came from a backup, may have lost what this node has applied, and given the same numbers to
 * other ticks since; or its address leads to another server. Looked at with each new connection, as none outlives such a change.
 */
export async function checkFooting(
  { deps, provider }: Link,
  state: WorkerState,
  last: LastSeen,
): Promise<Footing | undefined> {
  const { queue, node } = deps;
  const { position, worker } = state;
  // What merges stands where the other queue has brought it, too.
  if (state.role.kind !== 'leaf' && state.role.kind !== 'branch') return undefined;
  const footing = await readFooting(provider, queue, worker, position);
  if (footing === undefined) return undefined;
  const { newestTick, mark, counterBehind, subscription, finishedTick } = footing;
  const server = await readServerIdentity(provider);
  const seenBefore = last.provider === state.provider;
  const moved = seenBefore ? moveOf(last.servers.provider, server) : undefined;
  const about = { queue, node, provider: state.provider, worker, position, newestTick, moved };
  if (counterBehind) throw new ToolError([{ code: 'provider_counter_behind', ...about }]);
  // One that the node did not read from before may only be behind it.
  const behind = finishedTick === position ? Number(newestTick - position) : 0;
  if (!seenBefore) return { subscription, server, behind };
  if (position > newestTick) throw new ToolError([{ code: 'provider_lost_ticks', ...about }]);
  // A registration that was made anew begins anew, but not on a server that nobody has told of.
  const comparable = last.subscription === subscription || moved !== undefined;
  const known = comparable && last.tick?.id === position ? last.tick.mark : undefined;
  if (known !== undefined && known !== mark) throw new ToolError([{ code: 'provider_other_ticks', ...about }]);
  if (moved !== undefined) {
    deps.log({
      level: 'warn',
      event: 'provider_moved',
      queue,
      node,
      tick: position,
      message: `${state.provider} is on another server than before (system identifier ${moved.to}, it was ${moved.from}), and ${known === undefined ? 'nothing there speaks against going on' : 'has the tick that was applied last'}: replay goes on`,
    });
  }
  return { subscription, server: server ?? last.servers.provider, behind };
}

/**
 * A provider that has forgotten more than the last batch that this node finished gives it an older one. Where it has the very tick
 * that was applied last, nothing between the two is missing here: it is told again how far the node is. False where nothing proves that.
 */
export async function tellPosition({ deps, provider }: Link, state: WorkerState, last: LastSeen): Promise<boolean> {
  const { queue, node } = deps;
  const { position, worker, role } = state;
  if (role.kind !== 'leaf' && role.kind !== 'branch') return false;
  if (last.provider !== state.provider || last.tick?.id !== position) return false;
  const footing = await readFooting(provider, queue, worker, position);
  if (footing?.finishedTick === undefined || footing.finishedTick >= position) return false;
  if (footing.subscription !== last.subscription || footing.mark !== last.tick.mark) return false;
  await registerConsumerAt(provider, queue, worker, position);
  deps.log({
    level: 'warn',
    event: 'position_told',
    queue,
    node,
    tick: position,
    message: `${state.provider} had forgotten what ${node} has read after tick ${footing.finishedTick}, and has tick ${position} as it was applied: replay goes on from there`,
  });
  return true;
}

function moveOf(from: string | undefined, to: string | undefined): ServerMove | undefined {
  return from === undefined || to === undefined || from === to ? undefined : { from, to };
}
