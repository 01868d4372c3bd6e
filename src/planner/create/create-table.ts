import type { SequenceDefinition, TableDefinition, TypeDefinition } from '../../model/definition.ts';
import { type SequenceName, splitName, type TableName } from '../../model/names.ts';
import type { CreateTable, Step } from '../../model/step.ts';
import type { TableSpec } from '../../model/table.ts';
import { qualifiedSql, quoteIfNeeded, quoteText } from '../quote-ident.ts';
import { stepId } from '../step-ids.ts';
import { chooseColumns } from './choose-columns.ts';
import { foreignKeysOf, type ReplicatedHere } from './foreign-keys.ts';
import { type Draft, draftOf, needSchema, needSequence, type Wish } from './needs.ts';
import { schemaOf, typeSql } from './objects-sql.ts';
import { reduceDefinition } from './reduce.ts';
import { renamingOf } from './renaming.ts';
import { fullTableSql, minimalTableSql } from './table-sql.ts';

/** One table that is to be made on one node. */
export interface TableWish extends Wish {
  readonly name: TableName;
  readonly spec: TableSpec;
  /** Named in the file, in the place of the primary key. */
  readonly key: readonly string[] | undefined;
  readonly replicatedHere: ReplicatedHere;
}

export interface Creation {
  readonly steps: readonly Step[];
  /** Why it cannot be made, one line each. */
  readonly reasons: readonly string[];
  /** What would have to run on the node first. */
  readonly sql: readonly string[];
  /** What it is made without, one line each. */
  readonly left: readonly string[];
  readonly sequences: readonly SequenceName[];
}

interface TableDraft extends Draft {
  readonly wish: TableWish;
  readonly left: string[];
}

/** The steps that make a table with all it needs, or what forbids them. */
export function createTable(wish: TableWish): Creation {
  const { source, name } = wish;
  const draft: TableDraft = { ...draftOf(wish), wish, left: [] };
  const [table, ...partitions] = (source.tables.get(name) ?? []).map((definition) => {
    const chosen = chooseColumns(definition, wish.spec);
    if (wish.create === 'full') draft.left.push(...chosen.left);
    return chosen.table;
  });
  // Dropped on the root between two looks: the next plan says so.
  if (table === undefined) return { ...draft, reasons: ['the root has it no more'], sequences: [] };
  if (table.inherits !== undefined) {
    draft.reasons.push(
      `on the root it inherits from ${table.inherits.join(', ')}, and rows of one table in another's are not replicated`,
    );
  }
  needSchema(draft, splitName(wish.spec.destination).schema);
  const tables = wish.create === 'minimal' ? [table] : [table, ...partitions];
  for (const one of tables) needTypes(draft, one);
  const sequences = wish.create === 'minimal' ? makeMinimal(draft, table) : makeFull(draft, tables);
  const { steps, reasons, sql, left } = draft;
  return { steps, reasons, sql, left, sequences };
}

function makeMinimal(draft: TableDraft, table: TableDefinition): readonly SequenceName[] {
  const { wish, means } = draft;
  for (const { name, generated } of table.columns) {
    if (generated === 'v' && means.major < 18) {
      draft.reasons.push(`column ${name} is a virtual generated column, which came with PostgreSQL 18`);
    }
  }
  takeName(draft, wish.spec.destination);
  pushTable(draft, minimalTableSql(table, qualifiedSql(wish.spec.destination), wish.key), []);
  return [];
}

function makeFull(draft: TableDraft, definitions: readonly TableDefinition[]): readonly SequenceName[] {
  const { wish, means } = draft;
  const { site, taken } = wish.plot;
  const tables = definitions.map((definition) => {
    const { table, left, reasons } = reduceDefinition(definition, site, means.major);
    draft.left.push(...left);
    draft.reasons.push(...reasons);
    if (table.kind === 'f') draft.reasons.push(`its partition ${table.name} is a foreign table`);
    return table;
  });
  const renaming = renamingOf(tables, wish.spec.destination, taken);
  for (const { name } of tables) {
    const destination = renaming.table(name);
    if (name !== wish.name) needSchema(draft, splitName(destination).schema);
    takeName(draft, destination);
  }
  const all = tables.flatMap(({ sequences }) => sequences);
  const made = new Set<SequenceDefinition>();
  for (const sequence of all) {
    const name = renaming.sequence(sequence);
    if (sequence.column === undefined) needSequence(draft, sequence);
    else if (!taken.has(name)) {
      taken.add(name);
      made.add(sequence);
    }
  }
  for (const table of tables) needFunctions(draft, table);
  const keys = foreignKeysOf(tables, renaming, means.major, wish.replicatedHere);
  draft.left.push(...keys.left);
  const plan = {
    tables,
    renaming,
    means,
    makesSequence: (one: SequenceDefinition) => made.has(one),
    hasLz4: site.hasLz4,
  };
  pushTable(draft, fullTableSql(plan), keys.keys);
  return all.map((sequence) => renaming.sequence(sequence));
}

