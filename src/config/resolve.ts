import {
  type DatabaseName,
  databaseName,
  type NodeName,
  nodeName,
  type QueueName,
  queueName,
  tableName,
} from '../model/names.ts';
import type { DesiredState } from '../model/state.ts';
import {
  type DatabaseSpec,
  type KeptObject,
  keptKinds,
  type NodeSpec,
  type Placement,
  type QueueSpec,
  type SequenceRules,
  type TablePlacement,
  type TableRule,
  type TickerSettings,
} from '../model/topology.ts';
import type { Node, Queue, Table, Ticker, TrunklineDocument } from './document.ts';
import { pointerOf } from './place.ts';
import { longestPeriodMs, readTime } from './read-time.ts';
import { resolveAssertions } from './resolve-assertions.ts';
import { resolveDatabase, wholeNumber } from './resolve-database.ts';
import { resolveLimits } from './resolve-limits.ts';
import { captureOf, conflicting, tableOptions } from './resolve-table-options.ts';
import { at, keyAt, reportValue, type Scope } from './scope.ts';

export const builtIn = {
  ticker: { max_lag: '15ms', max_count: 500, idle_period: '1m', rotation_period: '2h' },
  parallelCopies: 4,
  onError: 'park',
  foreignEvents: 'stop',
  protect: false,
  create: 'none',
  ownedSequences: true,
} as const;

/** Puts defaults in, mints names and spreads what a queue says onto its nodes. */
export function resolve(scope: Scope, document: TrunklineDocument): DesiredState {
  const databases = new Map<DatabaseName, DatabaseSpec>();
  for (const [name, raw] of Object.entries(document.databases ?? {})) {
    databases.set(databaseName(name), resolveDatabase(scope, name, raw));
  }
  const queues = new Map<QueueName, QueueSpec>();
  for (const [name, raw] of Object.entries(document.queues ?? {})) {
    queues.set(queueName(name), resolveQueue(scope, name, raw));
  }
  const assertions = resolveAssertions(scope, document, queues);
  const limits = resolveLimits(scope, document);
  return { databases, queues, allow: [...new Set(document.allow ?? [])], assertions, limits };
}

function resolveQueue(scope: Scope, name: string, raw: Queue): QueueSpec {
  const rootName = Object.entries(raw.nodes ?? {}).find(([, { role }]) => role === 'root')?.[0] ?? '';
  const parallelCopies =
    raw.defaults?.parallel_copies === undefined
      ? builtIn.parallelCopies
      : wholeNumber(
          scope,
          ['queues', name, 'defaults', 'parallel_copies'],
          raw.defaults.parallel_copies,
          builtIn.parallelCopies,
        );
  const nodes = new Map<NodeName, NodeSpec>();
  for (const [key, node] of Object.entries(raw.nodes ?? {})) {
    const path = ['queues', name, 'nodes', key];
    nodes.set(nodeName(key), {
      name: nodeName(key),
      database: databaseName(node.database),
      placement: placementOf(node, rootName),
      parallelCopies:
        node.parallel_copies === undefined
          ? parallelCopies
          : wholeNumber(scope, [...path, 'parallel_copies'], node.parallel_copies, parallelCopies),
      onError: node.on_error ?? raw.defaults?.on_error ?? builtIn.onError,
      foreignEvents: node.foreign_events ?? raw.defaults?.foreign_events ?? builtIn.foreignEvents,
      protect: node.protect ?? builtIn.protect,
      at: keyAt(scope, ...path),
    });
  }
  const moves = (raw.moved ?? []).flatMap((entry, index) => {
    const path = ['queues', name, 'moved', index];
    return scope.removed.has(pointerOf(path)) ? [] : [{ ...entry, at: at(scope, ...path) }];
  });
  return {
    name: queueName(name),
    ticker: resolveTicker(scope, name, raw.ticker ?? {}),
    nodes,
    tables: (raw.tables ?? []).flatMap((entry, index) => {
      const gone = scope.removed.has(pointerOf(['queues', name, 'tables', index]));
      return gone ? [] : [resolveTable(scope, name, entry, index)];
    }),
    saysTables: raw.tables !== undefined,
    create: raw.defaults?.create ?? builtIn.create,
    tableDefaults: tableOptions(scope, ['queues', name, 'defaults'], raw.defaults ?? {}),
    sequences: resolveSequences(scope, name, raw),
    migrations:
      raw.migrations === undefined
        ? undefined
        : { dir: raw.migrations.dir, files: [], at: keyAt(scope, 'queues', name, 'migrations') },
    moved: moves.flatMap(({ node, to, at }) =>
      node === undefined ? [] : [{ from: nodeName(node), to: nodeName(to), at }],
    ),
    movedTables: moves.flatMap(({ table, to, at }) =>
      table === undefined ? [] : [{ from: tableName(table), to: tableName(to), at }],
    ),
    kept: (raw.removed ?? []).flatMap((entry, index): KeptObject[] => {
      const path = ['queues', name, 'removed', index];
      if (scope.removed.has(pointerOf(path))) return [];
      return keptKinds.flatMap((kind) => {
        const text = entry[kind];
        if (text === undefined) return [];
        return [{ kind, name: kind === 'node' ? text : tableName(text), at: at(scope, ...path) }];
      });
    }),
    at: keyAt(scope, 'queues', name),
  };
}

