import { distance } from 'fastest-levenshtein';
import { type CaptureOptions, refineCapture, usualCapture } from '../model/capture.ts';
import type { CreateMode } from '../model/definition.ts';
import { isInternal, type NodeName, splitName, type TableName, tableName } from '../model/names.ts';
import type { Origin } from '../model/origin.ts';
import type { Problem } from '../model/problem.ts';
import type { TableFacts } from '../model/state.ts';
import { type CopyOptions, type TableSpec, wholeTable } from '../model/table.ts';
import type { CopyRule, KeyChoice, QueueSpec, TablePlacement, TableRule } from '../model/topology.ts';
import { anyGlob, compileGlob } from './glob.ts';

/** One table that the rules of a queue put on its root and on some subscribers. */
export interface WantedTable {
  readonly facts: TableFacts;
  /** Named by a rule of its own, not only matched by a pattern. */
  readonly named: boolean;
  /** The last rule that touched it. */
  readonly at: Origin;
  /** Named in the file, in the place of the primary key. */
  readonly key: readonly string[] | undefined;
  /** The key is all there is, and rows may be equal. */
  readonly wholeRow: boolean;
  readonly capture: CaptureOptions;
  /** The root keeps no row of it: an insert only becomes an event. */
  readonly queueTable: boolean;
  readonly nodes: ReadonlyMap<NodeName, PlacedTable>;
}

export interface PlacedTable {
  readonly spec: TableSpec;
  /** What is done where the node lacks the table. */
  readonly create: CreateMode;
  /** The rows are there already: there is no first copy. */
  readonly expectSync: boolean;
  readonly at: Origin;
}

export interface Expansion {
  /** In the order the rules first name them, which is the order they are added in. */
  readonly tables: ReadonlyMap<TableName, WantedTable>;
  readonly warnings: readonly Problem[];
  readonly problems: readonly Problem[];
}

interface Draft {
  readonly facts: TableFacts;
  named: boolean;
  /** Captured, whether a node takes it or not. */
  kept: boolean;
  at: Origin;
  key: KeyChoice | undefined;
  capture: CaptureOptions;
  queueTable: boolean;
  readonly nodes: Map<NodeName, PlacedTable | 'none'>;
}

/** Reads the rules in order against the tables that the root has; a later rule refines an earlier one, node by node. */
export function expandTables(queue: QueueSpec, rootTables: ReadonlyMap<TableName, TableFacts>): Expansion {
  const subscribers = [...queue.nodes.values()]
    .filter((node) => node.placement.role !== 'root')
    .map((node) => node.name);
  const drafts = new Map<TableName, Draft>();
  const warnings: Problem[] = [];
  const problems: Problem[] = [];
  for (const rule of queue.tables) {
    for (const facts of selected(rule)) place(rule, facts);
  }
  return { tables: finish(drafts, subscribers.length > 0), warnings, problems };

  function selected(rule: TableRule): readonly TableFacts[] {
    if (rule.select.kind === 'pattern') return matched(rule, rule.select);
    const name = tableName(rule.select.name);
    const facts = rootTables.get(name);
    if (facts !== undefined && !isInternal(name)) return [facts];
    if (placesSomething(rule)) {
      problems.push({
        code: 'table_missing_on_root',
        at: rule.at,
        queue: queue.name,
        table: name,
        similar: similarNames(name, rootTables),
      });
    }
    return [];
  }

  function matched(rule: TableRule, select: TableRule['select'] & { kind: 'pattern' }): readonly TableFacts[] {
    const excluded = anyGlob(select.exclude);
    const found = new Map<TableName, TableFacts>();
    for (const pattern of select.include) {
      const matches = compileGlob(pattern);
      let any = false;
      for (const facts of rootTables.values()) {
        if (facts.partitionOf !== undefined || isInternal(facts.name) || !matches(facts.name)) continue;
        any = true;
        if (!excluded(facts.name)) found.set(facts.name, facts);
      }
      if (!any) warnings.push({ code: 'pattern_matches_nothing', at: rule.at, queue: queue.name, pattern });
    }
    return [...found.values()];
  }

  function place(rule: TableRule, facts: TableFacts): void {
    const draft = drafts.get(facts.name) ?? newDraft(rule, facts);
    drafts.set(facts.name, draft);
    draft.named ||= rule.select.kind === 'name';
    draft.kept ||= rule.nodes?.size === 0;
    draft.at = rule.at;
    draft.key = rule.key ?? draft.key;
    if (rule.capture !== undefined) draft.capture = refineCapture(draft.capture, rule.capture);
    if (rule.handler !== undefined) draft.queueTable = rule.handler !== 'none' && rule.handler.kind === 'queue_table';
    if (rule.nodes === undefined) {
      // The same for all that no rule before has named: one object stands for them, however many they are.
      const first = refined(queue, draft, undefined, rule, undefined);
      for (const node of subscribers) {
        const before = draft.nodes.get(node);
        draft.nodes.set(node, before === undefined ? first : refined(queue, draft, before, rule, undefined));
      }
      return;
    }
    for (const [node, placement] of rule.nodes) {
      draft.nodes.set(
        node,
        placement === 'none' ? 'none' : refined(queue, draft, draft.nodes.get(node), rule, placement),
      );
    }
  }
}

