import { suppressesRows } from '../model/capture.ts';
import type { NodeName, SequenceName, TableName } from '../model/names.ts';
import { splitName, tableName } from '../model/names.ts';
import type { Origin } from '../model/origin.ts';
import type { Problem } from '../model/problem.ts';
import { isChosen, masksOf, mentioned } from '../model/projection.ts';
import type { LiveTable, TableFacts } from '../model/state.ts';
import type { AddTable, Step } from '../model/step.ts';
import { isLeftAlone, type TableSpec, wholeTable } from '../model/table.ts';
import { holdsSameRows, sameTable } from '../model/table-codec.ts';
import { foundCapture } from '../model/triggers.ts';
import { tableArgs } from './capture-args.ts';
import { checkCapture } from './check-capture.ts';
import { checkKey } from './check-key.ts';
import { checkProjection, checkVirtual } from './check-projection.ts';
import { compareColumns, createTableSql } from './compare-columns.ts';
import { type MadeSequences, makeOnNode } from './create/on-node.ts';
import { createId } from './diff-node.ts';
import type { Expansion, PlacedTable, WantedTable } from './expand-tables.ts';
import type { Findings } from './findings.ts';
import {
  copyAgainHazards,
  firstCopyHazards,
  lostEventsHazards,
  pruneHazards,
  removeFromLeafHazards,
  removeFromRootHazards,
} from './hazards.ts';
import { narrows } from './narrows.ts';
import { below, mergesInto, type NodeScene, type Scene, type SubscriberScene } from './scene.ts';
import { stepId } from './step-ids.ts';
import { triggerFault } from './triggers.ts';

export interface TableFindings extends Findings {
  /** What replicates once the plan is done, for the sequences to follow. */
  readonly replicated: ReadonlyMap<NodeName, readonly TableFacts[]>;
  /** Left as it stands, whatever that is: the file wants it, but it can't be had. */
  readonly held: readonly TableFacts[];
  /** Sequences that come with tables which are made. */
  readonly made: MadeSequences;
  /** Sequences that go with tables which are taken out, and by which step. */
  readonly taken: MadeSequences;
  /** Sequences of tables that lie in another schema on a node: the columns there can't own them. */
  readonly apart: ReadonlyMap<NodeName, ReadonlySet<SequenceName>>;
}

