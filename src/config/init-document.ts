import type { FoundDatabase, PlacedRemark } from '../model/cascade.ts';
import { isInternal, type SequenceName, splitName, type TableName } from '../model/names.ts';
import type { LiveDatabase, TableFacts } from '../model/state.ts';
import type { Queue, Table } from './document.ts';
import { databaseOf, type ImportedDocument } from './import-document.ts';

export interface Beginning {
  readonly queue: string;
  readonly root: string;
  readonly leaf: string;
  /** Undefined: all that have tables. */
  readonly schemas: ReadonlySet<string> | undefined;
  readonly source: FoundDatabase & { readonly live: LiveDatabase };
  /** Undefined: an embedded server. */
  readonly target: FoundDatabase | undefined;
}

const embedded = { name: 'copy', server: { version: 18 } };

/** A first file: all tables of a database whose rows can be told apart go to one leaf, which makes what it lacks. */
export function initialDocument({ queue: name, root, leaf, schemas, source, target }: Beginning): ImportedDocument {
  const remarks: PlacedRemark[] = [];
  const copy = target?.name ?? embedded.name;
  if (target === undefined) remarks.push({ path: ['databases', copy], remark: { kind: 'target_chosen' } });
  const wanted = (object: TableName | SequenceName) => schemas?.has(splitName(object).schema) ?? true;
  const facts = replicable(source.live).filter((table) => wanted(table.name));
  const tables = tablesOf(source.live, facts, ['queues', name, 'tables'], remarks);
  const sequences = freeSequences(source.live).filter(wanted);
  const queue: Queue = {
    defaults: { create: 'full' },
    nodes: {
      [root]: { database: source.name, role: 'root' },
      [leaf]: { database: copy, role: 'leaf' },
    },
    tables: [...tables],
    ...(sequences.length === 0 ? {} : { sequences: { include: [...sequences] } }),
  };
  const databases = {
    [source.name]: databaseOf(source),
    [copy]: target === undefined ? { embedded: embedded.server } : databaseOf(target),
  };
  return { document: { version: 1, databases, queues: { [name]: queue } }, remarks };
}

/** A pattern for each schema, and behind it what is to be said of single tables. */
function tablesOf(
  live: LiveDatabase,
  facts: readonly TableFacts[],
  path: readonly string[],
  remarks: PlacedRemark[],
): readonly Table[] {
  // It takes no table without a primary key.
  const extension = live.schemas.get('pgq')?.source === 'extension' || live.extensions.has('pgq');
  const schemas = groupBySchema(facts);
  const patterns: Table[] = [];
  const named: { readonly entry: Table; readonly table: TableName }[] = [];
  for (const [schema, tables] of schemas) {
    const keyless = tables.filter((table) => table.primaryKey === undefined);
    const keyed = keyless.flatMap((table) => {
      const key = extension ? undefined : standIn(table);
      return key === undefined ? [] : [{ table: table.name, key }];
    });
    const exclude = keyless.map((table) => table.name).filter((table) => !keyed.some((one) => one.table === table));
    const excluded = exclude.length < tables.length;
    for (const table of exclude) {
      remarks.push({
        path: excluded ? [...path, patterns.length] : path,
        remark: { kind: 'table_keyless', table, because: extension ? 'extension' : 'no_key', excluded },
      });
    }
    if (excluded) patterns.push(exclude.length === 0 ? `${schema}.*` : { include: [`${schema}.*`], exclude });
    for (const { table, key } of keyed) {
      named.push({ table, entry: { name: table, key: [...key] as [string, ...string[]] } });
    }
  }
  named.forEach(({ table }, index) => {
    remarks.push({ path: [...path, patterns.length + index], remark: { kind: 'key_chosen', table } });
  });
  return [...patterns, ...named.map(({ entry }) => entry)];
}

/** Every table that a queue could take whole. */
function replicable(live: LiveDatabase): readonly TableFacts[] {
  return [...live.tables.values()]
    .filter((table) => !isInternal(table.name) && table.partitionOf === undefined)
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}

/** The schemas that have tables to replicate. */
export function schemasOf(live: LiveDatabase): readonly string[] {
  return [...groupBySchema(replicable(live)).keys()];
}

function groupBySchema(facts: readonly TableFacts[]): ReadonlyMap<string, readonly TableFacts[]> {
  const schemas = new Map<string, TableFacts[]>();
  for (const table of facts) {
    const { schema } = splitName(table.name);
    schemas.set(schema, [...(schemas.get(schema) ?? []), table]);
  }
  return schemas;
}

/** A unique key over NOT NULL columns. */
function standIn({ uniqueKeys }: TableFacts): readonly string[] | undefined {
  const fit = uniqueKeys.filter(({ notNull, columns }) => notNull && !columns.some((column) => column.includes(',')));
  return fit[0]?.columns;
}

/** Those that no table brings along. */
function freeSequences(live: LiveDatabase): readonly SequenceName[] {
  const owned = new Set([...live.tables.values()].flatMap((table) => table.ownedSequences));
  return [...live.sequences].filter((name) => !isInternal(name) && !owned.has(name)).sort();
}
