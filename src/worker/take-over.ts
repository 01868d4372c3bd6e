import {
  endSession,
  type LockHolder,
  readLockHolder,
  readOwnBlockers,
  takeLease,
  tryLock,
  type WorkerLock,
} from '../catalog/trunkline.ts';
import type { Session } from '../db/session.ts';
import type { NodeDeps } from './deps.ts';

/** Every holder does something on the session that holds its lock, each second at the least. */
const silentMs = 5_000;

const lookEveryMs = 1_000;

/** How long a transaction of the one before may still take to end by itself. */
const patienceMs = 1_000;

export interface Waiting {
  /** Once, if the lock is somebody else's. */
  readonly onWait: () => void;
  /** Each time that it still is. */
  readonly onLook?: () => Promise<void>;
}

/**
 * Waits until the lock is this session's; false when told to stop before. A process that is stopped, or whose host is gone
 * without a word, would hold it for ever: the session of one that has fallen silent is ended.
 */
export async function waitForLock(
  session: Session,
  deps: NodeDeps,
  lock: WorkerLock,
  { onWait, onLook }: Waiting,
): Promise<boolean> {
  const silent = startListening();
  for (let told = false; !deps.stop.aborted; told = true) {
    if (await tryLock(session, lock)) return true;
    if (!told) onWait();
    const holder = await readLockHolder(session, lock);
    if (silent(holder, deps.clock.now())) await takeFrom(session, deps, lock, holder);
    await onLook?.();
    await deps.clock.sleep(lookEveryMs, deps.stop);
  }
  return false;
}

/** By the clock of this process alone: those of the servers may jump. */
function startListening(): (holder: LockHolder | undefined, now: number) => holder is LockHolder {
  let last: string | undefined;
  let since = 0;
  return (holder, now): holder is LockHolder => {
    const seen = holder?.restingSince === undefined ? undefined : `${holder.pid} ${holder.restingSince}`;
    if (seen === undefined || seen !== last) since = now;
    last = seen;
    return now - since >= silentMs;
  };
}

async function takeFrom(session: Session, deps: NodeDeps, lock: WorkerLock, { pid }: LockHolder): Promise<void> {
  const ended = await endSession(session, pid);
  const work = lock.kind === 'node' ? `works for ${lock.node}` : `ticks ${lock.queue}`;
  const silent = `the process that ${work} has said nothing for ${silentMs / 1000} s`;
  deps.log({
    level: 'warn',
    event: lock.kind === 'node' ? 'worker_silent' : 'ticker_silent',
    queue: deps.queue,
    node: deps.node,
    message: ended
      ? `${silent}: its session ${pid} is ended, and this process takes over`
      : `${silent}, and the role of this process may not end its session ${pid}: run pg_terminate_backend(${pid}) as a superuser, or grant pg_signal_backend`,
  });
}

/**
 * Waits for the transactions of the holder before, each of which may still write. One that does not come to its end, as
 * its process has been stopped within, is rolled back.
 */
export async function takeLeaseOver(control: Session, deps: NodeDeps): Promise<bigint> {
  const answered = new AbortController();
  const taken = takeLease(control, deps.queue, deps.node, deps.holder).finally(() => answered.abort());
  // Whoever waits for it at the end sees the error.
  taken.catch(() => undefined);
  const either = AbortSignal.any([answered.signal, deps.stop]);
  for (;;) {
    await deps.clock.sleep(patienceMs, either);
    if (either.aborted) return taken;
    await using session = await deps.connector(deps.database, {
      applicationName: `trunkline worker ${deps.node}`,
      signal: deps.kill,
    });
    for (const pid of await readOwnBlockers(session, control.backendPid)) await endSession(session, pid);
  }
}
