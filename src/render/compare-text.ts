import { formatBytes, formatCount } from '../model/amounts.ts';
import {
  type ComparedNode,
  type ComparedSequence,
  type ComparedTable,
  type Comparison,
  comparisonIsEqual,
  type DifferentRow,
  type RowDifferences,
  type TableSum,
} from '../model/comparison.ts';
import { assertNever } from '../model/exhaustive.ts';
import { encodeSyncState } from '../model/sync-state-codec.ts';
import type { SyncState } from '../model/table.ts';
import type { Brush, Paint } from './paint.ts';
import { countOf, formatDuration } from './units.ts';
import { padTo, widthOf } from './width.ts';

/** A block per node, a line per table with what differs below it, and the outcome in one sentence. */
export function compareText(comparison: Comparison, paint: Paint): string {
  const blocks = comparison.nodes.map((node) => nodeText(node, paint));
  return [...blocks, outcome(comparison, paint)].join('\n\n');
}

/** What stands in the catalog is what other tools say too: `not in sync yet (state catching-up)`. */
export function notInSyncText(state: SyncState | undefined): string {
  const stored = state === undefined ? 'unknown' : encodeSyncState(state);
  return stored === null ? 'waits for its first copy' : `not in sync yet (state ${stored})`;
}

function nodeText(node: ComparedNode, paint: Paint): string {
  const { tick, firstTick } = node;
  const at = tick === firstTick ? `tick ${tick}` : `one tick after another from ${firstTick} to ${tick}`;
  const head = `${paint.strong(node.node)} of queue ${node.queue} beside ${node.provider}, both at ${at}`;
  const width = Math.max(0, ...node.tables.map((table) => widthOf(tableNames(table))), ...sequenceWidths(node));
  const lines = [
    head,
    ...(node.workerError === undefined ? [] : [`  ${paint.failed('its worker says')}  ${firstLine(node.workerError)}`]),
    ...node.tables.flatMap((table) => tableLines(table, node, width, paint)),
    ...node.sequences.map((sequence) => sequenceLine(sequence, width, paint)),
  ];
  if (node.tables.length + node.sequences.length === 0) lines.push('  nothing to compare: no table is replicated here');
  return lines.join('\n');
}

const verdictWidth = 15;

function tableLines(table: ComparedTable, node: ComparedNode, width: number, paint: Paint): string[] {
  const { word, brush, rest, below } = tableVerdict(table);
  const where = table.where === undefined ? [] : [`where ${oneLine(table.where)}`];
  return [
    line(word, brush, tableNames(table), width, rest),
    ...[...where, ...below, ...columnRemarks(table), ...snapshotRemark(table, node)].map(
      (text) => `${' '.repeat(verdictWidth + 4)}${paint.faint(text)}`,
    ),
  ];

  function tableVerdict({ verdict }: ComparedTable): VerdictText {
    switch (verdict.kind) {
      case 'equal':
        return { word: 'equal', brush: paint.done, rest: sumText(verdict.subscriber), below: [] };
      case 'different':
        return {
          word: 'DIFFERENT',
          brush: paint.failed,
          rest: rowDifference(verdict.provider, verdict.subscriber),
          below: [
            `provider    ${sumText(verdict.provider)}`,
            `subscriber  ${sumText(verdict.subscriber)}`,
            ...rowLines(verdict.rows),
          ],
        };
      case 'not_in_sync':
        return {
          word: 'NOT IN SYNC',
          brush: paint.warned,
          rest: notInSyncText(verdict.state),
          below: [],
        };
      case 'foreign_handler':
        return { word: 'NOT COMPARED', brush: paint.warned, rest: "another tool's handler fills it", below: [] };
      case 'not_held':
        return { word: 'NOT COMPARED', brush: paint.faint, rest: 'its handler decides what is here', below: [] };
      case 'missing':
        return {
          word: 'MISSING',
          brush: paint.failed,
          rest: `there is no such table on the ${verdict.side}`,
          below: [],
        };
      case 'unreadable':
        return {
          word: 'NOT READ',
          brush: paint.failed,
          rest: `the ${verdict.side} says: ${verdict.detail}`,
          below: [],
        };
      default:
        return assertNever(verdict);
    }
  }
}

interface VerdictText {
  readonly word: string;
  readonly brush: Brush;
  readonly rest: string;
  readonly below: readonly string[];
}

function line(word: string, brush: Brush, names: string, width: number, rest: string): string {
  return `  ${brush(word)}${' '.repeat(verdictWidth - word.length)}${padTo(names, width)}  ${rest}`;
}

function tableNames({ table, target }: ComparedTable): string {
  return table === target ? table : `${table} -> ${target}`;
}

function sumText({ rows, checksum }: TableSum): string {
  return `${countOf(rows, 'row')}, checksum ${checksum}`;
}