function placementOf(node: Node, rootName: string): Placement {
  if (node.role === 'root') return { role: 'root' };
  const provider = nodeName(node.provider ?? rootName);
  if (node.role === 'branch') return { role: 'branch', provider };
  return {
    role: 'leaf',
    provider,
    mergesInto: node.merge_into === undefined ? undefined : queueName(node.merge_into),
  };
}

function resolveTicker(scope: Scope, queue: string, raw: Ticker): TickerSettings {
  const path = ['queues', queue, 'ticker'];
  return {
    maxCount: wholeNumber(scope, [...path, 'max_count'], raw.max_count ?? builtIn.ticker.max_count, 0),
    maxLagMs: tickerTime(scope, raw, queue, 'max_lag'),
    idlePeriodMs: tickerTime(scope, raw, queue, 'idle_period'),
    rotationPeriodMs: tickerTime(scope, raw, queue, 'rotation_period'),
  };
}

function tickerTime(
  scope: Scope,
  raw: Ticker,
  queue: string,
  key: 'max_lag' | 'idle_period' | 'rotation_period',
): number {
  const text = raw[key] ?? builtIn.ticker[key];
  const bounds = { longestMs: longestPeriodMs, example: builtIn.ticker[key] };
  return readTime(scope, ['queues', queue, 'ticker', key], text, bounds) ?? 1;
}

function resolveTable(scope: Scope, queue: string, entry: Table, index: number): TableRule {
  const path = ['queues', queue, 'tables', index];
  const place = at(scope, ...path);
  if (typeof entry === 'string') {
    return {
      select: selectOf(entry),
      where: undefined,
      create: undefined,
      protect: undefined,
      key: undefined,
      nodes: undefined,
      at: place,
    };
  }
  const queueTable = entry.handler === 'queue_table';
  if (queueTable && entry.capture?.operations !== undefined) conflicting(scope, path, ['handler', 'capture']);
  return {
    select:
      entry.name === undefined
        ? {
            kind: 'pattern',
            include: (entry.include ?? []).map(tableName),
            exclude: (entry.exclude ?? []).map(tableName),
          }
        : { kind: 'name', name: tableName(entry.name) },
    ...tableOptions(scope, path, entry),
    create: entry.create,
    protect: entry.protect,
    key: entry.key,
    capture: captureOf(scope, [...path, 'capture'], entry.capture),
    nodes: entry.nodes === undefined ? undefined : placementsOf(scope, entry.nodes, [...path, 'nodes']),
    at: place,
  };
}

export function isPattern(text: string): boolean {
  return /[*?]/.test(text);
}

function selectOf(text: string): TableRule['select'] {
  return isPattern(text)
    ? { kind: 'pattern', include: [tableName(text)], exclude: [] }
    : { kind: 'name', name: tableName(text) };
}

type RawPlacements = NonNullable<Exclude<Table, string>['nodes']>;

function placementsOf(
  scope: Scope,
  raw: RawPlacements,
  path: readonly (string | number)[],
): ReadonlyMap<NodeName, TablePlacement | 'none'> {
  const placements = new Map<NodeName, TablePlacement | 'none'>();
  for (const [name, placement] of Object.entries(raw)) {
    placements.set(
      nodeName(name),
      placement === 'none'
        ? 'none'
        : {
            target: placement.target === undefined ? undefined : tableName(placement.target),
            ...tableOptions(scope, [...path, name], placement),
            create: placement.create,
            at: keyAt(scope, ...path, name),
          },
    );
  }
  return placements;
}

function resolveSequences(scope: Scope, queue: string, { sequences, defaults }: Queue): SequenceRules {
  const path = ['queues', queue, 'sequences'];
  const owned = sequences?.owned ?? builtIn.ownedSequences;
  if (typeof owned === 'string') reportValue(scope, [...path, 'owned'], owned, 'true or false');
  return {
    owned: owned === true,
    include: (sequences?.include ?? []).map(tableName),
    exclude: (sequences?.exclude ?? []).map(tableName),
    create: sequences?.create ?? defaults?.create ?? builtIn.create,
    at: sequences === undefined ? undefined : keyAt(scope, ...path),
  };
}
