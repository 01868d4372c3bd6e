import type { MigrationFile } from '../model/migration.ts';
import type { DatabaseName } from '../model/names.ts';
import type { Problem } from '../model/problem.ts';
import type { LiveState } from '../model/state.ts';
import type { Step } from '../model/step.ts';
import { type QueueSpec, rootOf } from '../model/topology.ts';
import type { Findings } from './findings.ts';
import { stepId } from './step-ids.ts';

/** Steps for the SQL files that have not run yet; `others` are what else is planned for the queue. */
export function diffMigrations(queue: QueueSpec, live: LiveState, others: readonly Step[]): Findings {
  const { migrations } = queue;
  if (migrations === undefined) return { steps: [], warnings: [], problems: [] };
  const { at } = migrations;
  const warnings: Problem[] = [];
  const problems: Problem[] = [];
  const pending: MigrationFile[] = [];
  const last = migrations.files.findLast(({ name }) => executedOn(queue, live, name) !== undefined);
  for (const file of migrations.files) {
    const ran = executedOn(queue, live, file.name);
    if (ran === undefined) {
      pending.push(file);
      if (last !== undefined && file.name < last.name) {
        warnings.push({ code: 'migration_out_of_order', at, queue: queue.name, file: file.name, after: last.name });
      }
    } else if (ran.queue !== queue.name) {
      const { queue: other, database } = ran;
      problems.push({ code: 'migration_name_taken', at, queue: queue.name, file: file.name, other, database });
    } else if (ran.sha256 !== file.sha256) {
      warnings.push({ code: 'migration_changed', at, queue: queue.name, file: file.name });
    }
  }
  return { steps: stepsFor(queue, pending, others), warnings, problems };
}

/** A node that has been the root, or was told by it, remembers what another one does not. */
function executedOn(queue: QueueSpec, live: LiveState, file: string) {
  for (const { database } of queue.nodes.values()) {
    const observation = live.databases.get(database);
    const ran = observation?.kind === 'reachable' ? observation.executed.get(file) : undefined;
    if (ran !== undefined) return { ...ran, database };
  }
  return undefined;
}

/** Where the rest of the plan builds, a file comes after it: only nodes that are there are reached by it. */
function stepsFor(queue: QueueSpec, pending: readonly MigrationFile[], others: readonly Step[]): Step[] {
  if (pending.length === 0) return [];
  const root = rootOf(queue);
  const takesAway = new Set(['drop_node', 'remove_table', 'remove_sequence']);
  const before = others.filter(({ kind }) => !takesAway.has(kind)).map(({ id }) => id);
  const nodes: { readonly node: typeof root.name; readonly database: DatabaseName }[] = [
    root,
    ...[...queue.nodes.values()].filter((node) => node !== root),
  ].map(({ name, database }) => ({ node: name, database }));
  return pending.map(({ name, sql, attributes }, index) => {
    const previous = pending[index - 1];
    return {
      id: stepId.executeFile(queue.name, name),
      kind: 'execute_file',
      database: root.database,
      queue: queue.name,
      node: root.name,
      file: { name, sql, attributes },
      nodes,
      hazards: [],
      dependsOn: previous === undefined ? before : [stepId.executeFile(queue.name, previous.name)],
    };
  });
}
