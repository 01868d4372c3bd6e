import type {
  ColumnDefinition,
  ConstraintDefinition,
  SequenceDefinition,
  TableDefinition,
} from '../../model/definition.ts';
import { splitName } from '../../model/names.ts';
import { qualifiedSql, quoteIfNeeded, quoteText } from '../quote-ident.ts';
import { grantsSql } from './grants.ts';
import {
  collationSql,
  commentSql,
  type Means,
  ownerSql,
  sequenceOptions,
  sequenceRestSql,
  sequenceSql,
} from './objects-sql.ts';
import type { Renaming } from './renaming.ts';

export interface TablePlan {
  /** The table first, then its partitions, parents before children. */
  readonly tables: readonly TableDefinition[];
  readonly renaming: Renaming;
  readonly means: Means;
  /** False where the node has the sequence already. */
  readonly makesSequence: (sequence: SequenceDefinition) => boolean;
  readonly hasLz4: boolean;
}

/** Columns, NOT NULL and the key. */
export function minimalTableSql(
  table: TableDefinition,
  name: string,
  namedKey: readonly string[] | undefined,
): string[] {
  const lines = table.columns.map((column) => {
    const generated = column.generated === 'v' ? ` GENERATED ALWAYS AS (${column.default}) VIRTUAL` : '';
    return `${quoteIfNeeded(column.name)} ${column.type}${generated}${column.notNull ? ' NOT NULL' : ''}`;
  });
  const key = table.constraints.find(({ kind }) => kind === 'p');
  if (key !== undefined) lines.push(`PRIMARY KEY (${key.columns.map(quoteIfNeeded).join(', ')})`);
  const sameKey = key !== undefined && key.columns.join('\n') === namedKey?.join('\n');
  if (namedKey !== undefined && !sameKey) lines.push(`UNIQUE (${namedKey.map(quoteIfNeeded).join(', ')})`);
  return [`CREATE TABLE ${name} (\n  ${lines.join(',\n  ')}\n);`];
}

/** The table as it is on the root, with all that belongs to it alone; foreign keys come once both tables hold their rows. */
export function fullTableSql(plan: TablePlan): string[] {
  const { tables, renaming } = plan;
  const owned = tables.flatMap(({ sequences }) => sequences).filter(({ column }) => column !== undefined);
  const own = owned.filter((sequence) => !sequence.identity && plan.makesSequence(sequence));
  return [
    ...own.map((sequence) => sequenceSql(sequence, renaming.sequence(sequence))),
    ...tables.map((table) => createSql(table, plan)),
    ...tables.flatMap((table) => settingsSql(table, plan)),
    ...tables.flatMap((table) => indexesSql(table, plan)),
    ...tables.flatMap((table) => ownedSequencesSql(table, own, plan)),
    ...tables.flatMap((table) => ownerSql(`TABLE ${nameSql(table, plan)}`, table.owner, plan.means)),
    ...tables.flatMap((table) => policiesSql(table, plan)),
    ...tables.flatMap((table) => commentsSql(table, plan)),
    ...tables.flatMap((table) => grantsOfTable(table, plan)),
    ...owned
      .filter(plan.makesSequence)
      .flatMap((sequence) => sequenceRestSql(sequence, renaming.sequence(sequence), plan.means)),
  ];
}

function nameSql({ name }: TableDefinition, { renaming }: TablePlan): string {
  return qualifiedSql(renaming.table(name));
}

function createSql(table: TableDefinition, plan: TablePlan): string {
  const { renaming } = plan;
  const constraints = table.constraints
    .filter(({ kind }) => kind !== 'f')
    .map((one) => constraintSql(table, one, plan));
  const parent = table.parent === undefined ? undefined : qualifiedSql(renaming.table(table.parent));
  const lines =
    parent === undefined
      ? [...table.columns.map((column) => columnSql(table, column, plan)), ...constraints]
      : constraints;
  const list = lines.length === 0 ? (parent === undefined ? ' ()' : '') : ` (\n  ${lines.join(',\n  ')}\n)`;
  const of = parent === undefined ? '' : ` PARTITION OF ${parent}`;
  const tail = [
    parent === undefined ? '' : ` ${table.bound}`,
    table.partitionBy === undefined ? '' : ` PARTITION BY ${table.partitionBy}`,
    table.method === undefined ? '' : ` USING ${quoteIfNeeded(table.method)}`,
    optionsSql(table),
  ];
  // Since 18 the server refuses the word where there is nothing to store.
  const unlogged = table.unlogged && table.kind === 'r' ? 'UNLOGGED ' : '';
  return `CREATE ${unlogged}TABLE ${nameSql(table, plan)}${of}${list}${tail.join('')};`;
}

