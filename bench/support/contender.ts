import type { DebianPrograms } from '../../test/support/debian-programs.ts';
import type { Pair } from './pair.ts';

/** One way to replicate the workload's tables, as its own documentation sets it up, with default settings. */
export interface Contender {
  readonly name: string;
  /** Until changes are captured and, where it has them, ticked; both sides hold the same rows, and nothing is applied. */
  prepare(pair: Pair, programs: DebianPrograms): Promise<Replica>;
}

export interface Replica {
  /** Processes beside the servers, those that only start with {@link start} left out. */
  readonly pids: readonly number[];
  /** Begins to apply. Gives the processes that do it; none where a server does it itself. */
  start(): Promise<readonly number[]>;
  stop(): Promise<void>;
}
