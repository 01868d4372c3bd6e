import type { PlacedRemark } from '../model/cascade.ts';
import type { DatabaseName, NodeName, QueueName, SequenceName } from '../model/names.ts';
import type { LiveDatabase, LiveNode } from '../model/state.ts';
import type { NodeRole } from '../model/topology.ts';
import type { Queue } from './document.ts';

/** One node of a cascade that is to be written down. */
export interface ImportedNode {
  readonly name: NodeName;
  readonly database: DatabaseName;
  readonly role: NodeRole;
  readonly provider: NodeName | undefined;
  /** Undefined where it could not be looked at. */
  readonly live: LiveNode | undefined;
  readonly facts: LiveDatabase | undefined;
  readonly dead: boolean;
}

/** Undefined where the built-in rule says the same: sequences come along with the tables that own them. */
export function importedSequences(
  queue: QueueName,
  nodes: readonly ImportedNode[],
  remarks: PlacedRemark[],
): Queue['sequences'] | undefined {
  const source =
    nodes.find(({ role, live }) => role === 'root' && live !== undefined) ?? nodes.find(({ live }) => live);
  if (source?.live === undefined) return undefined;
  const owned = ownedBy(source, source);
  const there = localOf(source.live);
  const extra = there.filter((name) => !owned.has(name));
  const lacking = [...owned].filter((name) => !there.includes(name));
  remarkLacking(queue, nodes, source, extra, lacking, remarks);
  if (lacking.length === 0) return extra.length === 0 ? undefined : { include: extra };
  // Where most stay out, it is shorter to say so.
  if (owned.size - lacking.length === 0)
    return extra.length === 0 ? { owned: false } : { owned: false, include: extra };
  return extra.length === 0 ? { exclude: lacking } : { include: extra, exclude: lacking };
}

function localOf(live: LiveNode): readonly SequenceName[] {
  return [...live.sequences.values()].filter(({ local }) => local).map(({ name }) => name);
}

/** By the columns of the source's tables, which decide for every node. */
function ownedBy(source: ImportedNode, node: ImportedNode): ReadonlySet<SequenceName> {
  const owned = new Set<SequenceName>();
  for (const table of node.live?.tables.values() ?? []) {
    if (!table.local) continue;
    for (const name of source.facts?.tables.get(table.name)?.ownedSequences ?? []) owned.add(name);
  }
  return owned;
}

/** One rule holds for all nodes: what a node has less than that, the plan would add. */
function remarkLacking(
  queue: QueueName,
  nodes: readonly ImportedNode[],
  source: ImportedNode,
  extra: readonly SequenceName[],
  excluded: readonly SequenceName[],
  remarks: PlacedRemark[],
): void {
  for (const node of nodes) {
    if (node === source || node.live === undefined) continue;
    const there = localOf(node.live);
    const wanted = [...extra, ...[...ownedBy(source, node)].filter((name) => !excluded.includes(name))];
    const sequences = wanted.filter((name) => !there.includes(name));
    if (sequences.length === 0) continue;
    const path = ['queues', queue, 'nodes', node.name];
    remarks.push({ path, remark: { kind: 'sequences_lacking', queue, node: node.name, sequences } });
  }
}
