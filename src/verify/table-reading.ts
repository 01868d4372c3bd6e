import type { OneSnapshot, RowDifferences, TableSum } from '../model/comparison.ts';
import type { Bound, Part, ReadParts } from '../model/comparison-record.ts';
import { addSums, noRows } from './checksum.ts';

/** How far a table has been read, through all snapshots. */
export interface TableReading {
  readonly fingerprint: string;
  readonly cutBy: readonly string[];
  /** What an earlier comparison left, as far as this one has not come yet. */
  readonly saved: Part[];
  readonly parts: Part[];
  provider: TableSum;
  subscriber: TableSum;
  chunks: number;
  differs: boolean;
  rows: RowDifferences;
  last: { readonly rows: number; readonly tookMs: number } | undefined;
  oneSnapshot: OneSnapshot | undefined;
}

export function startReading(
  { fingerprint, cutBy }: Pick<ReadParts, 'fingerprint' | 'cutBy'>,
  saved: readonly Part[],
): TableReading {
  return {
    fingerprint,
    cutBy,
    saved: [...saved],
    parts: [],
    provider: noRows,
    subscriber: noRows,
    chunks: 0,
    differs: false,
    rows: { kind: 'not_asked' },
    last: undefined,
    oneSnapshot: undefined,
  };
}

/** Where the next part begins. */
export function readUpTo({ parts }: TableReading): Bound | undefined {
  return parts.at(-1)?.upTo;
}

export function addPart(
  reading: TableReading,
  part: Part,
  sums: { readonly provider: TableSum; readonly subscriber: TableSum },
): void {
  reading.chunks += 1;
  reading.provider = addSums(reading.provider, sums.provider);
  reading.subscriber = addSums(reading.subscriber, sums.subscriber);
  reading.differs ||= part.equal === undefined;
  const before = reading.parts.at(-1);
  if (before?.equal === undefined || part.equal === undefined) {
    reading.parts.push(part);
    return;
  }
  const equal = addSums(before.equal, part.equal);
  reading.parts.splice(-1, 1, { after: before.after, upTo: part.upTo, equal });
}

/** How many rows of a part may be listed when so many are. */
export function leftToList({ rows }: TableReading, limit: number): number {
  return rows.kind === 'found' ? Math.max(0, limit - rows.rows.length) : limit;
}

/** Rows of one part after those of the others. */
export function addDifferences(reading: TableReading, found: RowDifferences): void {
  const { rows } = reading;
  reading.rows =
    rows.kind === 'found' && found.kind === 'found'
      ? { ...rows, rows: [...rows.rows, ...found.rows], more: rows.more || found.more }
      : found;
}

/** There are others that are not listed. */
export function addUnlisted(reading: TableReading): void {
  if (reading.rows.kind === 'found') reading.rows = { ...reading.rows, more: true };
}
