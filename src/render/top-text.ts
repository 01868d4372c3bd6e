import { formatBytes, formatCount } from '../model/amounts.ts';
import type { NodeName, QueueName, TableName } from '../model/names.ts';
import {
  type CascadeStatus,
  type CopyStatus,
  type Finding,
  type NodeStatus,
  type QueueStatus,
  worstOf,
} from '../model/status.ts';
import { describeFinding } from './describe-finding.ts';
import { type Brush, type Paint, paintWith } from './paint.ts';
import { copyBar } from './progress-text.ts';
import { sumText, tablesByState, verdictWord } from './status-text.ts';
import { formatDuration } from './units.ts';
import { cutTo, widthOf } from './width.ts';

/** What a second brings, where two looks were enough to know it. */
export interface CascadeRates {
  node(queue: QueueName, node: NodeName): NodeRates;
  /** Rows a second. */
  copy(queue: QueueName, node: NodeName, table: TableName): number | undefined;
}

export interface NodeRates {
  readonly changes: number | undefined;
  readonly bytes: number | undefined;
}

export interface Screen {
  readonly width: number;
  readonly height: number;
  /** Of the look, as a clock shows it. */
  readonly time: string;
  readonly everyMs: number;
}

/** The cascade as lines that fit on the screen. */
export function topLines(status: CascadeStatus, rates: CascadeRates, screen: Screen, paint: Paint): string[] {
  const { width, height, time, everyMs } = screen;
  const head = `trunkline top  ${time}, every ${formatDuration(everyMs)}  q quits`;
  const rows = status.queues.flatMap((queue) => queueRows(queue, rates, paint));
  const columns = columnsThatFit(rows, width);
  const worst = worstOf(status.queues.flatMap(({ nodes }) => nodes.map(({ verdict }) => verdict)));
  const lines = [
    cut([{ text: head, brush: paint.faint }], width),
    cut([{ text: sumText(status, paintWith(false)), brush: verdictWord(worst, paint).brush }], width),
    ...status.queues.flatMap((queue) => [
      '',
      cut([{ text: `queue ${queue.queue}`, brush: paint.strong }], width),
      cut(headings(columns, paint), width),
      ...rows
        .filter((row) => row.queue === queue.queue)
        .flatMap((row) => [
          cut(cellsOf(row, columns), width),
          ...row.below.map((line) => cut([{ text: `${row.rest}  ` }, ...line], width)),
        ]),
    ]),
  ];
  if (lines.length <= height) return lines;
  const shown = lines.slice(0, Math.max(1, height - 1));
  return [...shown, cut([{ text: `and ${lines.length - shown.length} more lines: make the window taller` }], width)];
}

interface Piece {
  readonly text: string;
  readonly brush?: Brush;
}

const headingOf = {
  node: 'NODE',
  state: 'STATE',
  tick: 'TICK',
  lag: 'LAG',
  waiting: 'WAITING',
  changes: 'CHANGES/S',
  bytes: 'BYTES/S',
  tables: 'TABLES',
  worker: 'WORKER',
} as const;

type Heading = keyof typeof headingOf;

const onTheRight: ReadonlySet<Heading> = new Set(['tick', 'lag', 'waiting', 'changes', 'bytes']);
/** What a narrow terminal does without, first to last. */
const dispensable: readonly Heading[] = ['worker', 'tick', 'bytes', 'tables', 'waiting', 'changes'];

interface Row {
  readonly queue: QueueName;
  readonly cells: Readonly<Record<Heading, Piece>>;
  /** What stands in front of the lines below it. */
  readonly rest: string;
  readonly below: readonly (readonly Piece[])[];
}

function queueRows({ queue, nodes }: QueueStatus, rates: CascadeRates, paint: Paint): Row[] {
  return nodes.filter(({ provider }) => provider === undefined).flatMap((root) => branch(root, '', ''));

  function branch(node: NodeStatus, first: string, rest: string): Row[] {
    const children = nodes.filter(({ provider }) => provider === node.node);
    return [
      {
        queue,
        cells: {
          node: { text: first + node.node, brush: paint.strong },
          ...nodeCells(node, rates.node(queue, node.node), paint),
        },
        rest: children.length > 0 ? `${rest}│` : `${rest} `,
        below: [...copyLines(queue, node, rates), ...findingLines(node.findings, paint)],
      },
      ...children.flatMap((child, index) => {
        const last = index === children.length - 1;
        return branch(child, `${rest}${last ? '└─ ' : '├─ '}`, `${rest}${last ? '   ' : '│  '}`);
      }),
    ];
  }
}