export function diffTables(scene: Scene, wanted: Expansion['tables']): TableFindings {
  const steps: Step[] = [];
  const warnings: Problem[] = [];
  const problems: Problem[] = [];
  const held: TableFacts[] = [];
  const replicated = new Map<NodeName, TableFacts[]>();
  const made = new Map<NodeName, Map<SequenceName, string>>();
  const taken = new Map<NodeName, Map<SequenceName, string>>();
  const apart = new Map<NodeName, Set<SequenceName>>();
  const { queue, root } = scene;
  for (const node of [root, ...scene.subscribers]) replicated.set(node.spec.name, []);

  const kept = new Set(queue.kept.flatMap(({ kind, name }) => (kind === 'table' ? [tableName(name)] : [])));
  const namedParts = partsByAncestor(wanted, root);
  const createIds = new Map<NodeName, string>();
  // What the nodes share of the table at hand.
  let turn: {
    readonly table: TableName | undefined;
    readonly addIds: Map<NodeName, string>;
    readonly size: AddTable['copy'];
  } = { table: undefined, addIds: new Map(), size: undefined };

  for (const table of wanted.values()) {
    const { name } = table.facts;
    const unfit = asOneTable(table, root, table.facts, table.at) ?? checkCapture(queue.name, root.spec.name, table);
    if (unfit !== undefined) {
      held.push(table.facts);
      report(unfit, table.named);
      continue;
    }
    const keyless = checkKey(scene, table, { on: root, facts: table.facts, at: table.at });
    if (keyless !== undefined) {
      held.push(table.facts);
      report(keyless, table.named);
      continue;
    }
    const before = steps.length;
    diffOnRoot(table);
    replicated.get(root.spec.name)?.push(table.facts);
    for (const subscriber of scene.subscribers) {
      const node = subscriber.spec.name;
      const placed = table.nodes.get(node);
      if (placed !== undefined && diffOnSubscriber(subscriber, table, placed)) {
        replicated.get(node)?.push(table.facts);
        setApart(subscriber, table.facts, placed.spec.destination);
      }
      if (placed === undefined) removeFromSubscriber(subscriber, subscriber.node?.tables.get(name));
    }
    if (table.wholeRow && steps.slice(before).some(({ kind }) => kind === 'add_table')) {
      const { estimatedRows } = table.facts;
      warnings.push({ code: 'key_whole_row', at: table.at, queue: queue.name, table: name, estimatedRows });
    }
  }
  for (const subscriber of scene.subscribers) {
    for (const live of subscriber.node?.tables.values() ?? []) {
      if (!wanted.has(live.name) && !kept.has(live.name)) removeFromSubscriber(subscriber, live);
    }
  }
  for (const live of root.node?.tables.values() ?? []) {
    if (!wanted.has(live.name) && !kept.has(live.name)) removeFromRoot(live);
  }
  for (const name of kept) {
    const facts = root.database.tables.get(name);
    // Its sequences stay with it.
    if (facts !== undefined && !wanted.has(name)) held.push(facts);
  }
  return { steps, warnings, problems, replicated, held, made, taken, apart };

  function report(problem: Problem, fatal: boolean): void {
    (fatal ? problems : warnings).push(problem);
  }

  function setApart(leaf: NodeScene, { name, ownedSequences }: TableFacts, destination: TableName): void {
    if (ownedSequences.length === 0 || splitName(name).schema === splitName(destination).schema) return;
    const sequences = apart.get(leaf.spec.name) ?? new Set<SequenceName>();
    apart.set(leaf.spec.name, sequences);
    for (const sequence of ownedSequences) sequences.add(sequence);
  }

  function diffOnRoot(table: WantedTable): void {
    const { facts, queueTable } = table;
    const live = root.node?.tables.get(facts.name);
    const whole = wholeTable(facts.name);
    const spec: TableSpec = queueTable ? { ...whole, handler: { kind: 'queue_table' } } : whole;
    if (live?.local) {
      if (live.spec !== undefined) markOnRoot(live, live.spec, spec);
      restoreTriggers(root, live, spec, table);
      return;
    }
    steps.push({
      ...base(root),
      id: addId(root.spec.name, facts.name),
      kind: 'add_table',
      table: spec,
      role: 'root',
      triggerArgs: captureArgsOf(root, spec, facts, table),
      copy: undefined,
      hazards: [],
      dependsOn: [stepId.createRoot(queue.name, root.spec.name)],
    });
  }

  /** Whether a root holds rows is stored for who compares; all else that a root stores is Londiste's and without effect. */
  function markOnRoot(live: LiveTable, from: TableSpec, to: TableSpec): void {
    const wantedMark = to.handler?.kind === 'queue_table';
    const found = from.handler?.kind === 'queue_table' || (wantedMark && suppresses(live));
    if (found === wantedMark) return;
    steps.push({
      ...base(root),
      id: stepId.setTableOptions(queue.name, root.spec.name, to.name),
      kind: 'set_table_options',
      from,
      to,
      prune: false,
      hazards: [],
      dependsOn: [],
    });
  }

  /** True when the table replicates there once the plan is done. */
  function diffOnSubscriber(leaf: SubscriberScene, table: WantedTable, placed: PlacedTable): boolean {
    const { spec, at } = placed;
    const node = leaf.spec.name;
    const unfit = unfitForProvider(leaf, table, spec, at);
    if (unfit !== undefined) {
      problems.push(unfit);
      return false;
    }
    const recorded = leaf.node?.tables.get(spec.name);
    const live = recorded?.local ? recorded : undefined;
    if (isLeftAlone(spec)) {
      if (live === undefined) addToSubscriber(leaf, table, undefined, placed);
      else if (live.spec !== undefined && !sameTable(live.spec, spec)) changeOnSubscriber(leaf, table, live, placed);
      return true;
    }
    const target = leaf.database.tables.get(spec.destination);
    // A fault in what replicates already must not keep the rest of the cascade from being changed; another target is new.
    const fatal = live === undefined || (live.spec !== undefined && live.spec.destination !== spec.destination);
    const ids = { at, queue: queue.name, node, table: spec.name, destination: spec.destination };
    if (target === undefined && fatal && makeTable(leaf, table, live, placed)) return true;
    if (target === undefined) {
      const createSql = createTableSql(table.facts, spec, hasSchema(leaf, spec.destination));
      report({ code: 'table_missing_on_node', ...ids, createSql, replicated: !fatal }, fatal);
      return !fatal;
    }
    const parted = asOneTable(table, leaf, target, at);
    if (parted !== undefined) {
      report(parted, fatal && table.named);
      return !fatal;
    }
    const keyless = checkKey(scene, table, { on: leaf, facts: target, at });
    if (keyless !== undefined) {
      report(keyless, fatal && table.named);
      return !fatal;
    }
    const misfits = checkProjection({ at, queue: queue.name, node }, spec, table, target);
    for (const misfit of misfits) report(misfit, true);
    if (misfits.length > 0) return !fatal;
    const unseen = checkVirtual(ids, spec, table.facts, target);
    if (unseen !== undefined) {
      report(unseen, fatal);
      if (fatal) return false;
    }
    const stale = staleColumns(table, spec, target);
    if (stale.length > 0) warnings.push({ code: 'ignored_columns_held', ...ids, columns: stale });
    const { lines: differences, alterSql } = compareColumns(table.facts, target, spec);
    if (differences.length > 0) {
      report({ code: 'columns_differ', ...ids, differences, alterSql }, fatal);
      if (fatal) return false;
    }
    if (live === undefined) addToSubscriber(leaf, table, target, placed);
    else if (live.spec === undefined) {
      warnings.push({
        code: 'handler_foreign',
        at,
        queue: queue.name,
        node,
        table: spec.name,
        attrs: live.attrs ?? '',
      });
    } else if (!sameTable(live.spec, spec)) changeOnSubscriber(leaf, table, live, placed);
    else restoreTriggers(leaf, live, spec, table);
    return true;
  }

  /** True when the table is there once the plan is done, or the reader is told why it can't be. */
  function makeTable(
    leaf: SubscriberScene,
    table: WantedTable,
    live: LiveTable | undefined,
    placed: PlacedTable,
  ): boolean {
    const { spec, at } = placed;
    const node = leaf.spec.name;
    const creation = makeOnNode(scene, leaf, table, placed, wanted);
    if (creation === undefined) return false;
    const likeRoot = { ...table.facts, name: spec.destination };
    const misfits = checkProjection({ at, queue: queue.name, node }, spec, table, likeRoot);
    const ids = { at, queue: queue.name, node, table: spec.name, destination: spec.destination };
    const unseen = checkVirtual(ids, spec, table.facts, likeRoot);
    if (unseen !== undefined) misfits.push(unseen);
    if (misfits.length > 0) {
      problems.push(...misfits);
      return true;
    }
    steps.push(...creation.steps);
    warnings.push(...creation.warnings);
    problems.push(...creation.problems);
    const step = stepId.createTable(queue.name, node, spec.name);
    const sequences = made.get(node) ?? new Map<SequenceName, string>();
    made.set(node, sequences);
    for (const sequence of creation.sequences) sequences.set(sequence, step);
    if (live === undefined) addToSubscriber(leaf, table, undefined, placed);
    else changeOnSubscriber(leaf, table, live, placed);
    return true;
  }

  function addToSubscriber(
    leaf: SubscriberScene,
    table: WantedTable,
    target: TableFacts | undefined,
    { spec, expectSync }: PlacedTable,
  ): void {
    const { facts: source } = table;
    const { name: node, database } = leaf.spec;
    const copied = !expectSync && !isLeftAlone(spec);
    // Written out, as this is made for every table on every node: a spread here costs a third of a large plan's time.
    steps.push({
      database,
      queue: queue.name,
      node,
      id: addId(node, spec.name),
      kind: 'add_table',
      table: spec,
      role: leaf.spec.placement.role,
      triggerArgs: addArgs(leaf, spec, expectSync, target ?? source, table),
      copy: copied ? sizeOf(source) : undefined,
      hazards: copied ? firstCopyHazards(node, spec, source, target) : [],
      dependsOn:
        target === undefined && !isLeftAlone(spec)
          ? [...copiedAfter(leaf, spec.name), stepId.createTable(queue.name, node, spec.name)]
          : copiedAfter(leaf, spec.name),
    });
  }

  function changeOnSubscriber(leaf: SubscriberScene, table: WantedTable, live: LiveTable, placed: PlacedTable): void {
    const { facts: source } = table;
    const { spec: to, expectSync } = placed;
    const { spec: from } = live;
    if (from === undefined) return;
    const node = leaf.spec.name;
    const target = leaf.database.tables.get(to.destination);
    const prune = target !== undefined && live.sync.kind === 'in_sync' && canPrune(from, to, source, target);
    if (prune || holdsSameRows(from, to)) {
      steps.push({
        ...base(leaf),
        id: stepId.setTableOptions(queue.name, node, to.name),
        kind: 'set_table_options',
        from,
        to,
        prune,
        hazards: prune ? pruneHazards(node, to, target) : [],
        dependsOn: [],
      });
      return;
    }
    const copied = !expectSync && !isLeftAlone(to);
    const made = target === undefined && !isLeftAlone(to) ? [stepId.createTable(queue.name, node, to.name)] : [];
    steps.push({
      ...base(leaf),
      id: stepId.changeTable(queue.name, node, to.name),
      kind: 'change_table',
      from,
      to,
      role: leaf.spec.placement.role,
      triggerArgs: addArgs(leaf, to, expectSync, target ?? source, table),
      copy: copied ? { estimatedRows: source.estimatedRows, bytes: source.bytes } : undefined,
      hazards: copied ? copyAgainHazards(node, from, to, source, target) : [],
      dependsOn: [stepId.restoreTriggers(queue.name, root.spec.name, to.name), ...copiedAfter(leaf, to.name), ...made],
    });
  }

  /** The node is there, and its provider has the table; a root copies nothing. */
  function copiedAfter({ spec, provider }: SubscriberScene, table: TableName): string[] {
    const above = provider.spec.name;
    const created = createIds.get(spec.name) ?? createId(queue.name, spec);
    createIds.set(spec.name, created);
    const added = addId(above, table);
    if (provider === root) return [created, added];
    return [created, added, stepId.changeTable(queue.name, above, table)];
  }

  /** One text for all that name it. */
  function addId(node: NodeName, table: TableName): string {
    if (turn.table !== table) turn = { table, addIds: new Map(), size: undefined };
    const id = turn.addIds.get(node) ?? stepId.addTable(queue.name, node, table);
    turn.addIds.set(node, id);
    return id;
  }

  /** One object for all nodes. */
  function sizeOf({ name, estimatedRows, bytes }: TableFacts): AddTable['copy'] {
    const size = (turn.table === name ? turn.size : undefined) ?? { estimatedRows, bytes };
    if (turn.table === name) turn = { ...turn, size };
    return size;
  }

  function restoreTriggers(scene_: NodeScene, live: LiveTable, spec: TableSpec, table: WantedTable): void {
    const role = scene_.spec.placement.role;
    // A leaf that becomes a branch, or the other way round, gets its triggers with its role.
    if (isRemade(scene_)) return;
    const triggerArgs = captureArgsOf(scene_, spec, scene_.database.tables.get(spec.destination), table);
    const fault = triggerFault(live, role, triggerArgs);
    if (fault === undefined) return;
    steps.push({
      ...base(scene_),
      id: stepId.restoreTriggers(queue.name, scene_.spec.name, spec.name),
      kind: 'restore_triggers',
      table: spec,
      role,
      triggerArgs,
      because: fault.because,
      hazards: fault.losesEvents ? lostEventsHazards(scene_.spec.name, spec.name, lostWindow(scene_, spec.name)) : [],
      dependsOn: [],
    });
  }

  /** The last apply found nothing to do there, or did it, unless that very step was left. */
  function lostWindow({ spec: { name: node } }: NodeScene, table: TableName): Parameters<typeof lostEventsHazards>[2] {
    const { lastApplied, subscribers } = scene;
    const undone = lastApplied?.pending.has(stepId.restoreTriggers(queue.name, node, table)) === true;
    const reading = subscribers.filter(
      (subscriber) => subscriber.provider.spec.name === node && subscriber.node?.tables.get(table)?.local === true,
    );
    return {
      notBefore: undone ? undefined : lastApplied?.at,
      subscribers: reading.map(({ spec }) => spec.name),
    };
  }

  function takeSequences({ spec, database }: NodeScene, destination: TableName, step: string): void {
    const sequences = taken.get(spec.name) ?? new Map<SequenceName, string>();
    taken.set(spec.name, sequences);
    for (const name of database.tables.get(destination)?.ownedSequences ?? []) sequences.set(name, step);
  }

  function removeFromSubscriber(leaf: NodeScene, live: LiveTable | undefined): void {
    if (live === undefined || !live.local) return;
    const destination = live.spec?.destination ?? live.name;
    const id = stepId.removeTable(queue.name, leaf.spec.name, live.name);
    takeSequences(leaf, destination, id);
    steps.push({
      ...base(leaf),
      id,
      kind: 'remove_table',
      table: live.name,
      destination,
      role: leaf.spec.placement.role,
      hazards: removeFromLeafHazards(leaf.spec.name, live, destination),
      dependsOn: removalsBelow(leaf, live.name),
    });
  }

  function removeFromRoot(live: LiveTable): void {
    if (!live.local) return;
    const id = stepId.removeTable(queue.name, root.spec.name, live.name);
    takeSequences(root, live.name, id);
    steps.push({
      ...base(root),
      id,
      kind: 'remove_table',
      table: live.name,
      destination: live.name,
      role: 'root',
      hazards: removeFromRootHazards(queue.name, root.spec.name, live.name),
      dependsOn: removalsBelow(root, live.name),
    });
  }

  /** A subscriber lets go first: it would otherwise wait for a table that is not fed any more. */
  function removalsBelow(node: NodeScene, table: TableName): string[] {
    return below(scene, node.spec.name).map(({ spec }) => stepId.removeTable(queue.name, spec.name, table));
  }

  /** A copy comes from the provider: it must hold the table, and every row that is wanted. */
  function unfitForProvider(
    { spec: node, provider }: SubscriberScene,
    { facts, nodes }: WantedTable,
    { where, columns }: TableSpec,
    at: Origin,
  ): Problem | undefined {
    if (provider === root) return undefined;
    const above = nodes.get(provider.spec.name)?.spec;
    const subject = { at, queue: queue.name, node: node.name, table: facts.name, provider: provider.spec.name };
    if (above === undefined || isLeftAlone(above)) return { code: 'table_not_on_provider', ...subject };
    const sameColumns = above.columns === undefined || JSON.stringify(above.columns) === JSON.stringify(columns);
    if (masksOf(above).size > 0 || !sameColumns) return { code: 'provider_holds_other_columns', ...subject };
    if (above.where === undefined || above.where === where) return undefined;
    return { code: 'provider_holds_fewer_rows', ...subject, where, providerWhere: above.where };
  }

  function base(at: NodeScene) {
    return { database: at.spec.database, queue: queue.name, node: at.spec.name };
  }

  /** Why a partitioned table can't go through the queue under its own name. */
  function asOneTable(table: WantedTable, on: NodeScene, facts: TableFacts, at: Origin): Problem | undefined {
    if (!facts.partitioned) return undefined;
    const partition = on === root ? namedParts.get(facts.name) : undefined;
    // Their functions look for plain tables alone.
    const extension = on.triggerArgs.length === 0;
    if (partition === undefined && !extension) return undefined;
    return {
      code: 'table_partitioned',
      at,
      queue: queue.name,
      node: on.spec.name,
      table: facts.name,
      because: partition === undefined ? 'extension' : 'partition_named',
      partition,
      fatal: table.named,
    };
  }
}

