import {
  type AppliedEntry,
  finishPlanLog,
  logSteps,
  type PlanEntry,
  recordApplied,
  type StepEntry,
  startPlanLog,
} from '../catalog/plan-log.ts';
import { readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';
import type { Clock } from '../model/clock.ts';
import type { DatabaseName } from '../model/names.ts';
import type { Report } from '../model/progress.ts';
import type { Step } from '../model/step.ts';
import type { ApplyLocks } from './locks.ts';
import type { Walked } from './walk-steps.ts';

export interface PlanLog {
  /** Nobody waits for it: steps that end while others are written go in together. */
  record(step: Step, result: Pick<StepEntry, 'startedAt' | 'result' | 'detail'>): void;
  finish(walked: Walked): Promise<void>;
}

/** How long the log waits for more steps to end. */
const gatherMs = 100;

/**
 * What was done, kept on each root in schema trunkline. The very step that installs the schema comes before it, so
 * entries wait until it is there. A log that can't be written is told once, and stops nothing. Where the apply is killed, steps
 * that had just ended are missing from it: the next one finds them done.
 */
export function openPlanLog(
  locks: ApplyLocks,
  options: {
    readonly rootOf: (step: Step) => DatabaseName | undefined;
    readonly describe: (step: Step) => string;
    readonly entry: PlanEntry;
    readonly applied: ReadonlyMap<DatabaseName, readonly AppliedEntry[]>;
    readonly clock: Clock;
    readonly report: Report;
  },
): PlanLog {
  const logs = new Map<DatabaseName, bigint>();
  const waiting = new Map<DatabaseName, StepEntry[]>();
  const broken = new Set<DatabaseName>();
  const turns = new Map<DatabaseName, Promise<void>>();
  /** Those whose turn is still to come. */
  const due = new Set<DatabaseName>();
  const ending = new AbortController();
  const openedAt = options.clock.now();

  return {
    record(step, result) {
      const database = options.rootOf(step);
      if (database === undefined) return;
      const entry: StepEntry = {
        id: step.id,
        kind: step.kind,
        node: 'node' in step ? step.node : undefined,
        description: options.describe(step),
        finishedAt: new Date(),
        ...result,
      };
      waiting.set(database, [...(waiting.get(database) ?? []), entry]);
      if (due.has(database)) return;
      due.add(database);
      const turn = (turns.get(database) ?? Promise.resolve()).then(async () => {
        // What the apply is about to do is put on record at once.
        if (logs.has(database)) await options.clock.sleep(gatherMs, ending.signal);
        due.delete(database);
        await guarded(database, () => flush(database));
      });
      turns.set(database, turn);
      // What it throws is thrown to who finishes the log.
      turn.catch(() => undefined);
    },
    async finish({ failed, skipped, left }) {
      ending.abort();
      await Promise.all(turns.values());
      const complete = failed.length + skipped.length + left.length === 0;
      for (const [database, log] of logs) {
        const session = locks.sessionOn(database);
        if (session !== undefined) {
          await guarded(database, () => finishPlanLog(session, log, complete ? 'done' : 'failed'));
        }
      }
    },
  };

  async function flush(database: DatabaseName): Promise<void> {
    const session = locks.sessionOn(database);
    if (session === undefined) return;
    const log = logs.get(database) ?? (await begin(session, database));
    if (log === undefined) return;
    const entries = waiting.get(database) ?? [];
    if (entries.length === 0) return;
    waiting.set(database, []);
    await logSteps(session, log, entries);
  }

  async function begin(session: Session, database: DatabaseName): Promise<bigint | undefined> {
    const log = await startPlanLog(session, options.entry, options.clock.now() - openedAt);
    if (log === undefined) return undefined;
    logs.set(database, log);
    for (const entry of options.applied.get(database) ?? []) await recordApplied(session, log, entry);
    return log;
  }

  async function guarded(database: DatabaseName, write: () => Promise<void>): Promise<void> {
    if (broken.has(database)) return;
    try {
      await write();
    } catch (error) {
      const known = readDriverError(error);
      if (known === undefined) throw error;
      broken.add(database);
      options.report({
        kind: 'note',
        node: undefined,
        text: `the log of this apply can't be written on database ${database}: ${known.message}`,
      });
    }
  }
}
