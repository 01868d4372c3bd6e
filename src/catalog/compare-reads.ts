import type { Session } from '../db/session.ts';
import { sqlFile } from '../db/sql-files.ts';
import { quoteLiteral, quoteName, sql } from '../db/statement.ts';
import {
  type NodeName,
  nodeName,
  type QueueName,
  type SequenceName,
  sequenceName,
  type TableName,
  tableName,
} from '../model/names.ts';
import { decodeSyncState } from '../model/sync-state-codec.ts';
import type { SyncState, TableSpec } from '../model/table.ts';
import { decodeTable } from '../model/table-codec.ts';

/** Where a node stands, as its own database has it. */
export interface NodePosition {
  readonly node: NodeName;
  readonly type: 'root' | 'branch' | 'leaf';
  readonly worker: string;
  readonly provider: NodeName;
  readonly tick: bigint;
  readonly paused: boolean;
  readonly uptodate: boolean;
  readonly error: string | undefined;
  /** Undefined where no worker of this tool has ever reported, or the last one ended in order. */
  readonly heartbeatAgeMs: number | undefined;
}

interface NodeRow {
  readonly node_name: string;
  readonly node_type: 'root' | 'branch' | 'leaf';
  readonly worker_name: string;
  readonly provider_node: string;
  readonly last_tick_id: bigint;
  readonly paused: boolean;
  readonly uptodate: boolean;
  readonly cur_error: string | null;
  readonly heartbeat_age_ms: number | null;
}

/** Undefined where the schemas are not installed, or hold no node of the queue. */
export async function readNodePosition(session: Session, queue: QueueName): Promise<NodePosition | undefined> {
  const [there] = await session.query<{ all: boolean }>(
    sql(
      `select count(pg_catalog.to_regclass(name)) = 3 as all
        from unnest(array['pgq_node.node_info', 'londiste.table_info', 'trunkline.worker_status']) as name`,
    ),
  );
  if (there?.all !== true) return undefined;
  const [row] = await session.query<NodeRow>({ text: sqlFile('queries/compare-node.sql'), values: [queue] });
  if (row === undefined) return undefined;
  return {
    node: nodeName(row.node_name),
    type: row.node_type,
    worker: row.worker_name,
    provider: nodeName(row.provider_node),
    tick: row.last_tick_id,
    paused: row.paused,
    uptodate: row.uptodate,
    error: row.cur_error ?? undefined,
    heartbeatAgeMs: row.heartbeat_age_ms ?? undefined,
  };
}

/** How far behind its provider a node is. */
export interface Distance {
  readonly newestTick: bigint;
  readonly ticks: bigint;
  /** By the event counter, so an estimate; undefined where the node's tick is not kept any more. */
  readonly events: bigint | undefined;
  /** End of the batch that its worker has open. */
  readonly openUntil: bigint | undefined;
}

/** Asked of the provider. Undefined where it does not have the queue. */
export async function readDistance(
  session: Session,
  queue: QueueName,
  position: NodePosition,
): Promise<Distance | undefined> {
  const [row] = await session.query<{
    newest_tick: bigint;
    ticks: bigint;
    events: bigint | null;
    open_until: bigint | null;
  }>({ text: sqlFile('queries/compare-distance.sql'), values: [queue, position.tick, position.worker] });
  if (row === undefined) return undefined;
  return {
    newestTick: row.newest_tick,
    ticks: row.ticks,
    events: row.events ?? undefined,
    openUntil: row.open_until ?? undefined,
  };
}

/** A table that a node holds. */
export interface HeldTable {
  readonly name: TableName;
  readonly destination: TableName;
  /** Undefined where another tool's handler stands there. */
  readonly spec: TableSpec | undefined;
  readonly sync: SyncState | undefined;
}

export async function readHeldTables(session: Session, queue: QueueName): Promise<HeldTable[]> {
  const rows = await session.query<{
    table_name: string;
    merge_state: string | null;
    table_attrs: string | null;
    dest_table: string | null;
  }>({ text: sqlFile('queries/compare-tables.sql'), values: [queue] });
  return rows.map((row) => {
    const name = tableName(row.table_name);
    const destination = row.dest_table === null ? null : tableName(row.dest_table);
    return {
      name,
      destination: destination ?? name,
      spec: decodeTable(name, { attrs: row.table_attrs, destination }),
      sync: decodeSyncState(row.merge_state),
    };
  });
}

/** Tables into which leaves of other queues on this database put rows as well. */
export async function readSharedTargets(session: Session, queue: QueueName): Promise<ReadonlySet<TableName>> {
  const rows = await session.query<{ target: string }>(
    sql(
      `select distinct coalesce(t.dest_table, t.table_name) as target
        from londiste.table_info t
        join pgq_node.node_info own on own.queue_name = t.queue_name and own.node_type = 'leaf'
        join pgq_node.node_info other on other.queue_name <> t.queue_name and other.node_type = 'leaf'
        join londiste.table_info o on o.queue_name = other.queue_name and o.local
          and coalesce(o.dest_table, o.table_name) = coalesce(t.dest_table, t.table_name)
        where t.queue_name = $1 and t.local`,
      queue,
    ),
  );
  return new Set(rows.map(({ target }) => tableName(target)));
}

