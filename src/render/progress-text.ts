import { formatBytes, formatCount } from '../model/amounts.ts';
import { assertNever } from '../model/exhaustive.ts';
import type { CompareProgress, CopyProgress, Progress } from '../model/progress.ts';
import type { Paint } from './paint.ts';
import { countOf, formatDuration } from './units.ts';
import { cutTo, padTo, widthOf } from './width.ts';

export type StepProgress = Exclude<Progress, CopyProgress | CompareProgress>;

/** One line for what became of a step, or a remark. A step that only started says so when it takes long. */
export function progressLine(progress: StepProgress, paint: Paint): string {
  switch (progress.kind) {
    case 'step_started':
      return `  ...      ${progress.description}`;
    case 'step_done':
      return `  ${paint.done('done')}     ${progress.description} (${formatDuration(progress.elapsedMs)})`;
    case 'step_failed':
      return `  ${paint.failed('FAILED')}   ${progress.description}: ${progress.detail}`;
    case 'step_skipped':
      return `  ${paint.warned('skipped')}  ${progress.description}: ${progress.because}`;
    case 'note':
      return progress.node === undefined ? `  ${progress.text}` : `  ${progress.node}: ${progress.text}`;
    default:
      return assertNever(progress);
  }
}

/** One line about a copy; `rowsPerSecond` undefined where nothing is known yet. */
export function copyLine(copy: CopyProgress, rowsPerSecond: number | undefined, paint: Paint): string {
  const detail = copyDetail(copy, rowsPerSecond);
  const word = copy.phase === 'failed' ? paint.failed('copy') : copy.phase === 'done' ? paint.done('copy') : 'copy';
  return `  ${word}     ${copy.node} ${copy.table}: ${detail}`;
}

/** One line within `width` columns with a bar in it. Columns depend on the width alone, so that bars stand in line. */
export function copyBar(copy: CopyProgress, rowsPerSecond: number | undefined, width: number): string {
  const detail = copy.phase === 'copying' ? shortDetail(copy, rowsPerSecond) : copyDetail(copy, rowsPerSecond);
  return barLine(`${copy.node} ${copy.table}`, copyShare(copy), detail, width);
}

function barLine(name: string, share: number | undefined, detail: string, width: number): string {
  const wide = width >= 110;
  const cells = wide ? 24 : 8;
  const filled = Math.round((share ?? 0) * cells);
  const bar = share === undefined ? '?'.repeat(cells) : `${'#'.repeat(filled)}${'-'.repeat(cells - filled)}`;
  return cutTo(`  ${fitTo(name, wide ? 36 : 24)} [${bar}] ${detail}`, Math.max(0, width - 1));
}

/** One line about a comparison, of one table or of all. */
export function compareLine(compare: CompareProgress, rowsPerSecond: number | undefined): string {
  const { table, node } = compare;
  const name = table === undefined ? node : `${node} ${table}`;
  return `  compare  ${name}: ${compareDetail(compare, rowsPerSecond).join(', ')}`;
}

/** As `copyBar`, beside which it may stand. */
export function compareBar(compare: CompareProgress, rowsPerSecond: number | undefined, width: number): string {
  const { table, node, rowsDone, rowsTotal } = compare;
  const share = rowsTotal === undefined || rowsTotal === 0 ? undefined : Math.min(1, rowsDone / rowsTotal);
  const name = table === undefined ? node : `${node} ${table}`;
  return barLine(name, share, compareDetail(compare, rowsPerSecond).join(' '), width);
}

/** What matters least stands last: a narrow terminal cuts it off. */
function compareDetail(compare: CompareProgress, rowsPerSecond: number | undefined): readonly string[] {
  const { rowsDone, rowsTotal, bytesDone, chunksDone, tables, phase } = compare;
  const known = rowsTotal !== undefined && rowsDone < rowsTotal;
  return [
    known ? `${formatCount(rowsDone)} of ${formatCount(rowsTotal)} rows` : countOf(rowsDone, 'row'),
    ...(rowsPerSecond === undefined ? [] : [`${formatCount(rowsPerSecond)} rows/s`]),
    ...(phase === 'reading' ? timeLeft(rowsDone, rowsTotal, rowsPerSecond) : []),
    ...(tables === undefined ? [] : [`${formatCount(tables.done)} of ${countOf(tables.total, 'table')}`]),
    countOf(chunksDone, 'chunk'),
    ...(bytesDone === 0 ? [] : [formatBytes(bytesDone)]),
  ];
}

