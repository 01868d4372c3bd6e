import type { DatabaseName, QueueName, TableName } from '../model/names.ts';
import type { Plan } from '../model/plan.ts';
import type { Problem } from '../model/problem.ts';
import type {
  DesiredState,
  LastApplied,
  LiveDatabase,
  LiveNode,
  LiveState,
  LiveTable,
  TableFacts,
} from '../model/state.ts';
import type { ResyncTable } from '../model/step.ts';
import { isLeftAlone, type TableSpec } from '../model/table.ts';
import { type NodeSpec, providerOf, type QueueSpec } from '../model/topology.ts';
import { checkProtection } from './check-protection.ts';
import { fingerprint } from './fingerprint.ts';
import { compileGlob } from './glob.ts';
import { resyncHazards } from './hazards.ts';
import { planOfSteps } from './plan-of-steps.ts';
import { mergesInto } from './scene.ts';
import { stepId } from './step-ids.ts';
import { unseenNode } from './unseen-node.ts';

export interface ResyncInput {
  readonly desired: DesiredState;
  readonly live: LiveState;
  /** What is protected by it, though the files do not name it any more. */
  readonly lastApplied: ReadonlyMap<QueueName, LastApplied>;
  readonly places: readonly Place[];
  /** Names or patterns, of the table on the queue or on the node. */
  readonly tables: readonly string[];
  /** Also the nodes that read from these, directly or not: what is copied travels through no queue. */
  readonly below: boolean;
}

export interface Place {
  readonly queue: QueueSpec;
  readonly node: NodeSpec;
}

/** A place that can be looked at. */
interface Seen extends Place {
  readonly database: LiveDatabase;
  readonly live: LiveNode;
}

/** Copies tables again that replicate already. What can't be is a problem where it was named, and else left out with a word. */
export function makeResyncPlan(input: ResyncInput): { plan: Plan; problems: Problem[] } {
  const steps: ResyncTable[] = [];
  /** Ids of all that was decided about, also by the step of a table that is shared. */
  const covered = new Set<string>();
  const warnings: Problem[] = [];
  const problems: Problem[] = [];
  const known = new Set<TableName>();
  const met = new Set<string>();
  for (const place of input.places) {
    const seen = look(place, input.live);
    if ('code' in seen) problems.push(seen);
    else addNode(seen);
  }
  const unmet = problems.length > 0 ? [] : input.tables.filter((pattern) => !met.has(pattern));
  for (const name of unmet) problems.push({ code: 'name_unknown', what: 'table', name, known: [...known] });
  problems.push(...checkProtection(steps, input));
  const plan = planOfSteps(steps, { warnings, problems }, fingerprintsOf(input.live, steps));
  return { plan, problems };

  function addNode(seen: Seen): void {
    const { queue, node, live } = seen;
    const ids = { queue: queue.name, node: node.name, table: undefined };
    const behind = waitsFor(seen);
    if (node.placement.role === 'root') problems.push({ code: 'resync_refused', ...ids, because: { kind: 'root' } });
    else if (behind !== undefined) {
      problems.push({ code: 'resync_refused', ...ids, because: { kind: 'waiting', behind } });
    } else {
      const local = [...live.tables.values()].filter((table) => table.local);
      for (const { name } of local) known.add(name);
      for (const pattern of input.tables) {
        const selects = compileGlob(pattern);
        for (const table of local) {
          if (!selects(table.name) && !selects(destinationOf(table))) continue;
          met.add(pattern);
          addTable(seen, table, isName(pattern), []);
        }
      }
    }
  }

  function addTable(seen: Seen, table: LiveTable, named: boolean, dependsOn: readonly string[]): void {
    const { queue, node } = seen;
    const id = stepId.resyncTable(queue.name, node.name, table.name);
    if (covered.has(id)) return;
    const merged = mergedWith(seen, table, input);
    const refusals = [{ seen, table }, ...merged].flatMap((one) => refusal(one.seen, one.table));
    for (const one of [{ seen, table }, ...merged]) {
      covered.add(stepId.resyncTable(one.seen.queue.name, one.seen.node.name, one.table.name));
    }
    if (refusals.length > 0) {
      const isMistake = named && refusals.some(({ because }) => because.kind !== 'copying');
      (isMistake ? problems : warnings).push(...refusals);
      // As an earlier resync left it that was cut short: those below were to follow.
      if (refusals.every(({ because }) => because.kind === 'copying')) addReaders(seen, table, []);
      return;
    }
    const source = sourceOf(seen, table, input.live);
    const { spec } = table;
    if (source === undefined || spec === undefined) {
      const from = providerOf(queue, node.name) ?? node.name;
      const ids = { queue: queue.name, node: from, table: table.name, destination: table.name };
      problems.push({ code: 'table_gone', ...ids });
      return;
    }
    const others = merged.map((one) => ({
      queue: one.seen.queue.name,
      node: one.seen.node.name,
      table: one.table.name,
    }));
    steps.push({
      id,
      kind: 'resync_table',
      database: node.database,
      queue: queue.name,
      node: node.name,
      table: spec,
      role: node.placement.role,
      copy: { estimatedRows: source.estimatedRows, bytes: source.bytes },
      merged: others,
      hazards: resyncHazards(node.name, spec, source, others),
      dependsOn,
    });
    addReaders(seen, table, [id]);
  }

  function addReaders(seen: Seen, { name, spec }: LiveTable, dependsOn: readonly string[]): void {
    const readers = spec === undefined ? [] : readersOf(seen, spec, input);
    if (input.below) for (const reader of readers) addTable(reader.seen, reader.table, false, dependsOn);
    else if (readers.length > 0) {
      const names = readers.map((reader) => reader.seen.node.name);
      warnings.push({
        code: 'resync_not_below',
        queue: seen.queue.name,
        node: seen.node.name,
        table: name,
        readers: names,
      });
    }
  }
}

