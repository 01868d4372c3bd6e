import { clearCopyProgress, type LastSeen, reportStatus, setCopyProgress } from '../catalog/trunkline.ts';
import type { Session } from '../db/session.ts';
import type { NodeName } from '../model/names.ts';
import type { CopyProgress } from '../model/progress.ts';
import type { Footing } from './check-footing.ts';
import type { NodeDeps } from './deps.ts';
import { untilNext } from './in-step.ts';

/**
 * What `status` sees of a running worker, written within about a second of each change, whatever the worker waits for. It also
 * sees to it that the session which holds the lock says something each second: one that is silent is ended.
 */
export interface Heartbeat extends AsyncDisposable {
  /** Something was asked on the session of the lock. */
  spoke(): void;
  state(word: string): void;
  applied(events: number, tick: NonNullable<LastSeen['tick']>): void;
  copy(progress: CopyProgress): void;
  /** Where the node reads; kept for whoever works for it next. */
  provider(node: NodeName, registered?: Footing): void;
  /** Kept as well, to know the same ticks again. */
  readonly last: LastSeen;
}

const everyMs = 1_000;
/** While others ask something on the session, a report that would say the same again waits so long. */
const repeatEveryMs = 5_000;
/** So much later than they ask, it is seen whether they have. */
const marginMs = 100;

export function startHeartbeat(deps: NodeDeps, control: Session, before: LastSeen): Heartbeat {
  const copies = new Map<string, CopyProgress>();
  const ended = new AbortController();
  let word = 'starting';
  let events = 0;
  let { tick, provider, subscription, servers } = before;
  let spokeAt = Number.NEGATIVE_INFINITY;
  let reported = { at: Number.NEGATIVE_INFINITY, text: '' };

  function detail() {
    return {
      events_applied: events,
      last_tick: tick === undefined ? null : Number(tick.id),
      tick_mark: tick?.mark ?? null,
      provider: provider ?? null,
      subscription: subscription ?? null,
      provider_server: servers.provider ?? null,
      own_server: servers.own ?? null,
    };
  }

  function isDue(): boolean {
    const now = deps.clock.now();
    if (now - spokeAt >= 2 * marginMs || now - reported.at >= repeatEveryMs - marginMs) return true;
    return copies.size > 0 || textOf(word) !== reported.text;
  }

  function textOf(state: string): string {
    return `${state} ${JSON.stringify(detail())}`;
  }

  async function beat(state: string): Promise<void> {
    const [at, text] = [deps.clock.now(), textOf(state)];
    spokeAt = at;
    await reportStatus(control, deps, state, detail());
    reported = { at, text };
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
      if (isDue()) await beat(word).catch(() => undefined);
      await deps.clock.sleep(untilNext(everyMs, deps.clock.now()) + marginMs, ended.signal);
    }
  })();

  return {
    spoke() {
      spokeAt = deps.clock.now();
    },
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
