import { formatCount } from '../model/amounts.ts';
import { assertNever } from '../model/exhaustive.ts';
import type { LostEvent, LostEvents, LostOutcome, RowEvent } from '../model/lost-event.ts';
import type { Paint } from './paint.ts';
import { countOf } from './units.ts';

const outcomes: readonly LostOutcome[] = ['missing', 'equal', 'conflict', 'differs', 'not_compared'];

/** For psql on the new root, once somebody has read it. What is not to be run as it is stands in comments. */
export function lostEventsScript(lost: LostEvents): string {
  return [
    `-- What ${line(lost.node)} took into queue ${line(lost.queue)} after tick ${lost.afterTick} (${lost.tickTime}), for ${line(lost.root)}.`,
    `-- ${summary(lost)}`,
    '-- Nothing was run. What is missing can be; equal, in conflict or not comparable is in comments.',
    ...remarks(lost).map((remark) => `-- ${remark}`),
    'begin;',
    ...lost.events.flatMap((event) => ['', `-- ${headOf(event, lost)}`, ...statementOf(event)]),
    '',
    'commit;',
  ].join('\n');
}

/** Text out of a database must not end a comment. */
function line(text: string): string {
  return text.replace(/[\r\n]+/g, ' ');
}

function headOf(event: LostEvent, lost: LostEvents): string {
  const { id, time, txid, table } = event;
  return `event ${id}  ${time}  transaction ${txid}  ${line(table)}: ${outcomeText(event, lost)}`;
}

function outcomeText({ outcome, now }: LostEvent, { root }: LostEvents): string {
  const held =
    now === undefined || now === null ? 'it has no such row' : `it has ${JSON.stringify(Object.fromEntries(now))}`;
  switch (outcome) {
    case 'missing':
      return `missing on ${line(root)}`;
    case 'equal':
      return `equal, ${line(root)} has that anyway`;
    case 'conflict':
      return `conflict, ${line(root)} changed the row since: ${held}`;
    case 'differs':
      return `differs, and nothing tells whether ${line(root)} changed the row since: ${held}`;
    case 'not_compared':
      return `not compared, as nothing tells its row, or ${line(root)} can not read its values`;
    default:
      return assertNever(outcome);
  }
}

function statementOf({ outcome, statement }: LostEvent): readonly string[] {
  return outcome === 'missing' ? [statement] : statement.split(/\r\n|[\r\n]/).map((part) => `-- ${part}`);
}

/** In one line, how it stands with all of them. */
function summary({ events, root }: LostEvents): string {
  if (events.length === 0) return 'No change of rows.';
  const counts = countsOf(events);
  const parts = outcomes.flatMap((outcome) => {
    const count = counts[outcome];
    return count === 0 ? [] : [`${count} ${wordOf(outcome)}`];
  });
  return `${countOf(events.length, 'change')}, compared with ${line(root)}: ${parts.join(', ')}.`;
}

function wordOf(outcome: LostOutcome): string {
  switch (outcome) {
    case 'conflict':
      return 'in conflict';
    case 'not_compared':
      return 'not compared';
    case 'missing':
    case 'equal':
    case 'differs':
      return outcome;
    default:
      return assertNever(outcome);
  }
}

function countsOf(events: readonly LostEvent[]): Readonly<Record<LostOutcome, number>> {
  const counts = { missing: 0, equal: 0, conflict: 0, differs: 0, not_compared: 0 };
  for (const { outcome } of events) counts[outcome] += 1;
  return counts;
}

function remarks({ closed, node, root, others, otherKeys, left, events }: LostEvents): readonly string[] {
  const rest = [...others].map(([type, count]) => `${count} ${line(type)}`).join(', ');
  return [
    ...(closed
      ? []
      : [`${line(node)} takes writes still, so there may be more: "trunkline apply" keeps it from them.`]),
    ...(left === 0
      ? []
      : [
          `${countOf(left, 'more change')} behind the first ${formatCount(events.length)} are left out, which may be of the same rows: run nothing of this. Take them table by table, with --table; for a table that has more, give a higher --limit.`,
        ]),
    ...otherKeys.map(
      (key) =>
        `${line(key.table)}: the rows that ${line(node)} changed go by ${columnsOf(key.node)}, those that ${line(root)} changed since by ${columnsOf(key.root)}, so nothing tells whether they are the same. Look at those that differ one by one.`,
    ),
    ...(rest === '' ? [] : [`Beside them there are events that change no row: ${rest}.`]),
  ];
}

function columnsOf(key: readonly string[]): string {
  return line(key.join(', '));
}

/** Without any row: for the one who asked, while the SQL goes elsewhere. */
export function lostEventsText(lost: LostEvents, paint: Paint): string {
  const { node, queue, afterTick, tickTime, record } = lost;
  const known =
    record === undefined
      ? ''
      : `, when ${record.replacedBy} took its place (${record.replacedAt}, ${record.appliedBy})`;
  return [
    `${paint.strong(`${queue}/${node}`)}  after tick ${afterTick} of ${tickTime}${known}`,
    summary(lost),
    ...remarks(lost),
  ].join('\n');
}

/** What `lost-events --json` prints; `schemas/lost-events.schema.json` describes it. */
export function lostEventsJson(lost: LostEvents) {
  const { record } = lost;
  return {
    formatVersion: 1,
    queue: lost.queue,
    node: lost.node,
    root: lost.root,
    afterTick: Number(lost.afterTick),
    tickTime: lost.tickTime,
    replaced:
      record === undefined ? null : { by: record.replacedBy, at: record.replacedAt, appliedBy: record.appliedBy },
    closed: lost.closed,
    counts: countsOf(lost.events),
    left: lost.left,
    changes: lost.events.map((event) => ({
      event: Number(event.id),
      transaction: Number(event.txid),
      time: event.time,
      table: event.table,
      ...changeJson(event),
      outcome: event.outcome,
      now: event.now === undefined || event.now === null ? null : Object.fromEntries(event.now),
      statement: event.statement,
    })),
    otherKeys: lost.otherKeys,
    others: [...lost.others].map(([type, count]) => ({ type, count })),
  };
}

const kinds = { I: 'insert', U: 'update', D: 'delete' } as const;

function changeJson({ change }: RowEvent) {
  switch (change.kind) {
    case 'row':
      return { kind: kinds[change.op], key: change.key, values: Object.fromEntries(change.values) };
    case 'sql':
      return { kind: kinds[change.op], key: null, values: null };
    case 'truncate':
      return { kind: 'truncate', key: null, values: null };
    default:
      return assertNever(change);
  }
}
