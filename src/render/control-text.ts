import type { Awaited, RetriedTable, ToldWorker } from '../model/control.ts';
import { assertNever } from '../model/exhaustive.ts';
import type { Paint } from './paint.ts';

export function toldWorkersText(nodes: readonly ToldWorker[], paint: Paint): string {
  return nodes.map((told) => `${paint.strong(`${told.queue}/${told.node}`)}  ${wordOf(told)}`).join('\n');
}

function wordOf({ paused, changed, confirmed, tick }: ToldWorker): string {
  const state = paused ? `paused at tick ${tick}` : 'goes on';
  const before = changed ? '' : paused ? ', as before' : ': it was not paused';
  return confirmed ? `${state}${before}` : `${state}${before}; no worker runs for it now`;
}

export function retriedTablesText(tables: readonly RetriedTable[], paint: Paint): string {
  if (tables.length === 0) return 'Nothing to try again: none of these tables is parked.';
  return tables
    .map(({ queue, node, table, outcome }) => `${paint.strong(`${queue}/${node}/${table}`)}  ${outcomeText(outcome)}`)
    .join('\n');
}

function outcomeText(outcome: RetriedTable['outcome']): string {
  switch (outcome.kind) {
    case 'in_sync':
      return 'in sync again';
    case 'catching_up':
      return 'catches up; "trunkline status" shows how far it is';
    case 'failed':
      return `still cannot go on: ${outcome.error}`;
    case 'no_worker':
      return 'will be tried when a worker runs for the node; none does now';
    default:
      return assertNever(outcome);
  }
}

export function awaitedText({ nodes }: Awaited, paint: Paint): string {
  if (nodes.length === 0) return 'Nothing to wait for: a root has what is committed there.';
  return nodes
    .map(({ queue, node, until, tick, reached, waitedMs }) => {
      const seconds = (waitedMs / 1000).toFixed(1);
      const where = tick === undefined ? 'does not answer' : `is at tick ${tick}`;
      const said = reached ? `has reached tick ${until} (${seconds} s)` : `${where}, not at ${until} (${seconds} s)`;
      return `${paint.strong(`${queue}/${node}`)}  ${said}`;
    })
    .join('\n');
}
