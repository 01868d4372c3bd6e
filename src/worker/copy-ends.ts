import { moveTableStates } from '../catalog/table-sync.ts';
import type { NodeRole } from '../catalog/worker-state.ts';
import type { Session } from '../db/session.ts';
import type { DatabaseName, NodeName, TableName } from '../model/names.ts';
import { type Problem, ToolError } from '../model/problem.ts';
import type { CopyProgress } from '../model/progress.ts';
import type { SyncState, TableSpec } from '../model/table.ts';
import type { CopyMeter } from './copy-pipe.ts';
import type { NodeDeps } from './deps.ts';

export interface CopyJob {
  readonly deps: NodeDeps;
  /** One, or several that begin anew and are small: they share a snapshot and go from state to state together. */
  readonly tables: readonly [TableSpec, ...TableSpec[]];
  readonly generation: bigint;
  /** The node's worker: it names the copy's own consumer, as Londiste names its. */
  readonly worker: string;
  /** Of the node. Where it merges, other queues may put their rows into the same table. */
  readonly role: NodeRole['kind'];
  readonly provider: { readonly node: NodeName; readonly database: DatabaseName };
  /** Told when the table's state in the catalog moved. */
  readonly changed: () => void;
  /** Resolves when the main worker may have moved it, or after a moment. */
  readonly waitForMain: () => Promise<void>;
  readonly report: (progress: CopyProgress) => void;
}

export interface Ends {
  readonly job: CopyJob;
  /** What `provider` is a session of. */
  readonly source: Source;
  readonly provider: Session;
  readonly subscriber: Session;
  readonly startedAt: number;
  /** Those that have come to their end are left out. */
  members: Members;
}

export type Members = readonly [Member, ...Member[]];

/** One table on its way. */
export interface Member {
  readonly spec: TableSpec;
  readonly consumer: string;
  readonly moved: CopyMeter;
  rowsTotal: number | undefined;
}

/** Tables that were begun together do not stand alike any more: each goes on by itself. */
export class Parted extends Error {}

export function namesOf(members: readonly Member[]): readonly TableName[] {
  return members.map(({ spec }) => spec.name);
}

export function destinationsOf(members: readonly Member[]): readonly TableName[] {
  return members.map(({ spec }) => spec.destination);
}

export function consumersOf(members: readonly Member[]): readonly string[] {
  return members.map(({ consumer }) => consumer);
}

/** Somebody wants a table copied again, also if it was being copied: what was done for the state before is undone. */
export class StateMoved extends Error {}

export async function moveStates(
  { job, subscriber, members }: Ends,
  move: { readonly from: SyncState['kind']; readonly to: SyncState; readonly snapshot: string | undefined },
): Promise<void> {
  const moves = namesOf(members).map((name) => ({ name, snapshot: move.snapshot }));
  const moved = await moveTableStates(subscriber, job.deps.queue, move, moves);
  if (moved.length < members.length) throw new StateMoved('a state was set by somebody else');
}

/** The node that rows and events are read from. */
export type Source = CopyJob['provider'];

export function openSource(deps: NodeDeps, { database }: Source, signal: AbortSignal): Promise<Session> {
  return deps.connector(database, {
    applicationName: `trunkline copy ${deps.node}`,
    signal,
    relays: true,
    unchecked: true,
  });
}

/** Transaction numbers of another database say nothing of the events that the main worker reads. */
export function isElsewhere({ job, source }: Ends): boolean {
  return source.node !== job.provider.node;
}

export function missing(ends: Ends, node: NodeName, { spec }: Member, name: TableName): ToolError {
  const { queue } = ends.job.deps;
  const problem: Problem = { code: 'table_gone', queue, node, table: spec.name, destination: name };
  return new ToolError([problem]);
}

export function tell(ends: Ends, phase: CopyProgress['phase']): void {
  const { deps } = ends.job;
  for (const { spec, moved, rowsTotal } of ends.members) {
    ends.job.report({
      kind: 'copy',
      queue: deps.queue,
      node: deps.node,
      table: spec.name,
      phase,
      rowsDone: moved.rows,
      rowsTotal,
      bytesDone: moved.bytes,
      elapsedMs: deps.clock.now() - ends.startedAt,
    });
  }
}
