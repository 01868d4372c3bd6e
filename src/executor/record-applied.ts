import { type AppliedEntry, finishPlanLog, type PlanEntry, recordApplied, startPlanLog } from '../catalog/plan-log.ts';
import type { Connector } from '../db/connector.ts';
import type { Clock } from '../model/clock.ts';
import type { DatabaseName, QueueName } from '../model/names.ts';
import { takeApplyLocks } from './locks.ts';

/** Where nothing is to be done but the files say it in other words: that is what was applied last from now on. */
export async function recordUnchanged(options: {
  readonly roots: ReadonlyMap<QueueName, DatabaseName>;
  readonly connector: Connector;
  readonly applicationName: string;
  readonly lockTimeoutMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  readonly entry: PlanEntry;
  readonly applied: ReadonlyMap<DatabaseName, readonly AppliedEntry[]>;
}): Promise<void> {
  await using locks = await takeApplyLocks(options);
  for (const [database, entries] of options.applied) {
    const session = locks.sessionOn(database);
    const log = session === undefined ? undefined : await startPlanLog(session, options.entry, 0);
    if (session === undefined || log === undefined) continue;
    for (const entry of entries) await recordApplied(session, log, entry);
    await finishPlanLog(session, log, 'done');
  }
}
