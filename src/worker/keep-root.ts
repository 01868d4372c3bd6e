import { readWatermarks, setGlobalWatermark } from '../catalog/own-queue.ts';
import { rootCheckSequences } from '../catalog/table-sync.ts';
import { setConsumerError, setUptodate, type WorkerState } from '../catalog/worker-state.ts';
import { untilNext } from './in-step.ts';
import { currentState, type Round } from './round.ts';

const lookEveryMs = 1_000;
const watermarkEveryMs = 60_000;

/**
 * A root has nothing to read: it confirms what it is asked, publishes its sequences, and tells how far every node of the
 * cascade has come. Returns when asked to stop, or when the node is no root any more, or is replaced.
 */
export async function keepRoot(round: Round, first: WorkerState): Promise<void> {
  const { deps, control, heartbeat } = round;
  let watermarkAt = deps.clock.now() - watermarkEveryMs;
  heartbeat.provider(first.provider);
  while (!deps.stop.aborted) {
    const state = await currentState(round);
    if (state.role.kind !== 'root' || (await deps.successor(deps)) !== undefined) return;
    if (!state.uptodate) await setUptodate(control, deps.queue, state.worker);
    if (state.error !== undefined) await setConsumerError(control, deps.queue, state.worker, null);
    if (!state.paused) {
      if (state.sequences) await rootCheckSequences(control, deps.queue);
      const now = deps.clock.now();
      if (now - watermarkAt >= watermarkEveryMs) {
        watermarkAt = now;
        await publishGlobalWatermark(round);
      }
    }
    heartbeat.state(state.paused ? 'paused' : 'root');
    round.failures.over();
    await deps.clock.sleep(untilNext(lookEveryMs, deps.clock.now()), deps.stop);
  }
}

/** Each one is an event, which all nodes copy: none where nothing has moved. */
async function publishGlobalWatermark({ deps, control }: Round): Promise<void> {
  const marks = await readWatermarks(control, deps.queue);
  if (marks === undefined || marks.local <= marks.global) return;
  await setGlobalWatermark(control, deps.queue, undefined);
}
