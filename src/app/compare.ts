import { hostname } from 'node:os';
import { readDriverError } from '../db/driver-errors.ts';
import type { ComparedNode, Comparison } from '../model/comparison.ts';
import type { ComparedPlace } from '../model/comparison-record.ts';
import { encodeLocation } from '../model/location-codec.ts';
import type { Log } from '../model/log.ts';
import { type DatabaseName, type TableName, tableName } from '../model/names.ts';
import type { PaceSettings } from '../model/pace.ts';
import { type Problem, ToolError } from '../model/problem.ts';
import type { Report } from '../model/progress.ts';
import type { DesiredState } from '../model/state.ts';
import type { NodeSpec, QueueSpec } from '../model/topology.ts';
import { type CompareDeps, type CompareResult, type CompareTarget, compareNode } from '../verify/compare-node.ts';
import type { RowSearch } from '../verify/find-rows.ts';
import { type ComparisonLog, openComparisonLog } from './comparison-record.ts';
import { type Databases, openDatabasesOf } from './databases.ts';
import { readConfig } from './read-config.ts';
import { pickNodes, startNodeWorkers } from './run.ts';
import { stateDirOf } from './state-dir.ts';
import { systemClock } from './system-clock.ts';

export interface CompareOnOptions {
  /** Empty: every subscriber. */
  readonly nodes: readonly string[];
  /** By their name on either side. Empty: all. */
  readonly tables: readonly string[];
  /** How to look for the rows that differ. */
  readonly search: RowSearch;
  readonly pace: PaceSettings;
  /** How long to wait for a node to come to the tick; reading takes as long as it takes. */
  readonly timeoutMs: number;
  readonly env: NodeJS.ProcessEnv;
  /** Of the worker that runs here where no other does. */
  readonly log: Log;
  readonly report: Report;
  readonly explain: (error: ToolError) => string;
  readonly signal: AbortSignal | undefined;
}

export interface CompareOptions extends CompareOnOptions {
  readonly files: readonly string[];
  /** Goes on from one of the same nodes and tables that was cut short. */
  readonly resume: boolean;
}

/** How many tables of a node are read side by side. */
const parallelTables = 2;

/** Compares subscribers with their providers, one after the other, each at a tick. */
export async function compare(options: CompareOptions): Promise<Comparison> {
  const desired = await readConfig(options.files, options.env);
  const chosen = subscribers(desired, options.nodes, 'compare');
  const choice = {
    stateDir: stateDirOf(options.files),
    places: chosen.map((subscriber) => placeOf(desired, subscriber)),
    tables: options.tables.map(tableName),
  };
  const log = openComparisonLog(choice, options.resume, systemClock, (text) =>
    options.report({ kind: 'note', node: undefined, text }),
  );
  let finished = false;
  try {
    await using databases = await openDatabasesOf(desired, options);
    const comparison = await compareOn(desired, databases, options, log);
    finished = comparison.problems.length === 0;
    return comparison;
  } finally {
    if (log.end(finished)) {
      options.report({ kind: 'note', node: undefined, text: 'compare --resume goes on from here' });
    }
  }
}

/** The same on databases that are open already. */
export async function compareOn(
  desired: DesiredState,
  databases: Databases,
  options: CompareOnOptions,
  log?: ComparisonLog,
): Promise<Comparison> {
  const tables = namedTables(options.tables);
  const nodes: ComparedNode[] = [];
  const problems: Problem[] = [];
  const known = new Set<TableName>();
  for (const subscriber of subscribers(desired, options.nodes, 'compare')) {
    const { node } = subscriber;
    const place = placeOf(desired, subscriber);
    try {
      const result = await compareSubscriber(subscriber, databases, options, {
        saved: log?.saved(place),
        onPart: (table, read) => log?.add(place, table, read),
      });
      nodes.push(result.compared);
      for (const name of result.known) known.add(name);
    } catch (error) {
      // The other nodes are worth comparing, whatever is wrong with this one.
      problems.push(...problemsOf(error, node, options.signal));
    }
  }
  if (tables !== undefined) problems.push(...unknownTables(tables, nodes, known));
  return { nodes, problems };
}

