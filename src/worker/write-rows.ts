import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { setReplicationRole } from '../catalog/table-sync.ts';
import type { TargetTable } from '../catalog/target-tables.ts';
import type { Session } from '../db/session.ts';
import { preparedAmongMany, sql } from '../db/statement.ts';
import {
  type ApplyColumn,
  type ApplyTarget,
  arraySource,
  deleteEqualRows,
  deleteRows,
  failing,
  insertMissingRows,
  insertRows,
  keysAlike,
  noteExisting,
  noteMissing,
  projected,
  type RowSource,
  replaceRows,
  updateRows,
} from '../replay/apply-statements.ts';
import { pickColumns, readLineStrictly } from '../replay/copy-text.ts';
import {
  copyTextOf,
  countOf as countChanges,
  type Fold,
  inChunks,
  linesOf,
  type Op,
  type Wanted,
} from '../replay/fold.ts';
import { applyTarget, type Destination, type Layout, layoutOf } from './row-layout.ts';

/** Changes that found no row to change: the subscriber had drifted. */
export interface Missed {
  readonly updates: number;
  readonly deletes: number;
}

/** Rows that others refer to are taken away only after those have changed. */
export type FoldPart = 'all' | 'rows' | 'deletes';

// Below this, arrays in one statement beat a stage; above it, COPY does.
const stageFrom = 400;
/** And whatever their number, so many bytes do: as a parameter a value is held several times over. */
const stageFromBytes = 1_000_000;

/** Writes a table's net changes with a few statements, whatever their number. */
export async function writeFold(
  session: Session,
  destination: Destination,
  fold: Fold,
  part: FoldPart = 'all',
): Promise<Missed> {
  const writer: Writer = {
    session,
    destination,
    target: applyTarget(destination, fold.keyColumns),
    layout: layoutOf(destination, fold.layout?.columns ?? []),
    indexed: fold.keyColumns.length > 0 && sameColumns(fold.keyColumns, destination.target.key),
  };
  if (destination.spec.userTriggers !== 'fire') return writeChanges(writer, fold, part);
  await setReplicationRole(session, 'local');
  const missed = await writeChanges(writer, fold, part);
  await setReplicationRole(session, 'replica');
  return missed;
}

async function writeChanges(writer: Writer, fold: Fold, part: FoldPart): Promise<Missed> {
  const { layout, target } = writer;
  const { conflict } = writer.destination.spec;
  if (fold.keyColumns.length === 0) return writeWholeRows(writer, fold, part);
  if (part !== 'deletes') await expectKeysApart(writer, fold);
  // An insert may take over a unique value from a deleted row.
  const deletes = part === 'rows' ? 0 : await writeDeletes(writer, fold);
  if (part === 'deletes') return { updates: 0, deletes };
  const rows = (...ops: readonly Op[]): Rows => ({
    columns: layout.staged,
    positions: layout.positions,
    fold,
    wanted: ops,
  });
  if (target.where !== undefined) {
    await writeFiltered(writer, rows);
    // A row outside the filter was never here.
    return { updates: 0, deletes: 0 };
  }
  if (conflict === 'insert_or_update' || conflict === 'log') {
    await writeEither(writer, rows);
    return { updates: 0, deletes };
  }
  const updates = await writeUpdates(writer, rows('U'));
  await writeInserts(writer, rows('I'));
  return { updates, deletes };
}

/**
 * Rows come and go, and equal ones are as many as they are: in which order does not matter, as long as none goes before it is
 * there. An update is one that changed nothing.
 */
async function writeWholeRows(writer: Writer, fold: Fold, part: FoldPart): Promise<Missed> {
  const { session, target, layout } = writer;
  const rows = (op: Op): Rows => ({ columns: layout.staged, positions: layout.positions, fold, wanted: [op] });
  if (part !== 'deletes') await writeInserts(writer, rows('I'));
  const count = countOf(rows('D'));
  if (part === 'rows' || count === 0) return { updates: 0, deletes: 0 };
  const gone = await withProjected(writer, rows('D'), (source) =>
    run(session, deleteEqualRows(target, layout.columns, source), source),
  );
  return { updates: 0, deletes: target.where === undefined ? count - gone : 0 };
}

/** More rows than changes: what is taken for the key is none on this node. */
class KeyNotUnique extends Error {
  constructor(columns: readonly string[]) {
    super(
      `its columns ${columns.join(', ')}, which events take for the key, are those of several rows here; run "trunkline plan" to see what is wrong with the table`,
    );
    this.name = 'KeyNotUnique';
  }
}

/** Two changes of one row were taken for changes of two: only one after the other do they come to what is right. */
export class KeysAlike extends Error {
  constructor(columns: readonly string[]) {
    super(`events have one value of its columns ${columns.join(', ')} in several texts`);
    this.name = 'KeysAlike';
  }
}

