import type { CompareProgress, CopyProgress } from '../model/progress.ts';
import { slidingRates } from './sliding-rates.ts';

/** Rows a second of each running copy or comparison over its last five seconds. */
export interface RowRates {
  /** Takes the newest report and gives the rate, or undefined for the first. */
  next(progress: CopyProgress | CompareProgress): number | undefined;
}

export function rowRates(): RowRates {
  const rates = slidingRates();
  return {
    next(progress) {
      const sample = { atMs: progress.elapsedMs, value: progress.rowsDone };
      // What an earlier comparison read is there at once.
      const start = progress.kind === 'copy' ? { atMs: 0, value: 0 } : undefined;
      const rate = rates.next(rowsKey(progress), sample, start);
      return sample.value === 0 ? undefined : rate;
    },
  };
}

export function rowsKey({ kind, queue, node, table }: CopyProgress | CompareProgress): string {
  return JSON.stringify([kind, queue, node, table ?? null]);
}
