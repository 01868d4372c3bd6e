import { foundKey, foundOptions, suppressesRows } from '../model/capture.ts';
import type { PlacedRemark } from '../model/cascade.ts';
import { type NodeName, type QueueName, splitName, type TableName } from '../model/names.ts';
import type { LiveTable, TableFacts } from '../model/state.ts';
import type { TableSpec } from '../model/table.ts';
import { foundCapture } from '../model/triggers.ts';
import type { Table } from './document.ts';
import type { ImportedNode } from './import-sequences.ts';
import { isPattern } from './resolve.ts';
import { unusualOptions, writtenCapture, writtenOptions } from './write-table-options.ts';

type Entry = Exclude<Table, string>;
type Placements = NonNullable<Entry['nodes']>;
type Placement = Placements[string];

/** One table, and what each subscriber that could be looked at does with it. */
interface Placed {
  readonly name: TableName;
  readonly nodes: ReadonlyMap<NodeName, Placement>;
  readonly root: OnRoot;
}

/** What the root does with the table that is not as usual. */
type OnRoot = Pick<Entry, 'handler' | 'key' | 'capture'>;

/**
 * Entries that give every node the tables it has, no more and no less. A schema of which all tables go through the queue is
 * written as a pattern; what differs from "every node, under the same name" stands in entries of its own.
 */
export function importedTables(queue: QueueName, nodes: readonly ImportedNode[], remarks: PlacedRemark[]): Table[] {
  const source = nodes.find(({ role, live }) => role === 'root' && live !== undefined);
  const subscribers = nodes.filter(({ role }) => role !== 'root');
  const seen = subscribers.filter(({ live }) => live !== undefined);
  const names = source === undefined ? namesOnAny(nodes) : localNames(source);
  const placed = names.map((name): Placed => {
    const root = source === undefined ? {} : onRoot(source, name);
    return { name, nodes: placements(name, seen, root.handler === undefined ? 'usual' : 'queue_table'), root };
  });
  const patterns = source === undefined ? new Set<string>() : wholeSchemas(source, placed, subscribers.length);
  const entries: Table[] = [...patterns].sort().map((schema) => `${schema}.*`);
  const plain: Placed[] = [];
  const differing = new Map<
    string,
    { readonly nodes: Placements | undefined; readonly root: OnRoot; readonly tables: Placed[] }
  >();
  for (const table of placed) {
    const refines = patterns.has(splitName(table.name).schema);
    const said = refines ? differences(table) : takers(table, subscribers);
    const plainRoot = Object.keys(table.root).length === 0;
    if (said === undefined && plainRoot) {
      if (!refines) plain.push(table);
      continue;
    }
    // Tables with targets can't share an entry.
    const named = Object.values(said ?? {}).some((placement) => placement !== 'none' && placement.target !== undefined);
    const key = `${refines} ${named ? table.name : ''} ${JSON.stringify([said, table.root])}`;
    const group = differing.get(key);
    if (group === undefined) differing.set(key, { nodes: said, root: table.root, tables: [table] });
    else group.tables.push(table);
  }
  entries.push(...plain.map(({ name }): Table => (isPattern(name) ? { include: [name] } : name)));
  for (const group of differing.values()) {
    remarkOptions(queue, group.tables, seen, ['queues', queue, 'tables', entries.length], remarks);
    const { nodes: taken, root } = group;
    entries.push({ ...selectOf(group.tables), ...root, ...(taken === undefined ? {} : { nodes: taken }) });
  }
  remarkOptions(
    queue,
    placed.filter(({ name }) => ![...differing.values()].some(({ tables }) => tables.some((one) => one.name === name))),
    seen,
    ['queues', queue, 'tables'],
    remarks,
  );
  return entries;
}

function localNames({ live }: ImportedNode): readonly TableName[] {
  return [...(live?.tables.values() ?? [])].filter(({ local }) => local).map(({ name }) => name);
}

function namesOnAny(nodes: readonly ImportedNode[]): readonly TableName[] {
  return [...new Set(nodes.flatMap(localNames))];
}

function onRoot({ live, facts }: ImportedNode, name: TableName): OnRoot {
  const table = live?.tables.get(name);
  const found = table === undefined ? undefined : foundCapture(table.triggers);
  if (table === undefined || found === undefined) return {};
  const capture = writtenCapture(foundOptions(found));
  const key = foundKey(found);
  const usualKey = JSON.stringify(key) === JSON.stringify(facts?.tables.get(name)?.primaryKey);
  const queueTable = suppressesRows(found) || table.spec?.handler?.kind === 'queue_table';
  return {
    ...(queueTable ? { handler: 'queue_table' } : {}),
    ...(key === undefined || usualKey ? {} : { key: writtenKey(key, facts?.tables.get(name)) }),
    ...(capture === undefined ? {} : { capture }),
  };
}

