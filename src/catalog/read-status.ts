import type { Connector } from '../db/connector.ts';
import { readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';
import { sqlFile } from '../db/sql-files.ts';
import { sql } from '../db/statement.ts';
import { transaction } from '../db/transaction.ts';
import { type DatabaseName, type NodeName, nodeName, type QueueName, queueName, tableName } from '../model/names.ts';
import { type Problem, ToolError } from '../model/problem.ts';
import type { CopyProgress } from '../model/progress.ts';
import { olderSchemas } from '../model/schemas.ts';
import {
  type ChangeKind,
  type CopyStatus,
  changeKinds,
  type NodeRecords,
  type PresentNode,
  type QueueActivity,
  type RotationHolder,
  type Subscription,
  type TableStatus,
  type WorkerHeartbeat,
} from '../model/status.ts';
import { decodeSyncState } from '../model/sync-state-codec.ts';

/** What one database says of the nodes it holds. */
export type DatabaseReading =
  | { readonly kind: 'unreachable'; readonly problem: Problem }
  | { readonly kind: 'read'; readonly nodes: ReadonlyMap<QueueName, HeldNode> };

export interface HeldNode {
  readonly name: NodeName;
  readonly facts: PresentNode;
  /** Of a root: those that did not answer when others took their place. */
  readonly givenUp: readonly NodeName[];
  /** Consumers of the queue on this database, by name. */
  readonly subscriptions: ReadonlyMap<string, Subscription>;
}

/** Reads all databases side by side, each in one snapshot and seven round trips at most. */
export async function readStatus(
  connector: Connector,
  databases: readonly DatabaseName[],
  queues: readonly QueueName[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<DatabaseName, DatabaseReading>> {
  const readings = databases.map(async (database) => {
    const reading = await readDatabase(connector, database, queues, signal).catch((error: unknown) => {
      signal?.throwIfAborted();
      return { kind: 'unreachable', problem: problemOf(database, error) } as const;
    });
    return [database, reading] as const;
  });
  return new Map(await Promise.all(readings));
}

async function readDatabase(
  connector: Connector,
  database: DatabaseName,
  queues: readonly QueueName[],
  signal: AbortSignal | undefined,
): Promise<DatabaseReading> {
  // A status that hangs behind a lock is no help to anybody.
  const settings = { lock_timeout: '5s', statement_timeout: '30s' };
  await using session = await connector(database, { applicationName: 'trunkline status', settings, signal });
  const nodes = await transaction(
    session,
    () => readNodes(session, queues),
    'isolation level repeatable read, read only',
  );
  return { kind: 'read', nodes };
}

function problemOf(database: DatabaseName, error: unknown): Problem {
  if (error instanceof ToolError && error.problems[0] !== undefined) return error.problems[0];
  const said = readDriverError(error);
  if (said === undefined) throw error;
  return {
    code: 'sql_failed',
    database,
    node: undefined,
    doing: 'reading its status',
    sqlstate: said.sqlstate,
    detail: said.message,
  };
}

interface NodeRow {
  readonly queue: string;
  readonly node: string;
  readonly type: 'root' | 'branch' | 'leaf';
  readonly worker: string;
  readonly tick: string;
  readonly paused: boolean;
  readonly uptodate: boolean;
  readonly error: string | null;
  readonly givenUp: readonly string[];
  readonly tables: readonly {
    readonly name: string;
    readonly target: string;
    readonly state: string | null;
    readonly error: string | null;
  }[];
}

async function readNodes(session: Session, queues: readonly QueueName[]): Promise<Map<QueueName, HeldNode>> {
  const [there] = await session.query<{ cascades: boolean; own: boolean; records: boolean }>(
    sql(
      `select pg_catalog.to_regclass('pgq_node.node_info') is not null
          and pg_catalog.to_regclass('londiste.table_info') is not null as cascades,
        pg_catalog.to_regclass('trunkline.worker_status') is not null as own,
        -- Earlier releases kept them from whoever may only look.
        coalesce(pg_catalog.has_column_privilege(pg_catalog.to_regclass('trunkline.skipped_event'), 'skipped_at', 'select')
          and pg_catalog.has_column_privilege(pg_catalog.to_regclass('trunkline.conflict'), 'noticed_at', 'select'),
          false) as records`,
    ),
  );
  if (there?.cascades !== true) return new Map();
  const [row] = await session.query<{ nodes: readonly NodeRow[] }>(statement('status-nodes', queues));
  const triggers = await readTriggers(session, queues);
  const work = there.own ? await readWork(session, queues) : noWork;
  const records = there.records ? await readRecords(session, queues) : noRecords;
  const activities = await readQueues(session, queues);
  return new Map(
    (row?.nodes ?? []).map((node) => {
      const activity = activities.get(node.queue);
      const facts: PresentNode = {
        kind: 'present',
        type: node.type,
        worker: node.worker,
        tick: BigInt(node.tick),
        paused: node.paused,
        uptodate: node.uptodate,
        error: node.error ?? undefined,
        heartbeat: work.heartbeats.get(keyOf(node.queue, node.node)),
        tables: node.tables.map((table) => readTable(node.queue, table, triggers, work.copies)),
        queue: activity?.queue,
        skipped: records.skipped.get(keyOf(node.queue, node.node)),
        conflicts: records.conflicts.get(keyOf(node.queue, node.node)),
        olderSql: olderSchemas((name) => work.bundled.get(name)),
      };
      const held: HeldNode = {
        name: nodeName(node.node),
        facts,
        givenUp: node.givenUp.map(nodeName),
        subscriptions: activity?.subscriptions ?? new Map(),
      };
      return [queueName(node.queue), held] as const;
    }),
  );
}

function readTable(
  queue: string,
  row: NodeRow['tables'][number],
  triggers: ReadonlyMap<string, readonly TriggerRow[]>,
  copies: ReadonlyMap<string, CopyStatus>,
): TableStatus {
  const found = triggers.get(keyOf(queue, row.name));
  // For a trigger of the table's users: `replica` ones fire only for replication itself.
  const fires = (trigger: TriggerRow) => trigger.enabled === 'O' || trigger.enabled === 'A';
  const seen = (found ?? []).filter(fires).reduce((bits, trigger) => bits | seenBy(trigger), 0);
  return {
    table: tableName(row.name),
    target: tableName(row.target),
    exists: found !== undefined,
    sync: decodeSyncState(row.state),
    copy: copies.get(keyOf(queue, row.name)),
    error: row.error ?? undefined,
    watched: changeKinds.filter((kind) => (seen & triggerBits[kind]) !== 0),
    disabledTriggers: (found ?? []).filter((trigger) => !fires(trigger)).map(({ name }) => name),
  };
}

const triggerBits: Readonly<Record<ChangeKind, number>> = { insert: 4, delete: 8, update: 16, truncate: 32 };

/** One trigger for rows that sees only some kinds of change was made so; whether the files want it, `plan` tells. */
function seenBy({ type }: TriggerRow): number {
  const { insert, update, delete: deleted } = triggerBits;
  return (type & 1) === 0 ? type : type | insert | update | deleted;
}

interface TriggerRow {
  readonly name: string;
  readonly enabled: string;
  readonly type: number;
}

/** By table; one that is not there has no entry. */
async function readTriggers(
  session: Session,
  queues: readonly QueueName[],
): Promise<ReadonlyMap<string, readonly TriggerRow[]>> {
  const [row] = await session.query<{
    tables: readonly { readonly queue: string; readonly table: string; readonly triggers: readonly TriggerRow[] }[];
  }>(statement('status-triggers', queues));
  return new Map((row?.tables ?? []).map((table) => [keyOf(table.queue, table.table), table.triggers]));
}

interface Work {
  readonly heartbeats: ReadonlyMap<string, WorkerHeartbeat>;
  readonly copies: ReadonlyMap<string, CopyStatus>;
  /** Versions of our own SQL. */
  readonly bundled: ReadonlyMap<string, string>;
}

const noWork: Work = { heartbeats: new Map(), copies: new Map(), bundled: new Map() };

async function readWork(session: Session, queues: readonly QueueName[]): Promise<Work> {
  const [row] = await session.query<{
    heartbeats: readonly {
      readonly queue: string;
      readonly node: string;
      readonly state: string;
      readonly host: string | null;
      readonly pid: number | null;
      readonly ageMs: number;
    }[];
    copies: readonly {
      readonly queue: string;
      readonly table: string;
      readonly phase: CopyProgress['phase'];
      readonly rowsDone: string;
      readonly rowsTotal: string | null;
      readonly bytesDone: string;
      readonly ageMs: number;
    }[];
    components: readonly { readonly name: string; readonly version: string }[];
  }>(statement('status-worker', queues));
  return {
    heartbeats: new Map(
      (row?.heartbeats ?? []).map(({ queue, node, state, host, pid, ageMs }) => [
        keyOf(queue, node),
        { state, host: host ?? undefined, pid: pid ?? undefined, ageMs },
      ]),
    ),
    copies: new Map(
      (row?.copies ?? []).map((copy) => [
        keyOf(copy.queue, copy.table),
        {
          phase: copy.phase,
          rowsDone: BigInt(copy.rowsDone),
          rowsTotal: copy.rowsTotal === null ? undefined : BigInt(copy.rowsTotal),
          bytesDone: BigInt(copy.bytesDone),
          sinceReportMs: copy.ageMs,
        },
      ]),
    ),
    bundled: new Map((row?.components ?? []).map(({ name, version }) => [name, version])),
  };
}

interface Records {
  readonly skipped: ReadonlyMap<string, NodeRecords>;
  readonly conflicts: ReadonlyMap<string, NodeRecords>;
}

const noRecords: Records = { skipped: new Map(), conflicts: new Map() };

async function readRecords(session: Session, queues: readonly QueueName[]): Promise<Records> {
  type Rows = readonly (NodeRecords & { readonly queue: string; readonly node: string })[];
  const [row] = await session.query<{ skipped: Rows; conflicts: Rows }>(statement('status-records', queues));
  const byNode = (rows: Rows = []) =>
    new Map(rows.map(({ queue, node, ...records }) => [keyOf(queue, node), records] as const));
  return { skipped: byNode(row?.skipped), conflicts: byNode(row?.conflicts) };
}

interface QueueRow {
  readonly queue: string;
  readonly newestTick: string;
  readonly sinceTickMs: number;
  readonly eventsWaiting: string;
  readonly maxLagMs: number;
  readonly idlePeriodMs: number;
  readonly rotationPeriodMs: number;
  readonly tickerPaused: boolean;
  readonly sinceRotationMs: number;
  readonly bytes: string;
  readonly eventsWritten: string;
  readonly eventBytes: number | null;
  readonly heldBy: HolderRow | null;
  readonly consumers: readonly {
    readonly name: string;
    readonly tick: string;
    readonly lagMs: number | null;
    readonly ticksBehind: string;
    readonly eventsBehind: string | null;
    readonly eventsDone: string | null;
    readonly sinceSeenMs: number;
  }[];
}

interface HolderRow {
  readonly gid: string | null;
  readonly pid: number;
  readonly user: string;
  readonly database: string;
  readonly sinceMs: number;
}

interface Activity {
  readonly queue: QueueActivity;
  readonly subscriptions: ReadonlyMap<string, Subscription>;
}

async function readQueues(session: Session, queues: readonly QueueName[]): Promise<ReadonlyMap<string, Activity>> {
  const [row] = await session.query<{ queues: readonly QueueRow[] }>(statement('status-queues', queues));
  return new Map((row?.queues ?? []).map((queue) => [queue.queue, readActivity(queue)]));
}

function readActivity(row: QueueRow): Activity {
  const {
    newestTick,
    sinceTickMs,
    eventsWaiting,
    bytes,
    eventsWritten,
    eventBytes,
    heldBy,
    consumers,
    queue: _,
    ...rest
  } = row;
  const subscriptions = new Map(
    consumers.map((consumer): readonly [string, Subscription] => [
      consumer.name,
      {
        tick: BigInt(consumer.tick),
        lagMs: consumer.lagMs ?? 0,
        ticksBehind: BigInt(consumer.ticksBehind),
        eventsBehind: BigInt(consumer.eventsBehind ?? 0),
        eventsDone: BigInt(consumer.eventsDone ?? 0),
        sinceSeenMs: consumer.sinceSeenMs,
      },
    ]),
  );
  const [oldest] = [...subscriptions].sort(
    ([name, one], [otherName, other]) => Number(one.tick - other.tick) || follows(name) - follows(otherName),
  );
  const waiting = BigInt(eventsWaiting);
  return {
    queue: {
      ...rest,
      newestTick: BigInt(newestTick),
      sinceTickMs,
      eventsWaiting: waiting < 0n ? 0n : waiting,
      bytes: BigInt(bytes),
      eventsWritten: BigInt(eventsWritten),
      eventBytes: eventBytes ?? undefined,
      oldest: oldest && { consumer: oldest[0], tick: oldest[1].tick, lagMs: oldest[1].lagMs },
      heldBy: heldBy === null ? undefined : holderOf(heldBy),
    },
    subscriptions,
  };
}

function holderOf({ gid, pid, ...rest }: HolderRow): RotationHolder {
  return gid === null ? { kind: 'session', pid, ...rest } : { kind: 'prepared', gid, ...rest };
}

/** Watermarks stand where consumers let them: of two at one tick, the consumer is the one to look at. */
function follows(consumer: string): number {
  return consumer.startsWith('.') ? 1 : 0;
}

function statement(name: string, queues: readonly QueueName[]) {
  return { text: sqlFile(`queries/${name}.sql`), values: [queues] };
}

function keyOf(queue: string, name: string): string {
  return JSON.stringify([queue, name]);
}
