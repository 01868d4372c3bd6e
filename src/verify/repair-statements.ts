import { readTargetTables, type TargetTable } from '../catalog/target-tables.ts';
import { quoteIdent, quoteLiteral, quoteName } from '../db/statement.ts';
import type { DifferentRow } from '../model/comparison.ts';
import type { SumColumn } from './checksum.ts';
import type { FoundIn } from './compare-tables.ts';
import { type RowValues, readValues, type Side } from './find-rows.ts';
import { replaceRow } from './replace-row.ts';

/** For a part of a table. */
export interface RepairStatements {
  readonly deletes: readonly string[];
  readonly updates: readonly string[];
  readonly inserts: readonly string[];
}

/** Of all parts: first what is to go, so that it is in nobody's way. */
export function inOrder(parts: readonly RepairStatements[]): readonly string[] {
  return [
    ...parts.flatMap(({ deletes }) => deletes),
    ...parts.flatMap(({ updates }) => updates),
    ...parts.flatMap(({ inserts }) => inserts),
  ];
}

/** SQL that makes the rows that were found equal to the provider's. */
export async function repairStatements({ provider, subscriber, found }: FoundIn): Promise<RepairStatements> {
  const { differences, names } = found;
  const statements = { deletes: [] as string[], updates: [] as string[], inserts: [] as string[] };
  if (differences.kind !== 'found') return statements;
  const { columns } = provider.request;
  const only = subscriber.request.inheritable ? 'only ' : '';
  const target = quoteName(subscriber.request.table);
  const held = await heldTable(subscriber);
  const fixed = new Set(held?.columns.filter(({ unchangeable }) => unchangeable).map(({ name }) => name));
  const keys = columns.filter(({ name }) => differences.key.includes(name));
  const wanted = await readValues(provider, differences.key, names, true);
  for (const [index, row] of differences.rows.entries()) addRow(row, wanted.get(names[index] ?? ''));
  return statements;

  function addRow(row: DifferentRow, values: RowValues | undefined): void {
    const where = keys
      .map((column, at) => `${quoteIdent(column.name)} = ${literal(column, row.key[at])}`)
      .join(' and ');
    if (row.kind === 'different' && values !== undefined) {
      const changed = new Set(row.columns.map(({ column }) => column));
      const given = new Map(
        columns.flatMap((column, at) =>
          changed.has(column.name) ? [[column.name, literal(column, values.texts[at])] as const] : [],
        ),
      );
      const set = [...given].map(([name, value]) => `${quoteIdent(name)} = ${value}`).join(', ');
      statements.updates.push(
        held !== undefined && [...given.keys()].some((name) => fixed.has(name))
          ? replaceRow(held, where, given)
          : `update ${only}${target} set ${set} where ${where};`,
      );
      return;
    }
    // Also where the provider has it: the subscriber has it more than once then.
    if (row.kind === 'extra') statements.deletes.push(`delete from ${only}${target} where ${where};`);
    if (values === undefined) return;
    const list = columns.map(({ name }) => quoteIdent(name)).join(', ');
    const literals = columns.map((column, at) => literal(column, values.texts[at])).join(', ');
    // The numbers of an identity column are the provider's.
    statements.inserts.push(`insert into ${target} (${list}) overriding system value values (${literals});`);
  }
}

/** Undefined before version 12, whose catalogs do not say all of it. */
async function heldTable({ session, request }: Side): Promise<TargetTable | undefined> {
  if (session.serverVersion < 120_000) return undefined;
  return (await readTargetTables(session, [request.table])).get(request.table);
}

function literal({ money }: SumColumn, text: string | null | undefined): string {
  if (text === null || text === undefined) return 'null';
  return money ? `${quoteLiteral(text)}::numeric::money` : quoteLiteral(text).trimStart();
}
