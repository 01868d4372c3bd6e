import { readWatermarks, setGlobalWatermark, type Watermarks } from '../catalog/own-queue.ts';
import { rootCheckSequences } from '../catalog/table-sync.ts';
import { setConsumerError, setUptodate, type WorkerState } from '../catalog/worker-state.ts';
import { untilNext } from './in-step.ts';
import { currentState, type Round } from './round.ts';

const lookEveryMs = 1_000;
const watermarkEveryMs = 60_000;
const watermarkAtLeastEveryMs = 600_000;
/** A queue where nothing happens ticks once a minute, and once for the word about the minute before. */
const idleTicks = 4n;

/**
 * A root has nothing to read: it confirms what it is asked, publishes its sequences, and tells how far every node of the
 * cascade has come. Returns when asked to stop, or when the node is no root any more, or is replaced.
 */
export async function keepRoot(round: Round, first: WorkerState): Promise<void> {
  const { deps, control, heartbeat } = round;
  let lookedAt = deps.clock.now() - watermarkEveryMs;
  let toldAt = deps.clock.now() - watermarkAtLeastEveryMs;
  heartbeat.provider(first.provider);
  while (!deps.stop.aborted) {
    const state = await currentState(round);
    if (state.role.kind !== 'root' || (await deps.successor(deps)) !== undefined) return;
    if (!state.uptodate) await setUptodate(control, deps.queue, state.worker);
    if (state.error !== undefined) await setConsumerError(control, deps.queue, state.worker, null);
    if (!state.paused) {
      if (state.sequences) await rootCheckSequences(control, deps.queue);
      const now = deps.clock.now();
      if (now - lookedAt >= watermarkEveryMs) {
        lookedAt = now;
        if (await publishGlobalWatermark(round, now - toldAt)) toldAt = now;
      }
    }
    heartbeat.state(state.paused ? 'paused' : 'root');
    round.failures.over();
    await deps.clock.sleep(untilNext(lookEveryMs, deps.clock.now()), deps.stop);
  }
}

/** Whether it did. */
async function publishGlobalWatermark({ deps, control }: Round, sinceMs: number): Promise<boolean> {
  const marks = await readWatermarks(control, deps.queue);
  if (marks === undefined || !isToTell(marks, sinceMs)) return false;
  await setGlobalWatermark(control, deps.queue, undefined);
  return true;
}

/** Each word is an event, which all nodes copy, and makes ticks that would be another one's reason. */
export function isToTell({ local, global }: Watermarks, sinceMs: number): boolean {
  return local - global > (sinceMs < watermarkAtLeastEveryMs ? idleTicks : 0n);
}
