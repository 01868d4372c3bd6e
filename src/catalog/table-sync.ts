import { readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';
import { quoteIdent, quoteName, sql } from '../db/statement.ts';
import { type QueueName, type TableName, tableName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import { decodeSyncState, encodeSyncState } from '../model/sync-state-codec.ts';
import type { SyncState } from '../model/table.ts';
import { decodePairs } from '../model/url-encoding.ts';
import { call, callEach, callTolerating, setConsumerError } from './worker-state.ts';

/** `snapshot` undefined clears it. */
export function setTableState(
  session: Session,
  queue: QueueName,
  table: TableName,
  state: SyncState,
  snapshot: string | undefined,
): Promise<void> {
  return setTableStates(session, queue, state, [{ name: table, snapshot }]);
}

/** A table and the snapshot that stands beside its state; undefined clears it. */
export interface TableWithSnapshot {
  readonly name: TableName;
  readonly snapshot: string | undefined;
}

export async function setTableStates(
  session: Session,
  queue: QueueName,
  state: SyncState,
  tables: readonly TableWithSnapshot[],
): Promise<void> {
  await callEach(
    session,
    'londiste.local_set_table_state($1, w.name, ($3::text[])[w.nr], $4)',
    queue,
    tables.map(({ name }) => name),
    tables.map(({ snapshot }) => snapshot ?? null),
    encodeSyncState(state),
  );
}

/**
 * The same for those tables that still stand where the caller has left them, told by name: somebody may have moved one
 * since, as `resync` does at any time. In a transaction they stay so until the end.
 */
export async function moveTableStates(
  session: Session,
  queue: QueueName,
  { from, to }: { readonly from: SyncState['kind']; readonly to: SyncState },
  tables: readonly TableWithSnapshot[],
): Promise<readonly TableName[]> {
  const rows = await session.query<{ name: TableName; state: string | null }>(
    sql(
      `select table_name as name, merge_state as state from londiste.table_info
        where queue_name = $1 and table_name = any ($2::text[]) and local order by table_name for update`,
      queue,
      tables.map(({ name }) => name),
    ),
  );
  const there = new Set(rows.flatMap(({ name, state }) => (decodeSyncState(state)?.kind === from ? [name] : [])));
  await setTableStates(
    session,
    queue,
    to,
    tables.filter(({ name }) => there.has(name)),
  );
  return [...there];
}

/** Back to the beginning, as Londiste's own `resync` does. A worker that waits before another try tries at once. */
export async function copyAgain(session: Session, queue: QueueName, table: TableName): Promise<void> {
  await setTableState(session, queue, table, { kind: 'missing' }, undefined);
  const [node] = await session.query<{ worker_name: string }>(
    sql('select worker_name from pgq_node.node_info where queue_name = $1', queue),
  );
  if (node !== undefined) await setConsumerError(session, queue, copyConsumer(node.worker_name, table), null);
}

/** The consumer of one table's copy, called as Londiste calls it. */
export function copyConsumer(worker: string, table: string): string {
  return `${worker}.copy.${table}`;
}

export interface TableState {
  readonly state: string | null;
  readonly snapshot: string | null;
  readonly destination: string | null;
  /** Statements that bring back what a copy took down, which was cut short: ours of ranges, or Londiste's. */
  readonly dropped: string | null;
  /** Londiste's `add-table --skip-truncate`: rows that are there before the first copy stay. */
  readonly keepsRows: boolean;
}

/** State of one table of this node; undefined when it is not replicated here. */
export async function readTableState(
  session: Session,
  queue: QueueName,
  table: TableName,
): Promise<TableState | undefined> {
  return (await readTableStates(session, queue, [table])).get(table);
}

/** The tables that are not replicated here are left out. */
export async function readTableStates(
  session: Session,
  queue: QueueName,
  tables: readonly TableName[],
): Promise<ReadonlyMap<TableName, TableState>> {
  const rows = await session.query<Omit<TableState, 'keepsRows'> & { name: TableName; attrs: string | null }>(
    sql(
      `select table_name as name, merge_state as state, custom_snapshot as snapshot, dropped_ddl as dropped,
          dest_table as destination, table_attrs as attrs
        from londiste.table_info where queue_name = $1 and table_name = any ($2::text[]) and local`,
      queue,
      tables,
    ),
  );
  return new Map(
    rows.map(({ name, attrs, ...state }) => [
      name,
      { ...state, keepsRows: decodePairs(attrs ?? '')?.get('skip_truncate') === '1' },
    ]),
  );
}

/**
 * Whether the node's rows of a table are what its queue has brought and nothing more: a branch is ahead of its queue until
 * the events that a first copy saw have come by, and a copy of its rows would get them twice. A root's are ahead of nothing.
 * Those that the node does not replicate are left out.
 */
export async function maySupplyCopy(
  session: Session,
  queue: QueueName,
  tables: readonly TableName[],
): Promise<ReadonlyMap<TableName, boolean>> {
  const rows = await session.query<{ name: TableName; settled: boolean }>(
    sql(
      `select t.table_name as name,
          coalesce(t.merge_state = 'ok' and (t.custom_snapshot is null or i.node_type = 'root'), false) as settled
        from londiste.table_info t join pgq_node.node_info i using (queue_name)
        where queue_name = $1 and t.table_name = any ($2::text[]) and t.local`,
      queue,
      tables,
    ),
  );
  return new Map(rows.map(({ name, settled }) => [name, settled]));
}

/** Keeps the statements that bring back what is taken down; undefined once it is back. Londiste's worker keeps its own there. */
export function setTableStruct(
  session: Session,
  queue: QueueName,
  table: TableName,
  ddl: string | undefined,
): Promise<void> {
  return call(session, 'londiste.local_set_table_struct', queue, table, ddl ?? null);
}

export function globalAddTable(session: Session, queue: QueueName, table: string): Promise<void> {
  return call(session, 'londiste.global_add_table', queue, table);
}

/** Nothing happens where it is not known. */
export function globalRemoveTable(session: Session, queue: QueueName, table: string): Promise<void> {
  return callTolerating([400], session, 'londiste.global_remove_table', queue, table);
}

export function globalUpdateSequence(
  session: Session,
  queue: QueueName,
  sequence: string,
  value: bigint,
): Promise<void> {
  return call(session, 'londiste.global_update_seq', queue, sequence, value);
}

/** True while the node gives the sequence the root's values. */
export async function isSequenceReplicated(session: Session, queue: QueueName, sequence: string): Promise<boolean> {
  const rows = await session.query(
    sql('select from londiste.seq_info where queue_name = $1 and seq_name = $2 and local', queue, sequence),
  );
  return rows.length > 0;
}

/** Nothing happens where it is not known. */
export function globalRemoveSequence(session: Session, queue: QueueName, sequence: string): Promise<void> {
  return callTolerating([400], session, 'londiste.global_remove_seq', queue, sequence);
}

/** Publishes the root's sequences where they come near what was published last. */
export function rootCheckSequences(session: Session, queue: QueueName): Promise<void> {
  return call(session, 'londiste.root_check_seqs', queue);
}

/**
 * Lets a member of `londiste_writer` write without firing the subscriber's triggers. Where nobody may allow that, the
 * triggers of the queues stay quiet all the same, while foreign keys and the user's triggers are as for anybody else.
 */
export async function becomeReplica(session: Session): Promise<void> {
  try {
    await session.query(sql(`select londiste.set_session_replication_role('replica', false)`));
  } catch (error) {
    if (readDriverError(error)?.sqlstate !== insufficientPrivilege) throw error;
    const { known, member, user } = await becomeOwner(session);
    if (known && !member) throw new ToolError([{ code: 'not_a_writer', user }], { cause: error });
    if (!known) throw error;
  }
}

const insufficientPrivilege = '42501';

/**
 * Not known: to the triggers of the queues, where those are of the extensions, or of an older release. They heed it only for who
 * may change a queue anyway.
 */
async function becomeOwner(session: Session): Promise<{ known: boolean; member: boolean; user: string }> {
  const [row] = await session.query<{ known: boolean; user: string }>(
    sql(
      `select pg_catalog.to_regprocedure('trunkline_capture.is_replaying()') is not null as known, session_user::text as user`,
    ),
  );
  const { known = false, user = '' } = row ?? {};
  if (!known) return { known, member: false, user };
  await session.query(sql(`select pg_catalog.set_config('trunkline.replays', 'on', false)`));
  const [answer] = await session.query<{ replays: boolean }>(sql('select trunkline_capture.is_replaying() as replays'));
  return { known, member: answer?.replays === true, user };
}

/**
 * For the rest of the transaction, unless told otherwise. As `local`, triggers of the user fire, and those of the queues do
 * nothing. So it is from the start in a session that could not become a replica.
 */
export async function setReplicationRole(
  session: Session,
  role: 'origin' | 'local' | 'replica',
  until: 'commit' | 'session' = 'commit',
): Promise<void> {
  await session.query(
    sql(
      `select londiste.set_session_replication_role($1, $2)
        where coalesce(pg_catalog.current_setting('trunkline.replays', true), '') = ''`,
      role,
      until === 'commit',
    ),
  );
}

/** Foreign keys between the tables and others that are replicated here, either way, that are checked in this session. */
export function checkedForeignKeys(
  session: Session,
  tables: readonly TableName[],
): Promise<{ from_table: string; fkey_name: string }[]> {
  return session.query(
    sql(
      `select distinct k.from_table, k.fkey_name
         from unnest($1::text[]) w(name), lateral londiste.find_table_fkeys(w.name) k
        where pg_catalog.current_setting('session_replication_role') <> 'replica'
          and not exists (
            select from (values (k.from_table), (k.to_table)) side (name)
             where not exists (
                 select from londiste.table_info t
                  where coalesce(t.dest_table, t.table_name) = side.name and t.local))
        order by 1, 2`,
      tables,
    ),
  );
}

/** Kept in the catalog; it comes back once both its tables are in sync. */
export async function dropForeignKey(session: Session, table: string, key: string): Promise<void> {
  await session.query(sql('select londiste.drop_table_fkey($1, $2)', table, key));
}

/** Foreign keys that were parked and whose tables are both in sync now. */
export function validPendingForeignKeys(
  session: Session,
  queue: QueueName,
): Promise<{ from_table: string; fkey_name: string }[]> {
  return session.query(sql('select from_table, fkey_name from londiste.get_valid_pending_fkeys($1)', queue));
}

/** The statement to run next, then to be asked again; undefined once the key is back, or was not taken down. */
export async function nextForRestoring(session: Session, table: string, key: string): Promise<string | undefined> {
  const [row] = await session.query<{ next: string }>(
    sql('select londiste.restore_table_fkey($1, $2, true) as next', table, key),
  );
  return row === undefined || row.next === '' ? undefined : row.next;
}

/** One that was added and not checked: it stays in the catalog. */
export async function takeBackForeignKey(session: Session, table: string, key: string): Promise<void> {
  const of = quoteName(tableName(table));
  await session.script(`alter table only ${of} drop constraint if exists ${quoteIdent(key)}`);
}
