import { ToolError } from '../model/problem.ts';
import type { DesiredState } from '../model/state.ts';
import { makeResyncPlan } from '../planner/resync.ts';
import { type Applied, type ApplyOptions, applyOn } from './apply.ts';
import { type CompareOnOptions, compareSubscriber, problemsOf, type Subscriber, subscribers } from './compare.ts';
import { type Databases, openDatabasesOf } from './databases.ts';
import { type Place, pickPlaces } from './pick-places.ts';
import { lookWith } from './plan.ts';
import { readConfig } from './read-config.ts';

export interface ResyncChoice {
  /** Empty: all of the files. */
  readonly queues: readonly string[];
  readonly node: string;
  /** Names or patterns, by the name on either side; or those that differ, found by a comparison of this kind. */
  readonly tables: readonly string[] | DifferentTables;
  readonly below: boolean;
}

export type DifferentTables = Pick<CompareOnOptions, 'pace' | 'timeoutMs' | 'log' | 'explain'>;

export type ResyncOptions = Omit<ApplyOptions, 'planFile'> & ResyncChoice;

/** Copies tables of a node again: shows, asks, and sets them back; the node's worker copies. */
export async function resync(options: ResyncOptions): Promise<Applied> {
  const desired = await readConfig(options.files, options.env);
  await using databases = await openDatabasesOf(desired, options);
  const { queues, node, tables } = options;
  const places = pickPlaces(desired, { queues, nodes: [node] });
  const chosen =
    'pace' in tables ? await findDifferent(desired, databases, options, places, tables) : { places, tables };
  const look = lookWith((seen) => makeResyncPlan({ ...seen, ...chosen, below: options.below }));
  // What the files ask for stays as it was: nothing is recorded as applied.
  return await applyOn(desired, databases, { ...options, look, keepsRecord: false });
}

/** Where tables differ, and which. */
async function findDifferent(
  desired: DesiredState,
  databases: Databases,
  { node, env, report, signal }: ResyncOptions,
  places: readonly Place[],
  how: DifferentTables,
): Promise<{ readonly places: readonly Place[]; readonly tables: readonly string[] }> {
  const different = new Set<string>();
  const found: Place[] = [];
  for (const subscriber of subscribers(desired, [node], 'resync')) {
    const place = places.find(({ queue }) => queue.name === subscriber.queue.name);
    if (place === undefined) continue;
    const names = await differentOn(subscriber);
    if (names.length > 0) found.push(place);
    for (const name of names) different.add(name);
  }
  const text = different.size === 0 ? 'no table differs' : `different: ${[...different].join(', ')}`;
  report({ kind: 'note', node: undefined, text });
  return { places: found, tables: [...different] };

  async function differentOn(subscriber: Subscriber): Promise<readonly string[]> {
    const search = { limit: 0, chunkRows: 1_000, values: false };
    const options = { ...how, tables: [], search, env, report, signal };
    const nothing = { repair: undefined, saved: undefined, onPart: undefined };
    const { compared } = await compareSubscriber(subscriber, databases, options, nothing).catch((error: unknown) => {
      throw new ToolError(problemsOf(error, subscriber.node, signal));
    });
    return compared.tables.flatMap(({ table, verdict }) => (verdict.kind === 'different' ? [table] : []));
  }
}
