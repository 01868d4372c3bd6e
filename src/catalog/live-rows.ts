import { type RowOperation, rowOperations } from '../model/capture.ts';
import type { DatabaseIdentity } from '../model/identity.ts';
import { plainLocation, readLocation } from '../model/location-codec.ts';
import {
  databaseName,
  nodeName,
  type QueueName,
  queueName,
  sequenceName,
  type TableName,
  tableName,
} from '../model/names.ts';
import type {
  AppliedRecord,
  ColumnFacts,
  LiveDatabase,
  LiveNode,
  LiveSequence,
  LiveTable,
  LiveTrigger,
  ServersSeen,
  TableFacts,
} from '../model/state.ts';
import { decodeSyncState } from '../model/sync-state-codec.ts';
import { decodeTable } from '../model/table-codec.ts';
import type { TickerSettings } from '../model/topology.ts';

// What the files live-*.sql give, and the nouns made of it. Rows of many tables are arrays: names would be most of the text.

export type ColumnRow = readonly [
  name: string,
  type: string,
  notNull: boolean,
  hasDefault: boolean,
  /** `s` stored, `v` virtual. */
  generated: 's' | 'v' | null,
];

export type RelationRow = readonly [
  name: string,
  partitioned: boolean,
  partitionOf: string | null,
  columns: readonly ColumnRow[],
  primaryKey: readonly string[] | null,
  uniqueKeys: readonly (readonly [name: string, columns: readonly string[], notNull: boolean])[],
  ownedSequences: readonly string[],
  rows: number | null,
  bytes: number,
  empty: boolean,
];

export type TriggerRow = readonly [name: string, enabled: string, fn: string, argsHex: string, type: number];

export type ReplicatedTableRow = readonly [
  queue: string,
  name: string,
  local: boolean,
  mergeState: string | null,
  attrs: string | null,
  destination: string | null,
  takenDown: boolean,
  triggers: readonly TriggerRow[] | null,
];

export type ReplicatedSequenceRow = readonly [queue: string, name: string, local: boolean, lastValue: string];

export interface NodeRow {
  readonly queue: string;
  readonly name: string;
  readonly type: LiveNode['type'];
  readonly worker: string;
  readonly provider: string | null;
  readonly combined: string | null;
  readonly closed: boolean;
  readonly lastTick: string;
  readonly paused: boolean;
  readonly uptodate: boolean;
  readonly error: string | null;
  readonly sinceTickMs: number | null;
  readonly ticker: TickerSettings | null;
  readonly members: readonly (readonly [name: string, location: string, dead: boolean])[];
  readonly subscribers: readonly (readonly [
    name: string,
    worker: string,
    watermark: string | null,
    lastTick: string | null,
  ])[];
}

export interface AppliedRow {
  readonly queue: string;
  readonly config: string;
  /** Null in what earlier releases wrote. */
  readonly databases: Readonly<Record<string, DatabaseIdentity>> | null;
  readonly at: string;
  readonly by: string | null;
  readonly pending: readonly string[];
}

export function readApplied(row: AppliedRow): readonly [QueueName, AppliedRecord] {
  const { queue, config, at, by, pending } = row;
  const databases = new Map(
    Object.entries(row.databases ?? {}).map(([name, identity]) => [databaseName(name), identity]),
  );
  return [queueName(queue), { config, databases, at, by: by ?? undefined, pending: new Set(pending) }];
}

export type SeenRow = readonly [
  queue: string,
  node: string,
  own: string | null,
  provider: string | null,
  providerServer: string | null,
];

export function readSeen([queue, node, own, provider, server]: SeenRow): ServersSeen {
  return {
    queue: queueName(queue),
    node: nodeName(node),
    own: own ?? undefined,
    provider: provider === null || server === null ? undefined : { node: nodeName(provider), server },
  };
}

export type QuietRow = readonly [queue: string, table: string, quietMs: number];

export function readQuiet(rows: readonly QuietRow[]): LiveDatabase['quietCopies'] {
  const queues = new Map<QueueName, Map<TableName, number>>();
  for (const [queue, table, quietMs] of rows) {
    const tables = queues.get(queueName(queue)) ?? new Map<TableName, number>();
    queues.set(queueName(queue), tables.set(tableName(table), Math.round(quietMs)));
  }
  return queues;
}

