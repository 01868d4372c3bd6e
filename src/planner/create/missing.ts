import type { CreateMode, Definitions, SiteQuestion, TableDefinition } from '../../model/definition.ts';
import { type DatabaseName, splitName, type TableName } from '../../model/names.ts';
import type { DesiredState, LiveState } from '../../model/state.ts';
import { type QueueSpec, rootOf } from '../../model/topology.ts';
import { expandTables } from '../expand-tables.ts';
import { schemaOf } from './objects-sql.ts';

/** A table that the files say is to be made where it is missing, and that is. */
export interface MissingTable {
  readonly database: DatabaseName;
  readonly rootDatabase: DatabaseName;
  readonly name: TableName;
  readonly destination: TableName;
}

export function missingTables(desired: DesiredState, live: LiveState): MissingTable[] {
  return [...desired.queues.values()].flatMap((queue) => (createsTables(queue) ? missingOf(queue, live) : []));
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

function missingOf(queue: QueueSpec, live: LiveState): MissingTable[] {
  const rootDatabase = rootOf(queue).database;
  const root = live.databases.get(rootDatabase);
  if (root?.kind !== 'reachable') return [];
  const missing: MissingTable[] = [];
  for (const { facts, nodes } of expandTables(queue, root.tables).tables.values()) {
    for (const [name, { spec, create }] of nodes) {
      const database = queue.nodes.get(name)?.database;
      const there = database === undefined ? undefined : live.databases.get(database);
      if (create === 'none' || database === undefined || there?.kind !== 'reachable') continue;
      if (there.tables.has(spec.destination)) continue;
      missing.push({ database, rootDatabase, name: facts.name, destination: spec.destination });
    }
  }
  return missing;
}

/** Which tables of which root have to be looked at. */
export function definitionsToRead(missing: readonly MissingTable[]): ReadonlyMap<DatabaseName, readonly TableName[]> {
  const wanted = new Map<DatabaseName, Set<TableName>>();
  for (const { rootDatabase, name } of missing) {
    wanted.set(rootDatabase, (wanted.get(rootDatabase) ?? new Set()).add(name));
  }
  return new Map([...wanted].map(([database, tables]) => [database, [...tables]]));
}

/** What has to be asked of each database that gets some of them. */
export function sitesToRead(
  missing: readonly MissingTable[],
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

function needsOf({ tables, types, schemas }: Definitions): Needs {
  const grants = [
    ...schemas.flatMap((schema) => schema.grants),
    ...tables.flatMap((table) => [
      ...table.grants,
      ...table.columns.flatMap((column) => column.grants ?? []),
      ...table.sequences.flatMap((sequence) => sequence.grants ?? []),
    ]),
  ];
  return {
    schemas: new Set([
      ...types.map(({ name }) => schemaOf(name)),
      ...tables
        .flatMap((table) => [table.name, ...table.sequences.map(({ name }) => name)])
        .map((name) => schemaOf(name)),
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
      ...[...schemas, ...types, ...tables, ...tables.flatMap(({ sequences }) => sequences)].map(({ owner }) => owner),
      ...tables.flatMap(({ policies }) => policies.flatMap(({ roles }) => roles)),
    ]),
  };
}

function methodsOf({ method, indexes }: TableDefinition): string[] {
  const found = indexes.map(({ sql }) => /^USING (\w+)/.exec(sql)?.[1] ?? '');
  return method === undefined ? found : [method, ...found];
}
