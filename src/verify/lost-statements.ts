import type { TargetTable } from '../catalog/target-tables.ts';
import { quoteIdent, quoteLiteral, quoteName } from '../db/statement.ts';
import { assertNever } from '../model/exhaustive.ts';
import type { RowEvent } from '../model/lost-event.ts';
import { replaceRow } from './replace-row.ts';

/** The SQL that does on the new root what the event did on the old one. `target` undefined: the new root has no such table. */
export function lostStatement({ table, change }: RowEvent, target: TargetTable | undefined): string {
  const name = quoteName(table);
  const own = target?.partitioned === true ? name : `only ${name}`;
  switch (change.kind) {
    case 'truncate':
      return `truncate ${own};`;
    case 'sql':
      return sqlStatement(change.op, change.text, name, own);
    case 'row':
      break;
    default:
      return assertNever(change);
  }
  const generated = new Set(target?.columns.filter((column) => column.generated).map((column) => column.name));
  const given = [...change.values].filter(([column]) => !generated.has(column));
  // Without a key the whole row is all there is to find it by.
  const by = change.key.length === 0 ? [...change.values.keys()] : change.key;
  const where = by.map((column) => condition(column, change.values.get(column))).join(' and ');
  switch (change.op) {
    case 'I': {
      const list = given.map(([column]) => quoteIdent(column)).join(', ');
      const values = given.map(([, text]) => literal(text)).join(', ');
      return `insert into ${name} (${list}) overriding system value values (${values});`;
    }
    case 'U': {
      const others = given.filter(([column]) => !change.key.includes(column));
      const set = others.length === 0 ? given : others;
      return updateSql(set, target, own, where);
    }
    case 'D':
      return `delete from ${own} where ${where};`;
    default:
      return assertNever(change.op);
  }
}

function updateSql(
  set: readonly (readonly [string, string | null])[],
  target: TargetTable | undefined,
  own: string,
  where: string,
): string {
  const fixed = new Set(target?.columns.filter(({ unchangeable }) => unchangeable).map(({ name }) => name));
  const list = set.flatMap(([column, text]) => (fixed.has(column) ? [] : [`${quoteIdent(column)} = ${literal(text)}`]));
  const update = list.length === 0 ? [] : [`update ${own} set ${list.join(', ')} where ${where};`];
  const given = set.filter(([column]) => fixed.has(column)).map(([column, text]) => [column, literal(text)] as const);
  if (target === undefined || given.length === 0) return update.join('\n');
  const other = given.map(([column, value]) => `${quoteIdent(column)} is distinct from ${value}`).join(' or ');
  return [replaceRow(target, `${where} and (${other})`, new Map(given)), ...update].join('\n');
}

function sqlStatement(op: 'I' | 'U' | 'D', text: string, name: string, own: string): string {
  switch (op) {
    case 'I':
      return `insert into ${name} ${text};`;
    case 'U':
      return `update ${own} set ${text};`;
    case 'D':
      return `delete from ${own} where ${text};`;
    default:
      return assertNever(op);
  }
}

function condition(column: string, text: string | null | undefined): string {
  return text === null || text === undefined
    ? `${quoteIdent(column)} is null`
    : `${quoteIdent(column)} = ${literal(text)}`;
}

function literal(text: string | null): string {
  return text === null ? 'null' : quoteLiteral(text).trimStart();
}
