import type { Session } from '../db/session.ts';
import { sqlFile } from '../db/sql-files.ts';
import { sql } from '../db/statement.ts';
import type { ApplyLogEntry, ApplyLogStep } from '../model/apply-log.ts';
import type { DatabaseName } from '../model/names.ts';

interface LogRow {
  readonly id: string;
  readonly plan_id: string;
  readonly started_at: string;
  readonly finished_at: string | null;
  readonly duration_ms: number | null;
  readonly applied_by: string | null;
  readonly client: string | null;
  readonly trunkline_version: string | null;
  readonly result: string | null;
  readonly done: number;
  readonly failed: number;
  readonly steps: readonly StepRow[] | null;
}

type Nullable<Type> = {
  readonly [Key in keyof Type]: undefined extends Type[Key] ? NonNullable<Type[Key]> | null : Type[Key];
};
type StepRow = Nullable<ApplyLogStep>;

/** The newest applies of a root, or the one with this id. Empty where schema trunkline is not there. */
export async function readApplyLog(
  session: Session,
  database: DatabaseName,
  wanted: { readonly limit: number; readonly id: string | undefined },
): Promise<readonly ApplyLogEntry[]> {
  const [there] = await session.query<{ found: boolean }>(
    sql("select to_regclass('trunkline.plan_log') is not null as found"),
  );
  if (there?.found !== true) return [];
  const rows = await session.query<LogRow>(sql(sqlFile('queries/apply-log.sql'), wanted.limit, wanted.id ?? null));
  return rows.map((row) => ({
    database,
    id: row.id,
    planId: row.plan_id,
    startedAt: row.started_at,
    finishedAt: row.finished_at ?? undefined,
    durationMs: row.duration_ms ?? undefined,
    appliedBy: row.applied_by ?? undefined,
    client: row.client ?? undefined,
    version: row.trunkline_version ?? undefined,
    result: row.result ?? undefined,
    done: row.done,
    failed: row.failed,
    steps: row.steps?.map(readStep),
  }));
}

function readStep({ node, durationMs, detail, ...rest }: StepRow): ApplyLogStep {
  return { ...rest, node: node ?? undefined, durationMs: durationMs ?? undefined, detail: detail ?? undefined };
}
