import type { TargetColumn, TargetTable } from '../catalog/target-tables.ts';
import { quoteIdent, quoteLiteral, quoteName } from '../db/statement.ts';
import { type NodeName, type QueueName, splitName } from '../model/names.ts';
import {
  isChosen,
  isPlain,
  masksOf,
  mentioned,
  type ProjectedColumn,
  projectColumns,
  rowCondition,
} from '../model/projection.ts';
import type { TableSpec } from '../model/table.ts';
import type { ApplyColumn, ApplyTarget } from '../replay/apply-statements.ts';

/** A replicated table and what the subscriber has for it. */
export interface Destination {
  readonly spec: TableSpec;
  readonly target: TargetTable;
  /** The provider's table, where rows are not taken as they are. */
  readonly source: TargetTable | undefined;
  /** Whose conflicts are written down. */
  readonly note: { readonly queue: QueueName; readonly node: NodeName };
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

export function applyTarget({ spec, target, note }: Destination, keyColumns: readonly string[]): ApplyTarget {
  return {
    table: quoteName(target.name),
    alias: quoteIdent(splitName(spec.name).name),
    only: target.partitioned ? '' : 'only ',
    key: keyColumns.map((name) => describeColumn(findColumn(target, name))),
    where: rowCondition(spec),
    conflict: {
      queue: quoteLiteral(note.queue),
      node: quoteLiteral(note.node),
      table: quoteLiteral(spec.name),
      policy: quoteLiteral(spec.conflict),
    },
  };
}

/** What of a group's rows is brought to the node, and what the table's columns are made of. */
export interface Layout {
  readonly staged: readonly ApplyColumn[];
  /** Where they stand in the changes; undefined where these are all. */
  readonly positions: readonly number[] | undefined;
  /** Of the table. */
  readonly columns: readonly ApplyColumn[];
  /** Undefined where they are the staged ones. */
  readonly list: string | undefined;
}

/** `carried`: the columns of the changes, in their order. */
export function layoutOf(destination: Destination, carried: readonly string[]): Layout {
  const { spec, target, source } = destination;
  const masks = masksOf(spec);
  for (const name of carried) if (isChosen(spec, name) && !masks.has(name)) findColumn(target, name);
  const writable = target.columns.filter(({ generated }) => !generated);
  const condition = rowCondition(spec);
  // A change may carry fewer columns than the row has: what can't be made of them stays as it is.
  const projection = projectColumns(
    spec,
    [...new Set([...carried, ...(source?.columns ?? []).map(({ name }) => name)])],
    writable.map(({ name }) => name),
  ).filter(({ needs }) => needs.every((name) => carried.includes(name)));
  const needed = new Set(projection.flatMap(({ needs }) => needs));
  for (const name of condition === undefined ? [] : mentioned(condition, carried, spec.name)) needed.add(name);
  const staged = carried.map((name, position) => ({ name, position })).filter(({ name }) => needed.has(name));
  const columns = projection.map(({ name }) => describeColumn(findColumn(target, name)));
  const plain = isPlain(spec) && staged.length === projection.length;
  return {
    staged: staged.map(({ name }) => sourceColumn(destination, name, masks)),
    positions: staged.length === carried.length ? undefined : staged.map(({ position }) => position),
    // Without a list they are written as they are staged, in that order.
    columns: plain ? staged.map(({ name }) => describeColumn(findColumn(target, name))) : columns,
    list: plain ? undefined : projection.map((column, index) => projectedSql(column, columns[index]?.type)).join(', '),
  };
}

function projectedSql({ name, expression }: ProjectedColumn, type: string | undefined): string {
  return expression === undefined ? quoteIdent(name) : `(${expression}\n)::${type} as ${quoteIdent(name)}`;
}

/** A column as the provider has it; one that the table takes as it is has the table's type, which it must fit anyway. */
function sourceColumn({ target, source }: Destination, name: string, masks: ReadonlyMap<string, string>): ApplyColumn {
  const own = target.columns.find((column) => column.name === name);
  const given = source?.columns.find((column) => column.name === name);
  const column = masks.has(name) || own === undefined ? (given ?? own) : own;
  if (column === undefined) throw new ColumnMissing(name, target.name);
  return describeColumn(column);
}

function findColumn(target: TargetTable, name: string): TargetColumn {
  const column = target.columns.find((candidate) => candidate.name === name);
  if (column === undefined) throw new ColumnMissing(name, target.name);
  return column;
}

function describeColumn(column: TargetColumn): ApplyColumn {
  const { name, type, manyTexts, intervals, equals, unchangeable } = column;
  return { name: quoteIdent(name), type, manyTexts, intervals, equals, unchangeable };
}
