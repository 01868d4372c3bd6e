import { clearCopyProgress, type LastSeen, reportStatus, setCopyProgress } from '../catalog/trunkline.ts';
import type { Session } from '../db/session.ts';
import type { NodeName } from '../model/names.ts';
import type { CopyProgress } from '../model/progress.ts';
import type { Footing } from './check-footing.ts';
import type { NodeDeps } from './deps.ts';

/** What `status` sees of a running worker: written every second, whatever the worker waits for. */
export interface Heartbeat extends AsyncDisposable {
  state(word: string): void;
  applied(events: number, tick: NonNullable<LastSeen['tick']>): void;
  copy(progress: CopyProgress): void;
  /** Where the node reads; kept for whoever works for it next. */
  provider(node: NodeName, registered?: Footing): void;
  /** Kept as well, to know the same ticks again. */
  readonly last: LastSeen;
}

const everyMs = 1_000;

export function startHeartbeat(deps: NodeDeps, control: Session, before: LastSeen): Heartbeat {
  const copies = new Map<string, CopyProgress>();
  const ended = new AbortController();
  let word = 'starting';
  let events = 0;
  let { tick, provider, subscription, servers } = before;

  async function beat(state: string): Promise<void> {
    await reportStatus(control, deps, state, {
      events_applied: events,
      last_tick: tick === undefined ? null : Number(tick.id),
      tick_mark: tick?.mark ?? null,
      provider: provider ?? null,
      subscription: subscription ?? null,
      provider_server: servers.provider ?? null,
      own_server: servers.own ?? null,
    });
    const news = [...copies.values()];
    copies.clear();
    const [done, underWay] = [news.filter(isDone), news.filter((progress) => !isDone(progress))];
    if (done.length > 0) {
      const tables = done.map(({ table }) => table);
      await clearCopyProgress(control, deps.queue, tables);
    }
    if (underWay.length > 0) await setCopyProgress(control, deps.queue, underWay);
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
    provider(node, registered) {
      // Ticks of different queues are not held against each other.
      if (node !== provider || registered?.subscription !== subscription) tick = undefined;
      provider = node;
      subscription = registered?.subscription;
      servers = { ...servers, provider: registered?.server };
    },
    get last() {
      return { provider, subscription, tick, servers };
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

function isDone({ phase }: CopyProgress): boolean {
  return phase === 'done';
}
