import type { WriteStream } from 'node:tty';
import type { Report } from '../model/progress.ts';

/** Where progress goes: `process.stderr`, or a stand-in of a test. */
export type ProgressStream = Pick<NodeJS.WriteStream, 'write'> &
  Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'rows'>>;

export interface ProgressDisplay {
  readonly report: Report;
  /** Ends the display: call it before anything else is written to the stream, and in `finally`. Twice is fine. */
  stop(): void;
}
