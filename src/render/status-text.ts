import { formatBytes, formatCount } from '../model/amounts.ts';
import type { NodeName } from '../model/names.ts';
import {
  type CascadeStatus,
  type CopyStatus,
  type Finding,
  type NodeRecords,
  type NodeStatus,
  type PresentNode,
  type QueueStatus,
  type TableStatus,
  type Verdict,
  worstOf,
} from '../model/status.ts';
import { encodeSyncState } from '../model/sync-state-codec.ts';
import type { SyncState } from '../model/table.ts';
import { describeFinding } from './describe-finding.ts';
import type { Brush, Paint } from './paint.ts';
import { countOf, formatDuration } from './units.ts';

/** Each queue as a tree by provider, with what is wrong below each node, and the sum of it. */
export function statusText(status: CascadeStatus, paint: Paint): string {
  const blocks = status.queues.map((queue) => queueText(queue, paint));
  return [...blocks, sumText(status, paint)].join('\n\n');
}

function queueText({ queue, nodes }: QueueStatus, paint: Paint): string {
  const roots = nodes.filter((node) => node.provider === undefined);
  const lines = [paint.strong(`queue ${queue}`)];
  for (const root of roots) lines.push('', ...branch(root, '', ''));
  return lines.join('\n');

  function branch(node: NodeStatus, first: string, rest: string): string[] {
    const children = nodes.filter((other) => other.provider === node.node);
    const below = children.length > 0 ? `${rest}│    ` : `${rest}     `;
    return [
      first + headline(node, paint),
      ...[...detailLines(node), ...findingLines(node, paint)].map((line) => below + line),
      ...children.flatMap((child, index) => {
        const last = index === children.length - 1;
        return [`${rest}│`, ...branch(child, `${rest}${last ? '└─ ' : '├─ '}`, `${rest}${last ? '   ' : '│  '}`)];
      }),
    ];
  }
}

function headline(node: NodeStatus, paint: Paint): string {
  const { word, brush } = verdictWord(node.verdict, paint);
  return `${paint.strong(node.node)} (${node.role})  ${brush(word)}  ${paint.faint(`${node.database}: ${node.location}`)}`;
}

export function verdictWord(verdict: Verdict, paint: Paint): { readonly word: string; readonly brush: Brush } {
  switch (verdict) {
    case 'ok':
      return { word: 'ok', brush: paint.done };
    case 'warn':
      return { word: 'WARN', brush: paint.warned };
    case 'error':
      return { word: 'ERROR', brush: paint.failed };
  }
}

function detailLines(node: NodeStatus): string[] {
  const { reading } = node;
  if (reading.kind !== 'present') return [];
  return [
    node.role === 'root' ? queueLine(reading) : `${positionText(node, reading)}; ${workerText(reading)}`,
    tablesLine(reading.tables),
    ...recordsLine(reading),
  ];
}

/** Nothing where nothing was ever left out or in the way, which is what most nodes have to say. */
function recordsLine({ skipped, conflicts }: PresentNode): string[] {
  const parts = [
    ...(skipped === undefined ? [] : [recordsText(skipped, 'skipped event')]),
    ...(conflicts === undefined ? [] : [recordsText(conflicts, 'conflict')]),
  ];
  return parts.length === 0 ? [] : [`on record: ${parts.join('; ')}`];
}

function recordsText({ count, more, lastDay, ageMs }: NodeRecords, noun: string): string {
  const ago = `the newest ${formatDuration(ageMs)} ago`;
  return `${more ? 'at least ' : ''}${countOf(count, noun)} (${formatCount(lastDay)} in the last day, ${ago})`;
}

function queueLine({ queue, tick }: PresentNode): string {
  if (queue === undefined) return `tick ${tick}`;
  const waiting = queue.eventsWaiting === 0n ? 'no events wait' : `about ${countOf(queue.eventsWaiting, 'event')} wait`;
  const ago = formatDuration(queue.sinceTickMs);
  return `tick ${queue.newestTick}, ${ago} ago; ${waiting}; queue ${formatBytes(Number(queue.bytes))}`;
}

function positionText({ subscription }: NodeStatus, { tick }: PresentNode): string {
  if (subscription === undefined || subscription === 'none') return `tick ${tick}`;
  if (subscription.ticksBehind === 0n) return `tick ${tick}, caught up`;
  const { lagMs, ticksBehind, eventsBehind } = subscription;
  const events = `about ${countOf(eventsBehind, 'event')}`;
  return `tick ${tick}, ${formatDuration(lagMs)} behind (${countOf(ticksBehind, 'tick')}, ${events})`;
}

