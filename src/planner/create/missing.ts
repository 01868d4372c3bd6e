import type { CreateMode, Definitions, SiteQuestion, TableDefinition } from '../../model/definition.ts';
import { type DatabaseName, type SequenceName, splitName, type TableName } from '../../model/names.ts';
import type { DesiredState, LiveState } from '../../model/state.ts';
import { type QueueSpec, rootOf } from '../../model/topology.ts';
import { expandTables } from '../expand-tables.ts';
import { anyGlob } from '../glob.ts';
import { schemaOf } from './objects-sql.ts';

/** What the files say is to be made where it is missing, and that is. */
export type MissingObject = {
  readonly database: DatabaseName;
  readonly rootDatabase: DatabaseName;
} & (
  | { readonly kind: 'table'; readonly name: TableName; readonly destination: TableName }
  | { readonly kind: 'sequence'; readonly name: SequenceName; readonly destination: SequenceName }
);

export function missingObjects(desired: DesiredState, live: LiveState): MissingObject[] {
  return [...desired.queues.values()].flatMap((queue) => [
    ...(createsTables(queue) ? missingTables(queue, live) : []),
    ...(createsSequences(queue) ? missingSequences(queue, live) : []),
  ]);
}

/** Most files let nothing be made: then nobody has to look. */
function createsTables(queue: QueueSpec): boolean {
  const asks = (create: CreateMode | undefined) => create !== undefined && create !== 'none';
  return (
    asks(queue.create) ||
    queue.tables.some(
      (rule) =>
        asks(rule.create) || [...(rule.nodes?.values() ?? [])].some((node) => node !== 'none' && asks(node.create)),
    )
  );
}

function createsSequences({ sequences }: QueueSpec): boolean {
  return sequences.create !== 'none' && sequences.include.length > 0;
}

function missingTables(queue: QueueSpec, live: LiveState): MissingObject[] {
  const rootDatabase = rootOf(queue).database;
  const root = live.databases.get(rootDatabase);
  if (root?.kind !== 'reachable') return [];
  const missing: MissingObject[] = [];
  for (const { facts, nodes } of expandTables(queue, root.tables).tables.values()) {
    for (const [name, { spec, create }] of nodes) {
      const database = queue.nodes.get(name)?.database;
      const there = database === undefined ? undefined : live.databases.get(database);
      if (create === 'none' || database === undefined || there?.kind !== 'reachable') continue;
      if (there.tables.has(spec.destination)) continue;
      missing.push({ kind: 'table', database, rootDatabase, name: facts.name, destination: spec.destination });
    }
  }
  return missing;
}

/** Some of them come with a table after all, and are looked at in vain. */
function missingSequences(queue: QueueSpec, live: LiveState): MissingObject[] {
  const rootDatabase = rootOf(queue).database;
  const root = live.databases.get(rootDatabase);
  if (root?.kind !== 'reachable') return [];
  const included = anyGlob(queue.sequences.include);
  const excluded = anyGlob(queue.sequences.exclude);
  const wanted = [...root.sequences].filter((name) => included(name) && !excluded(name));
  return [...queue.nodes.values()].flatMap(({ database }): MissingObject[] => {
    const there = live.databases.get(database);
    if (there?.kind !== 'reachable') return [];
    return wanted
      .filter((name) => !there.sequences.has(name))
      .map((name) => ({ kind: 'sequence', database, rootDatabase, name, destination: name }));
  });
}

interface Named {
  readonly tables: readonly TableName[];
  readonly sequences: readonly SequenceName[];
}

/** What has to be looked at on which root. */
export function definitionsToRead(missing: readonly MissingObject[]): ReadonlyMap<DatabaseName, Named> {
  const wanted = new Map<DatabaseName, { readonly tables: Set<TableName>; readonly sequences: Set<SequenceName> }>();
  for (const object of missing) {
    const names = wanted.get(object.rootDatabase) ?? { tables: new Set(), sequences: new Set() };
    wanted.set(object.rootDatabase, names);
    if (object.kind === 'table') names.tables.add(object.name);
    else names.sequences.add(object.name);
  }
  return new Map(
    [...wanted].map(([database, { tables, sequences }]) => [
      database,
      { tables: [...tables], sequences: [...sequences] },
    ]),
  );
}

