import type { CopyProgress } from '../model/progress.ts';

const windowMs = 5_000;

interface Sample {
  readonly elapsedMs: number;
  readonly rows: number;
}

/** Rows a second of each running copy over its last five seconds. */
export interface CopyRates {
  /** Takes the newest report and gives the rate, or undefined for the first. */
  next(copy: CopyProgress): number | undefined;
}

export function copyRates(): CopyRates {
  const samples = new Map<string, readonly Sample[]>();
  return {
    next(copy) {
      const key = copyKey(copy);
      const sample = { elapsedMs: copy.elapsedMs, rows: copy.rowsDone };
      const before = samples.get(key) ?? [];
      // A copy that began again counts from zero again.
      const restarted = before.some((other) => other.elapsedMs > sample.elapsedMs || other.rows > sample.rows);
      const kept = restarted ? [] : inWindow(before, sample.elapsedMs);
      samples.set(key, [...kept, sample]);
      const first = kept[0] ?? { elapsedMs: 0, rows: 0 };
      const span = sample.elapsedMs - first.elapsedMs;
      return span <= 0 || sample.rows === 0 ? undefined : ((sample.rows - first.rows) * 1000) / span;
    },
  };
}

export function copyKey(copy: CopyProgress): string {
  return JSON.stringify([copy.queue, copy.node, copy.table]);
}

/** Keeps one sample at or before the window's edge, so that the span stays about as long as the window. */
function inWindow(samples: readonly Sample[], nowMs: number): readonly Sample[] {
  const firstInside = samples.findIndex((sample) => sample.elapsedMs > nowMs - windowMs);
  return firstInside <= 0 ? samples.slice(firstInside < 0 ? -1 : 0) : samples.slice(firstInside - 1);
}