export function readRelation(row: RelationRow): TableFacts {
  const [name, partitioned, partitionOf, columns, primaryKey, uniqueKeys, ownedSequences, rows, bytes, empty] = row;
  return {
    name: tableName(name),
    partitioned,
    partitionOf: partitionOf === null ? undefined : tableName(partitionOf),
    columns: columns.map(readColumn),
    primaryKey: primaryKey ?? undefined,
    uniqueKeys: uniqueKeys.map(([key, keyColumns, notNull]) => ({ name: key, columns: keyColumns, notNull })),
    ownedSequences: ownedSequences.map(sequenceName),
    estimatedRows: rows ?? undefined,
    bytes,
    empty,
  };
}

export function readColumn([name, type, notNull, hasDefault, generated]: ColumnRow): ColumnFacts {
  return { name, type, notNull, hasDefault, generated: generated !== null, virtual: generated === 'v' };
}

export function readNode(row: NodeRow, beside: Pick<LiveNode, 'tables' | 'sequences' | 'replaced'>): LiveNode {
  const provider = row.provider === null || row.type === 'root' ? undefined : nodeName(row.provider);
  return {
    queue: queueName(row.queue),
    name: nodeName(row.name),
    type: row.type,
    provider,
    mergesInto: row.combined === null ? undefined : queueName(row.combined),
    worker: row.worker,
    lastTick: BigInt(row.lastTick),
    paused: row.paused,
    uptodate: row.uptodate,
    error: row.error ?? undefined,
    sinceTickMs: row.sinceTickMs ?? undefined,
    closed: row.closed,
    ticker: row.ticker ?? undefined,
    members: new Map(
      row.members.map(([name, text, dead]) => [
        nodeName(name),
        { location: plainLocation(text), holdsPassword: readLocation(text)?.params.password !== undefined, dead },
      ]),
    ),
    subscribers: new Map(
      row.subscribers.map(([name, worker, watermark, lastTick]) => [
        nodeName(name),
        {
          worker,
          watermark: watermark === null ? 0n : BigInt(watermark),
          lastTick: lastTick === null ? undefined : BigInt(lastTick),
        },
      ]),
    ),
    ...beside,
  };
}

export function readReplicatedTable(row: ReplicatedTableRow): LiveTable {
  const [queue, text, local, mergeState, attrs, destination, takenDown, triggers] = row;
  const name = tableName(text);
  return {
    name,
    local,
    spec: decodeTable(name, { attrs, destination: destination === null ? null : tableName(destination) }),
    attrs: attrs ?? undefined,
    // A word that no release writes is as good as a copy that has not begun.
    sync: decodeSyncState(mergeState) ?? { kind: 'missing' },
    takenDown,
    triggers: (triggers ?? []).map(readTrigger).filter((trigger) => trigger.args[0] === queue),
  };
}

export function readReplicatedSequence([, name, local, lastValue]: ReplicatedSequenceRow): LiveSequence {
  return { name: sequenceName(name), local, lastValue: BigInt(lastValue) };
}

const enabledWords: Readonly<Record<string, LiveTrigger['enabled']>> = {
  O: 'origin',
  A: 'always',
  R: 'replica',
  D: 'disabled',
};

/** As in `pg_trigger.tgtype`. */
const operationBits: Readonly<Record<RowOperation, number>> = { insert: 4, delete: 8, update: 16 };

function readTrigger([name, enabled, fn, argsHex, type]: TriggerRow): LiveTrigger {
  const args = Buffer.from(argsHex, 'hex').toString('utf8').split('\0').slice(0, -1);
  const operations = rowOperations.filter((operation) => (type & operationBits[operation]) !== 0);
  return { name, enabled: enabledWords[enabled] ?? 'disabled', function: fn, args, operations };
}

/** Rows of one queue each, as a map by name. */
export function byQueue<
  Row extends readonly [queue: string, ...rest: unknown[]],
  Value extends { readonly name: string },
>(rows: readonly Row[], read: (row: Row) => Value): ReadonlyMap<QueueName, ReadonlyMap<Value['name'], Value>> {
  const queues = new Map<QueueName, Map<Value['name'], Value>>();
  for (const row of rows) {
    const queue = queueName(row[0]);
    const value = read(row);
    const found = queues.get(queue);
    if (found === undefined) queues.set(queue, new Map([[value.name, value]]));
    else found.set(value.name, value);
  }
  return queues;
}
