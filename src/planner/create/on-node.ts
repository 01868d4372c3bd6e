import type { NodeName, SequenceName } from '../../model/names.ts';
import type { Problem } from '../../model/problem.ts';
import { isChosen, masksOf } from '../../model/projection.ts';
import type { TableFacts } from '../../model/state.ts';
import type { Expansion, PlacedTable, WantedTable } from '../expand-tables.ts';
import type { Findings } from '../findings.ts';
import type { NodeScene, Scene } from '../scene.ts';
import { createTable } from './create-table.ts';
import type { ReplicatedHere } from './foreign-keys.ts';
import { draftOf, needSequence } from './needs.ts';

export interface Made extends Findings {
  /** Which come with the table, by the names they have on the node. */
  readonly sequences: readonly SequenceName[];
}

/** Makes a table that a node lacks, as the files ask for. Undefined where they don't, or nobody looked at the root's. */
export function makeOnNode(
  { queue, root, ground }: Scene,
  leaf: NodeScene,
  table: WantedTable,
  placed: PlacedTable,
  wanted: Expansion['tables'],
): Made | undefined {
  const { spec, create, at } = placed;
  const source = ground.sources.get(root.spec.database);
  const plot = ground.plots.get(leaf.spec.database);
  if (create === 'none' || source === undefined || plot === undefined) return undefined;
  const { name: node, database } = leaf.spec;
  const { serverVersion, superuser, user } = leaf.database;
  const { steps, reasons, sql, left, sequences } = createTable({
    ids: { database, queue: queue.name, node },
    name: table.facts.name,
    spec,
    create,
    // Nothing is unique about it.
    key: table.wholeRow ? undefined : table.key,
    source,
    plot,
    serverVersion,
    superuser,
    user,
    replicatedHere: replicatedTo(leaf, wanted),
  });
  const ids = { at, queue: queue.name, node, table: spec.name, destination: spec.destination };
  const problems: Problem[] = reasons.length === 0 ? [] : [{ code: 'table_not_creatable', ...ids, reasons, sql }];
  const warnings: Problem[] = left.length === 0 ? [] : [{ code: 'table_created_without', ...ids, left }];
  return { steps, warnings, problems, sequences };
}

export interface MadeSequence extends Findings {
  /** The step that makes it, maybe for another queue. */
  readonly step: string | undefined;
}

/** Makes a sequence that a node lacks and no table brings. Undefined as with tables. */
export function makeSequenceOnNode(
  { queue, root, ground }: Scene,
  leaf: NodeScene,
  name: SequenceName,
): MadeSequence | undefined {
  const { create } = queue.sequences;
  const source = ground.sources.get(root.spec.database);
  const plot = ground.plots.get(leaf.spec.database);
  const definition = source?.sequences.get(name);
  if (create === 'none' || source === undefined || plot === undefined || definition === undefined) return undefined;
  const { name: node, database } = leaf.spec;
  const { serverVersion, superuser, user } = leaf.database;
  const draft = draftOf({
    ids: { database, queue: queue.name, node },
    create,
    source,
    plot,
    serverVersion,
    superuser,
    user,
  });
  if (plot.taken.has(name) && !plot.made.has(`sequence ${name}`)) draft.reasons.push(`the name ${name} is taken there`);
  else needSequence(draft, definition);
  const { steps, reasons, sql } = draft;
  const at = queue.sequences.at ?? queue.at;
  const problems: Problem[] =
    reasons.length === 0
      ? []
      : [{ code: 'sequence_not_creatable', at, queue: queue.name, node, sequence: name, reasons, sql }];
  return { steps, warnings: [], problems, step: plot.made.get(`sequence ${name}`) };
}

/** A foreign key holds where all rows that it may refer to come to the node, under a key that the node's table has. */
function replicatedTo(leaf: NodeScene, wanted: Expansion['tables']): ReplicatedHere {
  const node = leaf.spec.name;
  return (table, columns) => {
    const other = wanted.get(table);
    const placed = other?.nodes.get(node);
    if (other === undefined || placed === undefined || (other.facts.primaryKey ?? other.key) === undefined) {
      return { why: `${table} does not replicate to ${node}` };
    }
    const { destination, where } = placed.spec;
    if (where !== undefined) return { why: `${node} holds only a part of the rows of ${destination}` };
    const target = leaf.database.tables.get(destination);
    if (target === undefined && placed.create === 'none') return { why: `${destination} is missing on ${node}` };
    if (!hasKey(keysThere(target, placed, other), columns)) {
      return { why: `${destination} on ${node} has no key on (${columns.join(', ')})` };
    }
    return { destination };
  };
}

function keysThere(target: TableFacts | undefined, { spec, create }: PlacedTable, { facts }: WantedTable) {
  const { primaryKey, uniqueKeys } = target ?? facts;
  const key = primaryKey === undefined ? [] : [primaryKey];
  const unique = uniqueKeys.map(({ columns }) => columns);
  if (target !== undefined) return [...key, ...unique];
  if (create === 'minimal') return key;
  const masked = masksOf(spec);
  const asOnRoot = (column: string) => isChosen(spec, column) && !masked.has(column);
  return [...key, ...unique.filter((columns) => columns.every(asOnRoot))];
}

function hasKey(keys: readonly (readonly string[])[], columns: readonly string[]): boolean {
  const wanted = [...columns].sort().join('\n');
  return keys.some((key) => [...key].sort().join('\n') === wanted);
}

/** Which step of a node brings a sequence. */
export type MadeSequences = ReadonlyMap<NodeName, ReadonlyMap<SequenceName, string>>;
