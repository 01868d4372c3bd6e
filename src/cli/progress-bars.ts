import { MultiBar, type SingleBar } from 'cli-progress';
import type { CompareProgress, CopyProgress, Progress } from '../model/progress.ts';
import type { Paint } from '../render/paint.ts';
import { compareBar, copyBar, copyLine, progressLine } from '../render/progress-text.ts';
import type { ProgressDisplay, ProgressStream } from './progress-display.ts';
import { rowRates, rowsKey } from './row-rates.ts';

interface Shown {
  readonly bar: SingleBar;
  text: (width: number) => string;
}

/** A bar for each running copy and a line for each running step; what has ended scrolls up as ordinary lines. */
export function progressBars(stream: ProgressStream, paint: Paint): ProgressDisplay {
  const rates = rowRates();
  const shown = new Map<string, Shown>();
  let multi: MultiBar | undefined;
  let stopped = false;

  const line = (text: string): void => {
    // What the line overwrites may be longer than the line: erase the rest.
    if (multi === undefined) stream.write(`${text}\n`);
    else multi.log(`${text}\u001B[K\n`);
  };
  const show = (key: string, text: (width: number) => string): void => {
    const known = shown.get(key);
    if (known !== undefined) {
      known.text = text;
      return;
    }
    // More bars than the screen has rows would scroll away and be drawn again and again.
    if (stopped || shown.size >= (stream.rows ?? 24) - 2) return;
    multi ??= new MultiBar({
      stream: stream as NodeJS.WriteStream,
      format: (_options, params, payload: { readonly key: string }) =>
        shown.get(payload.key)?.text((params as { readonly maxWidth?: number }).maxWidth ?? 80) ?? '',
      linewrap: true,
      clearOnComplete: true,
      forceRedraw: true,
      fps: 8,
    });
    shown.set(key, { bar: multi.create(1, 0, { key }), text });
  };
  const hide = (key: string, farewell: string | undefined): void => {
    if (farewell !== undefined) line(farewell);
    const known = shown.get(key);
    if (known === undefined) return;
    shown.delete(key);
    multi?.remove(known.bar);
    if (shown.size === 0) end();
  };
  const end = (): void => {
    // Lines that wait for the next redraw would be lost.
    multi?.update();
    multi?.stop();
    multi = undefined;
  };
  const copied = (copy: CopyProgress): void => {
    const rate = rates.next(copy);
    if (copy.phase === 'done' || copy.phase === 'failed') hide(rowsKey(copy), copyLine(copy, rate, paint));
    else show(rowsKey(copy), (width) => copyBar(copy, rate, width));
  };
  /** What became of each table is told in the end. */
  const compared = (compare: CompareProgress): void => {
    const rate = rates.next(compare);
    if (compare.phase === 'done') hide(rowsKey(compare), undefined);
    else show(rowsKey(compare), (width) => compareBar(compare, rate, width));
  };
  return {
    report(progress: Progress) {
      if (progress.kind === 'copy') copied(progress);
      else if (progress.kind === 'compare') compared(progress);
      else if (progress.kind === 'note') line(progressLine(progress, paint));
      else if (progress.kind === 'step_started') show(progress.step, () => progressLine(progress, paint));
      else hide(progress.step, progressLine(progress, paint));
    },
    stop() {
      stopped = true;
      shown.clear();
      end();
    },
  };
}
