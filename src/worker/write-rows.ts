import { once } from 'node:events';
import type { TargetColumn, TargetTable } from '../catalog/target-tables.ts';
import type { Session } from '../db/session.ts';
import { quoteIdent, quoteName } from '../db/statement.ts';
import { splitName } from '../model/names.ts';
import type { TableSpec } from '../model/table.ts';
import {
  type ApplyColumn,
  type ApplyTarget,
  arraySource,
  deleteRows,
  failing,
  insertMissingRows,
  insertRows,
  passing,
  type RowSource,
  updateRows,
} from '../replay/apply-statements.ts';
import { writeCopyRow } from '../replay/copy-text.ts';
import type { Fold, NetChange } from '../replay/fold.ts';
import type { Value } from '../replay/row-decoder.ts';

/** A replicated table and what the subscriber has for it. */
export interface Destination {
  readonly spec: TableSpec;
  readonly target: TargetTable;
}

/** Changes that found no row to change: the subscriber had drifted. */
export interface Missed {
  readonly updates: number;
  readonly deletes: number;
}

/** A table of the subscriber lacks a column that the provider's rows have. */
class ColumnMissing extends Error {
  readonly column: string;

  constructor(column: string, table: string) {
    super(
      `table ${table} has no column ${column}, which the provider's rows carry; add the column, then the worker goes on`,
    );
    this.name = 'ColumnMissing';
    this.column = column;
  }
}

// Below this, arrays in one statement beat a stage; above it, COPY does.
const stageFrom = 400;

/** Writes a table's net changes with a few statements, whatever their number. */
export async function writeFold(session: Session, destination: Destination, fold: Fold): Promise<Missed> {
  const missed = { updates: 0, deletes: 0 };
  for (const group of groupByColumns(fold)) {
    const part = await writeGroup(session, destination, fold, group);
    missed.updates += part.updates;
    missed.deletes += part.deletes;
  }
  return missed;
}

interface Group {
  readonly positions: readonly number[];
  readonly deletes: Value[][];
  readonly updates: Value[][];
  readonly inserts: Value[][];
}

/** Changes that carry the same columns go together; nearly always that is all of them. */
function groupByColumns(fold: Fold): Group[] {
  const groups = new Map<string, Group>();
  const width = fold.shape.columns.length;
  for (const change of fold.changes.values()) {
    const { positions, signature } = carried(change, width, fold);
    let group = groups.get(signature);
    if (group === undefined) {
      group = { positions, deletes: [], updates: [], inserts: [] };
      groups.set(signature, group);
    }
    const rows = change.op === 'D' ? group.deletes : change.op === 'U' ? group.updates : group.inserts;
    rows.push(change.values);
  }
  // Deletes of every group come first: an insert may take over a unique value from a deleted row.
  return [...groups.values()].sort((left, right) => right.deletes.length - left.deletes.length);
}

function carried(change: NetChange, width: number, fold: Fold): { positions: readonly number[]; signature: string } {
  if (change.op === 'D') return { positions: fold.keyPositions, signature: 'D' };
  const { values } = change;
  if (values.length === width && !values.includes(undefined)) return { positions: allPositions(width), signature: '' };
  const positions = allPositions(width).filter((position) => values[position] !== undefined);
  return { positions, signature: positions.join(',') };
}

function allPositions(width: number): readonly number[] {
  return Array.from({ length: width }, (_, position) => position);
}

async function writeGroup(session: Session, destination: Destination, fold: Fold, group: Group): Promise<Missed> {
  const target = applyTarget(destination, fold);
  const keyColumns = fold.keyPositions
    .map((position) => columnAt(destination, fold, position))
    .filter((column) => column !== undefined);
  const present = group.positions
    .map((position) => ({ position, column: columnAt(destination, fold, position) }))
    .filter((entry): entry is { position: number; column: ApplyColumn } => entry.column !== undefined);
  const columns = present.map(({ column }) => column);
  const positions = present.map(({ position }) => position);
  const writer: Writer = { session, destination, target };

  let missedDeletes = 0;
  if (group.deletes.length > 0) {
    const deleted = await withSource(writer, keyColumns, fold.keyPositions, group.deletes, (source) =>
      run(session, deleteRows(target, source), source),
    );
    missedDeletes = group.deletes.length - deleted;
  }
  if (target.where !== undefined) {
    await writeFiltered(writer, columns, positions, [...group.updates, ...group.inserts]);
    // A row outside the filter was never here.
    return { updates: 0, deletes: 0 };
  }
  let missedUpdates = 0;
  if (group.updates.length > 0) {
    const updated = await withSource(writer, columns, positions, group.updates, async (source) => {
      const text = updateRows(target, columns, source);
      return text === undefined ? group.updates.length : run(session, text, source);
    });
    missedUpdates = group.updates.length - updated;
  }
  if (group.inserts.length >= stageFrom) {
    await copyRows(session, target.table, columns, positions, group.inserts);
  } else if (group.inserts.length > 0) {
    await withSource(writer, columns, positions, group.inserts, (source) =>
      run(session, insertRows(target, columns, source), source),
    );
  }
  return { updates: missedUpdates, deletes: missedDeletes };
}

