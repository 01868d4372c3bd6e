import { type NodePosition, readNodePosition } from '../catalog/compare-reads.ts';
import { setConsumerPaused } from '../catalog/worker-state.ts';
import type { Session } from '../db/session.ts';
import type { ToldWorker, ToldWorkers } from '../model/control.ts';
import type { QueueName } from '../model/names.ts';
import { type Problem, ToolError } from '../model/problem.ts';
import type { Report } from '../model/progress.ts';
import { type Databases, openDatabasesOf } from './databases.ts';
import { type Place, pickPlaces } from './pick-places.ts';
import { readConfig } from './read-config.ts';
import { systemClock } from './system-clock.ts';

export interface ControlOptions {
  readonly files: readonly string[];
  /** Empty: all. */
  readonly queues: readonly string[];
  /** Empty: all. */
  readonly nodes: readonly string[];
  readonly timeoutMs: number;
  readonly env: NodeJS.ProcessEnv;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** Pauses workers, or lets them go on, and waits until they have seen it. The catalog keeps it, so other tools' workers obey too. */
export async function tellWorkers(paused: boolean, options: ControlOptions): Promise<ToldWorkers> {
  const desired = await readConfig(options.files, options.env);
  const places = pickPlaces(desired, options);
  await using databases = await openDatabasesOf(desired, options, { start: false });
  const problems: Problem[] = [];
  const told = await Promise.all(
    places.map((place) => tellOne(databases, place, paused, options).catch((error: unknown) => keep(error, problems))),
  );
  return { nodes: told.flatMap(({ worker }) => worker ?? []), problems: [...problems, ...told.flatMap(problemOf)] };
}

interface Told {
  readonly worker: ToldWorker | undefined;
  readonly problem: Problem | undefined;
}

function problemOf({ problem }: Told): readonly Problem[] {
  return problem === undefined ? [] : [problem];
}

function keep(error: unknown, problems: Problem[]): Told {
  if (!(error instanceof ToolError)) throw error;
  problems.push(...error.problems);
  return { worker: undefined, problem: undefined };
}

/** A worker that runs reports every five seconds at the least; Londiste's does not report, and looks each second. */
const silentMs = 10_000;
const patienceMs = 3_000;

async function tellOne(
  { connector }: Databases,
  { queue, node }: Place,
  paused: boolean,
  { timeoutMs, signal }: ControlOptions,
): Promise<Told> {
  await using session = await connector(node.database, { applicationName: 'trunkline control', signal });
  const before = await positionOf(session, { queue, node });
  await setConsumerPaused(session, queue.name, before.worker, paused);
  const since = systemClock.now();
  for (;;) {
    const now = await positionOf(session, { queue, node });
    const waited = systemClock.now() - since;
    const confirmed = now.paused === paused && now.uptodate;
    const worker = {
      queue: queue.name,
      node: node.name,
      paused: now.paused,
      changed: before.paused !== paused,
      confirmed,
      tick: now.tick,
    };
    if (confirmed || (isSilent(now) && waited >= Math.min(patienceMs, timeoutMs)))
      return { worker, problem: undefined };
    if (waited >= timeoutMs) return { worker, problem: unanswered(queue.name, { node, paused, timeoutMs }) };
    await systemClock.sleep(100, signal);
    signal.throwIfAborted();
  }
}

export function isSilent({ heartbeatAgeMs }: NodePosition): boolean {
  return heartbeatAgeMs === undefined || heartbeatAgeMs > silentMs;
}

function unanswered(
  queue: QueueName,
  { node, paused, timeoutMs }: { node: Place['node']; paused: boolean; timeoutMs: number },
): Problem {
  return { code: 'worker_unanswering', queue, node: node.name, paused, seconds: timeoutMs / 1000 };
}

/** Throws where the database does not hold this node. */
export async function positionOf(session: Session, { queue, node }: Place): Promise<NodePosition> {
  const position = await readNodePosition(session, queue.name);
  if (position?.node === node.name) return position;
  throw new ToolError([{ code: 'node_not_set_up', queue: queue.name, node: node.name }]);
}
