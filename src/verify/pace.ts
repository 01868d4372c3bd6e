import type { Clock } from '../model/clock.ts';
import type { PaceSettings } from '../model/pace.ts';

const leastRows = 100;
const chunkMs = 2_000;

/** Keeps the rows that are read within the rate that is asked for. */
export interface Pace {
  /** How long to wait before the next rows may be read. */
  waitMs(): number;
  read(rows: bigint): void;
}

export function paceOf(clock: Clock, { rowsPerSecond }: PaceSettings): Pace {
  let nextAt = clock.now();
  return {
    waitMs: () => (rowsPerSecond === undefined ? 0 : Math.max(0, nextAt - clock.now())),
    read(rows) {
      if (rowsPerSecond === undefined) return;
      nextAt = Math.max(nextAt, clock.now() - 1_000) + (Number(rows) * 1_000) / rowsPerSecond;
    },
  };
}

/** How many rows to read at a time after so many took so long; at first, how many to begin with. */
export function chunkRowsAfter(
  { maxSnapshotMs, rowsPerSecond, firstChunkRows }: PaceSettings,
  last: { readonly rows: number; readonly tookMs: number } | undefined,
): number {
  const most = rowsPerSecond ?? Number.POSITIVE_INFINITY;
  if (last === undefined) return Math.min(firstChunkRows, most);
  const aim = Math.max(250, Math.min(chunkMs, maxSnapshotMs / 4));
  const factor = Math.min(4, Math.max(0.25, aim / Math.max(1, last.tookMs)));
  return Math.min(most, Math.max(leastRows, Math.floor(last.rows * factor)));
}
