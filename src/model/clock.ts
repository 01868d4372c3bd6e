/** The time and the waiting of a long-running loop, handed in so that a test can be the world. */
export interface Clock {
  /** Milliseconds that only grow; no decision is made from the wall clock. */
  now(): number;
  /** Resolves after `ms`, or at once when the signal aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
