import type { Session } from '../db/session.ts';
import { quoteIdent, quoteName, type Statement, sql } from '../db/statement.ts';
import type { TableSum } from '../model/comparison.ts';
import type { TableName } from '../model/names.ts';
import { type KeyRange, rangeConditions } from './key-range.ts';

/** What is read of one side of a table. Both sides get the same columns in the same order. */
export interface SumRequest {
  readonly table: TableName;
  /** False for a table whose rows all lie in others, such as a partitioned one. */
  readonly inheritable: boolean;
  readonly columns: readonly SumColumn[];
  /** SQL; it and the columns may name the table by `alias`. */
  readonly where: string | undefined;
  readonly alias: string;
  /** Undefined is all of it. */
  readonly range?: KeyRange;
  readonly hash: RowHash;
}

/** What a row's text is turned into: md5 is the same on any two servers, the server's own 64 bits take half the time. */
export type RowHash = 'md5' | 'server';

export interface SumColumn {
  readonly name: string;
  /** Of type money, whose text depends on the server's locale. */
  readonly money: boolean;
  /** What stands in the place of a column of that name. */
  readonly expression?: string;
}

const modulus = 64;

/** A column as it is compared. */
export function comparedValue({ name, money, expression }: SumColumn): string {
  return `${expression ?? quoteIdent(name)}${money ? '::numeric' : ''}`;
}

/** The text of some columns, which is the same on every version and under every setting. */
export function textOf(columns: readonly SumColumn[]): string {
  return `row(${columns.map(comparedValue).join(', ')})::text`;
}

/** 64 bits of a text. */
export function hashOf(text: string, hash: RowHash): string {
  // Which order the database has makes no difference to it.
  if (hash === 'server') return `pg_catalog.hashtextextended(${text} collate "C", 0)`;
  // In UTF-8 whatever the server's encoding.
  return `('x' || pg_catalog.substr(pg_catalog.md5(pg_catalog.convert_to(${text}, 'UTF8')), 1, 16))::bit(64)::bigint`;
}

const probe = `'Größe 中文 🙂 ' || pg_catalog.repeat('0123456789', 20)`;

/** The server's own hash, where both have it, and it says the same of the same bytes. */
export async function commonHash(provider: Session, subscriber: Session): Promise<RowHash> {
  const said = await Promise.all([provider, subscriber].map(hashOfProbe));
  return said[0] !== undefined && said[0] === said[1] ? 'server' : 'md5';
}

async function hashOfProbe(session: Session): Promise<bigint | undefined> {
  const [encoding] = await session.query<{ utf8: boolean }>(
    sql(`select pg_catalog.current_setting('server_encoding') = 'UTF8' as utf8`),
  );
  if (encoding?.utf8 !== true || session.serverVersion < 110_000) return undefined;
  const [row] = await session.query<{ hash: bigint }>(sql(`select ${hashOf(`(${probe})`, 'server')} as hash`));
  return row?.hash;
}

/** The rows that are compared, after FROM. A filter may end in a comment, hence the line feed. */
export function rowsOf({ inheritable, table, alias, where, range }: SumRequest): string {
  const conditions = [
    ...(where === undefined ? [] : [`(${where}\n)`]),
    ...(range === undefined ? [] : rangeConditions(range)),
  ];
  const filter = conditions.length === 0 ? '' : `\n where ${conditions.join(' and ')}`;
  return `${inheritable ? 'only ' : ''}${quoteName(table)} as ${quoteIdent(alias)}${filter}`;
}

/**
 * Rows are hashed by their text and the hashes are added: any order gives the same sum, and two equal rows do not cancel
 * each other out.
 */
function sumStatement(request: SumRequest): Statement {
  return sql(
    `select count(*) as rows, coalesce(sum(${hashOf(textOf(request.columns), request.hash)}), 0)::text as total
 from ${rowsOf(request)}`,
  );
}

export async function readSum(session: Session, request: SumRequest): Promise<TableSum> {
  const [row] = await session.query<{ rows: bigint; total: string }>(sumStatement(request));
  if (row === undefined) throw new Error('an aggregate gave no row');
  return { rows: row.rows, checksum: foldTotal(BigInt(row.total)) };
}

export const noRows: TableSum = { rows: 0n, checksum: foldTotal(0n) };

/** Of two parts of a table. */
export function addSums(one: TableSum, other: TableSum): TableSum {
  const total = BigInt(`0x${one.checksum}`) + BigInt(`0x${other.checksum}`);
  return { rows: one.rows + other.rows, checksum: foldTotal(total) };
}

export function sameSum(one: TableSum, other: TableSum): boolean {
  return one.rows === other.rows && one.checksum === other.checksum;
}

/** The sum may be negative, and longer than 64 bits: what is shown and compared are its low 64. */
export function foldTotal(total: bigint): string {
  return BigInt.asUintN(modulus, total).toString(16).padStart(16, '0');
}