/** Rows that do nothing but come are told apart by the table's own key. */
async function expectKeysApart(writer: Writer, fold: Fold): Promise<void> {
  const { session, target } = writer;
  if (fold.count < 2 || fold.counts.I === fold.count || !target.key.some(({ manyTexts }) => manyTexts)) return;
  const rows: Rows = { fold, wanted: 'keys', columns: target.key, positions: undefined };
  const alike = await withSource(writer, rows, (source) => run(session, keysAlike(target, source), source));
  if (alike > 0) throw new KeysAlike(target.key.map(({ name }) => name));
}

/** How many of the rows were not there. */
function missing({ target }: Writer, count: number, touched: number): number {
  if (touched > count) throw new KeyNotUnique(target.key.map(({ name }) => name));
  return count - touched;
}

/** Rows of a fold, and which of their columns are brought to the node. */
interface Rows {
  readonly fold: Fold;
  readonly wanted: Wanted;
  readonly columns: readonly ApplyColumn[];
  /** Where the columns stand in the lines; undefined where the lines hold these columns and no others. */
  readonly positions: readonly number[] | undefined;
}

type RowsOf = (...ops: readonly Op[]) => Rows;

function countOf({ fold, wanted }: Rows): number {
  return countChanges(fold, wanted);
}

function isLarge(rows: Rows): boolean {
  return countOf(rows) >= stageFrom || rows.fold.used >= stageFromBytes;
}

/** How many rows were not there. */
async function writeDeletes(writer: Writer, fold: Fold): Promise<number> {
  const { session, target } = writer;
  const rows: Rows = { fold, wanted: ['D'], columns: target.key, positions: undefined };
  const count = countOf(rows);
  if (count === 0) return 0;
  return withSource(writer, rows, async (source) => {
    if (notes(writer) && target.where === undefined) {
      await run(session, noteMissing(target, 'delete_missing', source), source);
    }
    return missing(writer, count, await run(session, deleteRows(target, source), source));
  });
}

/** How many rows were not there. */
async function writeUpdates(writer: Writer, rows: Rows): Promise<number> {
  const { session, target } = writer;
  const count = countOf(rows);
  if (count === 0) return 0;
  return withProjected(writer, rows, async (source) => {
    if (notes(writer)) await run(session, noteMissing(target, 'update_missing', source), source);
    const touched = await update(writer, source);
    return touched === undefined ? 0 : missing(writer, count, touched);
  });
}

/** How many rows were there; undefined where the key is all there is to them. */
async function update({ session, target, layout }: Writer, source: Sourced): Promise<number | undefined> {
  const replace = replaceRows(target, layout.columns, source);
  if (replace !== undefined) await run(session, replace, source);
  const text = updateRows(target, layout.columns, source);
  return text === undefined ? undefined : run(session, text, source);
}

async function writeInserts(writer: Writer, rows: Rows): Promise<void> {
  const { session, target, layout } = writer;
  const keeps = writer.destination.spec.conflict === 'keep';
  const count = countOf(rows);
  if (count === 0) return;
  if (!keeps && layout.list === undefined && isLarge(rows)) return copyRows(session, target.table, rows);
  await withProjected(writer, rows, async (source) => {
    if (notes(writer)) await run(session, noteExisting(target, source), source);
    const insert = keeps ? insertMissingRows : insertRows;
    return run(session, insert(target, layout.columns, source), source);
  });
}

/** The provider's rows are there afterwards, whatever was. */
async function writeEither(writer: Writer, rows: RowsOf): Promise<void> {
  const { session, target, layout } = writer;
  if (notes(writer)) {
    await note(writer, rows('U'), (source) => noteMissing(target, 'update_missing', source));
    await note(writer, rows('I'), (source) => noteExisting(target, source));
  }
  const both = rows('U', 'I');
  if (countOf(both) === 0) return;
  await withProjected(writer, both, async (source) => {
    await update(writer, source);
    return run(session, insertMissingRows(target, layout.columns, source), source);
  });
}

/** A row may come into the filter or leave it: what passes is there afterwards, what does not is not. */
async function writeFiltered(writer: Writer, rows: RowsOf): Promise<void> {
  const { session, target, layout } = writer;
  const inserts = rows('I');
  if (notes(writer)) await note(writer, inserts, (source) => noteExisting(target, source));
  if (writer.destination.spec.conflict !== 'keep') return writeAcross(writer, rows('U', 'I'));
  if (countOf(inserts) > 0) {
    await withProjected(writer, inserts, (source) =>
      run(session, insertMissingRows(target, layout.columns, source), source),
    );
  }
  await writeAcross(writer, rows('U'));
}

async function writeAcross(writer: Writer, rows: Rows): Promise<void> {
  if (countOf(rows) === 0) return;
  const { session, target, layout } = writer;
  await withSource(writer, rows, async (source) => {
    await run(session, deleteRows(target, failing(target, source)), source);
    const inside = projected(target, layout.list, source);
    await update(writer, { ...source, ...inside });
    return run(session, insertMissingRows(target, layout.columns, inside), source);
  });
}

