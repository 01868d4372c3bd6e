import type { Session } from '../db/session.ts';
import { sql } from '../db/statement.ts';
import type { Conflict } from '../model/conflict.ts';
import type { DatabaseName, QueueName } from '../model/names.ts';

/** The newest first. Empty where schema trunkline is not there. */
export async function readConflicts(
  session: Session,
  database: DatabaseName,
  queues: readonly QueueName[],
  limit: number,
): Promise<readonly Conflict[]> {
  const [there] = await session.query<{ found: boolean }>(
    sql("select to_regclass('trunkline.conflict') is not null as found"),
  );
  if (there?.found !== true) return [];
  return session.query<Conflict>(
    sql(
      `select $3::text as database, c.conflict_id::text as id,
          to_char(c.noticed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "noticedAt", c.queue_name as queue,
          c.node_name as node, c.table_name as table, c.kind, c.policy, c.row_here as "rowHere", c.row_of_provider as "rowOfProvider"
        from trunkline.conflict c where c.queue_name = any ($1::text[])
        order by c.conflict_id desc limit $2`,
      queues,
      limit,
      database,
    ),
  );
}
