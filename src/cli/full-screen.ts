import type { ReadStream, WriteStream } from 'node:tty';

/** The terminal, taken over and given back as it was. */
export interface FullScreen extends Disposable {
  readonly width: number;
  readonly height: number;
  /** Aborted by q or Ctrl-C, or when the terminal's input ends. */
  readonly quit: AbortSignal;
  draw(lines: readonly string[]): void;
}

const enter = '\u001B[?1049h\u001B[?25l\u001B[?7l';
const leave = '\u001B[?7h\u001B[?25h\u001B[?1049l';
const home = '\u001B[H';
const eraseLine = '\u001B[K';
const eraseBelow = '\u001B[J';
const ctrlC = '\u0003';

export function fullScreen(input: ReadStream, output: WriteStream, onResize: () => void): FullScreen {
  const quitting = new AbortController();
  const onKeys = (keys: Buffer) => {
    if (/[qQ]/.test(String(keys)) || String(keys).includes(ctrlC)) quitting.abort();
  };
  const onEnd = () => quitting.abort();
  if (input.isTTY) {
    input.setRawMode(true);
    input.on('data', onKeys);
    input.once('end', onEnd);
    input.resume();
  }
  output.on('resize', onResize);
  output.write(enter);
  let left = false;
  const giveBack = () => {
    if (left) return;
    left = true;
    output.off('resize', onResize);
    output.write(leave);
    if (!input.isTTY) return;
    input.off('data', onKeys);
    input.off('end', onEnd);
    input.setRawMode(false);
    input.pause();
  };
  // A second signal, or a bug, ends the process at once: a terminal left without its cursor would be of no use.
  process.once('exit', giveBack);
  return {
    get width() {
      return output.columns || 80;
    },
    get height() {
      return output.rows || 24;
    },
    quit: quitting.signal,
    draw(lines) {
      // Each line erases its own rest: a screen that is cleared first flickers.
      output.write(`${home}${lines.map((line) => `${line}${eraseLine}`).join('\r\n')}${eraseBelow}`);
    },
    [Symbol.dispose]() {
      process.off('exit', giveBack);
      giveBack();
    },
  };
}
