import { maintainRetryEvents, maintenanceTasks, tickAndNotify } from '../catalog/pgq.ts';
import { type NodeRole, readNodeType } from '../catalog/worker-state.ts';
import type { Session } from '../db/session.ts';
import { quoteName, sql } from '../db/statement.ts';
import { tableName } from '../model/names.ts';
import type { NodeDeps } from './deps.ts';
import { untilNext } from './in-step.ts';
import { waitForLock } from './take-over.ts';

/** Settings of the loop, beside what the queue itself says about when a tick is due. */
export interface TickerOptions {
  /** How often it looks while events come, and for a while after. */
  readonly quickMs: number;
  /** Two ticks are not closer to each other, unless many events come. */
  readonly leastMs: number;
  /** While a consumer has not read the last tick, the next one comes so long after it. */
  readonly patientMs: number;
  /** How often it looks at the least, when nothing happens. */
  readonly idleMs: number;
  readonly maintainEveryMs: number;
}

/**
 * Ticks and maintains the queue of one node while it holds the ticker's lock; another process waits for it. A branch keeps
 * its provider's ticks, but its event tables are rotated as a root's are. Returns when the node keeps no queue any more.
 */
export async function tickQueue(deps: NodeDeps, options: TickerOptions, settled: () => void): Promise<void> {
  while (!(await keepsQueue(deps))) {
    settled();
    await whileNothingToTick(deps);
    if (deps.stop.aborted) return;
  }
  await using session = await deps.connector(deps.database, {
    applicationName: `trunkline ticker ${deps.queue}`,
    signal: deps.kill,
  });
  const locked = await waitForLock(
    session,
    deps,
    { kind: 'ticker', queue: deps.queue },
    {
      onWait: () =>
        deps.log({
          level: 'info',
          event: 'ticker_waiting',
          queue: deps.queue,
          message: `another process ticks ${deps.queue}; waiting to take over`,
        }),
    },
  );
  if (!locked) return;
  deps.log({ level: 'info', event: 'ticker_started', queue: deps.queue, message: `ticks queue ${deps.queue}` });
  let maintainedAt = deps.clock.now() - options.maintainEveryMs;
  const pace = startPace(options);
  let tickedAt = Number.NEGATIVE_INFINITY;
  let told: bigint | undefined;
  for (let type = await readNodeType(session, deps.queue); await isToTick(deps, type); ) {
    const now = deps.clock.now();
    const look = await tickAndNotify(session, deps.queue, { hold: now - tickedAt < options.patientMs, told });
    type = look?.type;
    told = look?.newestTick;
    let waitMs = type === 'root' ? pace(look?.newestEvent, now) : lookEveryMs;
    if (look?.tick !== undefined) {
      tickedAt = now;
      // Nothing can be due before.
      waitMs = Math.max(waitMs, options.leastMs);
    }
    if (deps.clock.now() - maintainedAt >= options.maintainEveryMs) {
      maintainedAt = deps.clock.now();
      await maintain(session, deps);
    }
    settled();
    await deps.clock.sleep(waitMs, deps.stop);
    if (deps.stop.aborted) return;
  }
}

const stayQuickMs = 2_000;

/** Quick while the newest event is another one at each look; an idle queue is asked less and less. */
function startPace({ quickMs, idleMs }: TickerOptions): (newest: bigint | undefined, now: number) => number {
  let last: bigint | undefined;
  let movedAt = Number.NEGATIVE_INFINITY;
  let waitMs = quickMs;
  return (newest, now) => {
    if (newest !== last) movedAt = now;
    last = newest;
    waitMs = now - movedAt < stayQuickMs ? quickMs : Math.min(idleMs, waitMs * 2);
    return waitMs < idleMs ? waitMs : untilNext(idleMs, now);
  };
}

const lookEveryMs = 500;

/** A process that only ticks asks again so often whether a leaf has become something else; a worker tells its ticker. */
const askAgainMs = 10_000;

async function whileNothingToTick({ view, clock, stop }: NodeDeps): Promise<void> {
  if (view === undefined) await clock.sleep(askAgainMs, stop);
  // A root that is replaced may be no longer so, which nobody tells.
  else await view.changed.wait(view.role?.kind === 'root' ? lookEveryMs : askAgainMs, stop);
}

async function keepsQueue(deps: NodeDeps): Promise<boolean> {
  const { view } = deps;
  if (view !== undefined) return isToTick(deps, view.role?.kind);
  await using session = await deps.connector(deps.database, {
    applicationName: `trunkline ticker ${deps.queue}`,
    signal: deps.kill,
  });
  const type = await readNodeType(session, deps.queue);
  if (type === undefined && deps.leaving()) deps.leave();
  return await isToTick(deps, type);
}

async function isToTick(deps: NodeDeps, type: NodeRole['kind'] | undefined): Promise<boolean> {
  return type === 'branch' || (type === 'root' && (await deps.successor(deps)) === undefined);
}

/**
 * The database's own list of what is due, each in a transaction of its own: rotation needs two. A function that answers
 * with anything but 0 is called again at once.
 */
async function maintain(session: Session, deps: NodeDeps): Promise<void> {
  while (!deps.stop.aborted && (await maintainRetryEvents(session)) > 0);
  for (const { func_name, func_arg } of await maintenanceTasks(session)) {
    if (deps.stop.aborted) return;
    if (func_name === 'vacuum' || func_name === 'vacuum analyze') {
      await session.script(`${func_name} ${quoteName(tableName(func_arg ?? ''))}`);
      continue;
    }
    const call =
      func_arg === null
        ? sql(`select ${quoteName(tableName(func_name))}() as result`)
        : sql(`select ${quoteName(tableName(func_name))}($1) as result`, func_arg);
    while (!deps.stop.aborted) {
      const [row] = await session.query<{ result: unknown }>(call);
      const again =
        typeof row?.result === 'bigint' ? row.result !== 0n : typeof row?.result === 'number' && row.result !== 0;
      if (!again) break;
    }
  }
}
