import { askForConfirmation, dropLeftHold, releaseHold, setHold } from '../catalog/hold.ts';
import { getNodeInfo, type NodeInfo } from '../catalog/pgq-node.ts';
import { isUptodate } from '../catalog/takeover.ts';
import { tryLock, unlock, type WorkerLock } from '../catalog/trunkline.ts';
import type { Session } from '../db/session.ts';
import type { DatabaseName, NodeName, QueueName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import type { StepDeps } from './step-deps.ts';

/** A node whose worker something is asked of. */
export interface WorkPlace {
  readonly queue: QueueName;
  readonly node: NodeName;
  readonly database: DatabaseName;
}

const pollMs = 100;
/** A worker that does not run is not waited for as long as one that is busy. */
const absentMs = 5_000;
const holdMs = 60_000;
const keepEveryMs = 10_000;
const tellEveryMs = 5_000;
/** Below any tick: the worker stands wherever it is. */
const anywhere = 0n;

/**
 * Runs `work` while the node's worker stands still. A running one is held, and confirms it; where none runs, its lock is
 * taken, so that none begins. Should we be killed, both end by themselves.
 */
export async function whileStill<Result>(
  deps: StepDeps,
  place: WorkPlace,
  work: (own: NodeInfo, keepStill: () => Promise<void>) => Promise<Result>,
): Promise<Result> {
  const session = await deps.session(place.database);
  const own = await ownNode(session, place);
  let locked = false;
  try {
    locked = await holdStill(deps, session, place, own.worker);
    return await work(await ownNode(session, place), async () => {
      await prolong(deps, session, place, anywhere);
    });
  } finally {
    if (!session.lost) {
      await releaseHold(session, place.queue, place.node, deps.holder);
      if (locked) await unlock(session, lockOf(place));
    }
  }
}

/** True where no worker runs, and none can begin until the lock is let go. */
async function holdStill(deps: StepDeps, session: Session, place: WorkPlace, worker: string): Promise<boolean> {
  const { queue } = place;
  let asked = false;
  return patiently(deps, place, undefined, async () => {
    if (!asked) {
      // Another one's hold, as of a comparison, lasts for a while; where no worker runs, there is no need of one.
      if (!(await prolong(deps, session, place, anywhere)))
        return (await tryLock(session, lockOf(place))) ? true : undefined;
      await askForConfirmation(session, queue, worker);
      asked = true;
    }
    if (await tryLock(session, lockOf(place))) return true;
    return (await isUptodate(session, queue, worker)) ? false : undefined;
  });
}

/** Waits until the node has come to a tick; with `exactly`, its worker is kept from passing it. */
export async function whenAt(
  deps: StepDeps,
  place: WorkPlace,
  tick: bigint,
  options: { readonly exactly?: boolean; readonly meanwhile?: () => Promise<void> } = {},
): Promise<void> {
  const session = await deps.session(place.database);
  let last: bigint | undefined;
  let keptAt: number | undefined;
  await patiently(deps, place, tick, async (progress) => {
    if (keptAt === undefined || deps.clock.now() - keptAt > keepEveryMs) {
      keptAt = deps.clock.now();
      if (options.exactly === true) await prolong(deps, session, place, tick);
      await options.meanwhile?.();
    }
    const { workerLastTick } = await ownNode(session, place);
    if (workerLastTick >= tick) return true;
    if (workerLastTick !== last) {
      last = workerLastTick;
      progress();
    }
    return undefined;
  });
}

/** False while somebody else, who is there still, holds the worker. */
async function prolong(deps: StepDeps, session: Session, { queue, node }: WorkPlace, tick: bigint): Promise<boolean> {
  const hold = { queue, node, tick, holder: deps.holder, ttlMs: holdMs };
  if (await setHold(session, hold)) return true;
  await dropLeftHold(session, queue, node);
  return await setHold(session, hold);
}

async function ownNode(session: Session, { queue, node }: WorkPlace): Promise<NodeInfo> {
  const own = await getNodeInfo(session, queue);
  if (own?.name === node) return own;
  const note = own === undefined ? 'the database holds no node of the queue' : `the database holds node ${own.name}`;
  throw new ToolError([{ code: 'catalog_refused', node, call: 'pgq_node.get_node_info', status: 404, note }]);
}

/** Looks until there is a result. The time counts from the last progress; where no worker runs it is short. */
async function patiently<Result>(
  deps: StepDeps,
  place: WorkPlace,
  tick: bigint | undefined,
  look: (progress: () => void) => Promise<Result | undefined>,
): Promise<Result> {
  const { clock, signal, note } = deps;
  let since = clock.now();
  let toldAt = since;
  for (;;) {
    const result = await look(() => {
      since = clock.now();
    });
    if (result !== undefined) return result;
    signal?.throwIfAborted();
    const waitedMs = clock.now() - since;
    if (waitedMs > Math.min(absentMs, deps.workerTimeoutMs)) {
      const running = await isRunning(deps, place);
      if (!running || waitedMs > deps.workerTimeoutMs) {
        throw new ToolError([{ code: 'worker_awaited', node: place.node, tick, waitedMs, running }]);
      }
    }
    if (clock.now() - toldAt >= tellEveryMs) {
      toldAt = clock.now();
      note(
        place.node,
        tick === undefined ? `waits for the worker of ${place.node}` : `waits for ${place.node} to reach tick ${tick}`,
      );
    }
    await clock.sleep(pollMs, signal);
  }
}

async function isRunning(deps: StepDeps, place: WorkPlace): Promise<boolean> {
  const session = await deps.session(place.database);
  if (!(await tryLock(session, lockOf(place)))) return true;
  await unlock(session, lockOf(place));
  return false;
}

function lockOf({ queue, node }: WorkPlace): WorkerLock {
  return { kind: 'node', queue, node };
}
