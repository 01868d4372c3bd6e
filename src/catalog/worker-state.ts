import type { Session } from '../db/session.ts';
import { sqlFile } from '../db/sql-files.ts';
import { prepared, sql } from '../db/statement.ts';
import { type NodeName, nodeName, type QueueName, queueName, type TableName, tableName } from '../model/names.ts';
import { decodeSyncState } from '../model/sync-state-codec.ts';
import type { SyncState, TableSpec } from '../model/table.ts';
import { decodeTable, isToPrune } from '../model/table-codec.ts';
import { decodePairs } from '../model/url-encoding.ts';
import { expectDone, type Reply } from './reply.ts';

/** A local table of a node as its worker sees it. */
export interface WorkerTable {
  readonly name: TableName;
  /** Undefined where another tool's handler stands there. */
  readonly spec: TableSpec | undefined;
  /** Rows that its filter does not let through any more are to be deleted. */
  readonly prune: boolean;
  /** Undefined for a state that nobody knows. */
  readonly sync: SyncState | undefined;
  /** Source snapshot of the first copy, while events that it saw may still arrive. */
  readonly snapshot: string | undefined;
  /** Why its copy, or its catching up after it was parked, does not get on. */
  readonly error: string | undefined;
}

/** What a node is now, by its own catalog. */
export type NodeRole =
  | { readonly kind: 'root' }
  /** Keeps a queue of its own, with the events and ticks of its provider. */
  | { readonly kind: 'branch' }
  | { readonly kind: 'leaf' }
  /** Its events also go into another queue of the same database. */
  | { readonly kind: 'merging'; readonly into: QueueName }
  /** What it would apply comes through that queue, which has a branch here; it only keeps up with it. */
  | { readonly kind: 'waiting'; readonly behind: QueueName };

export interface WorkerState {
  readonly node: NodeName;
  readonly role: NodeRole;
  readonly worker: string;
  readonly provider: NodeName;
  /** Of a branch: whom it asks how far they are before it moves its global watermark. Undefined: nobody but the root. */
  readonly syncWatermark: readonly NodeName[] | undefined;
  readonly position: bigint;
  readonly paused: boolean;
  readonly uptodate: boolean;
  readonly error: string | undefined;
  /** `compare` asks not to go past this tick for a moment. */
  readonly hold: bigint | undefined;
  /** Some foreign keys of the database are taken down. */
  readonly pendingKeys: boolean;
  /** The queue has sequences here. */
  readonly sequences: boolean;
  /** Events ahead that are to be left out. */
  readonly skipped: ReadonlySet<number>;
  readonly tables: ReadonlyMap<TableName, WorkerTable>;
  /** Another text with each change of the tables. */
  readonly versions: string;
}

interface StateRow {
  readonly node_name: string;
  readonly node_type: 'root' | 'branch' | 'leaf';
  readonly node_attrs: string | null;
  readonly worker_name: string;
  readonly provider_node: string;
  readonly last_tick_id: bigint;
  readonly paused: boolean;
  readonly uptodate: boolean;
  readonly cur_error: string | null;
  readonly combined_queue: string | null;
  readonly combined_type: 'root' | 'branch' | 'leaf' | null;
  readonly hold: bigint | null;
  readonly pending_keys: boolean;
  readonly sequences: boolean;
  readonly skipped: readonly number[] | null;
  readonly versions: string;
  /** Null where the caller has them. */
  readonly tables: readonly TableRow[] | null;
}

interface TableRow {
  readonly name: string;
  readonly state: string | null;
  readonly snapshot: string | null;
  readonly attrs: string | null;
  readonly destination: string | null;
  readonly error: string | null;
}

/**
 * Everything a worker asks before each batch, in one round trip. Undefined where the queue has no node here. `before` is an
 * earlier answer: of thousands of tables none changes from one batch to the next, and then its tables come back, the same object.
 */
export async function readWorkerState(
  session: Session,
  queue: QueueName,
  before?: WorkerState,
): Promise<WorkerState | undefined> {
  const [row] = await session.query<StateRow>(
    prepared('worker_state', sqlFile('queries/worker-state.sql'), queue, before?.versions ?? null),
  );
  if (row === undefined) return undefined;
  const tables =
    row.tables === null && before !== undefined
      ? before.tables
      : new Map((row.tables ?? []).map((table) => [tableName(table.name), readTable(table)]));
  return {
    node: nodeName(row.node_name),
    role: roleOf(row),
    worker: row.worker_name,
    provider: nodeName(row.provider_node),
    syncWatermark: row.node_type === 'branch' ? readSyncWatermark(row.node_attrs) : undefined,
    position: row.last_tick_id,
    paused: row.paused,
    uptodate: row.uptodate,
    error: row.cur_error ?? undefined,
    hold: row.hold ?? undefined,
    pendingKeys: row.pending_keys,
    sequences: row.sequences,
    skipped: row.skipped === null ? noEvents : new Set(row.skipped),
    tables,
    versions: row.versions,
  };
}