/** Conflicts that lose a row are written down. */
function notes({ destination }: Writer): boolean {
  return destination.spec.conflict === 'keep' || destination.spec.conflict === 'log';
}

async function note(writer: Writer, rows: Rows, text: (source: RowSource) => string): Promise<void> {
  if (countOf(rows) > 0) await withProjected(writer, rows, (source) => run(writer.session, text(source), source));
}

interface Writer {
  readonly session: Session;
  readonly destination: Destination;
  readonly target: ApplyTarget;
  readonly layout: Layout;
  /** Whether an index of the subscriber finds rows by the key. */
  readonly indexed: boolean;
}

function sameColumns(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name) => right.includes(name));
}

/** A source and the parameters that every statement over it has. */
type Sourced = RowSource & { readonly values: readonly unknown[] };

/** Rows as the table is to hold them. */
function withProjected(writer: Writer, rows: Rows, work: (source: Sourced) => Promise<number>): Promise<number> {
  const { target, layout } = writer;
  return withSource(writer, rows, (source) => work({ ...source, ...projected(target, layout.list, source) }));
}

async function withSource(writer: Writer, rows: Rows, work: (source: Sourced) => Promise<number>): Promise<number> {
  const { columns } = rows;
  if (!isLarge(rows)) {
    const values = arraysOf(rows);
    const oneSign = columns.some(({ intervals }, index) => intervals && values[index]?.some(hasOneSign) === true);
    if (!oneSign) return work({ ...arraySource(columns), values });
  }
  const { session, target, indexed } = writer;
  const stage = stageName(writer.destination.target, columns);
  const list = columns.map(({ name, type }) => `${name} ${type}`).join(', ');
  await session.script(`create temp table if not exists ${stage} (${list}) on commit drop; truncate ${stage}`);
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

/** An interval as `sql_standard` writes it, whose one sign is for days and time. */
function hasOneSign(text: string | null): boolean {
  return text !== null && /-\d+ \d+:/.test(text);
}

/** One array of texts for each column. */
function arraysOf({ fold, wanted, columns, positions }: Rows): (string | null)[][] {
  const arrays: (string | null)[][] = columns.map(() => []);
  for (const line of linesOf(fold, wanted)) {
    const values = readLineStrictly(line);
    for (const [index, array] of arrays.entries()) array.push(values[positions?.[index] ?? index] ?? null);
  }
  return arrays;
}

function run(session: Session, text: string, source: Sourced): Promise<number> {
  // Small batches come many times a second, and planning takes as long as the rest.
  return session.run(source.values.length === 0 ? sql(text) : preparedAmongMany(text, ...source.values));
}

async function copyRows(session: Session, into: string, rows: Rows): Promise<void> {
  if (!rows.columns.some(({ intervals }) => intervals)) return streamRows(session, into, rows);
  await session.script(readIntervals.asAnyWrites);
  await streamRows(session, into, rows);
  await session.script(readIntervals.asUsual);
}

/**
 * Whoever writes with the original C trigger chooses the style. Read as that of `sql_standard`, the text of each style comes to its
 * value; but expressions of the file are to mean what they mean elsewhere, so it is set for values alone.
 */
export const readIntervals = {
  asAnyWrites: 'set local intervalstyle = sql_standard',
  asUsual: 'set local intervalstyle = postgres',
};

/** Rows are decoded in turns with this, and the server should not wait for its turn. */
const maxAhead = 1_000_000;

async function streamRows(session: Session, into: string, { fold, wanted, columns, positions }: Rows): Promise<void> {
  const stream = session.copyIn(`copy ${into} (${columns.map(({ name }) => name).join(', ')}) from stdin`, maxAhead);
  const finished = new Promise<void>((resolve, reject) => {
    stream.once('finish', resolve);
    stream.once('error', reject);
  });
  // Whoever waits below sees the error; without this it would also count as unhandled while we fill the stream.
  finished.catch(() => undefined);
  const chunks =
    positions === undefined ? copyTextOf(fold, wanted) : inChunks(pickEach(linesOf(fold, wanted), positions));
  for (const chunk of chunks) {
    if (!stream.write(chunk)) await Promise.race([once(stream, 'drain'), finished]);
  }
  stream.end();
  await finished;
}

function* pickEach(lines: Iterable<Uint8Array>, positions: readonly number[]): Generator<Uint8Array, void, void> {
  for (const line of lines) yield pickColumns(line, positions);
}

/**
 * One stage per table and column list, until the transaction ends: no type of the user's could be dropped while a column of
 * a stage has it, nor would the server come to the end of old transaction numbers.
 */
function stageName(target: TargetTable, columns: readonly ApplyColumn[]): string {
  const text = `${target.name}(${columns.map(({ name, type }) => `${name} ${type}`).join(',')})`;
  return `pg_temp.trunkline_stage_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
}
