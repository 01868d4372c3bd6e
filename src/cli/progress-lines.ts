import type { CompareProgress, CopyProgress, Progress } from '../model/progress.ts';
import type { Paint } from '../render/paint.ts';
import { compareLine, copyLine, progressLine } from '../render/progress-text.ts';
import type { ProgressDisplay } from './progress-display.ts';
import { rowRates, rowsKey } from './row-rates.ts';

const rowsEveryMs = 5_000;
const slowStepMs = 3_000;

/** One line per event, for logs: a running copy or comparison at most every five seconds, a step's start only when it takes long. */
export function progressLines(stream: { readonly write: (text: string) => void }, paint: Paint): ProgressDisplay {
  const rates = rowRates();
  const last = new Map<string, CopyProgress | CompareProgress>();
  const slowSteps = new Map<string, NodeJS.Timeout>();

  const write = (line: string): void => {
    stream.write(`${line}\n`);
  };
  const moved = (now: CopyProgress | CompareProgress): void => {
    const rate = rates.next(now);
    const before = last.get(rowsKey(now));
    const soon = before !== undefined && before.phase === now.phase && now.elapsedMs - before.elapsedMs < rowsEveryMs;
    if (soon && now.elapsedMs >= before.elapsedMs) return;
    last.set(rowsKey(now), now);
    write(now.kind === 'copy' ? copyLine(now, rate, paint) : compareLine(now, rate));
  };
  const forget = (step: string): void => {
    clearTimeout(slowSteps.get(step));
    slowSteps.delete(step);
  };
  return {
    report(progress: Progress) {
      if (progress.kind === 'copy' || progress.kind === 'compare') {
        moved(progress);
        return;
      }
      if (progress.kind === 'step_started') {
        forget(progress.step);
        slowSteps.set(progress.step, setTimeout(() => write(progressLine(progress, paint)), slowStepMs).unref());
        return;
      }
      if (progress.kind !== 'note') forget(progress.step);
      write(progressLine(progress, paint));
    },
    stop() {
      for (const step of [...slowSteps.keys()]) forget(step);
    },
  };
}
