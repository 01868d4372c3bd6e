import { readConflicts } from '../catalog/conflicts.ts';
import { eachDatabase } from '../catalog/each-database.ts';
import { readSkippedEvents } from '../catalog/skipped-events.ts';
import type { Session } from '../db/session.ts';
import type { Conflict } from '../model/conflict.ts';
import type { DatabaseName, QueueName } from '../model/names.ts';
import type { SkippedEvent } from '../model/skip.ts';
import { openDatabasesOf } from './databases.ts';
import { readConfig } from './read-config.ts';
import type { ControlOptions } from './tell-workers.ts';

export interface NodeLogOptions extends Pick<ControlOptions, 'files' | 'env' | 'report' | 'signal'> {
  readonly limit: number;
}

/** Everything that nodes of the files were told to leave out, the newest first. */
export function readSkipped(options: NodeLogOptions): Promise<readonly SkippedEvent[]> {
  return fromNodes(options, readSkippedEvents, ({ skippedAt }) => skippedAt);
}

/** Rows that were in the way of their provider's changes, the newest first. */
export function readConflictLog(options: NodeLogOptions): Promise<readonly Conflict[]> {
  return fromNodes(options, readConflicts, ({ noticedAt }) => noticedAt);
}

async function fromNodes<Entry>(
  options: NodeLogOptions,
  read: (
    session: Session,
    database: DatabaseName,
    queues: readonly QueueName[],
    limit: number,
  ) => Promise<readonly Entry[]>,
  timeOf: (entry: Entry) => string,
): Promise<readonly Entry[]> {
  const { files, env, limit, signal } = options;
  const desired = await readConfig(files, env);
  await using databases = await openDatabasesOf(desired, options, { start: false });
  const names = [...desired.queues.keys()];
  const nodes = [...desired.queues.values()].flatMap((queue) => [...queue.nodes.values()]);
  const found = await eachDatabase(nodes, async (database) => {
    await using session = await databases.connector(database, { applicationName: 'trunkline log', signal });
    return await read(session, database, names, limit);
  });
  return [...found].sort((left, right) => (timeOf(left) < timeOf(right) ? 1 : -1)).slice(0, limit);
}
