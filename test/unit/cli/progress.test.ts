import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createProgress } from '../../../src/cli/progress.ts';
import { nodeName, queueName, tableName } from '../../../src/model/names.ts';
import type { CompareProgress, CopyProgress } from '../../../src/model/progress.ts';
import { paintWith } from '../../../src/render/paint.ts';

const paint = paintWith(false);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('without a terminal a running copy is told every five seconds and at each change of phase', () => {
  const stream = plainStream();
  const { report, stop } = createProgress({ stream, paint, json: false });
  for (let ms = 0; ms <= 11_000; ms += 500) report(aCopy({ rowsDone: ms, elapsedMs: ms }));
  report(aCopy({ phase: 'catching_up', rowsDone: 11_500, elapsedMs: 11_500 }));
  report(aCopy({ phase: 'done', rowsDone: 11_500, elapsedMs: 12_000 }));
  stop();
  expect(stream.text().split('\n')).toEqual([
    '  copy     dst1 public.orders: 0 of 200,000 rows, 1.0 MB',
    '  copy     dst1 public.orders: 5,000 of 200,000 rows, 1,000 rows/s, 1.0 MB, 3 min 15 s left',
    '  copy     dst1 public.orders: 10,000 of 200,000 rows, 1,000 rows/s, 1.0 MB, 3 min 10 s left',
    '  copy     dst1 public.orders: 11,500 rows, catching up with changes made since',
    '  copy     dst1 public.orders: in sync, 11,500 rows in 12 s, 958 rows/s, 1.0 MB',
    '',
  ]);
});

test('a comparison is told like a copy, and what was read before does not count for its speed', () => {
  const stream = plainStream();
  const lines = createProgress({ stream, paint, json: false });
  lines.report(aComparison({ rowsDone: 500_000, chunksDone: 3, elapsedMs: 1_000 }));
  lines.report(aComparison({ rowsDone: 510_000, chunksDone: 4, elapsedMs: 2_000 }));
  lines.report(aComparison({ rowsDone: 600_000, chunksDone: 12, elapsedMs: 6_000, bytesDone: 60 * 1024 ** 2 }));
  lines.report(
    aComparison({ table: undefined, tables: { done: 3, total: 12 }, rowsDone: 700_000, rowsTotal: undefined }),
  );
  lines.stop();
  expect(stream.text().split('\n')).toEqual([
    '  compare  dst1 public.orders: 500,000 of 1,000,000 rows, 3 chunks',
    '  compare  dst1 public.orders: 600,000 of 1,000,000 rows, 20,000 rows/s, 20 s left, 12 chunks, 60.0 MB',
    '  compare  dst1: 700,000 rows, 3 of 12 tables, 1 chunk',
    '',
  ]);

  const screen = terminal(100, 10);
  const bars = createProgress({ stream: screen, paint, json: false });
  bars.report(aComparison({ rowsDone: 500_000, chunksDone: 3, elapsedMs: 1_000 }));
  bars.report(aComparison({ table: tableName('public.parts'), rowsDone: 0, rowsTotal: undefined, chunksDone: 0 }));
  vi.advanceTimersByTime(500);
  expect(screen.lines()).toEqual([
    '  dst1 public.orders       [####----] 500,000 of 1,000,000 rows 3 chunks',
    '  dst1 public.parts        [????????] 0 rows 0 chunks',
  ]);
  bars.report(aComparison({ phase: 'done', rowsDone: 1_000_000, elapsedMs: 4_000 }));
  bars.stop();
});

test('without a terminal a quick step gives one line and a slow one says that it began', () => {
  const stream = plainStream();
  const { report, stop } = createProgress({ stream, paint, json: true });
  report({ kind: 'step_started', step: 'a', description: 'install the schemas on src' });
  report({ kind: 'step_done', step: 'a', description: 'install the schemas on src', elapsedMs: 300 });
  report({ kind: 'step_started', step: 'b', description: 'add table public.orders' });
  vi.advanceTimersByTime(4_000);
  report({ kind: 'step_failed', step: 'b', description: 'add table public.orders', detail: 'lock timeout' });
  report({ kind: 'step_skipped', step: 'c', description: 'add table public.parts', because: 'another failed' });
  report({ kind: 'note', node: nodeName('dst1'), text: 'no worker runs here' });
  report({ kind: 'step_started', step: 'd', description: 'never finished' });
  stop();
  vi.advanceTimersByTime(60_000);
  expect(stream.text().split('\n')).toEqual([
    '  done     install the schemas on src (0.3 s)',
    '  ...      add table public.orders',
    '  FAILED   add table public.orders: lock timeout',
    '  skipped  add table public.parts: another failed',
    '  dst1: no worker runs here',
    '',
  ]);
});