/** All columns of a table where no key is over them. */
function writtenKey(key: readonly string[], facts: TableFacts | undefined): NonNullable<OnRoot['key']> {
  const columns = facts?.columns.filter(({ generated }) => !generated).map(({ name }) => name);
  const unique = facts?.uniqueKeys.some((one) => one.notNull && sameNames(one.columns, key)) ?? false;
  const whole = columns !== undefined && facts?.primaryKey === undefined && !unique && sameNames(columns, key);
  return whole ? 'all_columns' : (key as [string, ...string[]]);
}

function sameNames(left: readonly string[], right: readonly string[]): boolean {
  return [...left].sort().join('\n') === [...right].sort().join('\n');
}

function placements(
  name: TableName,
  nodes: readonly ImportedNode[],
  root: 'usual' | 'queue_table',
): ReadonlyMap<NodeName, Placement> {
  return new Map(nodes.map(({ name: node, live }) => [node, placementOf(live?.tables.get(name), root)]));
}

function placementOf(live: LiveTable | undefined, root: 'usual' | 'queue_table'): Placement {
  if (live?.local !== true) return 'none';
  // A handler that is not known leaves the table as it is, under whatever name it has there.
  if (live.spec === undefined) return {};
  if (root === 'usual') return optionsOf(live.spec);
  const { handler, ...options } = optionsOf(live.spec);
  // An entry that names nodes says nothing of the others.
  return { ...options, handler: handler ?? 'none' };
}

function optionsOf(spec: TableSpec): Exclude<Placement, 'none'> {
  const { name, destination } = spec;
  return { ...(destination === name ? {} : { target: destination }), ...writtenOptions(unusualOptions(spec)) };
}

function isUsual(placement: Placement): boolean {
  return placement !== 'none' && Object.keys(placement).length === 0;
}

/** Against a pattern that gives the table to every node; undefined where there is no difference. */
function differences({ nodes }: Placed): Placements | undefined {
  const different = [...nodes].filter(([, placement]) => !isUsual(placement));
  return different.length === 0 ? undefined : Object.fromEntries(different);
}

/** Every node that has the table; undefined where all have it as it is. A node that could not be looked at may have it. */
function takers({ nodes }: Placed, subscribers: readonly ImportedNode[]): Placements | undefined {
  if ([...nodes.values()].every(isUsual)) return undefined;
  return Object.fromEntries(
    subscribers.flatMap(({ name }): [NodeName, Placement][] => {
      const placement = nodes.get(name) ?? {};
      return placement === 'none' ? [] : [[name, placement]];
    }),
  );
}

function selectOf([first, ...others]: readonly Placed[]): Pick<Entry, 'name' | 'include'> {
  const name = first?.name ?? '';
  return others.length === 0 && !isPattern(name) ? { name } : { include: [name, ...others.map((table) => table.name)] };
}

/** Fewer than this are as quickly read by name. */
const fewTables = 3;

/** Schemas of the root whose every table is there, and mostly as it is: a pattern would find no other. */
function wholeSchemas(root: ImportedNode, placed: readonly Placed[], subscribers: number): ReadonlySet<string> {
  const tablesOf = new Map<string, Placed[]>();
  for (const table of placed) {
    const { schema } = splitName(table.name);
    tablesOf.set(schema, [...(tablesOf.get(schema) ?? []), table]);
  }
  const whole = new Set<string>();
  for (const [schema, tables] of tablesOf) {
    const names = new Set(tables.map(({ name }) => name));
    const all = [...(root.facts?.tables.values() ?? [])].filter((one) => splitName(one.name).schema === schema);
    const exact = all.every((facts) => (facts.partitionOf !== undefined) !== names.has(facts.name));
    const usual = tables.filter((table) => differences(table) === undefined).length;
    if (exact && subscribers > 0 && tables.length >= fewTables && usual * 2 >= tables.length && !/[*?]/.test(schema)) {
      whole.add(schema);
    }
  }
  return whole;
}

/** Where an entry does not say all that is so. */
function remarkOptions(
  queue: QueueName,
  tables: readonly Placed[],
  nodes: readonly ImportedNode[],
  path: readonly (string | number)[],
  remarks: PlacedRemark[],
): void {
  for (const { name } of tables) {
    for (const { name: node, live } of nodes) {
      const table = live?.tables.get(name);
      if (table?.local !== true) continue;
      if (table.spec === undefined) {
        remarks.push({ path, remark: { kind: 'handler_unknown', queue, table: name, node, attrs: table.attrs ?? '' } });
      }
    }
  }
}