function workerText({ heartbeat }: PresentNode): string {
  if (heartbeat === undefined) return 'worker unknown';
  const { state, host, pid, ageMs } = heartbeat;
  const where = host === undefined ? '' : ` on ${host}${pid === undefined ? '' : ` (process ${pid})`}`;
  return `worker ${state}${where}, seen ${formatDuration(ageMs)} ago`;
}

function tablesLine(tables: readonly TableStatus[]): string {
  return tables.length === 0 ? 'no tables' : `${countOf(tables.length, 'table')}: ${tablesByState(tables)}`;
}

/** `10 ok, 2 in-copy`. */
export function tablesByState(tables: readonly TableStatus[]): string {
  const byState = new Map<string, number>();
  for (const { sync } of tables) {
    const state = stateWord(sync);
    byState.set(state, (byState.get(state) ?? 0) + 1);
  }
  return [...byState].map(([state, count]) => `${formatCount(count)} ${state}`).join(', ');
}

function stateWord(sync: SyncState | undefined): string {
  const stored = sync === undefined ? 'unknown' : (encodeSyncState(sync) ?? 'waiting');
  return stored.replace(/:.*/, '');
}

/** Of each kind of finding that many are spelled out: a cascade may have thousands of tables. */
const shownOfKind = 8;

function findingLines({ findings, reading }: NodeStatus, paint: Paint): string[] {
  const kinds = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = `${finding.severity} ${finding.code}`;
    kinds.set(key, [...(kinds.get(key) ?? []), finding]);
  }
  const tables = new Map((reading.kind === 'present' ? reading.tables : []).map((table) => [table.table, table]));
  return [...kinds.values()].flatMap((same) => [
    ...same.slice(0, shownOfKind).map((finding) => `${severityWord(finding, paint)}${text(finding)}`),
    ...(same.length > shownOfKind
      ? [`${' '.repeat(7)}and ${formatCount(same.length - shownOfKind)} more like it`]
      : []),
  ]);

  function text(finding: Finding): string {
    const copy = finding.code === 'table_not_in_sync' ? tables.get(finding.table)?.copy : undefined;
    return copy === undefined ? describeFinding(finding) : `${describeFinding(finding)}: ${copyText(copy)}`;
  }
}

function severityWord({ severity }: Finding, paint: Paint): string {
  return severity === 'error' ? `${paint.failed('error')}  ` : `${paint.warned('warn')}   `;
}

function copyText(copy: CopyStatus): string {
  const total = copy.rowsTotal !== undefined && copy.rowsTotal >= copy.rowsDone;
  const rows = total
    ? `${formatCount(copy.rowsDone)} of ${countOf(copy.rowsTotal ?? 0n, 'row')}`
    : countOf(copy.rowsDone, 'row');
  return `${copy.phase.replaceAll('_', ' ')}, ${rows}, ${formatBytes(Number(copy.bytesDone))}`;
}

/** One line on all nodes. */
export function sumText(status: CascadeStatus, paint: Paint): string {
  const nodes = status.queues.flatMap((queue) => queue.nodes);
  const counted = (severity: Finding['severity']) =>
    nodes.flatMap((node) => node.findings).filter((finding) => finding.severity === severity).length;
  const { brush } = verdictWord(worstOf(nodes.map(({ verdict }) => verdict)), paint);
  const errors = counted('error');
  const warnings = counted('warn');
  if (errors + warnings === 0) return `${brush('All ok:')} ${countOf(nodes.length, 'node')}.`;
  const parts = [
    ...(errors > 0 ? [countOf(errors, 'error')] : []),
    ...(warnings > 0 ? [countOf(warnings, 'warning')] : []),
  ];
  const touched = nodes.filter(({ verdict }) => verdict !== 'ok');
  return `${brush('Not ok:')} ${parts.join(' and ')} on ${list(touched.map(({ node }) => node))}.`;
}

function list(names: readonly NodeName[]): string {
  return names.length > shownOfKind
    ? `${names.slice(0, shownOfKind).join(', ')} and ${names.length - shownOfKind} more`
    : names.join(', ');
}