test('on a terminal running copies are bars, and what has ended stays above them as a line', () => {
  const screen = terminal(84, 10);
  const { report, stop } = createProgress({ stream: screen, paint, json: false });
  report({ kind: 'step_started', step: 'a', description: 'add tables' });
  report(aCopy({ rowsDone: 100_000, elapsedMs: 1_000 }));
  report(aCopy({ table: tableName('public.parts'), rowsDone: 50_000, elapsedMs: 1_000 }));
  vi.advanceTimersByTime(500);
  expect(screen.lines()).toEqual([
    '  ...      add tables',
    '  dst1 public.orders       [####----] 100,000/200,000 rows 100,000/s 1.0 s left 1.0',
    '  dst1 public.parts        [##------] 50,000/200,000 rows 50,000/s 3.0 s left 1.0 M',
  ]);
  report({ kind: 'step_done', step: 'a', description: 'add tables', elapsedMs: 1_200 });
  report({ kind: 'note', node: undefined, text: 'x' });
  report(aCopy({ phase: 'done', rowsDone: 200_000, elapsedMs: 2_000 }));
  report(aCopy({ table: tableName('public.parts'), phase: 'indexing', rowsDone: 200_000, elapsedMs: 4_000 }));
  vi.advanceTimersByTime(500);
  expect(screen.lines()).toEqual([
    '  done     add tables (1.2 s)',
    '  x',
    '  copy     dst1 public.orders: in sync, 200,000 rows in 2.0 s, 100,000 rows/s, 1.0 MB',
    '  dst1 public.parts        [########] 200,000 rows, building indexes',
  ]);
  report({ kind: 'note', node: undefined, text: 'last words' });
  stop();
  expect(screen.lines()).toEqual([
    '  done     add tables (1.2 s)',
    '  x',
    '  copy     dst1 public.orders: in sync, 200,000 rows in 2.0 s, 100,000 rows/s, 1.0 MB',
    '  last words',
  ]);
  expect(vi.getTimerCount()).toBe(0);
});

test('more copies than the screen has rows never scroll it', () => {
  const screen = terminal(100, 8);
  const { report, stop } = createProgress({ stream: screen, paint, json: false });
  for (let index = 0; index < 40; index += 1) {
    report(aCopy({ table: tableName(`public.t${index}`), rowsDone: 10, elapsedMs: 100 }));
  }
  vi.advanceTimersByTime(2_000);
  expect(screen.lines()).toHaveLength(6);
  stop();
  expect(screen.lines()).toEqual([]);
});

function aComparison(change: Partial<CompareProgress>): CompareProgress {
  return {
    kind: 'compare',
    queue: queueName('q'),
    node: nodeName('dst1'),
    table: tableName('public.orders'),
    phase: 'reading',
    rowsDone: 0,
    rowsTotal: 1_000_000,
    bytesDone: 0,
    chunksDone: 1,
    tables: undefined,
    elapsedMs: 0,
    ...change,
  };
}

function aCopy(change: Partial<CopyProgress>): CopyProgress {
  return {
    kind: 'copy',
    queue: queueName('replika'),
    node: nodeName('dst1'),
    table: tableName('public.orders'),
    phase: 'copying',
    rowsDone: 0,
    rowsTotal: 200_000,
    bytesDone: 1_048_576,
    elapsedMs: 0,
    ...change,
  };
}

function plainStream() {
  const parts: string[] = [];
  return {
    write: (part: string | Uint8Array) => {
      parts.push(String(part));
      return true;
    },
    text: () => parts.join(''),
  };
}

/** As much of a terminal as the display uses: what a person would see, line by line. */
function terminal(columns: number, rows: number) {
  const screen: string[] = [''];
  let row = 0;
  let column = 0;
  const put = (text: string): void => {
    const line = (screen[row] ?? '').padEnd(column);
    screen[row] = line.slice(0, column) + text + line.slice(column + text.length);
    column += text.length;
  };
  const control = (code: string, letter: string): void => {
    if (letter === 'A') row = Math.max(0, row - Number(code || 1));
    else if (letter === 'B') row += Number(code || 1);
    else if (letter === 'G') column = Number(code || 1) - 1;
    else if (letter === 'K') screen[row] = code === '2' ? '' : (screen[row] ?? '').slice(0, column);
    else if (letter === 'J') {
      screen[row] = (screen[row] ?? '').slice(0, column);
      screen.splice(row + 1);
    } else if (letter !== 'h' && letter !== 'l') throw new Error(`unexpected control ${code}${letter}`);
  };
  return {
    isTTY: true,
    columns,
    rows,
    write(part: string | Uint8Array): boolean {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the controls of a terminal
      for (const token of String(part).match(/\u001B\[\??[0-9]*[A-Za-z]|\n|[^\u001B\n]+/g) ?? []) {
        if (token === '\n') {
          row += 1;
          column = 0;
          screen[row] ??= '';
        } else if (token.startsWith('\u001B')) control(token.slice(2, -1), token.slice(-1));
        else put(token);
      }
      return true;
    },
    lines(): string[] {
      const text = screen.map((line) => line.trimEnd());
      while (text.at(-1) === '') text.pop();
      return text;
    },
  };
}
