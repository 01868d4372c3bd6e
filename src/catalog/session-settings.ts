import type { Session } from '../db/session.ts';
import { quoteIdent, sql } from '../db/statement.ts';
import { setReplicationRole } from './table-sync.ts';

/** What a session was set to, so that it can be so again after SQL of somebody else. */
export interface SessionSettings {
  readonly role: string;
  readonly replicationRole: 'origin' | 'local' | 'replica';
  /** Of those that were set since the session began, as JSON. */
  readonly values: string;
  /** By which a session that may not be a replica is known. */
  readonly replays: string | null;
}

const isSet = `s.source = 'session'
  and s.name <> all ('{session_replication_role,transaction_isolation,transaction_read_only,transaction_deferrable}')`;

export async function readSettings(session: Session): Promise<SessionSettings> {
  const [row] = await session.query<SessionSettings>(
    sql(`select pg_catalog.current_setting('role') as role,
        pg_catalog.current_setting('session_replication_role') as "replicationRole",
        pg_catalog.current_setting('trunkline.replays', true) as replays,
        (select coalesce(pg_catalog.jsonb_object_agg(s.name, s.setting), '{}')::text from pg_catalog.pg_settings s where ${isSet}) as values`),
  );
  if (row === undefined) throw new Error('the settings of a session gave no row');
  return row;
}

/** Whatever was set since, and whether for the transaction or for the session. */
export async function restoreSettings(session: Session, before: SessionSettings): Promise<void> {
  await session.script('reset session authorization');
  await session.query(sql(`select pg_catalog.set_config('role', $1, false)`, before.role));
  if (before.replays !== null)
    await session.query(sql(`select pg_catalog.set_config('trunkline.replays', $1, false)`, before.replays));
  const more = await session.query<{ name: string }>(
    sql(
      `select s.name from pg_catalog.pg_settings s where ${isSet} and not $1::jsonb operator(pg_catalog.?) s.name`,
      before.values,
    ),
  );
  if (more.length > 0) await session.script(more.map(({ name }) => `reset ${quoteIdent(name)}`).join('; '));
  await session.query(
    sql(
      `select pg_catalog.set_config(b.key, b.value, false) from pg_catalog.jsonb_each_text($1::jsonb) b
        join pg_catalog.pg_settings s on s.name = b.key and s.setting <> b.value`,
      before.values,
    ),
  );
  await setReplicationRole(session, before.replicationRole, 'session');
}
