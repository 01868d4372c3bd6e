import { readTickStand, type TickStand } from '../catalog/lost-events.ts';
import { getNodeInfo } from '../catalog/pgq-node.ts';
import { readReplacedRoot } from '../catalog/replaced-root.ts';
import { isClosed } from '../catalog/takeover.ts';
import { readTargetTables, type TargetTable } from '../catalog/target-tables.ts';
import type { Session } from '../db/session.ts';
import { transaction } from '../db/transaction.ts';
import type { LostEvent, LostEvents, OtherKey, ReplacedRoot, RowEvent } from '../model/lost-event.ts';
import { type NodeName, type TableName, tableName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import type { Report } from '../model/progress.ts';
import type { QueueSpec } from '../model/topology.ts';
import {
  judgeLost,
  keysOf,
  type LostRow,
  lostRows,
  nameOf,
  type RowKey,
  rowKeyOf,
  sameKey,
} from '../replay/judge-lost.ts';
import { readRowEvents } from '../replay/row-events.ts';
import { compareLost, type HeldRow } from '../verify/compare-lost.ts';
import { isKeyTextVarying, writeKeysAlike } from '../verify/key-texts.ts';
import { lostStatement } from '../verify/lost-statements.ts';
import { fetchBatch } from '../worker/fetch-batch.ts';
import { type Databases, openDatabasesOf } from './databases.ts';
import { pickPlace } from './pick-places.ts';
import { readConfig } from './read-config.ts';

export interface LostEventsOptions {
  readonly files: readonly string[];
  readonly queues: readonly string[];
  readonly node: string;
  /** Empty: all. */
  readonly tables: readonly string[];
  /** More changes than these are counted only. */
  readonly limit: number;
  /** The tick that the new root went on after, where no node has it on record. */
  readonly after: bigint | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** What a root that was given up took after its successor went on without it. Nothing is written anywhere. */
export async function lostEvents(options: LostEventsOptions): Promise<LostEvents> {
  const desired = await readConfig(options.files, options.env);
  const { queue, node } = pickPlace('lost-events', desired, options);
  const root = rootOf(queue, node.name);
  await using databases = await openDatabasesOf(desired, options, { start: false });
  const opening = { applicationName: 'trunkline lost-events', signal: options.signal };
  await using old = await databases.connector(node.database, opening);
  const own = await getNodeInfo(old, queue.name);
  if (own?.type !== 'root' || own.name !== node.name)
    throw new ToolError([{ code: 'lost_events_gone', queue: queue.name, node: node.name, found: own?.type }]);
  const record = await findRecord(queue, node.name, databases, opening);
  const after = options.after ?? record?.tick;
  if (after === undefined) throw new ToolError([{ code: 'lost_tick_unknown', queue: queue.name, node: node.name }]);
  await using on = await databases.connector(root.database, opening);
  // Keys are written alike while the other one streams events.
  await using beside = await databases.connector(root.database, opening);
  const look = async (): Promise<LostEvents> => {
    const stand = await standOf(old, queue, node.name, after, record);
    const taken = await takeEvents(old, stand, options);
    return {
      queue: queue.name,
      node: node.name,
      root: root.name,
      afterTick: after,
      tickTime: stand.time,
      record: record?.tick === after ? record : undefined,
      closed: await isClosed(old, queue.name),
      ...(await judgeAll({ on, beside }, taken.events, await readTickStand(on, queue.name, after))),
      others: taken.others,
      left: taken.left,
    };
  };
  const within = (session: Session, work: () => Promise<LostEvents>) => transaction(session, work, readOnly);
  return await within(old, () => within(on, () => within(beside, look)));
}

const readOnly = 'isolation level repeatable read, read only';

function rootOf(queue: QueueSpec, node: NodeName) {
  const root = [...queue.nodes.values()].find(({ placement }) => placement.role === 'root');
  if (root === undefined || root.name === node)
    throw new ToolError([{ code: 'lost_root_in_place', queue: queue.name, node }]);
  return root;
}

/** The one that replaced it may have been replaced since, or have handed its place on. */
async function findRecord(
  queue: QueueSpec,
  node: NodeName,
  { connector }: Databases,
  opening: Parameters<Databases['connector']>[1],
): Promise<ReplacedRoot | undefined> {
  const asked = await Promise.all(
    [...queue.nodes.values()].map(async ({ database }) => {
      try {
        await using session = await connector(database, opening);
        return await readReplacedRoot(session, queue.name, node);
      } catch (error) {
        // One that does not answer says nothing.
        if (error instanceof ToolError) return undefined;
        throw error;
      }
    }),
  );
  const known = asked.filter((record) => record !== undefined);
  return known.reduce<ReplacedRoot | undefined>(
    (last, record) => (last === undefined || record.tick > last.tick ? record : last),
    undefined,
  );
}

async function standOf(
  old: Session,
  queue: QueueSpec,
  node: NodeName,
  tick: bigint,
  record: ReplacedRoot | undefined,
): Promise<TickStand> {
  const stand = await readTickStand(old, queue.name, tick);
  const other = stand !== undefined && record?.tick === tick && record.mark !== undefined && record.mark !== stand.mark;
  if (stand !== undefined && !other) return stand;
  throw new ToolError([{ code: 'lost_tick_gone', queue: queue.name, node, tick, other }]);
}

interface Taken {
  readonly events: readonly RowEvent[];
  readonly others: ReadonlyMap<string, number>;
  readonly left: number;
}

async function takeEvents(
  old: Session,
  stand: TickStand,
  { tables, limit }: Pick<LostEventsOptions, 'tables' | 'limit'>,
): Promise<Taken> {
  const wanted = new Set(tables.map(tableName));
  const events: RowEvent[] = [];
  const others = new Map<string, number>();
  let left = 0;
  for await (const lines of fetchBatch(old, stand, { kind: 'all' }, true)) {
    for (const taken of readRowEvents(lines)) {
      // What the cascade tells itself is nobody's change.
      if (taken.kind === 'other' && taken.type.startsWith('pgq.')) continue;
      if (taken.kind === 'other') others.set(taken.type, (others.get(taken.type) ?? 0) + 1);
      else if (wanted.size > 0 && !wanted.has(taken.event.table)) continue;
      else if (events.length < limit) events.push(taken.event);
      else left += 1;
    }
  }
  return { events, others, left };
}

/** Two sessions of the new root. */
interface NewRoot {
  readonly on: Session;
  readonly beside: Session;
}

type Targets = ReadonlyMap<TableName, TargetTable>;

async function judgeAll(
  { on, beside }: NewRoot,
  events: readonly RowEvent[],
  since: TickStand | undefined,
): Promise<Pick<LostEvents, 'events' | 'otherKeys'>> {
  const targets = await readTargetTables(on, [...new Set(events.map(({ table }) => table))]);
  const names = await namesOf(beside, targets, events.map(rowKeyOf));
  const rowOf = new Map(events.map((event, index) => [event, names[index]?.name]));
  const rows = lostRows(events, (event) => rowOf.get(event));
  const held = await holdOf(on, rows, targets);
  const changed = since === undefined ? undefined : await changedRows({ on, beside }, since, targets, rows, held);
  const judged = events.map((event): LostEvent => {
    const name = rowOf.get(event) ?? '';
    const [row, found] = [rows.get(name), held.get(name)];
    const statement = lostStatement(event, targets.get(event.table));
    if (row === undefined || found === undefined)
      return { ...event, outcome: 'not_compared', now: undefined, statement };
    const outcome = judgeLost(row, found, changed === undefined ? undefined : changedSince(changed, name, event.table));
    return { ...event, outcome, now: outcome === 'equal' ? undefined : found.now, statement };
  });
  return { events: judged, otherKeys: [...(changed?.otherKeys.values() ?? [])] };
}

interface RowName {
  readonly name: string;
  /** False where a value of the key is none for the table, so that it may have other names as well. */
  readonly sure: boolean;
}

/** One name for each row, however its events write the key. */
async function namesOf(
  beside: Session,
  targets: Targets,
  keys: readonly (RowKey | undefined)[],
): Promise<readonly (RowName | undefined)[]> {
  const names = keys.map((key) => (key === undefined ? undefined : { name: nameOf(key), sure: true }));
  // By the columns that tell rows of a table apart: two roots may not agree in them.
  const varying = new Map<string, { readonly target: TargetTable; readonly like: RowKey; readonly places: number[] }>();
  for (const [place, like] of keys.entries()) {
    const target = like === undefined ? undefined : targets.get(like.table);
    if (like === undefined || target === undefined || !isKeyTextVarying(target, like.key)) continue;
    const alike = JSON.stringify([like.table, like.key]);
    const group = varying.get(alike) ?? { target, like, places: [] };
    varying.set(alike, group);
    group.places.push(place);
  }
  for (const { target, like, places } of varying.values()) {
    const values = places.map((place) => keys[place]?.keyValues ?? []);
    const written = await writeKeysAlike(beside, target, like.key, values);
    for (const [index, place] of places.entries()) {
      const keyValues = written[index] ?? values[index] ?? [];
      names[place] = { name: nameOf({ ...like, keyValues }), sure: written[index] !== undefined };
    }
  }
  return names;
}

/** What the new root holds of the rows; nothing is told of a table that it does not have, or whose key it does not know. */
async function holdOf(
  on: Session,
  rows: ReadonlyMap<string, LostRow>,
  targets: Targets,
): Promise<ReadonlyMap<string, HeldRow>> {
  const held = new Map<string, HeldRow>();
  for (const target of targets.values()) {
    const columns = new Set(target.columns.map(({ name }) => name));
    const own = [...rows].filter(
      ([, { table, key }]) => table === target.name && key.every((name) => columns.has(name)),
    );
    const found = await compareLost(
      on,
      target,
      own.map(([, row]) => row),
    );
    for (const [index, [name]] of own.entries()) {
      const row = found[index];
      if (row !== undefined) held.set(name, row);
    }
  }
  return held;
}

/** What the new root's queue tells of rows since. */
interface Changed {
  readonly names: ReadonlySet<string>;
  /** Tables with changes of which nothing tells the row. */
  readonly unsure: ReadonlySet<TableName>;
  /** Tables whose changes name rows by other columns than those that are sought. */
  readonly otherKeys: ReadonlyMap<TableName, OtherKey>;
}

function changedSince({ names, unsure }: Changed, name: string, table: TableName): boolean | undefined {
  return names.has(name) || (unsure.has(table) ? undefined : false);
}

/** Keys that are written alike in one go. */
const namedTogether = 10_000;

async function changedRows(
  { on, beside }: NewRoot,
  since: TickStand,
  targets: Targets,
  rows: ReadonlyMap<string, LostRow>,
  sought: ReadonlyMap<string, HeldRow>,
): Promise<Changed> {
  const names = new Set<string>();
  const unsure = new Set<TableName>();
  const otherKeys = new Map<TableName, OtherKey>();
  if (sought.size === 0) return { names, unsure, otherKeys };
  const keys = keysOf([...rows].flatMap(([name, row]) => (sought.has(name) ? [row] : [])));
  let waiting: RowKey[] = [];
  const nameThem = async () => {
    const found = await namesOf(beside, targets, waiting);
    for (const [index, { table }] of waiting.entries()) {
      const row = found[index];
      if (row?.sure !== true) unsure.add(table);
      else if (sought.has(row.name)) names.add(row.name);
    }
    waiting = [];
  };
  for await (const lines of fetchBatch(on, since, { kind: 'all' }, true)) {
    for (const taken of readRowEvents(lines)) {
      if (taken.kind === 'other' || !targets.has(taken.event.table)) continue;
      const { table, change } = taken.event;
      const key = rowKeyOf(taken.event);
      const own = keys.get(table);
      if (key !== undefined) waiting.push(key);
      else if (change.kind !== 'truncate') unsure.add(table);
      if (key === undefined || !keys.has(table) || (own !== undefined && sameKey(own, key.key))) continue;
      unsure.add(table);
      if (own !== undefined) otherKeys.set(table, { table, node: own, root: key.key });
    }
    if (waiting.length >= namedTogether) await nameThem();
  }
  await nameThem();
  return { names, unsure, otherKeys };
}
