import type { Paint } from '../render/paint.ts';
import { tell } from './output.ts';
import { progressBars } from './progress-bars.ts';
import type { ProgressDisplay, ProgressStream } from './progress-display.ts';
import { progressLines } from './progress-lines.ts';

/** Bars on a terminal; elsewhere, and where a program reads along (`json`), a line now and then. */
export function createProgress(options: {
  readonly stream: ProgressStream;
  /** For the same stream. */
  readonly paint: Paint;
  readonly json: boolean;
}): ProgressDisplay {
  const bars = options.stream.isTTY === true && !options.json;
  if (bars) return progressBars(options.stream, options.paint);
  return progressLines({ write: (text: string) => tell(options.stream, text) }, options.paint);
}
