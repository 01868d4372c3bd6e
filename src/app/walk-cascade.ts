import { type CascadeSight, readCascade } from '../catalog/read-cascade.ts';
import { lookProblem } from '../catalog/read-live-state.ts';
import { connectAsLibpq } from '../db/connection-target.ts';
import { encodeLocation, type ReadLocation } from '../model/location-codec.ts';
import { type DatabaseName, databaseName, type NodeName, type QueueName } from '../model/names.ts';
import { type Problem, ToolError } from '../model/problem.ts';
import type { Secret } from '../model/secret.ts';
import { type ConnectionParams, noConnectionParams } from '../model/topology.ts';
import { unreachable } from './databases.ts';

/** One database of the walk, by whatever names it is known. */
export interface Stop {
  /** How it was reached, or was to be. */
  readonly params: ConnectionParams;
  readonly sight: CascadeSight | undefined;
  readonly problem: Problem | undefined;
}

export interface Walk {
  readonly stops: readonly Stop[];
  readonly queues: ReadonlyMap<QueueName, ReadonlyMap<NodeName, Stop>>;
  /** The record of a node's place that counts: its root's, else its own, else anybody's. */
  locationOf(queue: QueueName, node: NodeName): ReadLocation | undefined;
}

export interface WalkOptions {
  /** Undefined: all queues of the first database. */
  readonly queues: ReadonlySet<QueueName> | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal | undefined;
}

/** From one database to every other one that its queues know of, and to the queues that theirs are merged with. */
export async function walkCascade(from: ConnectionParams, options: WalkOptions): Promise<Walk> {
  const first = await visit(from, databaseName('(given)'), undefined, options);
  if (first.sight === undefined) throw new ToolError(first.problem === undefined ? [] : [first.problem]);
  const stops: Stop[] = [first];
  const queues = new Map<QueueName, Map<NodeName, Stop>>();
  const todo = [...wantedQueues(first.sight, options.queues)];
  for (let queue = todo.shift(); queue !== undefined; queue = todo.shift()) {
    if (queues.has(queue)) continue;
    queues.set(queue, await nodesOf(queue, stops, from.password, options));
    todo.push(...mergedWith(queue, stops));
  }
  return { stops, queues, locationOf: (queue, node) => locationOf(stops, queue, node) };
}

function wantedQueues(sight: CascadeSight, wanted: ReadonlySet<QueueName> | undefined): readonly QueueName[] {
  const known = [...sight.live.queues.keys()];
  const unknown = [...(wanted ?? [])].filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new ToolError(unknown.map((name) => ({ code: 'name_unknown', what: 'queue', name, known })));
  }
  return wanted === undefined ? known : known.filter((name) => wanted.has(name));
}

/** Whatever is found may know of nodes that were not known before. */
async function nodesOf(
  queue: QueueName,
  stops: Stop[],
  password: Secret | undefined,
  options: WalkOptions,
): Promise<Map<NodeName, Stop>> {
  const found = new Map<NodeName, Stop>();
  for (;;) {
    const unseen = [...membersOf(queue, stops)].filter((node) => !found.has(node));
    if (unseen.length === 0) return found;
    const visits: Promise<void>[] = [];
    for (const node of unseen) {
      const known = stops.find((stop) => stop.sight?.live.queues.get(queue)?.name === node);
      if (known !== undefined) found.set(node, known);
      else visits.push(goTo(node));
    }
    await Promise.all(visits);
  }

  async function goTo(node: NodeName): Promise<void> {
    const place = locationOf(stops, queue, node);
    const stop = await visit(place?.params, databaseName(node), password, options);
    const same = stops.find((one) => sameDatabase(one, stop));
    if (same === undefined) stops.push(stop);
    found.set(node, same ?? stop);
  }
}

function sameDatabase(left: Stop, right: Stop): boolean {
  if (left.sight !== undefined && right.sight !== undefined) return left.sight.identity === right.sight.identity;
  return left.sight === right.sight && encodeLocation(left.params) === encodeLocation(right.params);
}

function membersOf(queue: QueueName, stops: readonly Stop[]): ReadonlySet<NodeName> {
  return new Set(stops.flatMap(({ sight }) => [...(sight?.locations.get(queue)?.keys() ?? [])]));
}

function locationOf(stops: readonly Stop[], queue: QueueName, node: NodeName): ReadLocation | undefined {
  const rank = ({ sight }: Stop): number => {
    const live = sight?.live.queues.get(queue);
    if (live?.type === 'root') return 0;
    return live?.name === node ? 1 : 2;
  };
  for (const { sight } of [...stops].sort((left, right) => rank(left) - rank(right))) {
    const found = sight?.locations.get(queue)?.get(node);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Queues whose leaves go on in this one, and those that its own leaves go on in. */
function mergedWith(queue: QueueName, stops: readonly Stop[]): QueueName[] {
  return stops.flatMap(({ sight }) =>
    [...(sight?.live.queues.values() ?? [])].flatMap((node) => {
      if (node.queue === queue) return node.mergesInto === undefined ? [] : [node.mergesInto];
      return node.mergesInto === queue ? [node.queue] : [];
    }),
  );
}

/**
 * A place that names no password is tried as libpq would, and then with the password that the first one was reached with:
 * a cascade mostly has one role for all of its databases.
 */
async function visit(
  params: ConnectionParams | undefined,
  name: DatabaseName,
  password: Secret | undefined,
  options: WalkOptions,
): Promise<Stop> {
  if (params === undefined) {
    const detail = 'the catalogs do not tell where it is';
    const problem: Problem = { code: 'database_unreachable', database: name, reason: 'other', detail };
    return { params: noConnectionParams, sight: undefined, problem };
  }
  const stop = await visitOnce(params, name, options);
  const refused = stop.problem?.code === 'database_unreachable' && stop.problem.reason === 'authentication';
  if (!refused || params.password !== undefined || password === undefined) return stop;
  const again = await visitOnce({ ...params, password }, name, options);
  return again.sight === undefined ? stop : again;
}

async function visitOnce(params: ConnectionParams, name: DatabaseName, { env, signal }: WalkOptions): Promise<Stop> {
  try {
    const sight = await readCascade(
      async (_, sessionOptions) => {
        try {
          return await connectAsLibpq(params, sessionOptions, env);
        } catch (error) {
          const problem = unreachable(name, error);
          throw problem === undefined ? error : new ToolError([problem], { cause: error });
        }
      },
      name,
      signal,
    );
    return { params, sight, problem: undefined };
  } catch (error) {
    signal?.throwIfAborted();
    return { params, sight: undefined, problem: lookProblem(name, error) };
  }
}