function look({ queue, node }: Place, live: LiveState): Seen | Problem {
  const database = live.databases.get(node.database);
  if (database?.kind !== 'reachable') {
    return unseenNode(queue.name, node, live);
  }
  const there = database.queues.get(queue.name);
  if (there === undefined) return { code: 'node_not_set_up', queue: queue.name, node: node.name };
  if (there.name === node.name) return { queue, node, database, live: there };
  const ids = { queue: queue.name, database: node.database };
  return { code: 'node_elsewhere', ...ids, expected: node.name, found: there.name };
}

/** The queue by whose branch the rows of such a leaf come. */
function waitsFor({ live, database }: Seen): QueueName | undefined {
  const into = live.mergesInto;
  return into !== undefined && database.queues.get(into)?.type === 'branch' ? into : undefined;
}

type Refusal = Problem & { readonly code: 'resync_refused' };

function refusal({ queue, node }: Seen, { name: table, spec, sync }: LiveTable): readonly Refusal[] {
  const because = refusedBecause(spec, sync);
  return because === undefined ? [] : [{ code: 'resync_refused', queue: queue.name, node: node.name, table, because }];
}

function refusedBecause(spec: TableSpec | undefined, sync: LiveTable['sync']): Refusal['because'] | undefined {
  if (spec === undefined) return { kind: 'foreign_handler' };
  if (isLeftAlone(spec)) return { kind: 'not_held' };
  if (spec.copy.keepRows) return { kind: 'keeps_rows' };
  return sync.kind === 'missing' || sync.kind === 'in_copy' ? { kind: 'copying' } : undefined;
}

interface PlacedTable {
  readonly seen: Seen;
  readonly table: LiveTable;
}

/** Other leaves on the database that are merged into the same queue, as far as they fill the same table. */
function mergedWith(seen: Seen, table: LiveTable, { desired, live }: ResyncInput): readonly PlacedTable[] {
  const into = seen.live.mergesInto;
  if (into === undefined) return [];
  return placesOf(desired).flatMap((place) => {
    if (place.queue === seen.queue || place.node.database !== seen.node.database) return [];
    const other = mergesInto(place.node) === into ? look(place, live) : undefined;
    if (other === undefined || 'code' in other) return [];
    return [...other.live.tables.values()]
      .filter((one) => one.local && destinationOf(one) === destinationOf(table))
      .map((one) => ({ seen: other, table: one }));
  });
}

/** Those that read the table from the node, or from the queue that it is merged into there. */
function readersOf({ queue, node, live: own }: Seen, spec: TableSpec, input: ResyncInput): readonly PlacedTable[] {
  const into = own.mergesInto;
  return placesOf(input.desired).flatMap((place): PlacedTable[] => {
    const provider = providerOf(place.queue, place.node.name);
    if (provider === undefined) return [];
    const isBelow = place.queue === queue && provider === node.name;
    const isMerged = place.queue.name === into && place.queue.nodes.get(provider)?.database === node.database;
    if (!isBelow && !isMerged) return [];
    const seen = look(place, input.live);
    if ('code' in seen || waitsFor(seen) !== undefined) return [];
    const table = seen.live.tables.get(isBelow ? spec.name : spec.destination);
    return table?.local === true ? [{ seen, table }] : [];
  });
}

function placesOf(desired: DesiredState): readonly Place[] {
  return [...desired.queues.values()].flatMap((queue) => [...queue.nodes.values()].map((node) => ({ queue, node })));
}

/** The table that is copied, where its provider has it. */
function sourceOf({ queue, node }: Seen, { name }: LiveTable, live: LiveState): TableFacts | undefined {
  const provider = queue.nodes.get(providerOf(queue, node.name) ?? node.name);
  const database = provider === undefined ? undefined : live.databases.get(provider.database);
  if (database?.kind !== 'reachable') return undefined;
  return database.tables.get(database.queues.get(queue.name)?.tables.get(name)?.spec?.destination ?? name);
}

function destinationOf({ name, spec }: LiveTable): TableName {
  return spec?.destination ?? name;
}

function isName(pattern: string): boolean {
  return !/[*?]/.test(pattern);
}

function fingerprintsOf(live: LiveState, steps: readonly ResyncTable[]): ReadonlyMap<DatabaseName, string> {
  const names = [...new Set(steps.map(({ database }) => database))].sort();
  return new Map(
    names.flatMap((name) => {
      const database = live.databases.get(name);
      if (database?.kind !== 'reachable') return [];
      const own = steps.filter((step) => step.database === name);
      const queues = new Set(own.flatMap(({ queue, merged }) => [queue, ...merged.map((other) => other.queue)]));
      const nodes = [...database.queues.values()].filter((node) => queues.has(node.queue));
      const tables = own.flatMap(({ table }) => database.tables.get(table.destination) ?? []);
      return [[name, fingerprint(database, nodes, tables, own)] as const];
    }),
  );
}