function pushTable(draft: TableDraft, statements: readonly string[], foreignKeys: CreateTable['foreignKeys']): void {
  const { ids, name, create } = draft.wish;
  const { destination } = draft.wish.spec;
  draft.steps.push({
    ...ids,
    id: stepId.createTable(ids.queue, ids.node, name),
    kind: 'create_table',
    table: name,
    destination,
    create,
    statements,
    foreignKeys,
    hazards: [],
    dependsOn: [...draft.dependsOn],
  });
}

/** A view or an index may stand where the table is to go. */
function takeName({ wish, reasons }: TableDraft, destination: TableName): void {
  const { taken } = wish.plot;
  if (taken.has(destination)) reasons.push(`the name ${destination} is taken there`);
  taken.add(destination);
}

function needTypes(draft: TableDraft, { columns }: TableDefinition): void {
  for (const { name, typeName } of columns) needType(draft, typeName, `column ${name}`);
}

function needType(draft: TableDraft, typeName: string, by: string): void {
  const { wish, dependsOn, reasons, sql } = draft;
  const type = wish.source.types.get(typeName);
  const there = wish.plot.site.types.get(typeName);
  if (there !== undefined) {
    for (const label of type?.labels ?? []) {
      if (there.includes(label)) continue;
      reasons.push(`type ${typeName} of ${by} lacks the value ${quoteText(label)} there`);
      sql.push(`ALTER TYPE ${typeName} ADD VALUE ${quoteText(label)};`);
    }
    return;
  }
  const known = wish.plot.made.get(`type ${typeName}`);
  if (known !== undefined) dependsOn.add(known);
  else if (type === undefined) reasons.push(`${by} has type ${typeName}, which the server there does not know`);
  else if (type.extension !== undefined) {
    const [extension, schema] = type.extension;
    reasons.push(`${by} has type ${typeName} of extension ${extension}, which is not there`);
    sql.push(`CREATE EXTENSION ${quoteIfNeeded(extension)} SCHEMA ${quoteIfNeeded(schema)};`);
  } else if (type.kind === 'row' || type.kind === 'other') {
    reasons.push(`${by} has type ${typeName}, which does not exist there and is not one that Trunkline makes`);
  } else if (wish.create === 'minimal') {
    reasons.push(`${by} has type ${typeName}, which does not exist there: "create: full" makes it, too`);
  } else makeType(draft, type, by);
}

function makeType(draft: TableDraft, type: TypeDefinition, by: string): void {
  const { wish, means, reasons } = draft;
  const { ids, plot } = wish;
  const id = stepId.createType(ids.queue, ids.node, type.name);
  // Before what it is made of: a type can't contain itself, but a domain's check may come back to it.
  plot.made.set(`type ${type.typeName}`, id);
  const own: TableDraft = { ...draft, dependsOn: new Set() };
  needSchema(own, schemaOf(type.name));
  for (const inner of type.needs) needType(own, inner, `type ${type.typeName} of ${by}`);
  for (const call of type.calls) {
    if (!plot.site.functions.has(call))
      reasons.push(`type ${type.typeName} of ${by} calls ${call}, which does not exist there`);
  }
  draft.steps.push({
    ...ids,
    id,
    kind: 'create_type',
    type: type.name,
    statements: typeSql(type, means),
    hazards: [],
    dependsOn: [...own.dependsOn],
  });
  draft.dependsOn.add(id);
}

/** Since 14 the server has a function of this name, and before it words of its own for it. */
const alwaysThere = new Set(['extract']);

function needFunctions(draft: TableDraft, table: TableDefinition): void {
  const { wish, means, reasons } = draft;
  const kept = new Set([
    ...table.constraints.map(({ name }) => `constraint ${name}`),
    ...table.indexes.map(({ name }) => `index ${name}`),
  ]);
  for (const { part, name, builtIn } of table.calls) {
    if (wish.plot.site.functions.has(name) || (builtIn && alwaysThere.has(name))) continue;
    if (/^(constraint|index) /.test(part) && !kept.has(part)) continue;
    const lacking = builtIn ? `which PostgreSQL ${means.major} does not have` : 'which does not exist there';
    reasons.push(`${part} calls ${builtIn ? `${name}()` : name}, ${lacking}`);
  }
}
