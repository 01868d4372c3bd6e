import { readWorkerState, type WorkerState } from '../catalog/worker-state.ts';
import { readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';
import { ToolError } from '../model/problem.ts';
import type { NodeDeps } from './deps.ts';
import type { Failures } from './failures.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { WakeUp } from './wake-up.ts';

/** What a process holds while it works for a node. */
export interface Round {
  readonly deps: NodeDeps;
  /** Holds the lock; never inside a transaction. */
  readonly control: Session;
  readonly generation: bigint;
  readonly wake: WakeUp;
  readonly heartbeat: Heartbeat;
  readonly failures: Failures;
  /** What the node was when it was looked at last. */
  readonly seen: { state: WorkerState | undefined };
}

export async function currentState({ control, deps, heartbeat, seen }: Round): Promise<WorkerState> {
  const state = await readWorkerState(control, deps.queue, seen.state);
  seen.state = state;
  if (state === undefined || state.node !== deps.node)
    throw new ToolError([{ code: 'node_not_set_up', queue: deps.queue, node: deps.node }]);
  deps.view?.see(state.role);
  heartbeat.spoke();
  return state;
}

/** The database holds no such node of the queue, or nothing of Trunkline any more. */
export function isNotThere(error: unknown): boolean {
  if (error instanceof ToolError) return error.problems.some(({ code }) => code === 'node_not_set_up');
  return undefinedObjects.has(readDriverError(error)?.sqlstate ?? '');
}

/** A schema, a table, a function. */
const undefinedObjects: ReadonlySet<string> = new Set(['3F000', '42P01', '42883']);