/** What has to be asked of each database that gets some of them. */
export function sitesToRead(
  missing: readonly MissingObject[],
  definitions: ReadonlyMap<DatabaseName, Definitions>,
): ReadonlyMap<DatabaseName, SiteQuestion> {
  const drafts = new Map<DatabaseName, Draft>();
  const needs = new Map([...definitions].map(([database, all]) => [database, needsOf(all)]));
  for (const { database, rootDatabase, destination } of missing) {
    const draft = drafts.get(database) ?? { schemas: new Set<string>(), roots: new Set<DatabaseName>() };
    drafts.set(database, draft);
    draft.schemas.add(splitName(destination).schema);
    draft.roots.add(rootDatabase);
  }
  return new Map([...drafts].map(([database, draft]) => [database, questionOf(draft, needs)]));
}

interface Draft {
  readonly schemas: Set<string>;
  readonly roots: Set<DatabaseName>;
}

type Needs = { readonly [Key in keyof SiteQuestion]: ReadonlySet<string> };

function questionOf({ schemas, roots }: Draft, needs: ReadonlyMap<DatabaseName, Needs>): SiteQuestion {
  const all = [...roots].map((root) => needs.get(root)).filter((found) => found !== undefined);
  const union = (key: keyof SiteQuestion) => [...new Set(all.flatMap((one) => [...one[key]]))];
  return {
    schemas: [...new Set([...schemas, ...union('schemas')])],
    types: union('types'),
    functions: union('functions'),
    collations: union('collations'),
    operatorClasses: union('operatorClasses'),
    methods: union('methods'),
    roles: union('roles'),
  };
}

function needsOf({ tables, types, schemas, sequences: alone }: Definitions): Needs {
  const sequences = [...alone, ...tables.flatMap((table) => table.sequences)];
  const grants = [
    ...schemas.flatMap((schema) => schema.grants),
    ...tables.flatMap((table) => [...table.grants, ...table.columns.flatMap((column) => column.grants ?? [])]),
    ...sequences.flatMap((sequence) => sequence.grants ?? []),
  ];
  return {
    schemas: new Set([
      ...types.map(({ name }) => schemaOf(name)),
      ...[...tables, ...sequences].map(({ name }) => schemaOf(name)),
    ]),
    types: new Set([
      ...tables.flatMap(({ columns }) => columns.map(({ typeName }) => typeName)),
      ...types.flatMap(({ typeName, needs }) => [typeName, ...needs]),
    ]),
    functions: new Set([
      ...tables.flatMap(({ calls }) => calls.map(({ name }) => name)),
      ...types.flatMap(({ calls }) => calls),
    ]),
    collations: new Set(
      [...tables.flatMap(({ columns }) => columns), ...types].flatMap(({ collation }) =>
        collation === undefined ? [] : [collation.join('.')],
      ),
    ),
    operatorClasses: new Set(
      tables.flatMap(({ indexes }) => indexes.flatMap(({ operatorClasses }) => operatorClasses ?? [])),
    ),
    methods: new Set(tables.flatMap(methodsOf)),
    roles: new Set([
      ...grants.map(({ role }) => role).filter((role) => role !== undefined),
      ...[...schemas, ...types, ...tables, ...sequences].map(({ owner }) => owner),
      ...tables.flatMap(({ policies }) => policies.flatMap(({ roles }) => roles)),
    ]),
  };
}

function methodsOf({ method, indexes }: TableDefinition): string[] {
  const found = indexes.map(({ sql }) => /^USING (\w+)/.exec(sql)?.[1] ?? '');
  return method === undefined ? found : [method, ...found];
}
