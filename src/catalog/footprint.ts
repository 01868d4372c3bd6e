import type { Session } from '../db/session.ts';
import { sqlFile } from '../db/sql-files.ts';
import { sql } from '../db/statement.ts';

/** What can be seen of a table without reading it. */
export interface RelationPrint {
  /** `schema.table`. */
  readonly name: string;
  /** Another number when the table was written anew. */
  readonly storage: string;
  readonly bytes: number;
  readonly droppedColumns: number;
  /** Rows that the session's transaction has deleted. */
  readonly deleted: number;
}

/** Tables of users, by oid. */
export type Footprint = ReadonlyMap<string, RelationPrint>;

export async function readFootprint(session: Session): Promise<Footprint> {
  const rows = await session.query<RelationPrint & { oid: string }>(sql(sqlFile('queries/footprint.sql')));
  return new Map(rows.map(({ oid, ...print }) => [oid, print]));
}

/** Tables that the session's transaction keeps others from, by oid. */
export async function readLocks(
  session: Session,
): Promise<{ readonly exclusive: ReadonlySet<string>; readonly writes: ReadonlySet<string> }> {
  const rows = await session.query<{ oid: string; exclusive: boolean }>(
    sql(
      `select relation::text as oid, pg_catalog.bool_or(mode = 'AccessExclusiveLock') as exclusive
         from pg_catalog.pg_locks
        where pid = pg_catalog.pg_backend_pid() and locktype = 'relation' and granted
          and mode in ('AccessExclusiveLock', 'ExclusiveLock', 'ShareRowExclusiveLock', 'ShareLock')
        group by relation`,
    ),
  );
  const of = (wanted: boolean) => new Set(rows.filter(({ exclusive }) => exclusive === wanted).map(({ oid }) => oid));
  return { exclusive: of(true), writes: of(false) };
}
