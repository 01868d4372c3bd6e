import {
  askForTick,
  type Batch,
  finishBatch,
  finishBatches,
  nextBatch,
  type OpenBatch,
  openBatches,
} from '../catalog/pgq.ts';
import { readSkippedIds } from '../catalog/skipped-events.ts';
import { readTableStates, setTableStruct } from '../catalog/table-sync.ts';
import { snapshotOfTick } from '../catalog/tick-snapshot.ts';
import { assertLease } from '../catalog/trunkline.ts';
import { readPositions, setAllCompleted } from '../catalog/worker-state.ts';
import { transaction } from '../db/transaction.ts';
import { isPast, parseSnapshot } from '../replay/snapshot.ts';
import { consumersOf, type Ends, isElsewhere, missing, moveStates, namesOf, Parted, tell } from './copy-ends.ts';
import type { Link } from './link.ts';
import { makeRoutes } from './make-routes.ts';
import { replayBatch } from './replay-batch.ts';

/** Replays the tables' own events until none is waiting, then asks the main worker to take them over. */
export async function catchUp(ends: Ends, snapshot: string | undefined): Promise<void> {
  const { deps, generation } = ends.job;
  tell(ends, 'catching_up');
  await putBackLeft(ends);
  let behind = 0;
  let askedAt: number | undefined;
  while (!deps.stop.aborted) {
    const large = behind > 0 ? await replayNext(ends, snapshot, Math.min(behind, manyEvents)) : undefined;
    const batch = large ?? (await replayNext(ends, snapshot, undefined));
    // On a busy queue the next tick is there before this one is applied: the last few are left to the handover.
    behind = batch?.eventsBehind ?? 0;
    if (batch !== undefined && batch.ticksBehind > nearTicks) continue;
    if (snapshot === undefined || !mustSettle(ends) || (await isBehindUs(ends, snapshot))) break;
    if (batch !== undefined) continue;
    if (askedAt === undefined || deps.clock.now() - askedAt >= askEveryMs) {
      askedAt = deps.clock.now();
      await askForTick(ends.provider, deps.queue);
    }
    await deps.clock.sleep(50, deps.stop);
  }
  if (deps.stop.aborted) return;
  const position = await positionOf(ends);
  const kept = mustSettle(ends) ? undefined : snapshot;
  await transaction(ends.subscriber, async () => {
    await assertLease(ends.subscriber, deps.queue, deps.node, generation);
    await moveStates(ends, { from: 'catching_up', to: { kind: 'wants_handover', atTick: position }, snapshot: kept });
  });
  deps.fault('wants-handover');
  ends.job.changed();
}

/** Londiste brings back what it took down in a transaction of its own, after that of the rows: its worker may have been ended in between. */
async function putBackLeft({ job, subscriber, members }: Ends): Promise<void> {
  const { deps, generation } = job;
  const states = await readTableStates(subscriber, deps.queue, namesOf(members));
  for (const name of namesOf(members)) {
    const dropped = states.get(name)?.dropped;
    if (dropped == null) continue;
    await transaction(subscriber, async () => {
      await assertLease(subscriber, deps.queue, deps.node, generation);
      await subscriber.script(dropped);
      await setTableStruct(subscriber, deps.queue, name, undefined);
    });
  }
}

/**
 * Another node reads on from this one's rows by a queue of this database, so they must be what the queue has brought; or the
 * main worker goes by another node's transaction numbers than this copy. Elsewhere it tells later events from the copy itself.
 */
function mustSettle(ends: Ends): boolean {
  const { role } = ends.job;
  return isElsewhere(ends) || role === 'branch' || role === 'merging';
}

/** Where the copies stand, all at one tick. */
async function positionOf(ends: Ends): Promise<bigint> {
  const { job, subscriber, members } = ends;
  const positions = await readPositions(subscriber, job.deps.queue, consumersOf(members));
  const position = positions.get(members[0].consumer);
  if (position === undefined) throw restart(ends);
  if (members.some(({ consumer }) => positions.get(consumer) !== position))
    throw new Parted('the tables have not come to the same tick');
  return position;
}

/** No event from our tick on can be one that the copy saw. */
async function isBehindUs(ends: Ends, snapshot: string): Promise<boolean> {
  const at = await snapshotOfTick(ends.provider, ends.job.deps.queue, await positionOf(ends));
  const [copy, tick] = [parseSnapshot(snapshot), at === undefined ? undefined : parseSnapshot(at)];
  return copy !== undefined && tick !== undefined && isPast(copy, tick);
}