function readSyncWatermark(attrs: string | null): readonly NodeName[] | undefined {
  const names =
    decodePairs(attrs ?? '')
      ?.get('sync_watermark')
      ?.split(',') ?? [];
  const nodes = names.map((name) => name.trim()).filter((name) => name !== '');
  return nodes.length === 0 ? undefined : nodes.map((name) => nodeName(name));
}

/** What the node and all that read from it have finished; undefined where the queue has no node here. */
export async function readLocalWatermark(session: Session, queue: QueueName): Promise<bigint | undefined> {
  const [row] = await session.query<{ tick: bigint | null }>(
    sql('select local_watermark as tick from pgq_node.get_node_info($1)', queue),
  );
  return row?.tick ?? undefined;
}

const noEvents: ReadonlySet<number> = new Set();

function roleOf(row: Pick<StateRow, 'node_type' | 'combined_queue' | 'combined_type'>): NodeRole {
  if (row.node_type !== 'leaf' || row.combined_queue === null) return { kind: row.node_type };
  const combined = queueName(row.combined_queue);
  return row.combined_type === 'branch' ? { kind: 'waiting', behind: combined } : { kind: 'merging', into: combined };
}

function readTable(row: TableRow): WorkerTable {
  const name = tableName(row.name);
  const destination = row.destination === null ? null : tableName(row.destination);
  return {
    name,
    spec: decodeTable(name, { attrs: row.attrs, destination }),
    prune: isToPrune({ attrs: row.attrs, destination }),
    sync: decodeSyncState(row.state),
    snapshot: row.snapshot ?? undefined,
    error: row.error ?? undefined,
  };
}

/** Only what the node is; undefined where the queue has none here. */
export async function readNodeType(
  session: Session,
  queue: QueueName,
): Promise<'root' | 'branch' | 'leaf' | undefined> {
  const [row] = await session.query<{ node_type: 'root' | 'branch' | 'leaf' }>(
    sql('select node_type from pgq_node.node_info where queue_name = $1', queue),
  );
  return row?.node_type;
}

/** Where one consumer of this node stands; undefined when it is not registered. */
export async function readPosition(session: Session, queue: QueueName, consumer: string): Promise<bigint | undefined> {
  return (await readPositions(session, queue, [consumer])).get(consumer);
}

export async function readPositions(
  session: Session,
  queue: QueueName,
  consumers: readonly string[],
): Promise<ReadonlyMap<string, bigint>> {
  const rows = await session.query<{ consumer: string; tick: bigint }>(
    sql(
      `select consumer_name as consumer, last_tick_id as tick
        from pgq_node.local_state where queue_name = $1 and consumer_name = any ($2::text[])`,
      queue,
      consumers,
    ),
  );
  return new Map(rows.map(({ consumer, tick }) => [consumer, tick]));
}

/** Every consumer that this node keeps a position for. */
export interface LocalConsumer {
  readonly name: string;
  /** The node that it reads from. */
  readonly provider: NodeName;
}

export async function readConsumers(session: Session, queue: QueueName): Promise<readonly LocalConsumer[]> {
  const rows = await session.query<{ consumer_name: string; provider_node: string }>(
    sql('select consumer_name, provider_node from pgq_node.local_state where queue_name = $1', queue),
  );
  return rows.map(({ consumer_name, provider_node }) => ({ name: consumer_name, provider: nodeName(provider_node) }));
}

export function setCompleted(session: Session, queue: QueueName, consumer: string, tick: bigint): Promise<void> {
  return call(session, 'pgq_node.set_consumer_completed', queue, consumer, tick);
}

export function setAllCompleted(
  session: Session,
  queue: QueueName,
  consumers: readonly string[],
  tick: bigint,
): Promise<void> {
  return callEach(session, 'pgq_node.set_consumer_completed($1, w.name, $3)', queue, consumers, tick);
}

export function setUptodate(session: Session, queue: QueueName, consumer: string): Promise<void> {
  return call(session, 'pgq_node.set_consumer_uptodate', queue, consumer, true);
}

/** Its worker confirms by setting `uptodate` again; a wish that stands already changes nothing. */
export function setConsumerPaused(
  session: Session,
  queue: QueueName,
  consumer: string,
  paused: boolean,
): Promise<void> {
  return call(session, 'pgq_node.set_consumer_paused', queue, consumer, paused);
}

