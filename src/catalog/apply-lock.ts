import type { Session } from '../db/session.ts';
import { sql } from '../db/statement.ts';
import type { QueueName } from '../model/names.ts';

// Beside the seeds of worker and ticker locks: names alone could meet.
const applyLockSeed = 7_201_962;
const lockKey = `pg_catalog.hashtextextended($1, ${applyLockSeed})`;

/** One apply per queue. The lock belongs to the session and ends with it, however that ends. */
export async function tryLockApply(session: Session, queue: QueueName): Promise<boolean> {
  const [row] = await session.query<{ locked: boolean }>(
    sql(`select pg_catalog.pg_try_advisory_lock(${lockKey}) as locked`, queue),
  );
  return row?.locked === true;
}

export interface LockHolder {
  readonly application: string;
  readonly user: string;
  readonly address: string | undefined;
  readonly pid: number;
  readonly since: string;
}

/** Undefined when it has just been let go. */
export async function applyLockHolder(session: Session, queue: QueueName): Promise<LockHolder | undefined> {
  const [row] = await session.query<{
    application_name: string;
    usename: string;
    address: string | null;
    pid: number;
    since: string;
  }>(
    sql(
      `select a.application_name, a.usename, pg_catalog.host(a.client_addr) as address, a.pid,
              pg_catalog.to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ') as since
         from pg_catalog.pg_locks l
         join pg_catalog.pg_stat_activity a on a.pid = l.pid
        where l.locktype = 'advisory'
          and l.granted
          and l.objsubid = 1
          and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())
          and ((l.classid::bigint << 32) | l.objid::bigint) = ${lockKey}`,
      queue,
    ),
  );
  if (row === undefined) return undefined;
  return {
    application: row.application_name,
    user: row.usename,
    address: row.address ?? undefined,
    pid: row.pid,
    since: row.since,
  };
}
