import type { Clock } from '../../src/model/clock.ts';

/** A clock that stands still until told. */
export interface FakeClock extends Clock {
  /** Lets time pass: each sleeper wakes at its own moment, in order, and may sleep again within the same span. */
  advance(ms: number): Promise<void>;
  /** How many sleep right now. */
  readonly sleepers: number;
}

interface Sleeper {
  readonly wakeAt: number;
  readonly wake: () => void;
}

export function fakeClock(startMs = 0): FakeClock {
  let now = startMs;
  const sleepers = new Set<Sleeper>();
  return {
    now: () => now,
    get sleepers() {
      return sleepers.size;
    },
    sleep(ms, signal) {
      if (signal?.aborted === true) return Promise.resolve();
      return new Promise((resolve) => {
        const sleeper: Sleeper = {
          wakeAt: now + ms,
          wake: () => {
            sleepers.delete(sleeper);
            signal?.removeEventListener('abort', sleeper.wake);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', sleeper.wake, { once: true });
      });
    },
    async advance(ms) {
      const end = now + ms;
      for (;;) {
        await settle();
        const [next] = [...sleepers].sort((one, other) => one.wakeAt - other.wakeAt);
        if (next === undefined || next.wakeAt > end) break;
        now = Math.max(now, next.wakeAt);
        next.wake();
      }
      now = end;
      await settle();
    },
  };
}

/** Lets everything that is ready to run do so; a round of the event loop runs all waiting promises. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
