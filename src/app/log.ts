import { readApplyLog } from '../catalog/read-apply-log.ts';
import type { ApplyLogEntry } from '../model/apply-log.ts';
import { ToolError } from '../model/problem.ts';
import type { Report } from '../model/progress.ts';
import { rootOf } from '../model/topology.ts';
import { openDatabasesOf } from './databases.ts';
import { readConfig } from './read-config.ts';

export interface LogOptions {
  readonly files: readonly string[];
  /** An entry by its number, `database/number` where several roots have it, or the id of a plan. */
  readonly entry: string | undefined;
  readonly limit: number;
  readonly env: NodeJS.ProcessEnv;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** What was applied to the queues of the files, the newest first, as their roots keep it. */
export async function readLog(options: LogOptions): Promise<readonly ApplyLogEntry[]> {
  const desired = await readConfig(options.files, options.env);
  await using databases = await openDatabasesOf(desired, options, { start: false });
  const roots = [...new Set([...desired.queues.values()].map((queue) => rootOf(queue).database))];
  const [id, database] = options.entry?.split('/').toReversed() ?? [];
  const wanted = { limit: options.limit, id };
  const found = await Promise.all(
    roots
      .filter((root) => database === undefined || root === database)
      .map(async (root) => {
        await using session = await databases.connector(root, {
          applicationName: 'trunkline log',
          signal: options.signal,
        });
        return await readApplyLog(session, root, wanted);
      }),
  );
  const entries = found.flat().sort((left, right) => (left.startedAt < right.startedAt ? 1 : -1));
  if (options.entry !== undefined && entries.length === 0) {
    throw new ToolError([{ code: 'log_entry_unknown', entry: options.entry }]);
  }
  return entries.slice(0, options.limit);
}
