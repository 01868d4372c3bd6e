import type { DatabaseName, NodeName, QueueName, TableName } from '../model/names.ts';
import { splitName } from '../model/names.ts';
import type { Problem, TableMoveFault } from '../model/problem.ts';
import type { DesiredState, LiveDatabase, LiveNode, LiveState, LiveTable, TableFacts } from '../model/state.ts';
import type { RenameTable, TableOnNode } from '../model/step.ts';
import { isLeftAlone, type TableSpec, wholeTable } from '../model/table.ts';
import { captureArgs, nameInEvents } from '../model/table-codec.ts';
import type { MovedTable, QueueSpec } from '../model/topology.ts';
import { tableArgs } from './capture-args.ts';
import { pgqSource } from './diff-schemas.ts';
import { type FoundNode, findNodes } from './diff-topology.ts';
import { expandTables, type WantedTable } from './expand-tables.ts';
import { renameTableHazards } from './hazards.ts';
import { stepId } from './step-ids.ts';

export interface MovedTables {
  /** As if the tables had their new names already: what else is to be done is judged by these. */
  readonly live: LiveState;
  readonly steps: readonly RenameTable[];
  readonly problems: readonly Problem[];
}

/** Tables that the catalogs know by a name which the file calls an old one. */
export function moveTables(queue: QueueSpec, desired: DesiredState, live: LiveState): MovedTables {
  let now = live;
  const steps: RenameTable[] = [];
  const problems: Problem[] = [];
  for (const entry of queue.movedTables) {
    const move = lookAt(queue, entry, now);
    if (move === undefined) continue;
    const fault = faultOf(queue, entry, move);
    if (fault !== undefined) {
      problems.push({ code: 'moved_table_unfit', at: entry.at, queue: queue.name, ...namesOf(entry), because: fault });
      continue;
    }
    steps.push(stepOf(queue, entry, move, desired));
    now = move.after;
  }
  return { live: now, steps, problems };
}

/** The table on one node of the cascade. */
interface Site extends FoundNode {
  readonly found: LiveDatabase;
  /** By the old name; undefined where the node has done with it. */
  readonly old: LiveTable | undefined;
  /** Where its rows are now, and where they are to be; undefined where it is not replicated to. */
  readonly names: { readonly from: TableName; readonly to: TableName } | undefined;
}

interface Move {
  readonly root: Site;
  /** Providers before their subscribers. */
  readonly subscribers: readonly Site[];
  /** Every node that can be looked at. */
  readonly seen: ReadonlySet<NodeName>;
  readonly wanted: WantedTable | undefined;
  /** The root's table, by whichever name. */
  readonly facts: TableFacts | undefined;
  readonly after: LiveState;
}

/** Undefined where the root does not know the table by its old name: then the entry is about what was done long ago. */
function lookAt(queue: QueueSpec, entry: MovedTable, live: LiveState): Move | undefined {
  const { from, to } = entry;
  const places = inTreeOrder([...findNodes(queue, live).values()]);
  const root = places.find(({ node }) => node.type === 'root');
  if (root?.node.tables.get(from)?.local !== true) return undefined;
  const tables = databaseOf(live, root.database)?.tables ?? new Map<TableName, TableFacts>();
  const facts = tables.get(from) ?? tables.get(to);
  // What the rules want of it is asked of the root as it will be.
  const wanted = facts === undefined ? undefined : expandTables(queue, renamedFacts(tables, from, to)).tables.get(to);
  const sites = places.flatMap((place): Site[] => {
    const found = databaseOf(live, place.database);
    if (found === undefined) return [];
    const old = place.node.tables.get(from);
    return [{ ...place, found, old, names: placeNames(entry, { ...place, found, old }, root.node.name, wanted) }];
  });
  const top = sites.find(({ node }) => node.type === 'root');
  if (top === undefined) return undefined;
  const subscribers = sites.filter((site) => site !== top && site.old !== undefined);
  const seen = new Set(places.map(({ node }) => node.name));
  return { root: top, subscribers, seen, wanted, facts, after: renamed(live, queue.name, entry, sites) };
}

