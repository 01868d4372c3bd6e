import { splitName } from '../model/names.ts';
import { isChosen, isPlain, masksOf } from '../model/projection.ts';
import type { ColumnFacts, TableFacts } from '../model/state.ts';
import type { TableSpec } from '../model/table.ts';
import { qualifiedSql, quoteIfNeeded } from './quote-ident.ts';

export interface ColumnDifferences {
  /** One line each. */
  readonly lines: readonly string[];
  /** What would make the target take the rows, as far as a statement alone can. */
  readonly alterSql: readonly string[];
}

const noDifferences: ColumnDifferences = { lines: [], alterSql: [] };

/** As nearly all do, in a cascade of many tables on many nodes. */
function lookTheSame(source: TableFacts, target: TableFacts): boolean {
  if (source.columns.length !== target.columns.length) return false;
  const sameColumns = source.columns.every(({ name, type, generated }, index) => {
    const other = target.columns[index];
    return other?.name === name && other.type === type && other.generated === generated;
  });
  return sameColumns && String(source.primaryKey) === String(target.primaryKey);
}

/** What keeps rows of the root's table from going into the target. */
export function compareColumns(source: TableFacts, target: TableFacts, spec: TableSpec): ColumnDifferences {
  if (isPlain(spec) && lookTheSame(source, target)) return noDifferences;
  const lines: string[] = [];
  const alterSql: string[] = [];
  const targetColumns = new Map(target.columns.map((column) => [column.name, column]));
  const masks = masksOf(spec);
  const given = source.columns.filter(({ name }) => isChosen(spec, name) && !masks.has(name));
  const filled = new Set([...masks.keys(), ...given.map(({ name }) => name)]);
  for (const column of given) {
    const other = targetColumns.get(column.name);
    if (other === undefined) {
      lines.push(`${column.name} ${column.type} is missing`);
      // Rows that are there have nothing to put into it.
      if (!column.virtual)
        alter(`ADD COLUMN ${target.empty ? columnSql(column) : columnSql({ ...column, notNull: false })}`);
    } else if (other.type !== column.type) {
      lines.push(`${column.name} is ${other.type}, on the root ${column.type}`);
      const name = quoteIfNeeded(column.name);
      alter(`ALTER COLUMN ${name} TYPE ${column.type} USING ${name}::${column.type}`);
    } else if (other.generated && !column.generated) {
      lines.push(`${column.name} is generated, on the root it is not`);
    }
  }
  for (const column of target.columns) {
    if (filled.has(column.name) || !column.notNull || column.hasDefault || column.generated) continue;
    lines.push(`${column.name} ${column.type} is NOT NULL without a default, and nothing comes from the root for it`);
    alter(`ALTER COLUMN ${quoteIfNeeded(column.name)} DROP NOT NULL`);
  }
  const sourceKey = source.primaryKey?.join(', ');
  const targetKey = target.primaryKey?.join(', ');
  if (sourceKey !== undefined && targetKey !== undefined && sourceKey !== targetKey) {
    lines.push(`the primary key is (${targetKey}), on the root (${sourceKey})`);
  }
  return { lines, alterSql };

  function alter(change: string): void {
    alterSql.push(`ALTER TABLE ${qualifiedSql(target.name)} ${change};`);
  }
}

/** The least that takes the rows: columns, NOT NULL and the key. */
export function createTableSql(source: TableFacts, spec: TableSpec, schemaExists: boolean): string {
  const { destination } = spec;
  const { schema } = splitName(destination);
  const lines = source.columns.filter(({ name }) => isChosen(spec, name) || masksOf(spec).has(name)).map(columnSql);
  if (source.primaryKey !== undefined) {
    lines.push(`PRIMARY KEY (${source.primaryKey.map(quoteIfNeeded).join(', ')})`);
  }
  const create = `CREATE TABLE ${qualifiedSql(destination)} (\n  ${lines.join(',\n  ')}\n);`;
  return schemaExists ? create : `CREATE SCHEMA IF NOT EXISTS ${quoteIfNeeded(schema)};\n${create}`;
}

function columnSql(column: ColumnFacts): string {
  return `${quoteIfNeeded(column.name)} ${column.type}${column.notNull ? ' NOT NULL' : ''}`;
}
