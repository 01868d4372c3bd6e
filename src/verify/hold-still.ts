import { releaseHold, setHold } from '../catalog/hold.ts';
import type { Session } from '../db/session.ts';
import type { Clock } from '../model/clock.ts';
import type { NodeName, QueueName } from '../model/names.ts';

const ttlMs = 15_000;
const refreshMs = 5_000;

/** Keeps the worker of a node from going past a tick. Whoever takes it is killed: it ends by itself in seconds. */
export interface Hold extends AsyncDisposable {
  /** False while somebody else holds the node. */
  moveTo(tick: bigint): Promise<boolean>;
  /** To be called often; prolongs the hold when it is due. */
  refresh(): Promise<void>;
  /** The worker goes on. Twice is fine. */
  release(): Promise<void>;
}

/** Below any tick: the worker stands wherever it is. */
export const standStill = 0n;

export function holdNode(
  session: Session,
  clock: Clock,
  place: { readonly queue: QueueName; readonly node: NodeName; readonly holder: string },
): Hold {
  let held: { readonly tick: bigint; readonly since: number } | undefined;
  const moveTo = async (tick: bigint): Promise<boolean> => {
    const since = clock.now();
    const mine = await setHold(session, { ...place, tick, ttlMs });
    held = mine ? { tick, since } : undefined;
    return mine;
  };
  const release = async (): Promise<void> => {
    if (held === undefined) return;
    held = undefined;
    // A lost connection takes no release; the hold runs out.
    if (!session.lost) await releaseHold(session, place.queue, place.node, place.holder);
  };
  return {
    moveTo,
    release,
    async refresh() {
      if (held !== undefined && clock.now() - held.since >= refreshMs) await moveTo(held.tick);
    },
    [Symbol.asyncDispose]: release,
  };
}