/** NULL clears. A consumer that is not registered is no error; then the answer is false. */
export async function setConsumerError(
  session: Session,
  queue: QueueName,
  consumer: string,
  message: string | null,
): Promise<boolean> {
  const [row] = await session.query<{ code: number }>(
    sql('select ret_code as code from pgq_node.set_consumer_error($1, $2, $3)', queue, consumer, message),
  );
  return row?.code === 100;
}

/** Registers consumers of copies on the subscriber, or moves them. */
export function registerLocalConsumers(
  session: Session,
  queue: QueueName,
  consumers: readonly string[],
  { provider, tick }: { readonly provider: NodeName; readonly tick: bigint },
): Promise<void> {
  return callEach(session, 'pgq_node.register_consumer($1, w.name, $3, $4)', queue, consumers, provider, tick);
}

export function unregisterLocalConsumers(
  session: Session,
  queue: QueueName,
  consumers: readonly string[],
): Promise<void> {
  return callEach(session, 'pgq_node.unregister_consumer($1, w.name)', queue, consumers);
}

/** Whether the node still has the role and the provider that its worker goes by. */
export async function isStill(
  session: Session,
  queue: QueueName,
  { role, provider }: Pick<WorkerState, 'role' | 'provider'>,
): Promise<boolean> {
  const [row] = await session.query<
    Pick<StateRow, 'node_type' | 'combined_queue' | 'combined_type'> & { readonly provider_node: string }
  >(
    prepared(
      'is_still',
      `select i.node_type, i.combined_queue, c.node_type as combined_type, s.provider_node
        from pgq_node.node_info i
        join pgq_node.local_state s on s.queue_name = i.queue_name and s.consumer_name = i.worker_name
        left join pgq_node.node_info c on c.queue_name = i.combined_queue
        where i.queue_name = $1`,
      queue,
    ),
  );
  return row !== undefined && row.provider_node === provider && sameRole(roleOf(row), role);
}

export function sameRole(left: NodeRole, right: NodeRole): boolean {
  switch (left.kind) {
    case 'merging':
      return right.kind === 'merging' && right.into === left.into;
    case 'waiting':
      return right.kind === 'waiting' && right.behind === left.behind;
    default:
      return right.kind === left.kind;
  }
}

/** Told to the provider, so that it may rotate away what this node has finished. */
export function setSubscriberWatermark(
  session: Session,
  queue: QueueName,
  node: NodeName,
  tick: bigint,
): Promise<void> {
  // 405, it would go back: a subscriber of this node began further behind.
  return callTolerating([405], session, 'pgq_node.set_subscriber_watermark', queue, node, tick);
}

export function registerLocation(
  session: Session,
  queue: QueueName,
  node: string,
  location: string | null,
  dead: boolean,
): Promise<void> {
  return call(session, 'pgq_node.register_location', queue, node, location, dead);
}

/** 403, the node's own place or its provider's, is the word of an earlier node of that name. */
export function unregisterLocation(session: Session, queue: QueueName, node: string): Promise<void> {
  return callTolerating([403], session, 'pgq_node.unregister_location', queue, node);
}

/** Calls one of the functions that answer with a status and a note, with positional arguments. */
export function call(session: Session, name: string, ...values: readonly unknown[]): Promise<void> {
  return callTolerating([], session, name, ...values);
}

/** The same, where some refusals mean that there is nothing left to do. */
export async function callTolerating(
  tolerated: readonly number[],
  session: Session,
  name: string,
  ...values: readonly unknown[]
): Promise<void> {
  const places = values.map((_, index) => `$${index + 1}`).join(', ');
  const [row] = await session.query<{ ret_code: number; ret_note: string | null }>(
    prepared(`${name}/${values.length}`, `select ret_code, ret_note from ${name}(${places})`, ...values),
  );
  const reply: Reply = { status: row?.ret_code ?? 500, note: row?.ret_note ?? 'no answer' };
  expectDone(reply, { node: undefined, call: name }, tolerated);
}

/** The same for each of several names: the call knows one as `w.name`, its number as `w.nr`, the queue as `$1`, and the values from `$3` on. */
export async function callEach(
  session: Session,
  invocation: string,
  queue: QueueName,
  names: readonly string[],
  ...values: readonly unknown[]
): Promise<void> {
  const rows = await session.query<{ ret_code: number; ret_note: string | null }>(
    sql(
      `select r.ret_code, r.ret_note from unnest($2::text[]) with ordinality w(name, nr), lateral ${invocation} r`,
      queue,
      names,
      ...values,
    ),
  );
  for (const { ret_code, ret_note } of rows)
    expectDone({ status: ret_code, note: ret_note ?? '' }, { node: undefined, call: invocation });
}