export interface ComparableColumn {
  readonly name: string;
  readonly generated: boolean;
  readonly money: boolean;
  /** With its modifier; undefined where it is not built in. */
  readonly type: string | undefined;
  /** One of those that tell the table's rows apart. */
  readonly inKey: boolean;
}

export interface ComparableTable {
  /** Rows of inheriting tables belong to those tables; rows of partitions belong to the partitioned table. */
  readonly inheritable: boolean;
  readonly columns: readonly ComparableColumn[];
}

/** Those of the tables that exist. */
export async function readComparableTables(
  session: Session,
  tables: readonly TableName[],
): Promise<ReadonlyMap<TableName, ComparableTable>> {
  const rows = await session.query<{
    name: string;
    kind: string;
    column_name: string | null;
    generated: boolean;
    money: boolean | null;
    type: string | null;
    built_in: boolean | null;
    in_key: boolean;
  }>({ text: sqlFile('queries/compare-columns.sql'), values: [tables] });
  const found = new Map<TableName, { readonly inheritable: boolean; readonly columns: ComparableColumn[] }>();
  for (const row of rows) {
    const name = tableName(row.name);
    const table = found.get(name) ?? { inheritable: row.kind === 'r', columns: [] };
    found.set(name, table);
    if (row.column_name === null) continue;
    table.columns.push({
      name: row.column_name,
      generated: row.generated,
      money: row.money ?? false,
      type: row.built_in === true ? (row.type ?? undefined) : undefined,
      inKey: row.in_key,
    });
  }
  return found;
}

export interface SequenceValue {
  readonly lastValue: bigint;
  /** False: `lastValue` is the first value still to be handed out. */
  readonly called: boolean;
  /** It counts down. */
  readonly falls: boolean;
}

/** The sequences that a node takes over from its provider. */
export async function readHeldSequences(session: Session, queue: QueueName): Promise<SequenceName[]> {
  const rows = await session.query<{ seq_name: string }>(
    sql('select seq_name from londiste.seq_info where queue_name = $1 and local order by nr', queue),
  );
  return rows.map((row) => sequenceName(row.seq_name));
}

/** Values of those that exist, as they are now: sequences know no snapshot. */
export async function readSequenceValues(
  session: Session,
  sequences: readonly SequenceName[],
): Promise<ReadonlyMap<SequenceName, SequenceValue>> {
  const there = await session.query<{ name: string; falls: boolean }>({
    text: sqlFile('queries/compare-sequences.sql'),
    values: [sequences],
  });
  if (there.length === 0) return new Map();
  const selects = there.map(
    ({ name, falls }) =>
      `select ${quoteLiteral(name)} as name, last_value, is_called, ${falls} as falls from ${quoteName(sequenceName(name))}`,
  );
  const rows = await session.query<{ name: string; last_value: bigint; is_called: boolean; falls: boolean }>(
    sql(selects.join(' union all ')),
  );
  return new Map(
    rows.map(({ name, last_value: lastValue, is_called: called, falls }) => [
      sequenceName(name),
      { lastValue, called, falls },
    ]),
  );
}

/** The first columns of an index: they are never NULL, and sort the same on any server where their classes are the same. */
export interface IndexLead {
  readonly columns: readonly string[];
  readonly classes: readonly string[];
  /** What texts of their values are cast to. */
  readonly types: readonly string[];
}

/** The leads of each table's indexes; the primary key's first. */
export async function readIndexLeads(
  session: Session,
  tables: readonly TableName[],
): Promise<ReadonlyMap<TableName, readonly IndexLead[]>> {
  if (tables.length === 0) return new Map();
  const rows = await session.query<IndexLead & { name: string }>({
    text: sqlFile('queries/compare-ranges.sql'),
    values: [tables],
  });
  const found = new Map<TableName, IndexLead[]>();
  for (const { name, ...lead } of rows) {
    const table = tableName(name);
    found.set(table, [...(found.get(table) ?? []), lead]);
  }
  return found;
}

export interface TableSize {
  readonly bytes: bigint;
  /** Undefined where the server has no statistics. */
  readonly rows: bigint | undefined;
}

export async function readTableSizes(
  session: Session,
  tables: readonly TableName[],
): Promise<ReadonlyMap<TableName, TableSize>> {
  const rows = await session.query<{ name: string; bytes: bigint; rows: bigint | null }>({
    text: sqlFile('queries/compare-sizes.sql'),
    values: [tables],
  });
  return new Map(rows.map(({ name, bytes, rows }) => [tableName(name), { bytes, rows: rows ?? undefined }]));
}
