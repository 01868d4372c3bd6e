import type { DesiredState } from '../model/state.ts';
import { makeResyncPlan } from '../planner/resync.ts';
import { type Applied, type ApplyOptions, applyOn } from './apply.ts';
import { openDatabasesOf } from './databases.ts';
import { pickPlaces } from './pick-places.ts';
import { lookWith } from './plan.ts';
import { readConfig } from './read-config.ts';

export interface ResyncChoice {
  /** Empty: all of the files. */
  readonly queues: readonly string[];
  readonly node: string;
  /** Names or patterns, by the name on either side. */
  readonly tables: readonly string[];
  readonly below: boolean;
}

export type ResyncOptions = Omit<ApplyOptions, 'planFile'> & ResyncChoice;

/** Copies tables of a node again: shows, asks, and sets them back; the node's worker copies. */
export async function resync(options: ResyncOptions): Promise<Applied> {
  const desired = await readConfig(options.files, options.env);
  await using databases = await openDatabasesOf(desired, options);
  // What the files ask for stays as it was: nothing is recorded as applied.
  return await applyOn(desired, databases, { ...options, look: resyncLook(desired, options), keepsRecord: false });
}

function resyncLook(desired: DesiredState, { queues, node, tables, below }: ResyncChoice) {
  const places = pickPlaces(desired, { queues, nodes: [node] });
  return lookWith((seen) => makeResyncPlan({ ...seen, places, tables, below }));
}
