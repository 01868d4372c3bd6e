import { type NodeName, type QueueName, type TableName, tableName } from '../model/names.ts';
import type { Problem } from '../model/problem.ts';
import type { DesiredState, LastApplied, LiveState } from '../model/state.ts';
import type { Step } from '../model/step.ts';
import type { QueueSpec, TableRule } from '../model/topology.ts';
import { anyGlob } from './glob.ts';

interface Protection {
  /** By the files as they are; else by those of the last apply. */
  readonly named: boolean;
  readonly on: boolean;
}

/**
 * Steps that would take out what is protected. What the files do not name any more is what it was when they were applied
 * last: to delete a block is not to lift its protection.
 */
export function checkProtection(
  steps: readonly Step[],
  input: {
    readonly desired: DesiredState;
    readonly live: LiveState;
    readonly lastApplied: ReadonlyMap<QueueName, LastApplied>;
  },
): Problem[] {
  const { desired, live, lastApplied } = input;
  const problems: Problem[] = [];
  // A node that goes may hold thousands of tables: patterns are compiled once for all of them.
  const compiled = new Map<
    QueueSpec,
    readonly { selects(table: TableName): boolean; protect: boolean | undefined }[]
  >();
  for (const step of steps) {
    if (step.kind === 'drop_node') {
      checkNode(step.queue, step.node);
      const database = live.databases.get(step.database);
      const node = database?.kind === 'reachable' ? database.queues.get(step.queue) : undefined;
      const local = [...(node?.tables.values() ?? [])].filter((table) => table.local).map(({ name }) => name);
      checkTables(step.queue, step.node, 'drop_with', local);
    } else if (step.kind === 'remove_table') checkTables(step.queue, step.node, 'remove', [step.table]);
    else if (step.kind === 'change_table' && step.copy !== undefined) {
      checkTables(step.queue, step.node, 'copy', [step.to.name]);
    } else if (step.kind === 'resync_table') {
      checkTables(step.queue, step.node, 'copy', [step.table.name]);
      for (const { queue, node, table } of step.merged) checkTables(queue, node, 'copy', [table]);
    } else if (step.kind === 'set_table_options' && step.prune) {
      checkTables(step.queue, step.node, 'prune', [step.to.name]);
    }
  }
  return problems;

  function checkNode(queue: QueueName, node: NodeName): void {
    const found = protection(queue, (spec) => spec.nodes.get(node)?.protect);
    if (found.on) problems.push({ code: 'protected', queue, node, would: 'drop', tables: [], named: found.named });
  }

  function checkTables(
    queue: QueueName,
    node: NodeName,
    would: Exclude<(Problem & { readonly code: 'protected' })['would'], 'drop'>,
    tables: readonly TableName[],
  ): void {
    const found = tables.map((table) => ({ table, ...protection(queue, (spec) => protectedTable(spec, table)) }));
    for (const named of [true, false]) {
      const held = found.filter((one) => one.on && one.named === named).map(({ table }) => table);
      if (held.length > 0) problems.push({ code: 'protected', queue, node, would, tables: held, named });
    }
  }

  /** `read` gives undefined where a file does not name it. */
  function protection(queue: QueueName, read: (spec: QueueSpec) => boolean | undefined): Protection {
    const now = desired.queues.get(queue);
    const said = now === undefined ? undefined : read(now);
    if (said !== undefined) return { named: true, on: said };
    const last = lastApplied.get(queue)?.desired;
    const then = last === undefined || last === 'unchanged' ? undefined : last.queues.get(queue);
    return { named: false, on: then !== undefined && read(then) === true };
  }

  /** The last rule that says so counts. */
  function protectedTable(queue: QueueSpec, table: TableName): boolean | undefined {
    const rules =
      compiled.get(queue) ?? queue.tables.map(({ select, protect }) => ({ selects: selector(select), protect }));
    compiled.set(queue, rules);
    let found: boolean | undefined;
    for (const { selects, protect } of rules) if (selects(table)) found = protect ?? found ?? false;
    return found;
  }
}

function selector(select: TableRule['select']): (table: TableName) => boolean {
  if (select.kind === 'name') {
    const name = tableName(select.name);
    return (table) => table === name;
  }
  const [included, excluded] = [anyGlob(select.include), anyGlob(select.exclude)];
  return (table) => included(table) && !excluded(table);
}
