import type { AppliedEntry } from '../catalog/plan-log.ts';
import { decodeAppliedConfig, encodeAppliedConfig } from '../config/applied-config.ts';
import { encodeLocation } from '../model/location-codec.ts';
import type { DatabaseName, Location, QueueName } from '../model/names.ts';
import { type Plan, unseenDatabase } from '../model/plan.ts';
import type { DesiredState, LastApplied, LiveState } from '../model/state.ts';
import { rootOf } from '../model/topology.ts';
import { databasesSeen, knowsDatabases, recordedBy } from '../planner/confirm-databases.ts';
import { readSchema } from './read-config.ts';

/** What each queue was last brought to, by the record on its root. */
export async function readLastApplied(
  desired: DesiredState,
  live: LiveState,
  locations: ReadonlyMap<DatabaseName, Location>,
): Promise<ReadonlyMap<QueueName, LastApplied>> {
  const now = encodeAppliedConfig(desired);
  const read = new Map<string, Pick<LastApplied, 'desired' | 'locations'>>([
    [now, { desired: 'unchanged', locations }],
  ]);
  const found = new Map<QueueName, LastApplied>();
  for (const queue of desired.queues.values()) {
    const record = recordedBy(queue, live);
    if (record === undefined) continue;
    const config = read.get(record.config) ?? readConfigOf(record.config, JSON.parse(await readSchema()), locations);
    read.set(record.config, config);
    found.set(queue.name, { ...config, pending: record.pending, at: record.at, by: record.by });
  }
  return found;
}

/**
 * What `apply` leaves on each root about its queues: the files, where the databases are, and the steps that are to lead there. With `onlyNew`, just
 * for queues whose record says something else.
 */
export function appliedEntries(
  desired: DesiredState,
  { plan, live }: { readonly plan: Plan; readonly live: LiveState },
  appliedBy: string,
  { onlyNew }: { readonly onlyNew: boolean },
): ReadonlyMap<DatabaseName, readonly AppliedEntry[]> {
  const config = encodeAppliedConfig(desired);
  const entries = new Map<DatabaseName, AppliedEntry[]>();
  const unseen = plan.warnings.flatMap((warning) => (warning.code === 'node_unreachable' ? [warning] : []));
  for (const queue of desired.queues.values()) {
    const root = rootOf(queue).database;
    if (onlyNew && plan.lastApplied.get(queue.name)?.current === true && knowsDatabases(queue, live)) continue;
    if (unseen.some((warning) => warning.queue === queue.name && warning.database === root)) continue;
    const used = new Set([...queue.nodes.values()].map((node) => node.database));
    const steps = [...plan.steps, ...plan.leftOut].filter((step) =>
      'queue' in step ? step.queue === queue.name : used.has(step.database),
    );
    const pending = [
      ...steps.filter(({ id }) => !plan.drift.has(id)).map(({ id }) => id),
      ...unseen.filter((warning) => warning.queue === queue.name).map(({ database }) => unseenDatabase(database)),
    ];
    const entry = { queue: queue.name, config, databases: databasesSeen(queue, live), appliedBy, pending };
    entries.set(root, [...(entries.get(root) ?? []), entry]);
  }
  return entries;
}

export function rootsIn(
  desired: DesiredState,
  applied: ReadonlyMap<DatabaseName, readonly AppliedEntry[]>,
): ReadonlyMap<QueueName, DatabaseName> {
  const queues = new Set([...applied.values()].flat().map(({ queue }) => queue));
  const roots = [...desired.queues.values()].map((queue) => [queue.name, rootOf(queue).database] as const);
  return new Map(roots.filter(([queue]) => queues.has(queue)));
}

function readConfigOf(
  config: string,
  schema: object,
  now: ReadonlyMap<DatabaseName, Location>,
): Pick<LastApplied, 'desired' | 'locations'> {
  const desired = decodeAppliedConfig(config, schema);
  const locations = new Map<DatabaseName, Location>();
  for (const { name, connection } of desired?.databases.values() ?? []) {
    // An embedded server lives on another port each time.
    const location = connection.kind === 'server' ? encodeLocation(connection.params) : now.get(name);
    if (location !== undefined) locations.set(name, location);
  }
  return { desired, locations };
}