function rowLines(rows: RowDifferences): readonly string[] {
  switch (rows.kind) {
    case 'not_asked':
      return [];
    case 'no_key':
      return ['no key tells its rows apart, so they are not listed'];
    case 'found':
      return [
        ...rows.rows.map((row) => rowLine(row, rows.key)),
        ...(rows.more ? ['and others; --rows lists more'] : []),
      ];
    default:
      return assertNever(rows);
  }
}

const kindWidth = 'different'.length;

function rowLine(row: DifferentRow, key: readonly string[]): string {
  const named = key.map((column, index) => `${column}=${printable(row.key[index] ?? null)}`).join(', ');
  if (row.kind !== 'different') return `${row.kind.padEnd(kindWidth)}  ${named}`;
  const columns = row.columns.map(({ column, values }) =>
    values === undefined
      ? column
      : `${column} (provider ${printable(values.provider)}, subscriber ${printable(values.subscriber)})`,
  );
  return `${row.kind.padEnd(kindWidth)}  ${named}  in ${columns.join(', ')}`;
}

/** Long texts are cut, and nothing in them reaches the terminal as a command. */
function printable(value: string | null): string {
  if (value === null) return 'NULL';
  const text = value.length > 80 ? `${value.slice(0, 79)}…` : value;
  return /^[\w.:+-]+$/u.test(text) ? text : JSON.stringify(text).replaceAll(/\p{C}/gu, escaped);
}

function escaped(char: string): string {
  return `\\u{${char.codePointAt(0)?.toString(16)}}`;
}

function rowDifference(provider: TableSum, subscriber: TableSum): string {
  const difference = subscriber.rows - provider.rows;
  if (difference === 0n) return 'as many rows, but not the same';
  return difference > 0n ? `${countOf(difference, 'row')} too many` : `${countOf(-difference, 'row')} missing`;
}

function columnRemarks(table: ComparedTable): string[] {
  const remark = (names: readonly string[], text: string) =>
    names.length === 0 ? [] : [`${text}: ${names.join(', ')}`];
  return [
    ...remark(table.onlyOnProvider, 'warning: columns that only the provider has'),
    ...remark(table.onlyOnSubscriber, 'warning: columns that only the subscriber has'),
    ...remark(table.generated, 'not compared, as they are generated'),
  ];
}

/** Small ones, and those that are read soon enough, are in nobody's way. */
function snapshotRemark({ oneSnapshot }: ComparedTable, { node, provider }: ComparedNode): readonly string[] {
  if (oneSnapshot?.tooLong !== true) return [];
  const { bytes, heldMs } = oneSnapshot;
  return [
    `warning: ${formatBytes(Number(bytes))} read in one snapshot, for ${formatDuration(heldMs)} in which vacuum removed nothing on the servers of ${provider} and ${node}:`,
    'its key can not be cut into ranges that are the same on both. Compare it by itself when that does least harm, or give both sides an',
    'index that begins with a column of its key that can be cut (docs/reference/compare.md, large tables)',
  ];
}

function sequenceLine(sequence: ComparedSequence, width: number, paint: Paint): string {
  const value = (side: bigint | undefined) => (side === undefined ? 'missing' : formatCount(side));
  return line(
    sequence.behind ? 'BEHIND' : 'ahead',
    sequence.behind ? paint.failed : paint.done,
    `sequence ${sequence.sequence}`,
    width,
    `provider ${value(sequence.provider)}, subscriber ${value(sequence.subscriber)}`,
  );
}

function sequenceWidths(node: ComparedNode): number[] {
  return node.sequences.map(({ sequence }) => widthOf(`sequence ${sequence}`));
}

function outcome(comparison: Comparison, paint: Paint): string {
  const tables = comparison.nodes.flatMap((node) => node.tables);
  const behind = comparison.nodes.flatMap((node) => node.sequences).filter((sequence) => sequence.behind);
  const unequal = tables.filter((table) => table.verdict.kind !== 'equal');
  const different = unequal.filter((table) => table.verdict.kind === 'different');
  const where = `on ${countOf(comparison.nodes.length, 'node')}`;
  if (comparisonIsEqual(comparison)) {
    return tables.length === 0
      ? 'Nothing to compare.'
      : `${paint.done('Equal:')} ${countOf(tables.length, 'table')} ${where}.`;
  }
  const parts = [
    ...(unequal.length > 0 ? [`${formatCount(unequal.length)} of ${countOf(tables.length, 'table')} ${where}`] : []),
    ...(behind.length > 0 ? [`${countOf(behind.length, 'sequence')} behind`] : []),
    ...(comparison.problems.length > 0 ? [`${countOf(comparison.problems.length, 'node')} not compared`] : []),
  ];
  const advice =
    different.length === 0
      ? ''
      : '\nEvery change up to that tick had been applied: look for writes made on the subscriber itself.';
  return `${paint.failed('Not equal:')} ${parts.join(', ')}.${advice}`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
