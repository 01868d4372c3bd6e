/** Waits that double from `firstMs` to `longestMs`, each with jitter, so that many workers do not come back at once. */
export interface Backoff {
  next(): number;
  reset(): void;
}

export function backoff(firstMs: number, longestMs: number): Backoff {
  let base = firstMs;
  return {
    next() {
      const wait = base * (0.5 + Math.random() * 0.5);
      base = Math.min(base * 2, longestMs);
      return wait;
    },
    reset() {
      base = firstMs;
    },
  };
}