function placeNames(
  { from, to }: MovedTable,
  { node, found, old }: Omit<Site, 'names'>,
  root: NodeName,
  wanted: WantedTable | undefined,
): Site['names'] {
  if (old?.local !== true) return undefined;
  const here = old.spec?.destination ?? from;
  // Elsewhere it has a name of its own already; or the file gives it one, which is to stay or is for a later step.
  const follows =
    node.name === root || (here === from && wanted?.nodes.get(node.name)?.spec.destination === to && here !== to);
  if (!follows) return { from: here, to: here };
  if (old.spec !== undefined && isLeftAlone(old.spec) && node.name !== root) return { from: to, to };
  // Somebody may have been there before.
  return { from: found.tables.has(from) ? from : to, to };
}

function faultOf(queue: QueueSpec, { from, to }: MovedTable, move: Move): TableMoveFault | undefined {
  const { root, subscribers, facts, wanted } = move;
  const sites = [root, ...subscribers];
  const unseen = [...root.node.members].flatMap(([name, { dead }]) => (dead || move.seen.has(name) ? [] : [name]));
  if (unseen.length > 0) return { kind: 'unseen', nodes: unseen };
  if (facts === undefined) return { kind: 'absent', node: root.node.name };
  if (facts.partitionOf !== undefined) return { kind: 'partition', parent: facts.partitionOf };
  if (wanted === undefined) return { kind: 'unwanted' };
  const foreign = sites.filter(({ old }) => old?.local === true && old.spec === undefined);
  if (foreign.length > 0) return { kind: 'foreign', nodes: foreign.map(({ node }) => node.name) };
  for (const site of sites) {
    const fault = siteFault(queue, site, from, to);
    if (fault !== undefined) return fault;
  }
  const unsettled = sites.filter(({ old }) => old?.local === true && old.sync.kind !== 'in_sync');
  if (unsettled.length > 0) return { kind: 'unsettled', nodes: unsettled.map(({ node }) => node.name) };
  const moves = splitName(from).schema !== splitName(to).schema;
  const sequences = sites.flatMap(({ found, names: here }) =>
    here === undefined || here.from === here.to ? [] : (found.tables.get(here.from)?.ownedSequences ?? []),
  );
  return moves && sequences.length > 0 ? { kind: 'sequences', sequences: [...new Set(sequences)] } : undefined;
}

function siteFault(queue: QueueSpec, site: Site, from: TableName, to: TableName): TableMoveFault | undefined {
  const { node, found, old, names } = site;
  const other = node.tables.get(to);
  // The new name beside the old one for the same table is what a try that was cut short has left.
  if (other?.local === true && !(old?.local === true && sameDestination(old, other)))
    return { kind: 'replicated', node: node.name };
  if (names === undefined) return undefined;
  if (node.mergesInto !== undefined) return { kind: 'merged', node: node.name, into: node.mergesInto };
  for (const [name, part] of found.queues) {
    if (name === queue.name || part.mergesInto !== queue.name) continue;
    return { kind: 'merged', node: part.name, into: queue.name };
  }
  if (names.to !== to) return undefined;
  if (found.tables.has(from) && found.tables.has(to)) return { kind: 'taken', node: node.name };
  for (const [name, { tables }] of found.queues) {
    if (name === queue.name) continue;
    const tells = [...tables.values()].some(
      ({ local, spec, name: table }) => local && [from, names.from].includes(spec?.destination ?? table),
    );
    if (tells) return { kind: 'shared', node: node.name, other: name };
  }
  return undefined;
}

function sameDestination(left: LiveTable, right: LiveTable): boolean {
  return (left.spec?.destination ?? left.name) === (right.spec?.destination ?? right.name);
}

