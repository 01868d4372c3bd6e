import type { Clock } from '../model/clock.ts';

/** How often a provider is asked that tells of its ticks: should a word be lost, it is not waited for longer. */
const askToldMs = 5_000;
/** Whoever looks each second must not find that a moment is missing. */
const marginMs = 500;

/**
 * Whether a provider may have a tick that was not read, by what it has told on one connection. Where the last one that was read is the
 * newest that was told of, the ticker there tells of every one. A tick that came without a word makes the two differ, as where another
 * tool has begun to tick: then it may have more at any time.
 */
export interface ToldTicks {
  /** False where that is no news. */
  hear(tick: bigint): boolean;
  /** A batch that ends there was finished. */
  read(tick: bigint): void;
  /** It was asked, and had none. */
  none(): void;
  mayHaveMore(): boolean;
}

export function toldTicks(clock: Clock): ToldTicks {
  let told: bigint | undefined;
  let read: bigint | undefined;
  let noneAt = Number.NEGATIVE_INFINITY;
  return {
    hear(tick) {
      if (told !== undefined && tick <= told) return false;
      told = tick;
      return true;
    },
    read(tick) {
      read = tick;
    },
    none() {
      noneAt = clock.now();
    },
    mayHaveMore: () => told === undefined || told !== read || clock.now() - noneAt >= askToldMs - marginMs,
  };
}
