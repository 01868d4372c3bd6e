import { splitName, type TableName } from '../model/names.ts';
import type { ColumnFacts, TableFacts } from '../model/state.ts';
import { qualifiedSql, quoteIfNeeded } from './quote-ident.ts';

/** What keeps rows of the root's table from going into the target, one line each. */
export function compareColumns(source: TableFacts, target: TableFacts): string[] {
  const differences: string[] = [];
  const targetColumns = new Map(target.columns.map((column) => [column.name, column]));
  const sourceNames = new Set(source.columns.map((column) => column.name));
  for (const column of source.columns) {
    const other = targetColumns.get(column.name);
    if (other === undefined) {
      differences.push(`${column.name} ${column.type} is missing`);
    } else if (other.type !== column.type) {
      differences.push(`${column.name} is ${other.type}, on the root ${column.type}`);
    } else if (other.generated && !column.generated) {
      differences.push(`${column.name} is generated, on the root it is not`);
    }
  }
  for (const column of target.columns) {
    if (sourceNames.has(column.name) || !column.notNull || column.hasDefault || column.generated) continue;
    differences.push(`${column.name} ${column.type} is NOT NULL without a default, and the root does not have it`);
  }
  const sourceKey = source.primaryKey?.join(', ');
  const targetKey = target.primaryKey?.join(', ');
  if (sourceKey !== undefined && targetKey !== undefined && sourceKey !== targetKey) {
    differences.push(`the primary key is (${targetKey}), on the root (${sourceKey})`);
  }
  return differences;
}

/** The least that takes the rows: columns, NOT NULL and the key. */
export function createTableSql(source: TableFacts, destination: TableName, schemaExists: boolean): string {
  const { schema } = splitName(destination);
  const lines = source.columns.map(columnSql);
  if (source.primaryKey !== undefined) {
    lines.push(`PRIMARY KEY (${source.primaryKey.map(quoteIfNeeded).join(', ')})`);
  }
  const create = `CREATE TABLE ${qualifiedSql(destination)} (\n  ${lines.join(',\n  ')}\n);`;
  return schemaExists ? create : `CREATE SCHEMA IF NOT EXISTS ${quoteIfNeeded(schema)};\n${create}`;
}

function columnSql(column: ColumnFacts): string {
  return `${quoteIfNeeded(column.name)} ${column.type}${column.notNull ? ' NOT NULL' : ''}`;
}
