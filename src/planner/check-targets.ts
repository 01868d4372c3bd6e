import type { DatabaseName, QueueName, TableName } from '../model/names.ts';
import type { Problem } from '../model/problem.ts';
import type { DesiredState, LiveState } from '../model/state.ts';
import type { Step } from '../model/step.ts';
import { mergesInto } from './scene.ts';

/** One table can't be filled from two queues: each first copy would empty it of what the other brought. */
export function checkTargets(steps: readonly Step[], live: LiveState, desired: DesiredState): Problem[] {
  const problems: Problem[] = [];
  const planned = new Map<string, QueueName>();
  const shared = sharedDatabases(steps, live);
  const filled = filledTables(live, shared);
  for (const step of steps) {
    if (!shared.has(step.database)) continue;
    const table = step.kind === 'add_table' && step.role !== 'root' ? step.table : undefined;
    const spec = step.kind === 'change_table' ? step.to : table;
    if (spec === undefined || !('queue' in step)) continue;
    const key = keyOf(step.database, spec.destination);
    const into = mergesOn(desired, step.queue, step.database);
    const others = [...(filled.get(key) ?? []), planned.get(key)].filter((queue) => queue !== undefined);
    const other = others.find(
      (queue) => queue !== step.queue && (into === undefined || mergesOn(desired, queue, step.database) !== into),
    );
    planned.set(key, step.queue);
    if (other === undefined) continue;
    const { queue, node } = step;
    problems.push({
      code: 'target_of_other_queue',
      queue,
      node,
      table: spec.name,
      destination: spec.destination,
      other,
    });
  }
  return problems;
}

/** Those on which more than one queue may fill tables: few, and a queue is no trouble to itself. */
function sharedDatabases(steps: readonly Step[], live: LiveState): ReadonlySet<DatabaseName> {
  const shared = new Set<DatabaseName>();
  const first = new Map<DatabaseName, QueueName>();
  for (const step of steps) {
    if (!('queue' in step) || shared.has(step.database)) continue;
    const queue = first.get(step.database);
    if (queue === undefined) first.set(step.database, step.queue);
    else if (queue !== step.queue) shared.add(step.database);
  }
  for (const [database, queue] of first) {
    const observation = live.databases.get(database);
    if (observation?.kind !== 'reachable') continue;
    if ([...observation.queues.keys()].some((other) => other !== queue)) shared.add(database);
  }
  return shared;
}

/** The queue that a leaf on the database hands its changes on to: leaves of one such queue may share a table. */
function mergesOn(desired: DesiredState, queue: QueueName, database: DatabaseName): QueueName | undefined {
  const node = [...(desired.queues.get(queue)?.nodes.values() ?? [])].find((spec) => spec.database === database);
  return node === undefined ? undefined : mergesInto(node);
}

/** What subscribers replicate into on these databases, by database and table. */
function filledTables(live: LiveState, shared: ReadonlySet<DatabaseName>): ReadonlyMap<string, readonly QueueName[]> {
  const filled = new Map<string, QueueName[]>();
  for (const [database, observation] of live.databases) {
    if (!shared.has(database) || observation.kind !== 'reachable') continue;
    for (const node of observation.queues.values()) {
      if (node.type === 'root') continue;
      for (const table of node.tables.values()) {
        if (!table.local) continue;
        const key = keyOf(database, table.spec?.destination ?? table.name);
        filled.set(key, [...(filled.get(key) ?? []), node.queue]);
      }
    }
  }
  return filled;
}

function keyOf(database: DatabaseName, table: TableName): string {
  return `${database}\n${table}`;
}
