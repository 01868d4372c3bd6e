import type { Session } from '../db/session.ts';
import { prepared, sql } from '../db/statement.ts';
import { transaction } from '../db/transaction.ts';
import type { DatabaseIdentity } from '../model/identity.ts';
import type { DatabaseName, QueueName } from '../model/names.ts';

export interface PlanEntry {
  /** Of the whole plan, the same on every root it is logged on. */
  readonly planId: string;
  readonly appliedBy: string;
  readonly client: string;
  readonly trunklineVersion: string;
  readonly summary: string;
}

export interface StepEntry {
  readonly id: string;
  readonly kind: string;
  readonly node: string | undefined;
  readonly description: string;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  readonly result: 'done' | 'failed';
  readonly detail: string | undefined;
}

/** What a queue is brought to, and by which steps. */
export interface AppliedEntry {
  readonly queue: QueueName;
  readonly config: string;
  readonly databases: ReadonlyMap<DatabaseName, DatabaseIdentity>;
  readonly appliedBy: string;
  readonly pending: readonly string[];
}

/** Undefined where schema trunkline is not there yet, or is older. By now the apply may have worked for a while. */
export async function startPlanLog(session: Session, entry: PlanEntry, workedMs: number): Promise<bigint | undefined> {
  const [there] = await session.query<{ found: boolean }>(
    sql("select to_regclass('trunkline.last_applied') is not null as found"),
  );
  if (there?.found !== true) return undefined;
  const [row] = await session.query<{ log_id: bigint }>(
    sql(
      `insert into trunkline.plan_log (started_at, plan_id, applied_by, client, trunkline_version, summary)
       values (now() - $1::float8 * interval '1 millisecond', $2, $3, $4, $5, $6) returning log_id`,
      workedMs,
      entry.planId,
      entry.appliedBy,
      entry.client,
      entry.trunklineVersion,
      entry.summary,
    ),
  );
  return row?.log_id;
}

/** Steps that have ended, and which of them nobody has to do any more. */
export async function logSteps(session: Session, log: bigint, steps: readonly StepEntry[]): Promise<void> {
  const rows = steps.map((step) => ({
    step_id: step.id,
    kind: step.kind,
    node_name: step.node,
    description: step.description,
    started_at: step.startedAt,
    finished_at: step.finishedAt,
    result: step.result,
    detail: step.detail,
  }));
  await session.query(
    prepared(
      'log_steps',
      `with logged as (
         insert into trunkline.step_log
             (log_id, step_id, kind, node_name, description, started_at, finished_at, result, detail)
         select $1, s.* from json_to_recordset($2::json) as s
             (step_id text, kind text, node_name text, description text, started_at timestamptz, finished_at timestamptz,
              result text, detail text)
         on conflict (log_id, step_id) do update
         set finished_at = excluded.finished_at, result = excluded.result, detail = excluded.detail)
       delete from trunkline.pending_step where step_id = any($3)`,
      log,
      JSON.stringify(rows),
      steps.filter(({ result }) => result === 'done').map(({ id }) => id),
    ),
  );
}

/** Kept from the first step on: an apply that is killed leaves behind what it was about to do. */
export async function recordApplied(session: Session, log: bigint, entry: AppliedEntry): Promise<void> {
  const { queue, config, databases, appliedBy, pending } = entry;
  await transaction(session, async () => {
    await session.query(
      sql(
        `insert into trunkline.last_applied (queue_name, config, log_id, applied_at, applied_by)
         values ($1, json_build_object('files', $2::json, 'databases_seen', $5::json), $3,
             pg_catalog.clock_timestamp(), $4)
         on conflict (queue_name) do update
         set config = excluded.config, log_id = excluded.log_id, applied_at = excluded.applied_at,
             applied_by = excluded.applied_by`,
        queue,
        config,
        log,
        appliedBy,
        JSON.stringify(Object.fromEntries(databases)),
      ),
    );
    await session.query(sql('delete from trunkline.pending_step where queue_name = $1', queue));
    await session.query(
      sql('insert into trunkline.pending_step (queue_name, step_id) select $1, unnest($2::text[])', queue, pending),
    );
  });
}

export async function finishPlanLog(session: Session, log: bigint, result: string): Promise<void> {
  await session.query(
    sql(
      'update trunkline.plan_log set finished_at = pg_catalog.clock_timestamp(), result = $2 where log_id = $1',
      log,
      result,
    ),
  );
}

export async function forgetApplied(session: Session, queue: QueueName): Promise<void> {
  const [there] = await session.query<{ found: boolean }>(
    sql("select to_regclass('trunkline.last_applied') is not null as found"),
  );
  if (there?.found !== true) return;
  await session.query(sql('delete from trunkline.last_applied where queue_name = $1', queue));
}
