import { type DatabaseIdentity, sameIdentity } from '../model/identity.ts';
import type { DatabaseName, QueueName } from '../model/names.ts';
import type { Problem } from '../model/problem.ts';
import type { DesiredState, LiveDatabase, LiveState, Observation, ServersSeen } from '../model/state.ts';
import { type NodeSpec, type QueueSpec, rootOf } from '../model/topology.ts';

type Moved = Extract<Problem, { code: 'database_moved' }>;

/**
 * An address may lead to another database than before: a variable of another environment, a copy of the database, a new
 * server. What such a one holds says nothing of the cascade, so it counts as one that was not seen, unless it is accepted.
 */
export function confirmDatabases(
  desired: DesiredState,
  live: LiveState,
  accepted: ReadonlySet<DatabaseName> = new Set(),
): LiveState {
  const places = [...desired.queues.values()].flatMap((queue) =>
    [...queue.nodes.values()].map((spec) => ({ queue, spec })),
  );
  const confirm = (database: DatabaseName, seen: Observation): Observation => {
    // Embedded servers have no address that could be wrong.
    if (seen.kind === 'unreachable' || desired.databases.get(database)?.connection.kind !== 'server') return seen;
    const here = places.filter(({ spec }) => spec.database === database);
    const moved = accepted.has(database) ? undefined : movedFrom(database, seen, here, live);
    return moved === undefined ? seen : { kind: 'unreachable', problem: moved };
  };
  return { databases: new Map([...live.databases].map(([name, seen]) => [name, confirm(name, seen)])) };
}

/** What is to be known as the place of each database of a queue from now on; one that was not seen stays where it was. */
export function databasesSeen(queue: QueueSpec, live: LiveState): ReadonlyMap<DatabaseName, DatabaseIdentity> {
  const before = recordedBy(queue, live)?.databases;
  const seen = new Map<DatabaseName, DatabaseIdentity>();
  for (const { database } of queue.nodes.values()) {
    const observation = live.databases.get(database);
    const identity = (observation?.kind === 'reachable' ? observation.identity : undefined) ?? before?.get(database);
    if (identity !== undefined) seen.set(database, identity);
  }
  return seen;
}

/** Whether the record of the last apply says all that is seen now. */
export function knowsDatabases(queue: QueueSpec, live: LiveState): boolean {
  const before = recordedBy(queue, live)?.databases;
  return [...databasesSeen(queue, live)].every(([name, { server, oid }]) => {
    const known = before?.get(name);
    return known?.server === server && known.oid === oid;
  });
}

interface Place {
  readonly queue: QueueSpec;
  readonly spec: NodeSpec;
}

interface Note {
  readonly expected: DatabaseIdentity;
  readonly noted: Moved['noted'];
}

function movedFrom(
  database: DatabaseName,
  { identity: found, serversSeen }: LiveDatabase,
  here: readonly Place[],
  live: LiveState,
): Moved | undefined {
  if (found === undefined) return undefined;
  // What was applied is what somebody said; a worker goes on by itself where nothing speaks against it.
  const applied = here.flatMap((place) => notedByApply(place, database, live));
  const own = here.flatMap((place) => notedByWorker(place, serversSeen));
  const notes =
    applied.length > 0 ? applied : own.length > 0 ? own : here.flatMap((place) => notedByReaders(place, live));
  const other = notes.find(({ expected }) => !sameIdentity(expected, found));
  return other === undefined ? undefined : { code: 'database_moved', database, found, ...other };
}

/** What the root of a queue, as far as it can be looked at, keeps about its last apply. */
export function recordedBy(queue: QueueSpec, live: LiveState) {
  const root = live.databases.get(rootOf(queue).database);
  return root?.kind === 'reachable' ? root.applied.get(queue.name) : undefined;
}

function notedByApply({ queue }: Place, database: DatabaseName, live: LiveState): Note[] {
  const record = recordedBy(queue, live);
  const expected = record?.databases.get(database);
  if (record === undefined || expected === undefined) return [];
  return [{ expected, noted: { by: 'apply', queue: queue.name, at: record.at, user: record.by } }];
}

function notedByWorker({ queue, spec }: Place, serversSeen: readonly ServersSeen[]): Note[] {
  return serversSeen.flatMap((seen) =>
    seen.queue === queue.name && seen.node === spec.name && seen.own !== undefined
      ? [note(seen.own, 'worker', queue.name, seen)]
      : [],
  );
}

/** A database that holds no node any more has no word of its own; those that read from the node have. */
function notedByReaders({ queue, spec }: Place, live: LiveState): Note[] {
  return [...queue.nodes.values()].flatMap((reader) => {
    const observation = live.databases.get(reader.database);
    if (reader.name === spec.name || observation?.kind !== 'reachable') return [];
    return observation.serversSeen.flatMap((seen) =>
      seen.queue === queue.name && seen.node === reader.name && seen.provider?.node === spec.name
        ? [note(seen.provider.server, 'reader', queue.name, seen)]
        : [],
    );
  });
}

function note(server: string, by: 'worker' | 'reader', queue: QueueName, { node }: ServersSeen): Note {
  return { expected: { server, oid: undefined }, noted: { by, queue, node } };
}
