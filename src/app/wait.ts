import { tickNow } from '../catalog/pgq.ts';
import { readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';
import type { Awaited, AwaitedNode } from '../model/control.ts';
import type { QueueName } from '../model/names.ts';
import { type Problem, ToolError } from '../model/problem.ts';
import { type QueueSpec, rootOf } from '../model/topology.ts';
import { type Databases, openDatabasesOf, unreachable } from './databases.ts';
import { type Place, pickPlaces } from './pick-places.ts';
import { readConfig } from './read-config.ts';
import { systemClock } from './system-clock.ts';
import { type ControlOptions, positionOf } from './tell-workers.ts';

export interface WaitOptions extends ControlOptions {
  /** Undefined: one that each root makes now, after everything that is committed there. */
  readonly tick: bigint | undefined;
}

/** Waits until nodes have everything that was committed on their root when it was called. */
export async function waitForNodes(options: WaitOptions): Promise<Awaited> {
  const desired = await readConfig(options.files, options.env);
  const places = pickPlaces(desired, options);
  const queues = [...new Set(places.map(({ queue }) => queue))];
  if (options.tick !== undefined && queues.length > 1) {
    const detail = `ticks are counted by each queue, and there are several: ${queues.map(({ name }) => name).join(', ')}. Name one with --queue`;
    throw new ToolError([{ code: 'usage_invalid', command: 'wait', detail }]);
  }
  await using databases = await openDatabasesOf(desired, options, { start: false });
  const until = new Map<QueueName, bigint>();
  for (const queue of queues) until.set(queue.name, options.tick ?? (await tickOfRoot(databases, queue, options)));
  const waited = await Promise.all(
    places
      .filter(({ node }) => node.placement.role !== 'root')
      .map((place) => waitForOne(databases, place, until.get(place.queue.name) ?? 0n, options)),
  );
  return {
    nodes: waited.map(({ node }) => node),
    problems: waited.flatMap(({ problem }) => (problem === undefined ? [] : [problem])),
  };
}

async function tickOfRoot({ connector }: Databases, queue: QueueSpec, { signal }: WaitOptions): Promise<bigint> {
  const root = rootOf(queue);
  await using session = await connector(root.database, { applicationName: 'trunkline wait', signal });
  await positionOf(session, { queue, node: root });
  const tick = await tickNow(session, queue.name);
  if (tick === undefined) throw new ToolError([{ code: 'node_not_set_up', queue: queue.name, node: root.name }]);
  return tick;
}

const tellEveryMs = 2_000;

async function waitForOne(
  databases: Databases,
  place: Place,
  until: bigint,
  { timeoutMs, report, signal }: WaitOptions,
): Promise<{ readonly node: AwaitedNode; readonly problem: Problem | undefined }> {
  const { queue, node } = place;
  const since = systemClock.now();
  await using eye = openEye(databases, place, signal);
  let toldAt = since;
  for (;;) {
    const seen = await eye.look();
    const now = systemClock.now();
    const tick = seen.kind === 'seen' ? seen.tick : undefined;
    const reached = tick !== undefined && tick >= until;
    const awaited = { queue: queue.name, node: node.name, until, tick, reached, waitedMs: Math.round(now - since) };
    if (reached) return { node: awaited, problem: undefined };
    if (seen.kind === 'seen' && seen.paused !== undefined) return { node: awaited, problem: seen.paused };
    if (now - since >= timeoutMs)
      return {
        node: awaited,
        problem:
          seen.kind === 'unseen'
            ? seen.problem
            : { code: 'wait_exceeded', node: node.name, what: `tick ${until}`, seconds: timeoutMs / 1000 },
      };
    if (now - toldAt >= tellEveryMs) {
      toldAt = now;
      const where = tick === undefined ? 'does not answer' : `is at tick ${tick}`;
      report({ kind: 'note', node: node.name, text: `${where}, waiting for ${until} of ${queue.name}` });
    }
    await systemClock.sleep(100, signal);
    signal.throwIfAborted();
  }
}

type Seen =
  | { readonly kind: 'seen'; readonly tick: bigint; readonly paused: Problem | undefined }
  | { readonly kind: 'unseen'; readonly problem: Problem };

/** Looks at a node again and again; one that does not answer may come back. */
function openEye({ connector }: Databases, place: Place, signal: AbortSignal) {
  const { queue, node } = place;
  let session: Session | undefined;
  return {
    async look(): Promise<Seen> {
      try {
        if (session === undefined || session.lost)
          session = await connector(node.database, { applicationName: 'trunkline wait', signal });
        const { tick, worker, paused } = await positionOf(session, place);
        const about = { queue: queue.name, node: node.name, worker, position: tick, events: undefined };
        return { kind: 'seen', tick, paused: paused ? { code: 'node_paused', ...about } : undefined };
      } catch (error) {
        signal.throwIfAborted();
        return { kind: 'unseen', problem: mayPass(error) ?? problemOf(error, place) };
      }
    },
    async [Symbol.asyncDispose]() {
      await session?.close();
    },
  };

  function problemOf(error: unknown, { node: { database } }: Place): Problem {
    const problem = readDriverError(error) === undefined ? undefined : unreachable(database, error);
    if (problem === undefined) throw error;
    return problem;
  }

  function mayPass(error: unknown): Problem | undefined {
    if (!(error instanceof ToolError)) return undefined;
    return error.problems.find(({ code }) => code === 'database_unreachable');
  }
}
