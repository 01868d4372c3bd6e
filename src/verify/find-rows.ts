import type { Session } from '../db/session.ts';
import { sql } from '../db/statement.ts';
import type { DifferentRow, DifferentValue, RowDifferences, TableSum } from '../model/comparison.ts';
import { comparedValue, hashOf, rowsOf, type SumColumn, type SumRequest, textOf } from './checksum.ts';
import { keyHash, type OwnRows } from './own-rows.ts';

/** How rows are looked for where a table differs. */
export interface RowSearch {
  /** How many rows to list for a table. */
  readonly limit: number;
  /** About how many rows have one checksum, and are then read one by one where it differs. */
  readonly chunkRows: number;
  /** Whether values are told, or only the names of their columns. */
  readonly values: boolean;
}

/** One side of a table, in a transaction that sees the tick. */
export interface Side {
  readonly session: Session;
  readonly request: SumRequest;
  readonly sum: TableSum;
}

/** A chunk, or all rows of one key. */
interface Group {
  readonly rows: bigint;
  readonly total: string;
}

/** Rows that differ, each beside the text by which both sides name it. */
export interface FoundRows {
  readonly differences: RowDifferences;
  readonly names: readonly string[];
}

interface KeyGroup extends Group {
  readonly key: readonly string[];
}

/**
 * Narrows a difference down: to chunks, to rows of some chunks that differ, to columns of those rows. Chunks go by a hash
 * of the key and not by its order, as the two servers may sort texts in two ways.
 */
export async function findRows(
  provider: Side,
  subscriber: Side,
  key: readonly string[],
  search: RowSearch,
): Promise<FoundRows> {
  if (search.limit === 0) return { differences: { kind: 'not_asked' }, names: [] };
  if (key.length === 0) return { differences: { kind: 'no_key' }, names: [] };
  const most = provider.sum.rows > subscriber.sum.rows ? provider.sum.rows : subscriber.sum.rows;
  const buckets = bucketCount(most, search.chunkRows);
  const chunks = await bothSides(provider, subscriber, (side) => readChunks(side, key, buckets));
  const differing = unequal(...chunks);
  // Each of them has one difference at least.
  const looked = differing.slice(0, search.limit);
  const [left, right] = await bothSides(provider, subscriber, (side) => readKeys(side, key, buckets, looked));
  const keys = unequal(left, right);
  return describeRows(provider, subscriber, key, search, {
    left,
    right,
    keys,
    more: keys.length > search.limit || differing.length > looked.length,
  });
}

/** The same for rows whose keys are known to differ, by their hashes: what the subscriber alone has is none of them. */
export async function findOwnRows(
  provider: Side,
  subscriber: Side,
  key: readonly string[],
  { keys: hashes, differing }: Pick<OwnRows, 'keys' | 'differing'>,
  search: RowSearch,
): Promise<FoundRows> {
  if (search.limit === 0) return { differences: { kind: 'not_asked' }, names: [] };
  if (key.length === 0) return { differences: { kind: 'no_key' }, names: [] };
  const [left, right] = await bothSides(provider, subscriber, (side) => readHashedKeys(side, key, hashes));
  // Of two rows of one key on the subscriber, one may be another queue's: nobody can tell which.
  const keys = [...left].flatMap(([name, { rows }]) => (rows < (right.get(name)?.rows ?? 0n) ? [] : [name]));
  return describeRows(provider, subscriber, key, search, { left, right, keys, more: differing > keys.length });
}

async function describeRows(
  provider: Side,
  subscriber: Side,
  key: readonly string[],
  search: RowSearch,
  {
    left,
    right,
    keys,
    more,
  }: {
    readonly left: ReadonlyMap<string, KeyGroup>;
    readonly right: ReadonlyMap<string, KeyGroup>;
    readonly keys: readonly string[];
    readonly more: boolean;
  },
): Promise<FoundRows> {
  const shown = keys.slice(0, search.limit);
  const found = shown.map((name) => ({ name, left: left.get(name), right: right.get(name) }));
  const changed = found.filter(({ left, right }) => left?.rows === right?.rows).map(({ name }) => name);
  const columns =
    changed.length === 0
      ? []
      : await bothSides(provider, subscriber, (side) => readValues(side, key, changed, search.values));
  const rows = found.map(({ name, left, right }): DifferentRow => {
    const own = left?.key ?? right?.key ?? [];
    const leftRows = left?.rows ?? 0n;
    const rightRows = right?.rows ?? 0n;
    if (leftRows !== rightRows) return { kind: leftRows > rightRows ? 'missing' : 'extra', key: own };
    const [before, after] = columns.map((side) => side.get(name));
    return {
      kind: 'different',
      key: own,
      columns: differingValues(provider.request.columns, before, after, search.values),
    };
  });
  return { differences: { kind: 'found', key, rows, more }, names: shown };
}

/** A power of two. More than that many groups would cost memory on the server. */
function bucketCount(rows: bigint, chunkRows: number): number {
  let count = 1;
  while (count < mostBuckets && BigInt(count) * BigInt(chunkRows) < rows) count *= 2;
  return count;
}