function optionsSql({ options, toastOptions }: TableDefinition): string {
  const all = [...(options ?? []), ...(toastOptions ?? []).map((option) => `toast.${option}`)];
  return all.length === 0 ? '' : ` WITH (${all.map(optionSql).join(', ')})`;
}

/** `fillfactor=80` is kept without quotes, and a value may be anything. */
function optionSql(option: string): string {
  const equals = option.indexOf('=');
  return `${option.slice(0, equals)}=${quoteText(option.slice(equals + 1))}`;
}

function columnSql(table: TableDefinition, column: ColumnDefinition, plan: TablePlan): string {
  return [
    quoteIfNeeded(column.name),
    ` ${column.type}`,
    column.compression === undefined || !compresses(column.compression, plan)
      ? ''
      : ` COMPRESSION ${column.compression}`,
    column.collation === undefined ? '' : ` COLLATE ${collationSql(column.collation)}`,
    valueSql(table, column, plan),
    column.notNull ? ' NOT NULL' : '',
  ].join('');
}

function compresses(method: string, { means, hasLz4 }: TablePlan): boolean {
  return means.major >= 14 && (method !== 'lz4' || hasLz4);
}

/** What the column holds where a row does not say: a default, an expression, or the next number. */
function valueSql(table: TableDefinition, column: ColumnDefinition, plan: TablePlan): string {
  if (column.generated !== undefined) {
    return ` GENERATED ALWAYS AS (${column.default}) ${column.generated === 'v' ? 'VIRTUAL' : 'STORED'}`;
  }
  if (column.identity !== undefined) {
    const sequence = table.sequences.find(({ identity, column: owner }) => identity && owner === column.name);
    const named =
      sequence === undefined || !plan.makesSequence(sequence)
        ? ''
        : `SEQUENCE NAME ${qualifiedSql(plan.renaming.sequence(sequence))}`;
    const inside = `${named}${sequence === undefined ? '' : sequenceOptions(sequence)}`.trim();
    const options = inside === '' ? '' : ` (${inside})`;
    return ` GENERATED ${column.identity === 'a' ? 'ALWAYS' : 'BY DEFAULT'} AS IDENTITY${options}`;
  }
  return column.default === undefined ? '' : ` DEFAULT ${defaultSql(table, column.default, plan)}`;
}

/** The default calls sequences by the names they have on the root. */
function defaultSql(table: TableDefinition, text: string, { renaming }: TablePlan): string {
  let sql = text;
  for (const sequence of table.sequences) {
    const name = renaming.sequence(sequence);
    if (name === sequence.name) continue;
    sql = sql.replaceAll(`${sequence.nameSql}::regclass`, `${quoteText(qualifiedSql(name))}::regclass`);
  }
  return sql;
}

function constraintSql(table: TableDefinition, constraint: ConstraintDefinition, { renaming }: TablePlan): string {
  const indexed = constraint.kind !== 'c';
  const name = indexed ? renaming.index(table.name, constraint.name) : renaming.constraint(table.name, constraint.name);
  return `CONSTRAINT ${quoteIfNeeded(name)} ${constraint.sql}`;
}

/** What CREATE TABLE has no words for in every supported version. Each partition has its own. */
function settingsSql(table: TableDefinition, plan: TablePlan): string[] {
  const alter = `ALTER TABLE ONLY ${nameSql(table, plan)}`;
  const parent = plan.tables.find(({ name }) => name === table.parent);
  const sql: string[] = [];
  for (const column of table.columns) {
    const on = `${alter} ALTER COLUMN ${quoteIfNeeded(column.name)}`;
    const inherited = parent?.columns.find(({ name }) => name === column.name);
    if (inherited !== undefined) sql.push(...ownDefaultSql(on, table, column, inherited, plan));
    if (column.storage !== undefined) sql.push(`${on} SET STORAGE ${column.storage};`);
    if (column.statistics !== undefined) sql.push(`${on} SET STATISTICS ${column.statistics};`);
    if (column.options !== undefined) sql.push(`${on} SET (${column.options.map(optionSql).join(', ')});`);
  }
  for (const { name, options } of table.constraints) {
    if (options === undefined) continue;
    sql.push(`ALTER INDEX ${indexName(table, name, plan)} SET (${options.map(optionSql).join(', ')});`);
  }
  return sql;
}