/** Compares one of them, and repairs it where that is asked for. */
export function compareSubscriber(
  { queue, node, provider }: Subscriber,
  databases: Databases,
  options: Omit<CompareOnOptions, 'nodes'>,
  {
    repair,
    saved,
    onPart,
  }: { readonly repair?: CompareTarget['repair'] | undefined } & Pick<CompareTarget, 'saved'> &
    Pick<CompareDeps, 'onPart'>,
): Promise<CompareResult> {
  const target = {
    queue: queue.name,
    node: node.name,
    database: node.database,
    provider: provider.name,
    providerDatabase: provider.database,
    tables: namedTables(options.tables),
    parallel: parallelTables,
    search: options.search,
    pace: options.pace,
    saved,
    ...(repair === undefined ? {} : { repair }),
  };
  return compareNode(target, {
    connector: databases.connector,
    clock: systemClock,
    report: options.report,
    signal: options.signal,
    onPart,
    holder: `compare ${hostname()}:${process.pid}`,
    timeoutMs: options.timeoutMs,
    ensureWorker: async () =>
      startNodeWorkers(databases, [queue], { ...options, nodes: new Set([node.name]), ticker: false }),
  });
}

function namedTables(tables: readonly string[]): ReadonlySet<TableName> | undefined {
  return tables.length === 0 ? undefined : new Set(tables.map(tableName));
}

/** An embedded server is elsewhere each time, and is known by its name. */
function placeOf(desired: DesiredState, { queue, node, provider }: Subscriber): ComparedPlace {
  const where = (database: DatabaseName): string => {
    const connection = desired.databases.get(database)?.connection;
    return connection?.kind === 'server' ? encodeLocation(connection.params) : database;
  };
  return {
    queue: queue.name,
    node: node.name,
    provider: provider.name,
    at: where(node.database),
    providerAt: where(provider.database),
  };
}

export interface Subscriber {
  readonly queue: QueueSpec;
  readonly node: NodeSpec;
  readonly provider: NodeSpec;
}

export function subscribers(
  desired: DesiredState,
  names: readonly string[],
  command: 'compare' | 'repair' | 'resync',
): readonly Subscriber[] {
  const queues = [...desired.queues.values()];
  const picked = pickNodes(queues, names);
  const found = queues.flatMap((queue) =>
    [...queue.nodes.values()].flatMap((node): Subscriber[] => {
      if (node.placement.role === 'root' || (picked !== undefined && !picked.has(node.name))) return [];
      const provider = queue.nodes.get(node.placement.provider);
      return provider === undefined ? [] : [{ queue, node, provider }];
    }),
  );
  if (found.length > 0 || names.length === 0) return found;
  const detail = `${names.join(', ')}: a root has no provider to be compared with; name a subscriber`;
  throw new ToolError([{ code: 'usage_invalid', command, detail }]);
}

export function problemsOf(error: unknown, node: NodeSpec, signal: AbortSignal | undefined): readonly Problem[] {
  if (signal?.aborted === true) throw error;
  if (error instanceof ToolError) return error.problems;
  const said = readDriverError(error);
  if (said === undefined) throw error;
  return [
    {
      code: 'sql_failed',
      database: undefined,
      node: node.name,
      doing: 'comparing',
      sqlstate: said.sqlstate,
      detail: said.message,
    },
  ];
}

export function unknownTables(
  asked: ReadonlySet<TableName>,
  nodes: readonly ComparedNode[],
  known: ReadonlySet<TableName>,
): readonly Problem[] {
  const met = new Set(nodes.flatMap((node) => node.tables.flatMap(({ table, target }) => [table, target])));
  return [...asked]
    .filter((name) => !met.has(name) && nodes.length > 0)
    .map((name) => ({ code: 'name_unknown', what: 'table', name, known: [...known] }));
}