function isRemade({ spec, node }: NodeScene): boolean {
  return node !== undefined && (node.type === 'leaf') !== (spec.placement.role === 'leaf');
}

const noArgs: readonly string[] = [];

function captureArgsOf(
  { spec: node, triggerArgs }: NodeScene,
  spec: TableSpec,
  facts: TableFacts | undefined,
  table: WantedTable,
): readonly string[] {
  const { role } = node.placement;
  const own = tableArgs(role, spec, facts, table);
  if (role === 'leaf') return own;
  return own.length === 0 ? triggerArgs : [...own, ...triggerArgs];
}

function suppresses({ triggers }: LiveTable): boolean {
  const found = foundCapture(triggers);
  return found !== undefined && suppressesRows(found);
}

/** Columns whose changes are not told, and which the node has nevertheless from the root. */
function staleColumns({ capture, queueTable }: WantedTable, spec: TableSpec, target: TableFacts): readonly string[] {
  if (capture.ignore === undefined || queueTable) return [];
  const masks = masksOf(spec);
  const held = new Set(target.columns.map(({ name }) => name));
  return capture.ignore.filter((column) => held.has(column) && isChosen(spec, column) && !masks.has(column));
}

/** Tables above partitions that are wanted by themselves, each with one of those. */
function partsByAncestor(wanted: Expansion['tables'], root: NodeScene): ReadonlyMap<TableName, TableName> {
  const parts = new Map<TableName, TableName>();
  for (const { facts } of wanted.values()) {
    for (let parent = facts.partitionOf; parent !== undefined; parent = root.database.tables.get(parent)?.partitionOf) {
      parts.set(parent, facts.name);
    }
  }
  return parts;
}