/** A partition may differ from its parent in what a column holds by default, and in what it must hold. */
function ownDefaultSql(
  on: string,
  table: TableDefinition,
  column: ColumnDefinition,
  parent: ColumnDefinition,
  plan: TablePlan,
): string[] {
  const sql: string[] = [];
  if (column.generated === undefined && column.default !== parent.default) {
    sql.push(
      column.default === undefined
        ? `${on} DROP DEFAULT;`
        : `${on} SET DEFAULT ${defaultSql(table, column.default, plan)};`,
    );
  }
  if (column.notNull && !parent.notNull) sql.push(`${on} SET NOT NULL;`);
  return sql;
}

function indexName(table: TableDefinition, name: string, { renaming }: TablePlan): string {
  const { schema } = splitName(renaming.table(table.name));
  return `${quoteIfNeeded(schema)}.${quoteIfNeeded(renaming.index(table.name, name))}`;
}

function indexesSql(table: TableDefinition, plan: TablePlan): string[] {
  const { renaming } = plan;
  const on = nameSql(table, plan);
  const clustered = [...table.constraints, ...table.indexes].find((one) => one.clustered === true);
  const { replicaIdentity, replicaIdentityIndex } = table;
  return [
    ...table.indexes.map(
      ({ name, unique, sql }) =>
        `CREATE ${unique ? 'UNIQUE ' : ''}INDEX ${quoteIfNeeded(renaming.index(table.name, name))} ON ${on} ${sql};`,
    ),
    ...(clustered === undefined || table.kind === 'p'
      ? []
      : [`ALTER TABLE ${on} CLUSTER ON ${quoteIfNeeded(renaming.index(table.name, clustered.name))};`]),
    ...(replicaIdentity === undefined
      ? []
      : [
          `ALTER TABLE ONLY ${on} REPLICA IDENTITY ${replicaIdentityIndex ? `USING INDEX ${quoteIfNeeded(renaming.index(table.name, replicaIdentity))}` : replicaIdentity};`,
        ]),
  ];
}

function ownedSequencesSql(table: TableDefinition, own: readonly SequenceDefinition[], plan: TablePlan): string[] {
  return table.sequences
    .filter((sequence) => own.includes(sequence))
    .map(
      (sequence) =>
        `ALTER SEQUENCE ${qualifiedSql(plan.renaming.sequence(sequence))} OWNED BY ${nameSql(table, plan)}.${quoteIfNeeded(sequence.column ?? '')};`,
    );
}

function policiesSql(table: TableDefinition, plan: TablePlan): string[] {
  const on = nameSql(table, plan);
  const { roles } = plan.means;
  return [
    ...(table.rowSecurity ? [`ALTER TABLE ${on} ENABLE ROW LEVEL SECURITY;`] : []),
    ...(table.forceRowSecurity ? [`ALTER TABLE ${on} FORCE ROW LEVEL SECURITY;`] : []),
    ...table.policies.flatMap((policy) => {
      const known = policy.roles.filter((role) => roles.has(role));
      // For PUBLIC in the place of a role that is missing, it would let through who never was meant.
      if (policy.roles.length > 0 && known.length === 0) return [];
      const to = known.length === 0 ? '' : ` TO ${known.map(quoteIfNeeded).join(', ')}`;
      const using = policy.using === undefined ? '' : ` USING (${policy.using})`;
      const check = policy.check === undefined ? '' : ` WITH CHECK (${policy.check})`;
      const kind = policy.permissive ? '' : ' AS RESTRICTIVE';
      return [
        `CREATE POLICY ${quoteIfNeeded(policy.name)} ON ${on}${kind} FOR ${policy.command}${to}${using}${check};`,
      ];
    }),
  ];
}

function commentsSql(table: TableDefinition, plan: TablePlan): string[] {
  const on = nameSql(table, plan);
  return [
    ...commentSql(`TABLE ${on}`, table.comment),
    ...table.columns.flatMap(({ name, comment }) => commentSql(`COLUMN ${on}.${quoteIfNeeded(name)}`, comment)),
    ...table.constraints
      .filter(({ kind }) => kind !== 'f')
      .flatMap(({ name, kind, comment }) => {
        const given = kind === 'c' ? plan.renaming.constraint(table.name, name) : plan.renaming.index(table.name, name);
        return commentSql(`CONSTRAINT ${quoteIfNeeded(given)} ON ${on}`, comment);
      }),
    ...table.indexes.flatMap(({ name, comment }) => commentSql(`INDEX ${indexName(table, name, plan)}`, comment)),
  ];
}

function grantsOfTable(table: TableDefinition, plan: TablePlan): string[] {
  const { means } = plan;
  const on = `TABLE ${nameSql(table, plan)}`;
  return [
    ...grantsSql(table.grants, on, means.roles, means),
    ...table.columns.flatMap(({ name, grants }) =>
      grantsSql(grants, on, means.roles, { ...means, columns: ` (${quoteIfNeeded(name)})` }),
    ),
  ];
}
