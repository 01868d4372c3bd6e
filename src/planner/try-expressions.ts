import type { Expression, ExpressionFault } from '../model/expression.ts';
import type { NodeName, QueueName } from '../model/names.ts';
import type { Plan } from '../model/plan.ts';
import type { Problem } from '../model/problem.ts';
import { rowCondition } from '../model/projection.ts';
import type { DesiredState, LiveState } from '../model/state.ts';
import type { Step } from '../model/step.ts';
import type { TableSpec } from '../model/table.ts';
import { type NodeSpec, type QueueSpec, rootOf } from '../model/topology.ts';
import { expandTables, type WantedTable } from './expand-tables.ts';

/**
 * The SQL of filters, masks and captures that the plan brings to a database. A wrong one would stop the copy of its table, or
 * the writes to it: no trigger can be asked whether its expression will do.
 */
export function expressionsToTry(plan: Plan, desired: DesiredState, live: LiveState): readonly Expression[] {
  const steps = new Map<QueueName, TableStep[]>();
  for (const step of plan.steps) {
    if (!isTableStep(step) || !hasExpressions(step)) continue;
    steps.set(step.queue, [...(steps.get(step.queue) ?? []), step]);
  }
  const found = new Map<string, Expression>();
  for (const [name, mine] of steps) {
    const queue = desired.queues.get(name);
    const root = queue === undefined ? undefined : live.databases.get(rootOf(queue).database);
    if (queue === undefined || root?.kind !== 'reachable') continue;
    const { tables } = expandTables(queue, root.tables);
    for (const step of mine) {
      const table = tables.get(specOf(step).name);
      if (table === undefined) continue;
      const { name: tableName, partitioned, columns } = table.facts;
      const base = { queue: name, table: tableName, partitioned };
      const placed = placedOn(step.node, table);
      const onRoot = { ...base, node: undefined, database: rootOf(queue).database, row: [] };
      // The same for all nodes that it is said for.
      for (const each of [...capturedBy(step, table), ...placed])
        found.set(JSON.stringify([name, tableName, each.key, each.text]), { ...onRoot, ...each });
      for (const { name: node, database } of runsOn(queue, step)) {
        if (live.databases.get(database)?.kind !== 'reachable') continue;
        // What chooses rows for the first copy alone is asked where they are read.
        const here = placed.filter(({ key }) => key !== 'copy.where' || node !== step.node);
        for (const each of here)
          found.set(JSON.stringify([name, tableName, each.key, each.text, database]), {
            ...base,
            ...each,
            node,
            database,
            row: columns,
          });
      }
    }
  }
  return [...found.values()];
}

/** The nodes beside the root that read the SQL of a node's table: it itself, and those that it copies from. */
function runsOn({ nodes }: QueueSpec, step: TableStep): readonly NodeSpec[] {
  const own = nodes.get(step.node);
  if (own === undefined || own.placement.role === 'root') return [];
  const { from } = specOf(step).copy;
  const others = [own.placement.provider, from].flatMap((name) => {
    const node = name === undefined || name === '?' ? undefined : nodes.get(name);
    return node === undefined || node.placement.role === 'root' ? [] : [node];
  });
  return [...new Set([own, ...others])];
}

/** A pending SQL file may bring the column or function that is missing: then it is only said. */
export function addFaults(
  plan: Plan,
  faults: readonly ExpressionFault[],
): { readonly plan: Plan; readonly problems: readonly Problem[] } {
  if (faults.length === 0) return { plan, problems: [] };
  const changing = new Set(plan.steps.flatMap((step) => (step.kind === 'execute_file' ? [step.queue] : [])));
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const place = ({ queue, table, key, text }: Expression) => JSON.stringify([queue, table, key, text]);
  const onRoot = new Set(faults.flatMap(({ expression: one }) => (one.node === undefined ? [place(one)] : [])));
  for (const { expression, detail, sqlstate } of faults) {
    // What is wrong everywhere is said once.
    if (expression.node !== undefined && onRoot.has(place(expression))) continue;
    const { at, queue, node, table, key, kind } = expression;
    const captured = kind.startsWith('captured');
    const problem: Problem = { code: 'expression_fails', at, queue, node, table, key, captured, detail, sqlstate };
    (changing.has(queue) ? warnings : problems).push(problem);
  }
  return { plan: { ...plan, warnings: [...plan.warnings, ...warnings] }, problems };
}

type TableStep = Extract<Step, { kind: 'add_table' | 'change_table' | 'set_table_options' | 'restore_triggers' }>;

function isTableStep(step: Step): step is TableStep {
  switch (step.kind) {
    case 'add_table':
    case 'change_table':
    case 'set_table_options':
    case 'restore_triggers':
      return true;
    default:
      return false;
  }
}

function specOf(step: TableStep): TableSpec {
  return step.kind === 'add_table' || step.kind === 'restore_triggers' ? step.table : step.to;
}

function hasExpressions(step: TableStep): boolean {
  const { where, mask, copy, handler } = specOf(step);
  return (
    where !== undefined || mask.length > 0 || copy.where !== undefined || handler?.kind === 'shard' || captures(step)
  );
}

function captures(step: TableStep): boolean {
  return step.kind !== 'set_table_options' && step.triggerArgs.some((arg) => /^(when|ev_extra[234])=/.test(arg));
}

type Found = Pick<Expression, 'at' | 'key' | 'text' | 'kind'>;

function capturedBy(step: TableStep, { at, capture }: WantedTable): Found[] {
  if (!captures(step)) return [];
  const values = (['extra2', 'extra3', 'extra4'] as const).map((key) => [key, capture[key], 'captured value'] as const);
  return [['when', capture.when, 'captured condition'] as const, ...values].flatMap(([key, text, kind]) =>
    text === undefined ? [] : [{ at, key: `capture.${key}`, text, kind }],
  );
}

function placedOn(node: NodeName, { nodes }: WantedTable): Found[] {
  const placed = nodes.get(node);
  if (placed === undefined) return [];
  const { at, spec } = placed;
  const shard = rowCondition({ ...spec, where: undefined });
  return [
    ...(spec.where === undefined ? [] : [{ at, key: 'where', text: spec.where, kind: 'condition' } as const]),
    ...(spec.copy.where === undefined
      ? []
      : [{ at, key: 'copy.where', text: spec.copy.where, kind: 'condition' } as const]),
    ...(shard === undefined ? [] : [{ at, key: 'handler.shard', text: shard, kind: 'condition' } as const]),
    ...spec.mask.map(
      ({ column, expression }) => ({ at, key: `mask.${column}`, text: expression, kind: 'value' }) as const,
    ),
  ];
}
