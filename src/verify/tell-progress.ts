import type { TableSize } from '../catalog/compare-reads.ts';
import type { Clock } from '../model/clock.ts';
import type { TableName } from '../model/names.ts';
import type { CompareProgress } from '../model/progress.ts';

export type TableProgress = Omit<CompareProgress, 'kind' | 'queue' | 'node'>;

/** Says how far each table is, and all of a node together. */
export interface ProgressTeller {
  /** Before anything is read. */
  expect(tables: ReadonlyMap<TableName, TableSize>): void;
  reading(table: TableName, done: Done): void;
  done(table: TableName, done: Done): void;
}

interface Done {
  readonly rows: number;
  readonly chunks: number;
}

interface Told {
  readonly startedAt: number;
  readonly size: TableSize;
  rows: number;
  bytes: number;
  chunks: number;
  /** Undefined where nobody can say. */
  expected: number | undefined;
}

export function progressTeller(clock: Clock, report: (progress: TableProgress) => void): ProgressTeller {
  const tables = new Map<TableName, Told>();
  const startedAt = clock.now();
  const total = { rows: 0, bytes: 0, chunks: 0, expected: 0, unknown: 0, done: 0 };

  const change = (told: Told, to: Partial<Told>): void => {
    addTo(told, -1);
    Object.assign(told, to);
    addTo(told, 1);
  };
  const addTo = (told: Told, sign: 1 | -1): void => {
    total.rows += sign * told.rows;
    total.bytes += sign * told.bytes;
    total.chunks += sign * told.chunks;
    total.expected += sign * (told.expected ?? 0);
    total.unknown += sign * (told.expected === undefined ? 1 : 0);
  };
  const tellTotal = (): void => {
    report({
      table: undefined,
      phase: total.done === tables.size ? 'done' : 'reading',
      rowsDone: total.rows,
      rowsTotal: total.unknown > 0 ? undefined : total.expected,
      bytesDone: total.bytes,
      chunksDone: total.chunks,
      tables: { done: total.done, total: tables.size },
      elapsedMs: clock.now() - startedAt,
    });
  };
  const tellTable = (table: TableName, told: Told, phase: CompareProgress['phase']): void => {
    report({
      table,
      phase,
      rowsDone: told.rows,
      rowsTotal: told.expected,
      bytesDone: told.bytes,
      chunksDone: told.chunks,
      tables: undefined,
      elapsedMs: clock.now() - told.startedAt,
    });
  };
  const entry = (table: TableName, size: TableSize = { bytes: 0n, rows: undefined }): Told => {
    const known = tables.get(table);
    if (known !== undefined) return known;
    const expected = size.bytes === 0n ? 0 : size.rows === undefined ? undefined : Number(size.rows);
    const told: Told = { startedAt: clock.now(), size, rows: 0, bytes: 0, chunks: 0, expected };
    tables.set(table, told);
    addTo(told, 1);
    return told;
  };
  return {
    expect(sizes) {
      for (const [table, size] of sizes) entry(table, size);
    },
    reading(table, { rows, chunks }) {
      const told = entry(table);
      // The statistics are an estimate, the rows are not.
      const expected = told.expected === undefined ? undefined : Math.max(told.expected, rows);
      const share = expected === undefined || expected === 0 ? 0 : rows / expected;
      change(told, { rows, chunks, expected, bytes: Math.round(Number(told.size.bytes) * share) });
      tellTable(table, told, 'reading');
      tellTotal();
    },
    done(table, { rows, chunks }) {
      const told = entry(table);
      change(told, { rows, chunks, expected: rows, bytes: Number(told.size.bytes) });
      total.done += 1;
      tellTable(table, told, 'done');
      tellTotal();
    },
  };
}
