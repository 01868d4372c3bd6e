import { hostname } from 'node:os';
import type { Log } from '../model/log.ts';
import { type NodeName, nodeName, type QueueName, queueName } from '../model/names.ts';
import { type Problem, ToolError } from '../model/problem.ts';
import type { Report } from '../model/progress.ts';
import type { DesiredState } from '../model/state.ts';
import type { CascadeStatus } from '../model/status.ts';
import { type Count, startTallies, type Tallies } from '../model/tally.ts';
import type { QueueSpec } from '../model/topology.ts';
import type { HttpAddress, HttpServer } from '../observe/http-server.ts';
import { serveWatch } from '../observe/watch.ts';
import { startWorkers, type Workers } from '../worker/supervisor.ts';
import { type Databases, openDatabases } from './databases.ts';
import { faultPoints } from './faults.ts';
import { readConfig } from './read-config.ts';
import { stateDirOf } from './state-dir.ts';
import { statusOn } from './status.ts';
import { systemClock } from './system-clock.ts';

export interface RunOptions {
  readonly files: readonly string[];
  /** Empty: all. */
  readonly queues: readonly string[];
  /** Empty: all. */
  readonly nodes: readonly string[];
  readonly ticker: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
  readonly report: Report;
  readonly explain: (error: ToolError) => string;
  /** Where metrics, health and the page are served; undefined: nowhere. */
  readonly http: HttpAddress | undefined;
  /** What `status --json` prints. */
  readonly statusDocument: (status: CascadeStatus) => unknown;
  /** Aborting it ends the run in order. */
  readonly signal: AbortSignal;
}

/** How long a batch in hand may take after the call to stop. */
const graceMs = 8_000;

/** Replicates until told to stop. */
export async function run(options: RunOptions): Promise<void> {
  const desired = await readConfig(options.files, options.env);
  const queues = pickQueues(desired, options.queues);
  const nodes = pickNodes(queues, options.nodes);
  await using databases = await openDatabases(desired, {
    stateDir: stateDirOf(options.files),
    signal: options.signal,
    report: options.report,
    env: options.env,
  });
  const tallies = startTallies();
  await using watch = await startWatch(desired, queues, databases, tallies, { ...options, nodes });
  if (watch !== undefined) {
    options.log({ level: 'info', event: 'http_started', message: `metrics, health and the page are at ${watch.url}` });
  }
  const workers = startNodeWorkers(databases, queues, { ...options, nodes, count: tallies.count });
  await aborted(options.signal);
  options.log({ level: 'info', event: 'stopping', message: 'stopping: batches in hand are finished first' });
  await workers.stop(graceMs);
}

export interface NodeWorkersOptions extends Pick<RunOptions, 'ticker' | 'env' | 'log' | 'report' | 'explain'> {
  /** Undefined: all. */
  readonly nodes: ReadonlySet<NodeName> | undefined;
  readonly count?: Count | undefined;
}

/** The workers of a process, on databases that are open already. Dispose of them to stop. */
export function startNodeWorkers(
  databases: Databases,
  queues: readonly QueueSpec[],
  options: NodeWorkersOptions,
): Workers {
  return startWorkers({
    queues,
    nodes: options.nodes,
    ticker: options.ticker,
    connector: databases.connector,
    clock: systemClock,
    log: options.log,
    report: options.report,
    explain: options.explain,
    count: options.count,
    holder: `${hostname()}:${process.pid}`,
    fault: faultPoints(options.env),
  });
}

async function startWatch(
  desired: DesiredState,
  queues: readonly QueueSpec[],
  databases: Databases,
  tallies: Tallies,
  { http, nodes, ...options }: Omit<RunOptions, 'nodes'> & { readonly nodes: ReadonlySet<NodeName> | undefined },
): Promise<HttpServer | undefined> {
  if (http === undefined) return undefined;
  const watched = { ...desired, queues: new Map(queues.map((queue) => [queue.name, queue])) };
  try {
    return await serveWatch({
      address: http,
      nodes: () => nodes,
      readStatus: () => statusOn(watched, databases, options.signal),
      statusDocument: options.statusDocument,
      tallies: tallies.read,
      now: systemClock.now,
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new ToolError([{ code: 'http_unavailable', ...http, reason: code, detail: message }], { cause: error });
  }
}

function pickQueues(desired: DesiredState, names: readonly string[]): readonly QueueSpec[] {
  if (names.length === 0) return [...desired.queues.values()];
  const known = [...desired.queues.keys()];
  const unknown = names.filter((name) => !desired.queues.has(queueName(name)));
  throwUnknown('queue', unknown, known);
  return names.flatMap((name) => desired.queues.get(queueName(name) as QueueName) ?? []);
}

export function pickNodes(queues: readonly QueueSpec[], names: readonly string[]): ReadonlySet<NodeName> | undefined {
  if (names.length === 0) return undefined;
  const known = queues.flatMap((queue) => [...queue.nodes.keys()]);
  throwUnknown(
    'node',
    names.filter((name) => !known.includes(nodeName(name))),
    known,
  );
  return new Set(names.map(nodeName));
}

function throwUnknown(what: 'queue' | 'node', unknown: readonly string[], known: readonly string[]): void {
  if (unknown.length === 0) return;
  throw new ToolError(unknown.map((name): Problem => ({ code: 'name_unknown', what, name, known })));
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
