import { progressBars } from './progress-bars.ts';
import type { ProgressDisplay, ProgressStream } from './progress-display.ts';
import { progressLines } from './progress-lines.ts';

/** Bars on a terminal; elsewhere, and where a program reads along (`json`), a line now and then. */
export function createProgress(options: {
  readonly stream: ProgressStream;
  readonly color: boolean;
  readonly json: boolean;
}): ProgressDisplay {
  const bars = options.stream.isTTY === true && !options.json;
  return bars ? progressBars(options.stream) : progressLines(options.stream);
}
