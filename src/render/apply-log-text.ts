import type { ApplyLogEntry, ApplyLogStep } from '../model/apply-log.ts';
import type { Paint } from './paint.ts';
import { countOf, formatDuration } from './units.ts';
import { padTo, widthOf } from './width.ts';

/** One line an apply. */
export function applyLogText(entries: readonly ApplyLogEntry[], paint: Paint): string {
  if (entries.length === 0) return 'Nothing was applied yet.';
  const rows = entries.map((entry) => [
    nameOf(entry),
    timeText(entry.startedAt),
    resultOf(entry),
    entry.appliedBy ?? '',
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ''))));
  return entries
    .map((entry, index) => {
      const [name, time, , by] = (rows[index] ?? []).map((text, column) => padTo(text, widths[column] ?? 0));
      const result = painted(entry, paint)(padTo(rows[index]?.[2] ?? '', widths[2] ?? 0));
      return `${paint.strong(name ?? '')}  ${time}  ${result}  ${by}  ${countsOf(entry)}`.trimEnd();
    })
    .join('\n');
}

/** One apply with its steps. */
export function applyLogEntryText(entry: ApplyLogEntry, paint: Paint): string {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['plan', entry.planId],
    ['by', entry.client === undefined ? entry.appliedBy : `${entry.appliedBy} on ${entry.client}`],
    ['with', entry.version === undefined ? undefined : `trunkline ${entry.version}`],
    ['began', timeText(entry.startedAt)],
    ['ended', entry.finishedAt === undefined ? undefined : timeText(entry.finishedAt)],
    ['took', entry.durationMs === undefined ? undefined : formatDuration(entry.durationMs)],
    ['result', painted(entry, paint)(resultOf(entry))],
  ];
  return [
    paint.strong(`apply ${nameOf(entry)}`),
    ...facts.flatMap(([key, value]) => (value === undefined ? [] : [`  ${key.padEnd(6)}  ${value}`])),
    ...(entry.steps ?? []).map((step) => stepLine(step, paint)),
  ].join('\n');
}

function stepLine({ description, durationMs, result, detail }: ApplyLogStep, paint: Paint): string {
  const took = durationMs === undefined ? '' : ` (${formatDuration(durationMs)})`;
  const word = result === 'done' ? paint.done('done'.padEnd(7)) : paint.failed(result.toUpperCase().padEnd(7));
  return `  ${word} ${description}${took}${detail === undefined ? '' : `: ${detail}`}`;
}

function nameOf({ database, id }: ApplyLogEntry): string {
  return `${database}/${id}`;
}

/** An apply that was killed can't say so. */
function resultOf({ result, finishedAt }: ApplyLogEntry): string {
  return finishedAt === undefined ? 'not ended' : (result ?? 'unknown');
}

function painted(entry: ApplyLogEntry, paint: Paint) {
  if (entry.finishedAt === undefined) return paint.warned;
  return entry.result === 'done' ? paint.done : paint.failed;
}

function countsOf({ done, failed }: ApplyLogEntry): string {
  return failed === 0 ? countOf(done, 'step') : `${countOf(done, 'step')}, ${failed} failed`;
}

function timeText(time: string): string {
  return time.replace('T', ' ').replace(/Z$/, ' UTC');
}
