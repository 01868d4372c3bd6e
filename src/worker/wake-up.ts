import type { Clock } from '../model/clock.ts';

/** Something to wait on: a notification, a finished copy, or the time running out, whichever comes first. */
export interface WakeUp {
  wake(): void;
  /** Resolves at once when {@link wake} was called since the last wait. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export function wakeUp(clock: Clock): WakeUp {
  let called = false;
  let current = new AbortController();
  return {
    wake() {
      called = true;
      current.abort();
    },
    async wait(ms, signal) {
      if (!called) {
        const waiting = new AbortController();
        current = waiting;
        // AbortSignal.any would leave something behind at `signal` each time, until memory is cleaned up.
        const stop = () => waiting.abort();
        signal.addEventListener('abort', stop, { once: true });
        if (!signal.aborted) await clock.sleep(ms, waiting.signal);
        signal.removeEventListener('abort', stop);
      }
      called = false;
    },
  };
}
