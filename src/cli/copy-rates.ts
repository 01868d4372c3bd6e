import type { CopyProgress } from '../model/progress.ts';
import { slidingRates } from './sliding-rates.ts';

/** Rows a second of each running copy over its last five seconds. */
export interface CopyRates {
  /** Takes the newest report and gives the rate, or undefined for the first. */
  next(copy: CopyProgress): number | undefined;
}

export function copyRates(): CopyRates {
  const rates = slidingRates();
  return {
    next(copy) {
      const sample = { atMs: copy.elapsedMs, value: copy.rowsDone };
      const rate = rates.next(copyKey(copy), sample, { atMs: 0, value: 0 });
      return sample.value === 0 ? undefined : rate;
    },
  };
}

export function copyKey(copy: CopyProgress): string {
  return JSON.stringify([copy.queue, copy.node, copy.table]);
}
