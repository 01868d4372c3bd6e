import { type LastSeen, leaseLost, readLastSeen, readServerIdentity } from '../catalog/trunkline.ts';
import { readWorkerState, sameRole, setConsumerError, setUptodate, type WorkerState } from '../catalog/worker-state.ts';
import { readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';
import type { NodeName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import { startCopies } from './copies.ts';
import type { NodeDeps } from './deps.ts';
import type { Failures } from './failures.ts';
import { follow, providerDatabase } from './follow.ts';
import { dropForeignCopies } from './foreign-copies.ts';
import { startForeignKeys } from './foreign-keys.ts';
import { startHeartbeat } from './heartbeat.ts';
import { untilNext } from './in-step.ts';
import { keepRoot } from './keep-root.ts';
import { RoleChanged } from './role-changed.ts';
import { currentState, type Round } from './round.ts';
import { takeLeaseOver, waitForLock } from './take-over.ts';
import { wakeUp } from './wake-up.ts';

const lookEveryMs = 250;
const lookReplacedEveryMs = 1_000;

/** Works for one node until asked to stop, or until its lock is gone with its connection; the caller starts it again. */
export async function replayNode(deps: NodeDeps, failures: Failures): Promise<void> {
  await using control = await deps.connector(deps.database, {
    applicationName: `trunkline worker ${deps.node}`,
    signal: deps.kill,
  });
  const lock = { kind: 'node', queue: deps.queue, node: deps.node } as const;
  const seen: Round['seen'] = { state: undefined };
  const locked = await waitForLock(control, deps, lock, {
    onWait: () =>
      deps.log({
        level: 'info',
        event: 'worker_waiting',
        queue: deps.queue,
        node: deps.node,
        message: `another process works for ${deps.node}; waiting to take over`,
      }),
    // The ticker of this process may have its lock all the same.
    onLook: async () => {
      seen.state = await readWorkerState(control, deps.queue, seen.state);
      deps.view?.see(seen.state?.role);
    },
  });
  if (!locked) return;
  const generation = await takeLeaseOver(control, deps);
  deps.log({
    level: 'info',
    event: 'worker_started',
    queue: deps.queue,
    node: deps.node,
    message: `works for ${deps.node} (generation ${generation})`,
  });
  const last = await lastSeenHere(deps, control);
  await using heartbeat = startHeartbeat(deps, control, last);
  const round: Round = { deps, control, generation, wake: wakeUp(deps.clock), heartbeat, failures, seen };
  // What the node is, is read again whenever it changes: a switchover turns roots to branches and back.
  while (!deps.stop.aborted) {
    const state = await currentState(round);
    const successor = state.role.kind === 'root' ? await deps.successor(deps) : undefined;
    if (successor !== undefined) await standReplaced(round, state, successor);
    else if (state.role.kind === 'root') await keepRoot(round, state);
    else await keepFollowing(round, state);
  }
}

/** A copy of a database has the report of the one that it was made from. */
async function lastSeenHere(deps: NodeDeps, control: Session): Promise<LastSeen> {
  const { queue, node } = deps;
  const last = await readLastSeen(control, queue, node);
  const own = await readServerIdentity(control);
  const before = last.servers.own;
  if (own !== undefined && before !== undefined && own !== before) {
    deps.log({
      level: 'warn',
      event: 'database_moved',
      queue,
      node,
      message: `the database of ${node} is on another server than before (system identifier ${own}, it was ${before}): where the old one is still in use, one of the two must go, as both read the queue as one consumer`,
    });
  }
  return { ...last, servers: { ...last.servers, own: own ?? before } };
}

/** Nothing is written for a root that another node has replaced. */
async function standReplaced(round: Round, first: WorkerState, successor: NodeName): Promise<void> {
  const { deps, heartbeat } = round;
  heartbeat.state('replaced');
  deps.log({
    level: 'error',
    event: 'root_replaced',
    queue: deps.queue,
    node: deps.node,
    message: `${successor} has replaced ${deps.node} as the root of ${deps.queue}: nothing is done for ${deps.node}; run "trunkline plan" with the files that name ${successor} as the root`,
  });
  while (!deps.stop.aborted && (await deps.successor(deps)) === successor) {
    await deps.clock.sleep(untilNext(lookReplacedEveryMs, deps.clock.now()), deps.stop);
    if (!sameRole((await currentState(round)).role, first.role)) return;
  }
}

/** Copies outlive a failure of the replay: hours of copying must not end with one bad batch. */
async function keepFollowing(round: Round, state: WorkerState): Promise<void> {
  const { deps, control, generation, heartbeat } = round;
  const database = providerDatabase(deps, state);
  await dropForeignCopies(round, state);
  await using copies = startCopies({
    deps,
    generation,
    worker: state.worker,
    role: state.role,
    control,
    provider: { node: state.provider, database },
    wake: round.wake,
    heartbeat,
  });
  await using foreignKeys = startForeignKeys({ deps, control, generation });
  while (!deps.stop.aborted) {
    try {
      await follow(round, state, database, { copies, foreignKeys });
      return;
    } catch (error) {
      if (error instanceof RoleChanged) return;
      if (deps.stop.aborted || control.lost || isFenced(error)) throw error;
      // It may have been dropped under a batch; then that is why, whatever failed.
      if (deps.leaving()) await currentState(round);
      const waitMs = round.failures.add(error);
      heartbeat.state('failing');
      await recordError(round, state, error);
      if ((await standBy(round, state, waitMs)) === 'changed') return;
    }
  }
}

/**
 * Before the next try. Who wants the worker to stand still gets its word, and the worker to wait for longer: a provider that
 * does not answer is a reason to replace it. A change of provider or role ends the wait.
 */
async function standBy(round: Round, first: WorkerState, waitMs: number): Promise<'over' | 'changed'> {
  const { deps, control } = round;
  const until = deps.clock.now() + waitMs;
  while (!deps.stop.aborted) {
    const state = await currentState(round);
    if (state.provider !== first.provider || !sameRole(state.role, first.role)) return 'changed';
    if (!state.uptodate) await setUptodate(control, deps.queue, state.worker);
    const held = state.hold !== undefined && state.hold <= state.position;
    const leftMs = until - deps.clock.now();
    if (!held && leftMs <= 0) break;
    await deps.clock.sleep(held ? lookEveryMs : Math.min(leftMs, lookEveryMs), deps.stop);
  }
  return 'over';
}

/** Somebody else has taken the node over: only the lock can say who works for it now. */
function isFenced(error: unknown): boolean {
  return readDriverError(error)?.sqlstate === leaseLost;
}

/** Where the error is seen by `status`, and by Londiste's own tools. */
async function recordError({ control, deps }: Round, state: WorkerState, error: unknown): Promise<void> {
  if (control.lost || deps.stop.aborted) return;
  const message = error instanceof ToolError ? deps.explain(error) : String((error as Error).message);
  await setConsumerError(control, deps.queue, state.worker, message).catch(() => undefined);
}