/** What matters least stands last: a narrow terminal cuts it off. */
function shortDetail(copy: CopyProgress, rowsPerSecond: number | undefined): string {
  const total = copy.rowsTotal === undefined || copy.rowsDone > copy.rowsTotal ? '' : `/${formatCount(copy.rowsTotal)}`;
  return [
    `${formatCount(copy.rowsDone)}${total} rows`,
    ...(rowsPerSecond === undefined ? [] : [`${formatCount(rowsPerSecond)}/s`]),
    ...copyEta(copy, rowsPerSecond),
    formatBytes(copy.bytesDone),
  ].join(' ');
}

function copyDetail(copy: CopyProgress, rowsPerSecond: number | undefined): string {
  const rows = copyRows(copy);
  const bytes = copy.bytesDone === 0 ? [] : [formatBytes(copy.bytesDone)];
  const rate = rowsPerSecond === undefined ? [] : [`${formatCount(rowsPerSecond)} rows/s`];
  switch (copy.phase) {
    case 'starting':
      return 'starting';
    case 'copying':
      return [rows, ...rate, ...bytes, ...copyEta(copy, rowsPerSecond)].join(', ');
    case 'indexing':
      return `${rows}, building indexes`;
    case 'catching_up':
      return `${rows}, catching up with changes made since`;
    case 'handing_over':
      return `${rows}, handing over to the worker`;
    case 'done': {
      const average = copy.elapsedMs > 0 && copy.rowsDone > 0 ? [averageRate(copy)] : [];
      return [
        `in sync, ${countOf(copy.rowsDone, 'row')} in ${formatDuration(copy.elapsedMs)}`,
        ...average,
        ...bytes,
      ].join(', ');
    }
    case 'failed':
      return `FAILED after ${countOf(copy.rowsDone, 'row')}`;
    default:
      return assertNever(copy.phase);
  }
}

function averageRate(copy: CopyProgress): string {
  return `${formatCount((copy.rowsDone * 1000) / copy.elapsedMs)} rows/s`;
}

function copyRows(copy: CopyProgress): string {
  // The total is an estimate: one that was passed is wrong, so it is not shown.
  if (copy.rowsTotal === undefined || copy.rowsDone > copy.rowsTotal || copy.phase !== 'copying') {
    return countOf(copy.rowsDone, 'row');
  }
  return `${formatCount(copy.rowsDone)} of ${formatCount(copy.rowsTotal)} rows`;
}

function copyEta(copy: CopyProgress, rowsPerSecond: number | undefined): string[] {
  return timeLeft(copy.rowsDone, copy.rowsTotal, rowsPerSecond);
}

function timeLeft(rowsDone: number, rowsTotal: number | undefined, rowsPerSecond: number | undefined): string[] {
  if (rowsTotal === undefined || rowsPerSecond === undefined || rowsPerSecond <= 0) return [];
  const left = rowsTotal - rowsDone;
  return left < 0 ? [] : [`${formatDuration((left * 1000) / rowsPerSecond)} left`];
}

function copyShare(copy: CopyProgress): number | undefined {
  if (copy.phase === 'starting') return 0;
  if (copy.phase !== 'copying') return 1;
  if (copy.rowsTotal === undefined || copy.rowsTotal === 0) return undefined;
  return Math.min(1, copy.rowsDone / copy.rowsTotal);
}

function fitTo(text: string, width: number): string {
  return widthOf(text) <= width ? padTo(text, width) : padTo(`${cutTo(text, width - 1)}…`, width);
}