function stepOf(queue: QueueSpec, entry: MovedTable, move: Move, desired: DesiredState): RenameTable {
  const { root, subscribers, wanted } = move;
  const { from, to } = entry;
  const argsOf = ({ database, found, node, old, names }: Site): readonly string[] | undefined => {
    if (old?.local !== true || names === undefined || (node.type !== 'root' && old.spec && isLeftAlone(old.spec)))
      return undefined;
    const spec: TableSpec = { ...(old.spec ?? wholeTable(to)), name: to, destination: names.to };
    const facts = found.tables.get(names.from);
    return [
      ...captureArgs(pgqSource(desired.databases.get(database), found)),
      ...tableArgs(node.type, spec, facts, wanted),
    ];
  };
  const nodes = subscribers.map(
    (site): TableOnNode => ({
      node: site.node.name,
      database: site.database,
      role: site.node.type,
      names: site.names,
      triggerArgs: argsOf(site),
    }),
  );
  return {
    id: stepId.renameTable(queue.name, to),
    kind: 'rename_table',
    database: root.database,
    queue: queue.name,
    node: root.node.name,
    from,
    table: to,
    triggerArgs: argsOf(root) ?? [],
    nodes,
    hazards: renameTableHazards({ node: root.node.name, from, to, found: foundBy(root, entry) }, nodes),
    dependsOn: [],
  };
}

/** Who gave the root's table its new name, if it has it. */
function foundBy({ found, node, old }: Site, { from, to }: MovedTable): 'old_name' | 'others' | 'earlier_try' {
  if (found.tables.has(from)) return 'old_name';
  return node.tables.get(to)?.local === true && old?.spec?.destination === to ? 'earlier_try' : 'others';
}

function namesOf({ from, to }: MovedTable) {
  return { from, to };
}

function databaseOf(live: LiveState, name: DatabaseName): LiveDatabase | undefined {
  const observation = live.databases.get(name);
  return observation?.kind === 'reachable' ? observation : undefined;
}

/** By what the nodes read from, not by what the file says. */
function inTreeOrder(places: readonly FoundNode[]): readonly FoundNode[] {
  const byName = new Map(places.map((place) => [place.node.name, place]));
  const depthOf = ({ node }: FoundNode): number => {
    let depth = 0;
    for (let above = node.provider; above !== undefined && depth <= places.length; depth += 1)
      above = byName.get(above)?.node.provider;
    return depth;
  };
  return [...places].sort((left, right) => depthOf(left) - depthOf(right));
}

function renamedFacts(
  tables: ReadonlyMap<TableName, TableFacts>,
  from: TableName,
  to: TableName,
): ReadonlyMap<TableName, TableFacts> {
  if (!tables.has(from) || from === to) return tables;
  return new Map(
    [...tables].map(([name, facts]) => {
      if (name === from) return [to, { ...facts, name: to }];
      return [name, facts.partitionOf === from ? { ...facts, partitionOf: to } : facts];
    }),
  );
}

function renamed(live: LiveState, queue: QueueName, entry: MovedTable, sites: readonly Site[]): LiveState {
  const byDatabase = new Map(sites.map((site) => [site.database, site]));
  return {
    databases: new Map(
      [...live.databases].map(([name, observation]) => {
        const site = byDatabase.get(name);
        const node = observation.kind === 'reachable' ? observation.queues.get(queue) : undefined;
        if (site === undefined || observation.kind !== 'reachable' || node === undefined) return [name, observation];
        const { names } = site;
        return [
          name,
          {
            ...observation,
            tables: names === undefined ? observation.tables : renamedFacts(observation.tables, names.from, names.to),
            queues: new Map(observation.queues).set(queue, renamedOn(node, entry, names)),
          },
        ];
      }),
    ),
  };
}

function renamedOn(node: LiveNode, { from, to }: MovedTable, names: Site['names']): LiveNode {
  const old = node.tables.get(from);
  if (old === undefined) return node;
  const table: LiveTable = {
    ...old,
    name: to,
    spec: old.spec && { ...old.spec, name: to, destination: names?.to ?? to },
    triggers: old.triggers.map((trigger) => ({
      ...trigger,
      args: trigger.args.map((arg) => (arg === nameInEvents(from) ? nameInEvents(to) : arg)),
    })),
  };
  const others = [...node.tables].filter(([name]) => name !== from && name !== to);
  return { ...node, tables: new Map<TableName, LiveTable>([...others, [to, table]]) };
}
