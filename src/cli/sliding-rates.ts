const windowMs = 5_000;

export interface Sample {
  readonly atMs: number;
  readonly value: number;
}

/** How fast counters grow, over the last five seconds. */
export interface SlidingRates {
  /** Takes the newest value of a counter and gives its growth a second; undefined where nothing can be said yet. */
  next(key: string, sample: Sample, start?: Sample): number | undefined;
}

export function slidingRates(): SlidingRates {
  const samples = new Map<string, readonly Sample[]>();
  return {
    next(key, sample, start) {
      const before = samples.get(key) ?? [];
      // What began again counts from zero again.
      const restarted = before.some(({ atMs, value }) => atMs > sample.atMs || value > sample.value);
      const kept = restarted ? [] : inWindow(before, sample.atMs);
      samples.set(key, [...kept, sample]);
      const first = kept[0] ?? start;
      const span = first === undefined ? 0 : sample.atMs - first.atMs;
      return first === undefined || span <= 0 ? undefined : ((sample.value - first.value) * 1000) / span;
    },
  };
}

/** Keeps one sample at or before the window's edge, so that the span stays about as long as the window. */
function inWindow(samples: readonly Sample[], nowMs: number): readonly Sample[] {
  const firstInside = samples.findIndex(({ atMs }) => atMs > nowMs - windowMs);
  return firstInside <= 0 ? samples.slice(firstInside < 0 ? -1 : 0) : samples.slice(firstInside - 1);
}
