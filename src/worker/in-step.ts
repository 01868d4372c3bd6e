/**
 * How long it is to the next full `everyMs` of this process. What all its nodes do in the same moment takes one wake-up and a warm
 * cache, which is most of what a process costs while nothing happens.
 */
export function untilNext(everyMs: number, now: number): number {
  // A timer may be early by a millisecond, which would be another round.
  return Math.ceil(everyMs - (now % everyMs)) + 1;
}
