import type { CopyProgress, Progress } from '../model/progress.ts';
import type { Paint } from '../render/paint.ts';
import { copyLine, progressLine } from '../render/progress-text.ts';
import { copyKey, copyRates } from './copy-rates.ts';
import type { ProgressDisplay, ProgressStream } from './progress-display.ts';

const copyEveryMs = 5_000;
const slowStepMs = 3_000;

/** One line per event, for logs: a running copy at most every five seconds, a step's start only when it takes long. */
export function progressLines(stream: ProgressStream, paint: Paint): ProgressDisplay {
  const rates = copyRates();
  const lastCopies = new Map<string, CopyProgress>();
  const slowSteps = new Map<string, NodeJS.Timeout>();

  const write = (line: string): void => {
    stream.write(`${line}\n`);
  };
  const copied = (copy: CopyProgress): void => {
    const rate = rates.next(copy);
    const last = lastCopies.get(copyKey(copy));
    const soon = last !== undefined && last.phase === copy.phase && copy.elapsedMs - last.elapsedMs < copyEveryMs;
    if (soon && copy.elapsedMs >= last.elapsedMs) return;
    lastCopies.set(copyKey(copy), copy);
    write(copyLine(copy, rate, paint));
  };
  const forget = (step: string): void => {
    clearTimeout(slowSteps.get(step));
    slowSteps.delete(step);
  };
  return {
    report(progress: Progress) {
      if (progress.kind === 'copy') {
        copied(progress);
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
