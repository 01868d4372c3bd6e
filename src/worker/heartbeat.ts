import { clearCopyProgress, reportStatus, setCopyProgress } from '../catalog/trunkline.ts';
import type { Session } from '../db/session.ts';
import type { NodeName } from '../model/names.ts';
import type { CopyProgress } from '../model/progress.ts';
import type { NodeDeps } from './deps.ts';

/** What `status` sees of a running worker: written every second, whatever the worker waits for. */
export interface Heartbeat extends AsyncDisposable {
  state(word: string): void;
  applied(events: number, tick: bigint): void;
  copy(progress: CopyProgress): void;
  /** Where the node reads; kept for whoever works for it next. */
  provider(node: NodeName): void;
  readonly lastProvider: NodeName | undefined;
}

const everyMs = 1_000;

export function startHeartbeat(deps: NodeDeps, control: Session, lastProvider: NodeName | undefined): Heartbeat {
  const copies = new Map<string, CopyProgress>();
  const ended = new AbortController();
  let word = 'starting';
  let events = 0;
  let tick: bigint | undefined;
  let provider = lastProvider;

  async function beat(state: string): Promise<void> {
    await reportStatus(control, deps, state, {
      events_applied: events,
      last_tick: tick === undefined ? null : Number(tick),
      provider: provider ?? null,
    });
    for (const progress of [...copies.values()]) {
      copies.delete(progress.table);
      if (progress.phase === 'done') await clearCopyProgress(control, progress.queue, progress.table);
      else await setCopyProgress(control, progress);
    }
  }

  const loop = (async () => {
    while (!ended.signal.aborted && !control.lost) {
      // A lost session ends the worker elsewhere, with its own error.
      await beat(word).catch(() => undefined);
      await deps.clock.sleep(everyMs, ended.signal);
    }
  })();

  return {
    state(next) {
      word = next;
    },
    applied(count, at) {
      deps.count('batches', 1);
      deps.count('events', count);
      events += count;
      tick = at;
    },
    provider(node) {
      provider = node;
    },
    get lastProvider() {
      return provider;
    },
    copy(progress) {
      copies.set(progress.table, progress);
    },
    async [Symbol.asyncDispose]() {
      ended.abort();
      await loop;
      if (!control.lost) await beat('stopped').catch(() => undefined);
    },
  };
}