function nodeCells(node: NodeStatus, { changes, bytes }: NodeRates, paint: Paint): Omit<Row['cells'], 'node'> {
  const { word, brush } = verdictWord(node.verdict, paint);
  const present = node.reading.kind === 'present' ? node.reading : undefined;
  const tick = node.role === 'root' ? (present?.queue?.newestTick ?? present?.tick) : present?.tick;
  const beat = present?.heartbeat;
  return {
    state: { text: word, brush },
    tick: { text: tick === undefined ? '-' : String(tick) },
    ...behind(node),
    changes: { text: changes === undefined ? '-' : formatCount(changes) },
    bytes: { text: bytes === undefined ? '-' : formatBytes(bytes) },
    tables: { text: present === undefined || present.tables.length === 0 ? '-' : tablesByState(present.tables) },
    worker: {
      text: beat === undefined ? '-' : [beat.state, ...(beat.host === undefined ? [] : [`on ${beat.host}`])].join(' '),
    },
  };
}

/** Of a root, since when its newest tick is the newest, and what came after it. */
function behind({ role, reading, subscription }: NodeStatus): Pick<Row['cells'], 'lag' | 'waiting'> {
  const queue = reading.kind === 'present' ? reading.queue : undefined;
  if (role === 'root')
    return {
      lag: { text: queue === undefined ? '-' : formatDuration(queue.sinceTickMs) },
      waiting: { text: queue === undefined ? '-' : formatCount(queue.eventsWaiting) },
    };
  if (subscription === undefined || subscription === 'none') return { lag: { text: '-' }, waiting: { text: '-' } };
  const { ticksBehind, lagMs, eventsBehind } = subscription;
  return {
    lag: { text: ticksBehind === 0n ? 'none' : formatDuration(lagMs) },
    waiting: { text: formatCount(eventsBehind) },
  };
}

const barWidth = 160;

function copyLines(queue: QueueName, { node, reading }: NodeStatus, rates: CascadeRates): Piece[][] {
  const tables = reading.kind === 'present' ? reading.tables : [];
  return tables.flatMap(({ table, copy }) =>
    copy === undefined || copy.phase === 'done' ? [] : [[{ text: barOf(table, copy, rates.copy(queue, node, table)) }]],
  );

  function barOf(table: TableName, copy: CopyStatus, rate: number | undefined): string {
    const progress = {
      kind: 'copy',
      queue,
      node,
      table,
      phase: copy.phase,
      rowsDone: Number(copy.rowsDone),
      rowsTotal: copy.rowsTotal === undefined ? undefined : Number(copy.rowsTotal),
      bytesDone: Number(copy.bytesDone),
      elapsedMs: 0,
    } as const;
    return copyBar(progress, rate, barWidth).trimStart();
  }
}

/** So many of a node: the rest is in `status`. */
const findingsShown = 4;

function findingLines(findings: readonly Finding[], paint: Paint): Piece[][] {
  const shown = findings
    .slice(0, findingsShown)
    .map((finding): Piece[] => [
      finding.severity === 'error'
        ? { text: 'error  ', brush: paint.failed }
        : { text: 'warn   ', brush: paint.warned },
      { text: describeFinding(finding) },
    ]);
  const more = findings.length - findingsShown;
  return more > 0 ? [...shown, [{ text: `and ${formatCount(more)} more: see "trunkline status"` }]] : shown;
}

interface Column {
  readonly heading: Heading;
  readonly width: number;
}

function columnsThatFit(rows: readonly Row[], width: number): readonly Column[] {
  const all = Object.entries(headingOf).map(([key, title]): Column => {
    const heading = key as Heading;
    return { heading, width: Math.max(title.length, ...rows.map(({ cells }) => widthOf(cells[heading].text))) };
  });
  const dropped = new Set<Heading>();
  const left = () => all.filter(({ heading }) => !dropped.has(heading));
  const needed = () => left().reduce((sum, column) => sum + column.width + 2, -2);
  for (const heading of dispensable) if (needed() > width) dropped.add(heading);
  return left();
}

function headings(columns: readonly Column[], paint: Paint): Piece[] {
  return inColumns(columns, (heading) => ({ text: headingOf[heading], brush: paint.faint }));
}

function cellsOf({ cells }: Row, columns: readonly Column[]): Piece[] {
  return inColumns(columns, (heading) => cells[heading]);
}

function inColumns(columns: readonly Column[], cell: (heading: Heading) => Piece): Piece[] {
  return columns.flatMap(({ heading, width }, index) => {
    const { text, ...rest } = cell(heading);
    const padding = { text: ' '.repeat(Math.max(0, width - widthOf(text))) };
    const gap = index === 0 ? [] : [{ text: '  ' }];
    const piece = { text, ...rest };
    return onTheRight.has(heading) ? [...gap, padding, piece] : [...gap, piece, padding];
  });
}

/** Colours take no room: a line is cut before it is painted. */
function cut(pieces: readonly Piece[], width: number): string {
  const whole = pieces.map(({ text }) => text).join('');
  const length = widthOf(whole.trimEnd());
  let left = length <= width ? length : width - 1;
  let line = '';
  for (const { text, brush } of pieces) {
    const kept = cutTo(text, Math.max(0, left));
    left = kept === text ? left - widthOf(kept) : 0;
    if (kept !== '') line += brush === undefined ? kept : brush(kept);
  }
  return length <= width ? line : `${line}…`;
}