/** The most events that a batch is asked to span, and how many ticks away is near enough to hand over. */
const manyEvents = 20_000;
const nearTicks = 2;
/** On a quiet queue the tick that a copy waits for would come after `idle_period` only. */
const askEveryMs = 1_000;

export async function handOver(ends: Ends, atTick: bigint, snapshot: string | undefined): Promise<void> {
  const { deps, generation } = ends.job;
  deps.fault('handing-over');
  tell(ends, 'handing_over');
  while (!deps.stop.aborted) {
    const position = await positionOf(ends);
    if (position > atTick) throw restart(ends);
    if (position === atTick) break;
    if ((await replayNext(ends, snapshot, undefined)) === undefined) await deps.clock.sleep(50, deps.stop);
  }
  if (deps.stop.aborted) return;
  await transaction(ends.subscriber, async () => {
    await assertLease(ends.subscriber, deps.queue, deps.node, generation);
    await moveStates(ends, { from: 'handing_over', to: { kind: 'in_sync' }, snapshot });
  });
  deps.fault('handed-over');
  tell(ends, 'done');
  ends.job.changed();
}

/** The batch that was there, applied before or now: one and the same for all consumers. */
async function replayNext(
  ends: Ends,
  snapshot: string | undefined,
  minEvents: number | undefined,
): Promise<Batch | undefined> {
  const { provider, subscriber, members } = ends;
  const { deps, generation } = ends.job;
  const [first, ...others] = members;
  const opened = await openSame(ends, minEvents);
  if (opened === undefined) return undefined;
  const { batch, alike } = opened;
  const position = await positionOf(ends);
  if (position === batch.toTick) {
    await finishBatch(provider, deps.queue, batch);
    await finishBatches(provider, alike);
    return batch;
  }
  if (position !== batch.fromTick) throw restart(ends);
  const skip = snapshot === undefined ? undefined : parseSnapshot(snapshot);
  const { routes, absent } = await makeRoutes(
    { ...ends, queue: deps.queue, node: deps.node },
    members.map(({ spec }) => ({ spec, skip })),
  );
  const gone = members.find(({ spec }) => absent.includes(spec.destination));
  if (gone !== undefined) throw missing(ends, deps.node, gone, gone.spec.destination);
  const link: Link = { deps, provider, subscriber, generation, consumer: first.consumer };
  await replayBatch(link, batch, {
    routes,
    reroute: undefined,
    filter: { kind: 'tables', tables: namesOf(members) },
    skipped: await readSkippedIds(subscriber, deps.queue, deps.node, batch.fromTick),
    keep: undefined,
    as: undefined,
    control: undefined,
    openNext: false,
    goOn: undefined,
    applied: undefined,
    alsoWrite:
      others.length === 0
        ? undefined
        : () => setAllCompleted(subscriber, deps.queue, consumersOf(others), batch.toTick),
  });
  await finishBatches(provider, alike);
  return batch;
}

/** In one snapshot of the provider, so that its ticks are the same for all. */
async function openSame(
  { job: { deps }, provider, members }: Ends,
  minEvents: number | undefined,
): Promise<{ readonly batch: Batch; readonly alike: readonly OpenBatch[] } | undefined> {
  const [first, ...others] = members;
  const lead = () => nextBatch(provider, deps.queue, first.consumer, minEvents);
  if (others.length === 0) {
    const batch = await lead();
    return batch === undefined ? undefined : { batch, alike: [] };
  }
  return transaction(
    provider,
    async () => {
      const batch = await lead();
      if (batch === undefined) return undefined;
      const alike = await openBatches(provider, deps.queue, consumersOf(others), minEvents);
      const same = ({ fromTick, toTick }: OpenBatch) => fromTick === batch.fromTick && toTick === batch.toTick;
      if (alike.length < others.length || !alike.every(same)) throw new Parted('their batches are not the same');
      return { batch, alike };
    },
    'isolation level repeatable read',
  );
}

/** The copy's own position does not fit the queue: nothing but a new copy can be trusted. */
class CopyMustRestart extends Error {}

function restart({ members }: Ends): CopyMustRestart {
  return new CopyMustRestart(
    `the position of the copy of ${namesOf(members).join(', ')} does not fit the queue; it is copied again`,
  );
}

export function mustRestart(error: unknown): boolean {
  return error instanceof CopyMustRestart;
}