function newDraft({ at }: TableRule, facts: TableFacts): Draft {
  return {
    facts,
    named: false,
    kept: false,
    at,
    key: undefined,
    capture: usualCapture,
    queueTable: false,
    nodes: new Map(),
  };
}

/** What a rule leaves unsaid stays as an earlier one said it. */
function refined(
  queue: QueueSpec,
  draft: Draft,
  before: PlacedTable | 'none' | undefined,
  rule: TableRule,
  placement: TablePlacement | undefined,
): PlacedTable {
  const earlier = before === undefined || before === 'none' ? undefined : before;
  const spec = earlier?.spec ?? usualTable(queue, draft.facts.name);
  const target = placement?.target === undefined ? undefined : tableName(placement.target);
  return {
    // Written out, as a large plan makes many of them.
    spec: {
      name: spec.name,
      destination: target ?? spec.destination,
      where: placement?.where ?? rule.where ?? spec.where,
      columns: placement?.columns ?? rule.columns ?? spec.columns,
      mask: placement?.mask ?? rule.mask ?? spec.mask,
      handler: handlerOf(placement?.handler ?? rule.handler ?? spec.handler),
      conflict: placement?.conflict ?? rule.conflict ?? spec.conflict,
      apply: placement?.apply ?? rule.apply ?? spec.apply,
      userTriggers: placement?.userTriggers ?? rule.userTriggers ?? spec.userTriggers,
      truncate: placement?.truncate ?? rule.truncate ?? spec.truncate,
      copy: copyOf(spec.copy, rule.copy, placement?.copy),
    },
    create: placement?.create ?? rule.create ?? earlier?.create ?? queue.create,
    expectSync:
      placement?.copy?.expectSync ??
      rule.copy?.expectSync ??
      earlier?.expectSync ??
      queue.tableDefaults.copy?.expectSync ??
      false,
    at: placement?.at ?? rule.at,
  };
}

/** What a table is on a node where no rule says anything of it. */
function usualTable({ tableDefaults }: QueueSpec, name: TableName): TableSpec {
  const usual = wholeTable(name);
  const { conflict, apply, userTriggers, truncate, copy } = tableDefaults;
  return {
    ...usual,
    conflict: conflict ?? usual.conflict,
    apply: apply ?? usual.apply,
    userTriggers: userTriggers ?? usual.userTriggers,
    truncate: truncate ?? usual.truncate,
    copy: copyOf(usual.copy, copy, undefined),
  };
}

function handlerOf(said: TableRule['handler']): TableSpec['handler'] {
  return said === 'none' ? undefined : said;
}

function copyOf(before: CopyOptions, rule: CopyRule | undefined, placement: CopyRule | undefined): CopyOptions {
  if (rule === undefined && placement === undefined) return before;
  return {
    where: placement?.where ?? rule?.where ?? before.where,
    keepRows: placement?.keepRows ?? rule?.keepRows ?? before.keepRows,
    from: placement?.from ?? rule?.from ?? before.from,
    parallel: before.parallel,
    ranges: placement?.ranges ?? rule?.ranges ?? before.ranges,
  };
}

/** A table that every subscriber is told to leave out is not captured either, unless an entry says so; without subscribers the root is being prepared. */
function finish(drafts: ReadonlyMap<TableName, Draft>, hasSubscribers: boolean): Map<TableName, WantedTable> {
  const tables = new Map<TableName, WantedTable>();
  for (const [name, draft] of drafts) {
    const nodes = everyPlaced(draft.nodes) ? draft.nodes : placedOnly(draft.nodes);
    if (hasSubscribers && nodes.size === 0 && !draft.kept) continue;
    const { facts, named, at, key, capture, queueTable } = draft;
    const wholeRow = key === 'all_columns';
    const columns = wholeRow ? facts.columns.filter(({ generated }) => !generated).map((column) => column.name) : key;
    tables.set(name, { facts, named, at, key: columns, wholeRow, capture, queueTable, nodes });
  }
  return tables;
}

function everyPlaced(nodes: Draft['nodes']): nodes is Map<NodeName, PlacedTable> {
  for (const placed of nodes.values()) if (placed === 'none') return false;
  return true;
}

function placedOnly(nodes: Draft['nodes']): Map<NodeName, PlacedTable> {
  const left = new Map<NodeName, PlacedTable>();
  for (const [node, placed] of nodes) if (placed !== 'none') left.set(node, placed);
  return left;
}

function placesSomething(rule: TableRule): boolean {
  return (
    rule.nodes === undefined ||
    rule.nodes.size === 0 ||
    [...rule.nodes.values()].some((placement) => placement !== 'none')
  );
}

const shown = 3;

function similarNames(name: TableName, tables: ReadonlyMap<TableName, TableFacts>): TableName[] {
  const wanted = splitName(name);
  return [...tables.keys()]
    .filter((candidate) => !isInternal(candidate))
    .map((candidate) => {
      const parts = splitName(candidate);
      const sameName = parts.name === wanted.name;
      return { candidate, score: sameName ? 0 : distance(name, candidate) };
    })
    .filter(({ candidate, score }) => score <= Math.max(2, Math.min(name.length, candidate.length) / 4))
    .sort((left, right) => left.score - right.score || (left.candidate < right.candidate ? -1 : 1))
    .slice(0, shown)
    .map(({ candidate }) => candidate);
}
