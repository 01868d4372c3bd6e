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
import { startWorkers, type Workers, type WorkersInput } from '../worker/supervisor.ts';
import { type Crew, type CrewPlan, startCrew } from './crew.ts';
import type { Databases } from './databases.ts';
import { faultPoints } from './faults.ts';
import { readConfig } from './read-config.ts';
import { stateDirOf } from './state-dir.ts';
import { statusOn } from './status.ts';
import { systemClock } from './system-clock.ts';

export const runRoles = ['all', 'worker', 'ticker'] as const;
export type RunRole = (typeof runRoles)[number];

export interface RunOptions {
  readonly files: readonly string[];
  /** Empty: all. */
  readonly queues: readonly string[];
  /** Empty: all. */
  readonly nodes: readonly string[];
  readonly role: RunRole;
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
  readonly report: Report;
  readonly explain: (error: ToolError) => string;
  /** Where metrics, health and the page are served; undefined: nowhere. */
  readonly http: HttpAddress | undefined;
  /** What `status --json` prints. */
  readonly statusDocument: (status: CascadeStatus) => unknown;
  /** Calls back whenever the files are to be read again. */
  readonly onReload: (reload: () => void) => void;
  /** Aborting it ends the run in order. */
  readonly signal: AbortSignal;
}

/** How long a batch in hand may take after the call to stop. */
const graceMs = 8_000;

/** Replicates until told to stop. */
export async function run(options: RunOptions): Promise<void> {
  const tallies = startTallies();
  await using crew = startCrew({
    stateDir: stateDirOf(options.files),
    graceMs,
    startNode: (databases, queue, node, now) =>
      startNodeWorkers(databases, [queue], {
        ...options,
        nodes: new Set([node]),
        ticker: options.role !== 'worker',
        replay: options.role !== 'ticker',
        ...now,
        count: tallies.count,
      }),
    ...options,
  });
  const read = async (): Promise<CrewPlan> => {
    const desired = await readConfig(options.files, options.env);
    const queues = pickQueues(desired, options.queues);
    return { desired, queues, nodes: pickNodes(queues, options.nodes) };
  };
  const first = await read();
  await crew.turnTo(first);
  await using watch = await startWatch(crew, first, tallies, options);
  if (watch !== undefined) {
    options.log({ level: 'info', event: 'http_started', message: `metrics, health and the page are at ${watch.url}` });
  }
  let reloads = Promise.resolve();
  options.onReload(() => {
    reloads = reloads.then(() => reload(crew, read, options));
  });
  await aborted(options.signal);
  await reloads;
  options.log({ level: 'info', event: 'stopping', message: 'stopping: batches in hand are finished first' });
}

/** A file that can not be used changes nothing: what runs goes on as before. */
async function reload(crew: Crew, read: () => Promise<CrewPlan>, { log, explain, signal }: RunOptions): Promise<void> {
  if (signal.aborted) return;
  try {
    const { started, leaving, restarted } = await crew.turnTo(await read());
    const parts = [
      ...(started.length === 0 ? [] : [`starts ${started.join(', ')}`]),
      ...(restarted.length === 0 ? [] : [`restarts ${restarted.join(', ')}`]),
      ...(leaving.length === 0 ? [] : [`goes on with ${leaving.join(', ')} until dropped`]),
    ];
    const message = `read the files again: ${parts.length === 0 ? 'nothing changes for this process' : parts.join('; ')}`;
    log({ level: 'info', event: 'reloaded', message });
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof ToolError)) throw error;
    const message = `the files can not be used, and what runs goes on as before: ${explain(error)}`;
    log({ level: 'error', event: 'reload_failed', message });
  }
}

export interface NodeWorkersOptions
  extends Pick<RunOptions, 'env' | 'log' | 'report' | 'explain'>,
    Pick<WorkersInput, 'ticker' | 'replay' | 'databaseOf' | 'leaving'> {
  /** Undefined: all. */
  readonly nodes: ReadonlySet<NodeName> | undefined;
  readonly count?: Count | undefined;
}

/** The workers of a process, on databases that are open already. Dispose of them to stop. */
export function startNodeWorkers(
  databases: Pick<Databases, 'connector'>,
  queues: readonly QueueSpec[],
  options: NodeWorkersOptions,
): Workers {
  return startWorkers({
    queues,
    nodes: options.nodes,
    ticker: options.ticker,
    ...(options.replay === undefined ? {} : { replay: options.replay }),
    ...(options.databaseOf === undefined ? {} : { databaseOf: options.databaseOf }),
    ...(options.leaving === undefined ? {} : { leaving: options.leaving }),
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
  crew: Crew,
  first: CrewPlan,
  tallies: Tallies,
  { http, statusDocument, signal }: RunOptions,
): Promise<HttpServer | undefined> {
  if (http === undefined) return undefined;
  const now = () => crew.current() ?? first;
  try {
    return await serveWatch({
      address: http,
      nodes: () => now().nodes,
      readStatus: () => {
        const { desired, queues } = now();
        const watched = { ...desired, queues: new Map(queues.map((queue) => [queue.name, queue])) };
        return statusOn(watched, crew.databases(), signal);
      },
      statusDocument,
      tallies: tallies.read,
      now: systemClock.now,
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new ToolError([{ code: 'http_unavailable', ...http, reason: code, detail: message }], { cause: error });
  }
}

export function pickQueues(desired: DesiredState, names: readonly string[]): readonly QueueSpec[] {
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