const mostBuckets = 65_536;

async function bothSides<Result>(
  provider: Side,
  subscriber: Side,
  read: (side: Side) => Promise<Result>,
): Promise<[Result, Result]> {
  return Promise.all([read(provider), read(subscriber)]);
}

/** What one side alone has, or both have in two ways. */
function unequal<Name>(left: ReadonlyMap<Name, Group>, right: ReadonlyMap<Name, Group>): Name[] {
  const names = new Set([...left.keys(), ...right.keys()]);
  return [...names].filter((name) => {
    const [one, other] = [left.get(name), right.get(name)];
    return one?.rows !== other?.rows || one?.total !== other?.total;
  });
}

/** With the name of each column that tells rows apart, as this side reads it. */
function keyColumns({ request }: Side, key: readonly string[]): readonly SumColumn[] {
  return request.columns.filter(({ name }) => key.includes(name));
}

function bucketOf(side: Side, key: readonly string[], buckets: number): string {
  return `(${hashOf(textOf(keyColumns(side, key)), side.request.hash)} & ${buckets - 1})`;
}

async function readChunks(side: Side, key: readonly string[], buckets: number): Promise<ReadonlyMap<bigint, Group>> {
  const { request, session } = side;
  const rows = await session.query<Group & { bucket: bigint }>(
    sql(
      `select ${bucketOf(side, key, buckets)} as bucket, count(*) as rows, sum(${hashOf(textOf(request.columns), request.hash)})::text as total
 from ${rowsOf(request)}
 group by 1 order by 1`,
    ),
  );
  return new Map(rows.map(({ bucket, ...group }) => [bucket, group]));
}

/** As `readKeys`, by what `own-rows` names keys by. */
async function readHashedKeys(
  side: Side,
  key: readonly string[],
  hashes: readonly string[],
): Promise<ReadonlyMap<string, KeyGroup>> {
  const columns = keyColumns(side, key);
  return readKeyGroups(side, columns, keyHash(columns), '$1::text[]', hashes);
}

async function readKeys(
  side: Side,
  key: readonly string[],
  buckets: number,
  looked: readonly bigint[],
): Promise<ReadonlyMap<string, KeyGroup>> {
  return readKeyGroups(side, keyColumns(side, key), bucketOf(side, key, buckets), '$1::bigint[]', looked);
}

/** The rows of which `picked` is among some values, by the text of their key. */
async function readKeyGroups(
  { request, session }: Side,
  columns: readonly SumColumn[],
  picked: string,
  among: '$1::bigint[]' | '$1::text[]',
  values: readonly (bigint | string)[],
): Promise<ReadonlyMap<string, KeyGroup>> {
  const rows = await session.query<KeyGroup & { name: string }>(
    sql(
      `select f.name, min(f.key) as key, count(*) as rows, sum(f.hash)::text as total
 from (select ${textOf(columns)} as name, ${textArray(columns)} as key, ${hashOf(textOf(request.columns), request.hash)} as hash,
  ${picked} as picked
 from ${rowsOf(request)}) f
 where f.picked = any(${among})
 group by f.name order by f.name collate "C"`,
      values,
    ),
  );
  return new Map(rows.map(({ name, ...group }) => [name, group]));
}

export interface RowValues {
  /** By which columns are told equal or not; a column at its own place. */
  readonly hashes: readonly string[];
  readonly texts: readonly (string | null)[];
}

/** Of rows that are there once on each side; of one that is there more often, of any. */
export async function readValues(
  side: Side,
  key: readonly string[],
  names: readonly string[],
  values: boolean,
): Promise<ReadonlyMap<string, RowValues>> {
  const { request, session } = side;
  const hashes = request.columns.map((column) => `pg_catalog.md5(pg_catalog.convert_to(${textOf([column])}, 'UTF8'))`);
  const rows = await session.query<RowValues & { name: string }>(
    sql(
      `select f.* from (select ${textOf(keyColumns(side, key))} as name, array[${hashes.join(', ')}] as hashes,
  ${values ? textArray(request.columns) : `'{}'::text[]`} as texts
 from ${rowsOf(request)}) f
 where f.name = any($1::text[])`,
      names,
    ),
  );
  return new Map(rows.map(({ name, ...row }) => [name, row]));
}

function textArray(columns: readonly SumColumn[]): string {
  return `array[${columns.map((column) => `(${comparedValue(column)})::text`).join(', ')}]::text[]`;
}

function differingValues(
  columns: readonly SumColumn[],
  left: RowValues | undefined,
  right: RowValues | undefined,
  values: boolean,
): readonly DifferentValue[] {
  return columns.flatMap(({ name }, index) => {
    if (left?.hashes[index] === right?.hashes[index]) return [];
    const told = { provider: left?.texts[index] ?? null, subscriber: right?.texts[index] ?? null };
    return [{ column: name, values: values ? told : undefined }];
  });
}