/** A row may come into the filter or leave it: what passes is there afterwards, what does not is not. */
async function writeFiltered(
  writer: Writer,
  columns: readonly ApplyColumn[],
  positions: readonly number[],
  rows: readonly Value[][],
): Promise<void> {
  if (rows.length === 0) return;
  const { session, target } = writer;
  await withSource(writer, columns, positions, rows, async (source) => {
    await run(session, deleteRows(target, failing(target, source)), source);
    const inside = passing(target, source);
    const update = updateRows(target, columns, inside);
    if (update !== undefined) await run(session, update, source);
    return run(session, insertMissingRows(target, columns, inside), source);
  });
}

interface Writer {
  readonly session: Session;
  readonly destination: Destination;
  readonly target: ApplyTarget;
}

/** A source and the parameters that every statement over it has. */
type Sourced = RowSource & { readonly values: readonly unknown[] };

async function withSource(
  writer: Writer,
  columns: readonly ApplyColumn[],
  positions: readonly number[],
  rows: readonly Value[][],
  work: (source: Sourced) => Promise<number>,
): Promise<number> {
  if (rows.length < stageFrom) {
    const values = positions.map((position) => rows.map((row) => row[position] ?? null));
    return work({ ...arraySource(columns), values });
  }
  const stage = stageName(writer.destination.target, columns);
  const list = columns.map(({ name }) => name).join(', ');
  await writer.session.script(
    `create temp table if not exists ${stage} as select ${list} from ${writer.target.table} with no data; truncate ${stage}`,
  );
  await copyRows(writer.session, stage, columns, positions, rows);
  return work({ relation: stage, values: [] });
}

function run(session: Session, text: string, source: Sourced): Promise<number> {
  return session.run({ text, values: source.values });
}

async function copyRows(
  session: Session,
  into: string,
  columns: readonly ApplyColumn[],
  positions: readonly number[],
  rows: readonly Value[][],
): Promise<void> {
  const stream = session.copyIn(`copy ${into} (${columns.map(({ name }) => name).join(', ')}) from stdin`);
  const finished = new Promise<void>((resolve, reject) => {
    stream.once('finish', resolve);
    stream.once('error', reject);
  });
  // Whoever waits below sees the error; without this it would also count as unhandled while we fill the stream.
  finished.catch(() => undefined);
  let text = '';
  for (const row of rows) {
    text += writeCopyRow(positions.map((position) => row[position]));
    text += '\n';
    if (text.length < 65_536) continue;
    const room = stream.write(text);
    text = '';
    if (!room) await Promise.race([once(stream, 'drain'), finished]);
  }
  stream.end(text === '' ? undefined : text);
  await finished;
}

function applyTarget({ spec, target }: Destination, fold: Fold): ApplyTarget {
  return {
    table: quoteName(target.name),
    alias: quoteIdent(splitName(spec.name).name),
    only: target.partitioned ? '' : 'only ',
    key: fold.keyPositions.map((position) => describe(findColumn(target, fold.shape.columns[position] ?? ''))),
    where: spec.where,
  };
}

/** Undefined for a column that the subscriber computes by itself. */
function columnAt({ target }: Destination, fold: Fold, position: number): ApplyColumn | undefined {
  const column = findColumn(target, fold.shape.columns[position] ?? '');
  return column.generated ? undefined : describe(column);
}

function findColumn(target: TargetTable, name: string): TargetColumn {
  const column = target.columns.find((candidate) => candidate.name === name);
  if (column === undefined) throw new ColumnMissing(name, target.name);
  return column;
}

function describe(column: TargetColumn): ApplyColumn {
  return { name: quoteIdent(column.name), type: column.type };
}

/** One stage per table and column list, for as long as the session lives. */
function stageName(target: TargetTable, columns: readonly ApplyColumn[]): string {
  const text = `${target.name}(${columns.map(({ name, type }) => `${name} ${type}`).join(',')})`;
  let hash = 5381;
  for (let index = 0; index < text.length; index += 1) hash = (hash * 33 + text.charCodeAt(index)) % 4_294_967_296;
  return `pg_temp.trunkline_stage_${target.columns.length}_${hash.toString(16)}`;
}
