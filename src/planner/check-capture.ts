import type { NodeName, QueueName } from '../model/names.ts';
import type { Problem } from '../model/problem.ts';
import type { WantedTable } from './expand-tables.ts';

/** What is said of the root's triggers must fit its table: a trigger that fails keeps users from writing. */
export function checkCapture(queue: QueueName, node: NodeName, table: WantedTable): Problem | undefined {
  const { facts, key, capture, at } = table;
  const subject = { at, queue, node, table: facts.name };
  const known = facts.columns.map(({ name }) => name);
  const keys = key ?? facts.primaryKey ?? [];
  for (const column of capture.ignore ?? []) {
    if (!known.includes(column)) return { code: 'column_unknown', ...subject, column, known };
    if (keys.includes(column)) return { code: 'ignored_key_column', ...subject, column };
  }
  return undefined;
}
