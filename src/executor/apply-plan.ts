import type { AppliedEntry, PlanEntry } from '../catalog/plan-log.ts';
import type { Connector } from '../db/connector.ts';
import { readDriverError } from '../db/driver-errors.ts';
import type { Clock } from '../model/clock.ts';
import type { DatabaseName, QueueName } from '../model/names.ts';
import { type Problem, ToolError } from '../model/problem.ts';
import type { Report } from '../model/progress.ts';
import type { LiveState } from '../model/state.ts';
import type { Step } from '../model/step.ts';
import type { StepLimits } from '../model/step-limits.ts';
import { applyStep, databasesOf } from './apply-step.ts';
import { takeApplyLocks } from './locks.ts';
import { openPlanLog } from './plan-log.ts';
import { basisOf, requireUnchanged } from './require-unchanged.ts';
import { openSessions } from './sessions.ts';
import type { StepDeps } from './step-deps.ts';
import { type StepOutcome, type Walked, walkSteps } from './walk-steps.ts';

export interface ApplyOptions {
  readonly steps: readonly Step[];
  /** Where each queue is locked and logged. */
  readonly roots: ReadonlyMap<QueueName, DatabaseName>;
  /** Databases of each queue, so that an installation is logged with a queue that needs it. */
  readonly rootOf: (step: Step) => DatabaseName | undefined;
  readonly connector: Connector;
  /** Seen by others in `pg_stat_activity`, and by who waits for the lock. */
  readonly applicationName: string;
  readonly lockTimeoutMs: number;
  /** How long a step waits for a worker that makes no progress. */
  readonly workerTimeoutMs: number;
  /** Called under the lock, before the first step: what is there; throws when that is not what the plan was made for. */
  readonly check: () => Promise<LiveState>;
  readonly limits: StepLimits;
  readonly describe: (step: Step) => string;
  readonly explain: (problem: Problem) => string;
  readonly entry: PlanEntry;
  /** What each queue of a root is brought to. */
  readonly applied: ReadonlyMap<DatabaseName, readonly AppliedEntry[]>;
  readonly clock: Clock;
  readonly report: Report;
  /** Stops after the steps in hand. */
  readonly signal: AbortSignal | undefined;
  readonly fault: (point: string) => void;
}

/** Carries out the steps, or throws `apply_failed` once everything that could be done is done. */
export async function applyPlan(options: ApplyOptions): Promise<Walked> {
  const { steps, report, describe, clock, fault } = options;
  await using locks = await takeApplyLocks({ ...options, oldRoots: oldRoots(steps) });
  const basis = basisOf(await options.check(), steps, describe);
  await using sessions = openSessions(options);
  const log = openPlanLog(locks, options);

  const walked = await walkSteps(steps, runStep, {
    stopped: () => options.signal?.aborted === true || locks.lost(),
    onSkip: (step, because) =>
      report({
        kind: 'step_skipped',
        step: step.id,
        description: describe(step),
        because: `it needs "${describe(because)}"`,
      }),
  });
  await log.finish(walked);
  const problems = problemsOf(walked, options, locks.lost());
  if (problems.length > 0) throw new ToolError(problems);
  return walked;

  /** Its transactions, of which the one on its own database begins with a look at what it is about. */
  function write(step: Step): StepDeps['write'] {
    return (database, work) =>
      sessions.write(database, async (session) => {
        if (database === step.database) await requireUnchanged(session, step, basis);
        return work(session);
      });
  }

  async function runStep(step: Step): Promise<StepOutcome> {
    const description = describe(step);
    const startedAt = new Date();
    const started = clock.now();
    report({ kind: 'step_started', step: step.id, description });
    fault(`before:${step.id}`);
    try {
      // A step on several databases must not find out at the last of them.
      if (databasesOf(step).size > 1) await write(step)(step.database, async () => undefined);
      await applyStep(step, {
        write: write(step),
        session: sessions.session,
        retried: sessions.retried,
        steps,
        connector: options.connector,
        clock,
        signal: options.signal,
        note: (node, text) => report({ kind: 'note', node, text }),
        author: options.entry,
        holder: options.applicationName,
        workerTimeoutMs: options.workerTimeoutMs,
        fault,
      });
    } catch (error) {
      const detail = detailOf(error, options.explain);
      if (detail === undefined) throw error;
      log.record(step, { startedAt, result: 'failed', detail });
      report({ kind: 'step_failed', step: step.id, description, detail });
      return { kind: 'failed', detail, problem: outdated(error) };
    }
    fault(`after:${step.id}`);
    log.record(step, { startedAt, result: 'done', detail: undefined });
    report({ kind: 'step_done', step: step.id, description, elapsedMs: clock.now() - started });
    return { kind: 'done' };
  }
}

function oldRoots(steps: readonly Step[]): readonly (readonly [QueueName, DatabaseName])[] {
  return steps.flatMap((step) => (step.kind === 'move_root' ? [[step.queue, step.fromDatabase] as const] : []));
}

function problemsOf(walked: Walked, options: ApplyOptions, lockLost: boolean): Problem[] {
  const done = walked.done.length;
  const left = options.steps.length - done;
  const failures = walked.failed.map(
    ({ step, detail, problem }): Problem =>
      problem ?? { code: 'apply_failed', step: options.describe(step), detail, done, left },
  );
  const next = walked.left[0];
  if (next === undefined) return failures;
  const detail = lockLost
    ? 'the connection that held the lock of this apply was lost, and somebody else may have begun another'
    : 'stopped before it was begun';
  return [...failures, { code: 'apply_failed', step: options.describe(next), detail, done, left }];
}

function outdated(error: unknown): Problem | undefined {
  const [problem] = error instanceof ToolError ? error.problems : [];
  return problem?.code === 'step_outdated' ? problem : undefined;
}

/** What went wrong in one sentence; undefined for a bug. */
function detailOf(error: unknown, explain: (problem: Problem) => string): string | undefined {
  if (error instanceof ToolError) return error.problems.map((problem) => problemDetail(problem, explain)).join('; ');
  const known = readDriverError(error);
  if (known === undefined) return undefined;
  return known.sqlstate === undefined ? known.message : `${known.message} (SQLSTATE ${known.sqlstate})`;
}

function problemDetail(problem: Problem, explain: (problem: Problem) => string): string {
  switch (problem.code) {
    case 'catalog_refused':
      return `${problem.call} answers ${problem.status}, ${problem.note}`;
    case 'sql_failed':
      return `${problem.doing}: ${problem.detail}${problem.sqlstate === undefined ? '' : ` (SQLSTATE ${problem.sqlstate})`}${problem.hint === undefined ? '' : `. ${problem.hint}`}`;
    case 'migration_fails':
      return `it does not pass on ${problem.node}: ${problem.detail}`;
    case 'step_outdated':
      return 'what it is about was changed after the plan was made';
    case 'database_unreachable':
      return `database ${problem.database} does not answer: ${problem.detail}`;
    default:
      return explain(problem);
  }
}
