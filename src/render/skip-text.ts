import type { Conflict } from '../model/conflict.ts';
import { assertNever } from '../model/exhaustive.ts';
import { mostSkipped, type Skipped, type SkippedEvent, type StuckBatch, type WaitingEvent } from '../model/skip.ts';
import type { Paint } from './paint.ts';
import { countOf } from './units.ts';

const mostShown = 20;

/** The batch that is in the way, and what it holds. */
export function stuckBatchText(batch: StuckBatch, paint: Paint): string {
  const { queue, node, table, fromTick, toTick, error, events } = batch;
  const who = table === undefined ? `${queue}/${node}` : `${queue}/${node}/${table}`;
  const many = events.length > mostSkipped ? `more than ${mostSkipped} events` : countOf(events.length, 'event');
  const rest = Math.min(events.length, mostSkipped) - mostShown;
  return [
    `${paint.strong(who)}  can not get past the batch from tick ${fromTick} to ${toTick}, with ${many}:`,
    `  ${paint.failed(error)}`,
    ...events.slice(0, mostShown).map((event) => `  ${eventText(event)}`),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
  ].join('\n');
}

function eventText({ id, type, extra1, time }: WaitingEvent): string {
  return `event ${id}  ${type}  ${extra1 ?? ''}  ${time}`;
}

export function skippedText({ skipped, outcome }: Skipped): string {
  const what = countOf(skipped.length, 'event');
  switch (outcome.kind) {
    case 'looked':
      return 'Nothing was skipped. Name events with --event, or the whole batch with --batch.';
    case 'passed':
      return `Skipped ${what}, and got past the batch. "trunkline log --skipped" shows them.`;
    case 'failed':
      return `Skipped ${what}, and something else is in the way: ${outcome.error}`;
    case 'waiting':
      return `Skipped ${what}. The worker has not come past the batch yet; see "trunkline status".`;
    default:
      return assertNever(outcome);
  }
}

/** What `skip --json` prints; `schemas/skip.schema.json` describes it. */
export function skipJson({ batch, skipped, outcome }: Skipped) {
  const eventJson = ({ id, type, extra1, time }: WaitingEvent) => ({
    id: Number(id),
    type,
    extra1: extra1 ?? null,
    time,
  });
  return {
    formatVersion: 1,
    queue: batch.queue,
    node: batch.node,
    table: batch.table ?? null,
    fromTick: Number(batch.fromTick),
    toTick: Number(batch.toTick),
    error: batch.error,
    events: batch.events.slice(0, mostSkipped).map(eventJson),
    complete: batch.events.length <= mostSkipped,
    skipped: skipped.map(({ id }) => Number(id)),
    outcome: outcome.kind,
    nextError: outcome.kind === 'failed' ? outcome.error : null,
  };
}

/** One line an event; what they held is in the JSON. */
export function skippedEventsText(events: readonly SkippedEvent[], paint: Paint): string {
  if (events.length === 0) return 'Nothing was skipped.';
  return events
    .map(
      ({ queue, node, id, type, extra1, skippedAt, skippedBy, client, reason }) =>
        `${paint.strong(`${queue}/${node}`)}  event ${id}  ${type ?? ''}  ${extra1 ?? ''}  ${skippedAt} by ${skippedBy} on ${client}: ${reason}`,
    )
    .join('\n');
}

/** Both rows of each. */
export function conflictsText(conflicts: readonly Conflict[], paint: Paint): string {
  if (conflicts.length === 0)
    return 'No conflict was written down. Tables with "conflict: keep" or "conflict: log" do so.';
  return conflicts
    .map(
      ({ queue, node, table, kind, policy, noticedAt, rowHere, rowOfProvider }) =>
        `${paint.strong(`${queue}/${node}/${table}`)}  ${kind}  ${policy}  ${noticedAt}\n  here      ${JSON.stringify(rowHere)}\n  provider  ${JSON.stringify(rowOfProvider)}`,
    )
    .join('\n');
}