/** Also what only `local_add_table` itself listens to. */
function addArgs(
  node: NodeScene,
  spec: TableSpec,
  expectSync: boolean,
  facts: TableFacts | undefined,
  table: WantedTable,
): readonly string[] {
  // Which queues share a table is for the plan to say, so the catalog must not bring others along.
  const alone = mergesInto(node.spec) === undefined ? noArgs : ['no_merge'];
  if (isLeftAlone(spec)) return [...alone, 'virtual_table'];
  const args = captureArgsOf(node, spec, facts, table);
  if (alone.length === 0 && !expectSync) return args;
  return [...alone, ...(expectSync ? ['expect_sync'] : []), ...args];
}

/** Fewer rows, and the node's own rows tell which. */
function canPrune(from: TableSpec, to: TableSpec, source: TableFacts, target: TableFacts): boolean {
  if (!holdsSameRows({ ...from, where: to.where }, to) || !narrows(from.where, to.where)) return false;
  const names = source.columns.map(({ name }) => name);
  const onTarget = new Set(target.columns.map(({ name }) => name));
  const masks = masksOf(to);
  return mentioned(to.where ?? '', names, to.name).every(
    (name) => onTarget.has(name) && isChosen(to, name) && !masks.has(name),
  );
}

function hasSchema(leaf: NodeScene, destination: TableName): boolean {
  const { schema } = splitName(destination);
  if (schema === 'public') return true;
  for (const name of leaf.database.tables.keys()) if (splitName(name).schema === schema) return true;
  return false;
}
