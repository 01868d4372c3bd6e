import type { Repaired } from '../model/comparison.ts';
import { tableName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import { type CompareOptions, compareSubscriber, problemsOf, subscribers, unknownTables } from './compare.ts';
import { openDatabasesOf } from './databases.ts';
import { readConfig } from './read-config.ts';
import { writeReport } from './report-files.ts';

export interface RepairOptions extends Omit<CompareOptions, 'nodes' | 'resume'> {
  readonly node: string;
  /** Runs the repair; otherwise it is only made. */
  readonly apply: boolean;
  /** Where the SQL goes as well. */
  readonly out: string | undefined;
}

/** Compares one subscriber with its provider, and makes the rows that differ equal, or the SQL that would. */
export async function repair(options: RepairOptions): Promise<Repaired> {
  const desired = await readConfig(options.files, options.env);
  const [subscriber, ...others] = subscribers(desired, [options.node], 'repair');
  if (subscriber === undefined || others.length > 0) {
    const detail = `${options.node} is a node of ${others.length + 1} queues: give the file of one`;
    throw new ToolError([{ code: 'usage_invalid', command: 'repair', detail }]);
  }
  await using databases = await openDatabasesOf(desired, options);
  const result = await compareSubscriber(subscriber, databases, options, {
    repair: options.apply ? 'apply' : 'print',
    saved: undefined,
    onPart: undefined,
  }).catch((error: unknown) => {
    throw new ToolError(problemsOf(error, subscriber.node, options.signal));
  });
  const { compared, known } = result;
  const unknown = unknownTables(new Set(options.tables.map(tableName)), [compared], new Set(known));
  if (unknown.length > 0) throw new ToolError(unknown);
  if (result.repair === undefined) throw new Error('a repair was asked for, and none was made');
  if (options.out !== undefined) await writeReport(options.out, result.repair.script);
  return { compared, repair: result.repair, applied: options.apply };
}
