import { stringify } from 'yaml';
import type { AssertionSpec } from '../model/assertion.ts';
import type { DesiredState } from '../model/state.ts';
import { type Connection, type QueueSpec, rootOf, type TablePlacement, type TableRule } from '../model/topology.ts';
import type { Database, Queue, Table, TrunklineDocument } from './document.ts';
import { durationText } from './duration.ts';
import { writtenLimits } from './resolve-limits.ts';
import { writtenCapture, writtenOptions } from './write-table-options.ts';

/** The document that says the same: built-in defaults that older releases do not know are left out. A password reads `***`. */
export function documentOf(state: DesiredState): TrunklineDocument {
  return {
    version: 1,
    databases: mapped(state.databases, ({ connection, engine, answerTimeoutMs }) =>
      present({
        ...databaseOf(connection),
        engine,
        answer_timeout: answerTimeoutMs === undefined ? undefined : durationText(answerTimeoutMs),
      }),
    ),
    queues: mapped(state.queues, (queue) => ({ ...queueOf(queue), ...queueAssertions(state, queue) })),
    allow: [...state.allow],
    ...topAssertions(state),
    ...writtenLimits(state.limits),
  };
}

export function documentText(document: TrunklineDocument): string {
  return stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
}

function topAssertions({ assertions }: DesiredState): Pick<TrunklineDocument, 'assert'> {
  const mine = assertions.filter(({ queue }) => queue === undefined);
  if (mine.length === 0) return {};
  return { assert: Object.fromEntries(mine.map((one) => [one.name, { database: one.database, ...questionOf(one) }])) };
}

function queueAssertions({ assertions }: DesiredState, { name, nodes }: QueueSpec): Pick<Queue, 'assert'> {
  const mine = assertions.filter(({ queue }) => queue === name);
  if (mine.length === 0) return {};
  const nodeOn = (database: string) => [...nodes.values()].find((node) => node.database === database)?.name;
  return {
    assert: Object.fromEntries(
      mine.map((one) => [one.name, present({ node: nodeOn(one.database), ...questionOf(one) })]),
    ),
  };
}

function questionOf({ sql, message, timeoutMs }: AssertionSpec) {
  return present({ sql, message, timeout: durationText(timeoutMs) });
}

function databaseOf(connection: Connection): Database {
  if (connection.kind === 'embedded') return { embedded: { ...connection.server } };
  const { password, connectTimeoutMs, ...params } = connection.params;
  return present({
    ...params,
    password: password?.toString(),
    connect_timeout: connectTimeoutMs === undefined ? undefined : durationText(connectTimeoutMs),
  }) as Database;
}

function queueOf(queue: QueueSpec): Queue {
  return {
    ticker: {
      max_lag: durationText(queue.ticker.maxLagMs),
      max_count: queue.ticker.maxCount,
      idle_period: durationText(queue.ticker.idlePeriodMs),
      rotation_period: durationText(queue.ticker.rotationPeriodMs),
    },
    ...defaultsOf(queue),
    nodes: mapped(queue.nodes, ({ database, placement, parallelCopies, onError, foreignEvents, protect }) =>
      present({
        database,
        role: placement.role,
        provider: placement.role === 'root' ? undefined : placement.provider,
        merge_into: placement.role === 'leaf' ? placement.mergesInto : undefined,
        parallel_copies: parallelCopies,
        on_error: onError,
        foreign_events: foreignEvents === 'stop' ? undefined : foreignEvents,
        protect: protect ? true : undefined,
      }),
    ),
    ...(queue.saysTables ? { tables: queue.tables.map((rule) => tableOf(queue, rule)) } : {}),
    sequences: sequencesOf(queue),
    ...(queue.migrations === undefined ? {} : { migrations: { dir: queue.migrations.dir } }),
    ...(queue.kept.length === 0
      ? {}
      : { removed: queue.kept.map(({ kind, name }) => ({ [kind]: name, keep: true as const })) }),
    ...(queue.moved.length + queue.movedTables.length === 0
      ? {}
      : {
          moved: [
            ...queue.moved.map(({ from, to }) => ({ node: from, to })),
            ...queue.movedTables.map(({ from, to }) => ({ table: from, to })),
          ],
        }),
  };
}

function defaultsOf({ create, tableDefaults }: QueueSpec): Pick<Queue, 'defaults'> {
  const defaults = { ...(create === 'none' ? {} : { create }), ...writtenOptions(tableDefaults) };
  return Object.keys(defaults).length === 0 ? {} : { defaults };
}

function tableOf(queue: QueueSpec, { select, create, protect, key, capture, nodes, ...options }: TableRule): Table {
  return present({
    ...(select.kind === 'name'
      ? { name: select.name }
      : { include: select.include as [string, ...string[]], exclude: [...select.exclude] }),
    ...writtenOptions(options),
    create,
    protect,
    key: key as [string, ...string[]] | 'all_columns' | undefined,
    capture: capture && writtenCapture(capture),
    nodes: nodes === undefined ? subscribersOf(queue) : mapped(nodes, placementOf),
  });
}

type Placements = NonNullable<Exclude<Table, string>['nodes']>;

/** What leaving out `nodes` means. A queue may have no subscriber yet, and an empty mapping would be a fault. */
function subscribersOf(queue: QueueSpec): Placements | undefined {
  const root = rootOf(queue).name;
  const names = [...queue.nodes.keys()].filter((name) => name !== root);
  return names.length === 0 ? undefined : Object.fromEntries(names.map((name) => [name, {}]));
}

function placementOf(placement: TablePlacement | 'none'): Placements[string] {
  return placement === 'none'
    ? 'none'
    : present({ target: placement.target, ...writtenOptions(placement), create: placement.create });
}

function sequencesOf({ sequences, create: asTables }: QueueSpec): NonNullable<Queue['sequences']> {
  const { owned, include, exclude, create } = sequences;
  return { owned, include: [...include], exclude: [...exclude], ...(create === asTables ? {} : { create }) };
}

type Present<Value> = { [Key in keyof Value]: Exclude<Value[Key], undefined> };

/** Without the keys whose value is undefined. */
function present<Value extends object>(value: Value): Present<Value> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Present<Value>;
}

function mapped<Value, Result>(
  map: ReadonlyMap<string, Value>,
  change: (value: Value) => Result,
): Record<string, Result> {
  return Object.fromEntries([...map].map(([name, value]) => [name, change(value)]));
}
