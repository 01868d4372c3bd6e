import type { ConstraintDefinition, IndexDefinition, Site, TableDefinition } from '../../model/definition.ts';

/** A definition that the node can take, and what had to go from it. */
export interface Reduced {
  readonly table: TableDefinition;
  /** One line each: what the table is made without, and why. */
  readonly left: readonly string[];
  /** One line each: what forbids to make it. */
  readonly reasons: readonly string[];
}

/** Takes out what would keep rows of the root out, and tells what the node's server does not know yet. */
export function reduceDefinition(table: TableDefinition, site: Site, major: number): Reduced {
  const left: string[] = [];
  const reasons: string[] = [];
  const constraints = table.constraints.filter((constraint) => {
    const why = constraint.kind === 'f' ? undefined : unfit(constraint, major);
    if (why !== undefined) left.push(`${constraint.kind === 'c' ? 'check' : 'constraint'} ${constraint.name}: ${why}`);
    return why === undefined;
  });
  for (const constraint of constraints) {
    const feature = constraint.kind === 'f' ? undefined : newFeature(constraint.sql, major);
    if (feature !== undefined) reasons.push(`constraint ${constraint.name} is ${feature}`);
    if (constraint.kind === 'x' && table.kind === 'p' && major < 17) {
      reasons.push(`constraint ${constraint.name} is an exclusion over partitions, which came with PostgreSQL 17`);
    }
  }
  const indexes = table.indexes.filter((index) => {
    const why = unfitIndex(index, site);
    if (why !== undefined) left.push(`index ${index.name}: ${why}`);
    return why === undefined;
  });
  for (const { name, sql } of indexes) {
    const feature = newFeature(sql, major);
    if (feature !== undefined) reasons.push(`index ${name} is ${feature}`);
  }
  for (const { name, generated } of table.columns) {
    if (generated === 'v' && major < 18) {
      reasons.push(`column ${name} is a virtual generated column, which came with PostgreSQL 18`);
    }
  }
  if (table.method !== undefined && !site.methods.has(table.method)) {
    reasons.push(`its access method ${table.method} does not exist there`);
  }
  for (const column of table.columns) {
    if (column.collation !== undefined && !site.collations.has(column.collation.join('.'))) {
      reasons.push(`column ${column.name} has collation ${column.collation.join('.')}, which does not exist there`);
    }
  }
  return {
    table: {
      ...table,
      constraints,
      indexes,
      ...known('options', table.options, major, left),
      ...known('toastOptions', table.toastOptions, major, left),
    },
    left,
    reasons,
  };
}

/** A check that rows of the root may fail, or that nobody makes. */
function unfit({ kind, validated, sql }: ConstraintDefinition, major: number): string | undefined {
  if (sql.endsWith(' NOT ENFORCED') && major < 18) return 'NOT ENFORCED came with PostgreSQL 18';
  if (kind === 'c' && !validated) return 'it is NOT VALID on the root, so rows that are to come may fail it';
  return undefined;
}

function unfitIndex({ operatorClasses, sql }: IndexDefinition, site: Site): string | undefined {
  const method = /^USING (\w+)/.exec(sql)?.[1] ?? '';
  if (!site.methods.has(method)) return `its access method ${method} does not exist there`;
  const missing = operatorClasses?.find((name) => !site.operatorClasses.has(name));
  return missing === undefined ? undefined : `its operator class ${missing.split(' ')[1]} does not exist there`;
}

const features: readonly (readonly [mark: string, since: number])[] = [
  [' NULLS NOT DISTINCT', 15],
  [' WITHOUT OVERLAPS', 18],
  [' SET NULL (', 15],
  [' SET DEFAULT (', 15],
  ['deduplicate_items=', 13],
];

/** Words of a definition that an older server does not read. */
export function newFeature(sql: string, major: number): string | undefined {
  const found = features.find(([mark, since]) => major < since && sql.includes(mark));
  return found === undefined
    ? undefined
    : `made with${found[0].replace(/[(=]$/, '').trimEnd()}, which came with PostgreSQL ${found[1]}`;
}

const optionsSince: Readonly<Record<string, number>> = {
  autovacuum_vacuum_insert_threshold: 13,
  autovacuum_vacuum_insert_scale_factor: 13,
  autovacuum_vacuum_max_threshold: 18,
  vacuum_max_eager_freeze_failure_rate: 18,
};

function known(key: 'options' | 'toastOptions', options: readonly string[] | undefined, major: number, left: string[]) {
  if (options === undefined) return {};
  const kept = options.filter((option) => {
    const name = option.slice(0, option.indexOf('='));
    const since = optionsSince[name] ?? 0;
    if (since > major) left.push(`storage parameter ${name}: it came with PostgreSQL ${since}`);
    return since <= major;
  });
  return { [key]: kept };
}
