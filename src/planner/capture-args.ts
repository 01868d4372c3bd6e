import { captureOptionArgs } from '../model/capture.ts';
import type { TableFacts } from '../model/state.ts';
import type { TableSpec } from '../model/table.ts';
import { keyInEvents, nameInEvents } from '../model/table-codec.ts';
import type { NodeRole } from '../model/topology.ts';
import type { WantedTable } from './expand-tables.ts';

const noArgs: readonly string[] = [];

/**
 * What the triggers of one table get that those of others do not. A leaf's only refuse; a branch captures like a root, so that
 * it can become one. Those of a partitioned table fire for its partitions, and would tell of them by names that nobody waits for.
 */
export function tableArgs(
  role: NodeRole,
  { name }: TableSpec,
  facts: TableFacts | undefined,
  wanted: Pick<WantedTable, 'key' | 'capture' | 'queueTable'> | undefined,
): readonly string[] {
  // A leaf captures nothing; but a table without a primary key is taken only by who names another.
  const key = wanted?.key === undefined ? noArgs : [keyInEvents(wanted.key)];
  if (role === 'leaf') return key;
  const named = facts?.partitioned === true ? [nameInEvents(name)] : noArgs;
  const options = wanted === undefined ? noArgs : captureOptionArgs(wanted.capture, wanted.queueTable);
  // One list for the many tables that are as usual.
  return named.length + key.length + options.length === 0 ? noArgs : [...named, ...key, ...options];
}
