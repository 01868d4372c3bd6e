import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { TargetColumn, TargetTable } from '../catalog/target-tables.ts';
import type { Session } from '../db/session.ts';
import { prepared, quoteIdent, quoteName, sql } from '../db/statement.ts';
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
import { pickColumns, readLine } from '../replay/copy-text.ts';
import { copyTextOf, type Fold, inChunks, linesOf, type Op } from '../replay/fold.ts';

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
  const writer: Writer = {
    session,
    destination,
    target: applyTarget(destination, fold),
    indexed: sameColumns(fold.keyColumns, destination.target.key),
  };
  // An insert may take over a unique value from a deleted row.
  const deletes = await writeDeletes(writer, fold);
  const carried = (fold.layout?.columns ?? []).map((name, position) => ({
    position,
    column: columnAt(destination, name),
  }));
  const rows = (ops: readonly Op[]): Rows => ({ ...pickWritten(carried), fold, ops });
  if (writer.target.where !== undefined) {
    await writeFiltered(writer, rows(['U', 'I']));
    // A row outside the filter was never here.
    return { updates: 0, deletes: 0 };
  }
  const updates = await writeUpdates(writer, rows(['U']));
  await writeInserts(writer, rows(['I']));
  return { updates, deletes };
}

/** Rows of a fold, and which of their columns are written. */
interface Rows {
  readonly fold: Fold;
  readonly ops: readonly Op[];
  readonly columns: readonly ApplyColumn[];
  /** Where the columns stand in the lines; undefined where the lines hold these columns and no others. */
  readonly positions: readonly number[] | undefined;
}

function pickWritten(
  carried: readonly { readonly position: number; readonly column: ApplyColumn | undefined }[],
): Pick<Rows, 'columns' | 'positions'> {
  const written = carried.filter(
    (entry): entry is { position: number; column: ApplyColumn } => entry.column !== undefined,
  );
  return {
    columns: written.map(({ column }) => column),
    positions: written.length === carried.length ? undefined : written.map(({ position }) => position),
  };
}

function countOf({ fold, ops }: Rows): number {
  return ops.reduce((sum, op) => sum + fold.counts[op], 0);
}

async function writeDeletes(writer: Writer, fold: Fold): Promise<number> {
  const { session, target } = writer;
  const rows: Rows = { fold, ops: ['D'], columns: target.key, positions: undefined };
  const count = countOf(rows);
  if (count === 0) return 0;
  return count - (await withSource(writer, rows, (source) => run(session, deleteRows(target, source), source)));
}

async function writeUpdates(writer: Writer, rows: Rows): Promise<number> {
  const { session, target } = writer;
  const count = countOf(rows);
  if (count === 0) return 0;
  const updated = await withSource(writer, rows, async (source) => {
    const text = updateRows(target, rows.columns, source);
    return text === undefined ? count : run(session, text, source);
  });
  return count - updated;
}

async function writeInserts(writer: Writer, rows: Rows): Promise<void> {
  const { session, target } = writer;
  const count = countOf(rows);
  if (count >= stageFrom) await copyRows(session, target.table, rows);
  else if (count > 0)
    await withSource(writer, rows, (source) => run(session, insertRows(target, rows.columns, source), source));
}

/** A row may come into the filter or leave it: what passes is there afterwards, what does not is not. */
async function writeFiltered(writer: Writer, rows: Rows): Promise<void> {
  if (countOf(rows) === 0) return;
  const { session, target } = writer;
  await withSource(writer, rows, async (source) => {
    await run(session, deleteRows(target, failing(target, source)), source);
    const inside = passing(target, source);
    const update = updateRows(target, rows.columns, inside);
    if (update !== undefined) await run(session, update, source);
    return run(session, insertMissingRows(target, rows.columns, inside), source);
  });
}

interface Writer {
  readonly session: Session;
  readonly destination: Destination;
  readonly target: ApplyTarget;
  /** Whether an index of the subscriber finds rows by the key. */
  readonly indexed: boolean;
}

function sameColumns(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name) => right.includes(name));
}

/** A source and the parameters that every statement over it has. */
type Sourced = RowSource & { readonly values: readonly unknown[] };

async function withSource(writer: Writer, rows: Rows, work: (source: Sourced) => Promise<number>): Promise<number> {
  const { columns } = rows;
  if (countOf(rows) < stageFrom) return work({ ...arraySource(columns), values: arraysOf(rows) });
  const { session, target, indexed } = writer;
  const stage = stageName(writer.destination.target, columns);
  const list = columns.map(({ name }) => name).join(', ');
  await session.script(
    `create temp table if not exists ${stage} as select ${list} from ${target.table} with no data; truncate ${stage}`,
  );
  await copyRows(session, stage, rows);
  if (!indexed) return work({ relation: stage, values: [] });
  // The planner knows nothing of the stage and would read the whole table. Looking rows up in the order of the index
  // takes less than half of that, and grows with the changes alone.
  await session.script('set local enable_hashjoin = off; set local enable_mergejoin = off');
  const order = target.key.map(({ name }) => name).join(', ');
  const touched = await work({ relation: `(select * from ${stage} order by ${order} offset 0)`, values: [] });
  await session.script('set local enable_hashjoin to default; set local enable_mergejoin to default');
  return touched;
}

/** One array of texts for each column. */
function arraysOf({ fold, ops, columns, positions }: Rows): (string | null)[][] {
  const arrays: (string | null)[][] = columns.map(() => []);
  for (const line of linesOf(fold, ops)) {
    const values = readLine(line);
    for (const [index, array] of arrays.entries()) array.push(values[positions?.[index] ?? index] ?? null);
  }
  return arrays;
}

function run(session: Session, text: string, source: Sourced): Promise<number> {
  // Small batches come many times a second, and planning takes as long as the rest.
  return session.run(
    source.values.length === 0 ? sql(text) : prepared(`apply_${textHash(text)}`, text, ...source.values),
  );
}

async function copyRows(session: Session, into: string, { fold, ops, columns, positions }: Rows): Promise<void> {
  const stream = session.copyIn(`copy ${into} (${columns.map(({ name }) => name).join(', ')}) from stdin`);
  const finished = new Promise<void>((resolve, reject) => {
    stream.once('finish', resolve);
    stream.once('error', reject);
  });
  // Whoever waits below sees the error; without this it would also count as unhandled while we fill the stream.
  finished.catch(() => undefined);
  const chunks = positions === undefined ? copyTextOf(fold, ops) : inChunks(pickEach(linesOf(fold, ops), positions));
  for (const chunk of chunks) {
    if (!stream.write(chunk)) await Promise.race([once(stream, 'drain'), finished]);
  }
  stream.end();
  await finished;
}

function* pickEach(lines: Iterable<Uint8Array>, positions: readonly number[]): Generator<Uint8Array, void, void> {
  for (const line of lines) yield pickColumns(line, positions);
}

function applyTarget({ spec, target }: Destination, fold: Fold): ApplyTarget {
  return {
    table: quoteName(target.name),
    alias: quoteIdent(splitName(spec.name).name),
    only: target.partitioned ? '' : 'only ',
    key: fold.keyColumns.map((name) => describe(findColumn(target, name))),
    where: spec.where,
  };
}

/** Undefined for a column that the subscriber computes by itself. */
function columnAt({ target }: Destination, name: string): ApplyColumn | undefined {
  const column = findColumn(target, name);
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
  return `pg_temp.trunkline_stage_${textHash(text)}`;
}

function textHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
