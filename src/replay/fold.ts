import type { RowShape, Value } from './row-decoder.ts';

export type Op = 'I' | 'U' | 'D';

/** What a run of changes comes to for one key. */
export interface NetChange {
  readonly op: Op;
  readonly values: Value[];
}

/** The net changes of one table since it was last written out, keyed by the text of the key columns. */
export interface Fold {
  readonly shape: RowShape;
  readonly keyPositions: readonly number[];
  readonly changes: Map<string, NetChange>;
  /** Characters held, as a measure of memory. */
  size: number;
}

export function emptyFold(shape: RowShape, keyPositions: readonly number[]): Fold {
  return { shape, keyPositions, changes: new Map(), size: 0 };
}

/** Thrown where an event lacks a column of its own key. */
class KeyMissing extends Error {
  readonly column: string;

  constructor(column: string) {
    super(`an event lacks its key column ${column}`);
    this.name = 'KeyMissing';
    this.column = column;
  }
}

/** Adds one change. Later ones win; a row that comes and goes inside the run leaves nothing behind. */
export function fold(into: Fold, op: Op, values: Value[]): void {
  const key = keyOf(into, values);
  const before = into.changes.get(key);
  const after = before === undefined ? { op, values } : combine(before, op, values);
  if (before !== undefined) into.size -= sizeOf(before.values);
  if (after === undefined) {
    into.changes.delete(key);
    return;
  }
  into.changes.set(key, after);
  into.size += sizeOf(after.values);
}

function combine(before: NetChange, op: Op, values: Value[]): NetChange | undefined {
  switch (op) {
    case 'D':
      return before.op === 'I' ? undefined : { op: 'D', values };
    case 'I':
      // The row was there before the run: what stands now replaces it.
      return { op: before.op === 'D' ? 'U' : before.op, values };
    default:
      return { op: before.op === 'D' ? 'U' : before.op, values: overlay(before.values, values) };
  }
}

/** An update may carry fewer columns than the change before it. */
function overlay(under: readonly Value[], over: Value[]): Value[] {
  for (let position = 0; position < under.length; position += 1) {
    if (over[position] === undefined) over[position] = under[position];
  }
  return over;
}

function keyOf(into: Fold, values: readonly Value[]): string {
  let key = '';
  for (const position of into.keyPositions) {
    const value = values[position];
    if (value === undefined || value === null) throw new KeyMissing(into.shape.columns[position] ?? '?');
    // A length in front keeps ('a', 'bc') and ('ab', 'c') apart.
    key += into.keyPositions.length === 1 ? value : `${value.length}:${value}`;
  }
  return key;
}

function sizeOf(values: readonly Value[]): number {
  let size = 64;
  for (const value of values) size += value === null || value === undefined ? 8 : value.length * 2 + 16;
  return size;
}
