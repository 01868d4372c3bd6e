import { hostname } from 'node:os';
import type { Log } from '../model/log.ts';
import { type NodeName, nodeName, type QueueName, queueName } from '../model/names.ts';
import { type Problem, ToolError } from '../model/problem.ts';
import type { Report } from '../model/progress.ts';
import type { DesiredState } from '../model/state.ts';
import type { QueueSpec } from '../model/topology.ts';
import { startWorkers, type Workers } from '../worker/supervisor.ts';
import { type Databases, openDatabases } from './databases.ts';
import { faultPoints } from './faults.ts';
import { readConfig } from './read-config.ts';
import { stateDirOf } from './state-dir.ts';
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
  const workers = startNodeWorkers(databases, queues, { ...options, nodes });
  await aborted(options.signal);
  options.log({ level: 'info', event: 'stopping', message: 'stopping: batches in hand are finished first' });
  await workers.stop(graceMs);
}

export interface NodeWorkersOptions extends Pick<RunOptions, 'ticker' | 'env' | 'log' | 'report' | 'explain'> {
  /** Undefined: all. */
  readonly nodes: ReadonlySet<NodeName> | undefined;
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
    holder: `${hostname()}:${process.pid}`,
    fault: faultPoints(options.env),
  });
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
