import type { ConstraintDefinition, TableDefinition } from '../../model/definition.ts';
import type { TableName } from '../../model/names.ts';
import type { ForeignKey } from '../../model/step.ts';
import { qualifiedSql, quoteIfNeeded } from '../quote-ident.ts';
import { newFeature } from './reduce.ts';
import type { Renaming } from './renaming.ts';

/** The other table of a foreign key, as this node has it or will have it; or why it can't be referred to. */
export type ReplicatedHere = (
  table: TableName,
  columns: readonly string[],
) => { readonly destination: TableName } | { readonly why: string };

interface ForeignKeys {
  readonly keys: readonly ForeignKey[];
  readonly left: readonly string[];
}

/** Those that will hold on this node: the rows they refer to come here too. */
export function foreignKeysOf(
  tables: readonly TableDefinition[],
  renaming: Renaming,
  major: number,
  replicatedHere: ReplicatedHere,
): ForeignKeys {
  const keys: ForeignKey[] = [];
  const left: string[] = [];
  const own = new Set(tables.map(({ name }) => name));
  for (const table of tables) {
    for (const constraint of table.constraints) {
      if (constraint.kind !== 'f' || constraint.references === undefined) continue;
      const refusal = refused(table, constraint, major);
      const other = own.has(constraint.references)
        ? { destination: renaming.table(constraint.references) }
        : replicatedHere(constraint.references, constraint.referencesColumns ?? []);
      const why = refusal ?? ('why' in other ? other.why : undefined);
      if (why !== undefined) left.push(`foreign key ${constraint.name}: ${why}`);
      else if ('destination' in other) keys.push(foreignKey(table, constraint, renaming, other.destination));
    }
  }
  return { keys, left };
}

function refused(table: TableDefinition, { sql, validated }: ConstraintDefinition, major: number): string | undefined {
  const feature = newFeature(sql, major);
  if (feature !== undefined) return `it is ${feature}`;
  if (major < 18 && / PERIOD |NOT ENFORCED$/.test(sql)) return 'it is of a kind that came with PostgreSQL 18';
  if (table.kind === 'p' && !validated && major < 18) return 'NOT VALID on a partitioned table came with PostgreSQL 18';
  return undefined;
}

function foreignKey(
  table: TableDefinition,
  { name, sql, referencesSql }: ConstraintDefinition,
  renaming: Renaming,
  references: TableName,
): ForeignKey {
  const given = renaming.constraint(table.name, name);
  const from = renaming.table(table.name);
  const definition = sql.replace(`REFERENCES ${referencesSql}(`, () => `REFERENCES ${qualifiedSql(references)}(`);
  const only = table.kind === 'p' ? '' : 'ONLY ';
  return {
    name: given,
    table: from,
    references,
    sql: `ALTER TABLE ${only}${qualifiedSql(from)} ADD CONSTRAINT ${quoteIfNeeded(given)} ${definition}`,
  };
}
