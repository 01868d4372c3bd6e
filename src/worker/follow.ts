import { hasTick, keepTick, readWatermarks } from '../catalog/own-queue.ts';
import { type Batch, finishBatch, markOf, nextBatch, tickChannel, toldTick } from '../catalog/pgq.ts';
import { moveTableStates, setTableStates } from '../catalog/table-sync.ts';
import { assertLease } from '../catalog/trunkline.ts';
import {
  type NodeRole,
  sameRole,
  setConsumerError,
  setSubscriberWatermark,
  setUptodate,
  type WorkerState,
  type WorkerTable,
} from '../catalog/worker-state.ts';
import { transaction } from '../db/transaction.ts';
import { decodeControlEvent } from '../model/event-codec.ts';
import type { DatabaseName, TableName } from '../model/names.ts';
import { type Problem, ToolError } from '../model/problem.ts';
import type { TableSpec } from '../model/table.ts';
import { readQueueRows } from '../replay/event-line.ts';
import { isPast, parseSnapshot, type Snapshot } from '../replay/snapshot.ts';
import type { BatchCounts, Route } from './apply-batch.ts';
import { applyControl } from './apply-control.ts';
import { checkFooting, tellPosition } from './check-footing.ts';
import type { Copies } from './copies.ts';
import type { NodeDeps } from './deps.ts';
import { fetchBatch } from './fetch-batch.ts';
import type { ForeignKeys } from './foreign-keys.ts';
import { untilNext } from './in-step.ts';
import { keeperFor } from './keep-events.ts';
import type { Link } from './link.ts';
import { makeRoutes } from './make-routes.ts';
import { culpritsOf, parkTables } from './park.ts';
import { pruneTable } from './prune-table.ts';
import { type GoOn, replayBatch, type Took } from './replay-batch.ts';
import { currentState, type Round } from './round.ts';
import { openSubscriber } from './sessions.ts';
import { signOffStrayCopies } from './stray-copies.ts';
import { type WatermarkSync, watermarkSync } from './sync-watermark.ts';
import { type ToldTicks, toldTicks } from './told-ticks.ts';

/** How often the node itself is looked at, and its provider where nobody is known to tell of ticks. */
const pollMs = 1_000;

/** What goes on beside the replay, and outlives its failures. */
export interface Beside {
  readonly copies: Copies;
  readonly foreignKeys: ForeignKeys;
}

/** Returns when asked to stop, or when the node reads from another provider now. */
export async function follow(
  round: Round,
  first: WorkerState,
  database: DatabaseName,
  { copies, foreignKeys }: Beside,
): Promise<void> {
  const { deps } = round;
  await using provider = await deps.connector(database, {
    applicationName: `trunkline reader ${deps.node}`,
    signal: deps.kill,
    unchecked: true,
  });
  await using subscriber = await openSubscriber(deps, 'apply');
  const ticks = toldTicks(deps.clock);
  await provider.listen(tickChannel, (payload) => {
    const tick = toldTick(payload, deps.queue);
    if (tick !== undefined && ticks.hear(tick)) round.wake.wake();
  });
  const link: Link = { deps, provider, subscriber, generation: round.generation, consumer: first.worker };
  const registered = await checkFooting(link, await currentState(round), round.heartbeat.last);
  await signOffStrayCopies(link, () => currentState(round));
  const { queue, node } = deps;
  await using sync = watermarkSync(round);
  const follower: Follower = {
    ...round,
    link,
    copies,
    ticks,
    routes: undefined,
    keep: keeperFor(first.role, { queue, node, subscriber, control: round.control }),
    sync,
    // How many events that are is told by the first batch.
    behind: (registered?.behind ?? 0) > 1 ? batchEvents.least : 0,
    upToDate: false,
    opening: undefined,
    batchEvents: batchEvents.least,
    foresees: true,
    foreignKeys,
    watermark: { at: deps.clock.now() - deps.watermarkEveryMs, tick: undefined },
    straysSoughtAt: deps.clock.now(),
  };
  round.heartbeat.provider(first.provider, registered);
  while (!deps.stop.aborted) {
    const state = await currentState(round);
    if (state.provider !== first.provider || !sameRole(state.role, first.role)) return;
    await followOnce(follower, state);
    round.failures.over();
  }
}

export function providerDatabase(deps: NodeDeps, state: WorkerState): DatabaseName {
  const database = deps.databaseOf(state.provider);
  if (database !== undefined) return database;
  throw new ToolError([{ code: 'node_not_in_file', queue: deps.queue, node: state.provider, provider: undefined }]);
}

interface Follower extends Round {
  readonly link: Link;
  readonly ticks: ToldTicks;
  readonly copies: Copies;
  routes: Routes | undefined;
  /** Events that waited behind the last batch, over more than one tick: ask for a batch that spans several. */
  behind: number;
  /** The last batch ended at the newest tick: the next one will be told. */
  upToDate: boolean;
  /** A batch that is asked for while the node's state is read: most of what a small one waits for is round trips. */
  opening: Promise<Batch | undefined> | undefined;
  /** How many events such a batch is to have. */
  batchEvents: number;
  /** The provider opens the batches that are foreseen. */
  foresees: boolean;
  readonly keep: ReturnType<typeof keeperFor>;
  readonly sync: WatermarkSync;
  readonly foreignKeys: ForeignKeys;
  watermark: { readonly at: number; readonly tick: bigint | undefined };
  straysSoughtAt: number;
}

/** What is known of the tables in sync, and what it was made from. */
interface Routes {
  readonly tables: WorkerState['tables'];
  readonly keys: ReadonlyMap<TableName, string>;
  readonly routes: ReadonlyMap<string, Route>;
  /** Some of it was read for an earlier batch. */
  readonly reused: boolean;
}

async function followOnce(follower: Follower, state: WorkerState): Promise<void> {
  const { deps, control, wake, heartbeat, copies, opening } = follower;
  // Whatever holds the node up now may move it, too.
  follower.opening = undefined;
  if (!state.uptodate) await setUptodate(control, deps.queue, state.worker);
  if (state.error !== undefined) await setConsumerError(control, deps.queue, state.worker, null);
  if (state.paused) {
    heartbeat.state('paused');
    return deps.clock.sleep(untilNext(pollMs, deps.clock.now()), deps.stop);
  }
  if (state.hold !== undefined && state.hold <= state.position) {
    heartbeat.state('held');
    return wake.wait(50, deps.stop);
  }
  for (const table of state.tables.values()) {
    if (table.prune && table.sync?.kind === 'in_sync') await pruneTable(follower.link, table);
  }
  const sync = await copies.look(state, follower.link.provider);
  if (state.pendingKeys) follower.foreignKeys.look();
  if (sync.handOver.length > 0) await grantHandover(follower, state, sync.handOver);
  // A copy on its way to our tick needs us to stand still there.
  if (sync.handOver.length > 0 || sync.handingOver) return wake.wait(20, deps.stop);
  const exact = state.hold !== undefined || sync.closing || !mayJoinTicks(state.role);
  const asked = opening ?? (isToAsk(follower) ? openBatch(follower, state, exact) : undefined);
  const batch = await asked;
  if (asked !== undefined && batch === undefined) follower.ticks.none();
  follower.upToDate = batch === undefined;
  if (batch !== undefined) {
    heartbeat.state('replaying');
    await take(follower, state, batch);
  }
  if (!follower.upToDate) return;
  heartbeat.state('idle');
  // A batch has told its own end, which is ahead of what was read before it.
  if (batch === undefined) await publishWatermark(follower, state, state.position);
  await wake.wait(untilNext(pollMs, deps.clock.now()), deps.stop);
  if (!deps.stop.aborted && isToAsk(follower)) openAhead(follower, state);
}

/** Whoever asks on a connection that has ended is told so. */
function isToAsk({ upToDate, ticks, link }: Follower): boolean {
  return !upToDate || link.provider.lost || ticks.mayHaveMore();
}

/** A single tick's batch may be open whatever the state says: it stays open, and is given again. */
function openAhead(follower: Follower, state: WorkerState): void {
  follower.opening = nextBatch(follower.link.provider, follower.deps.queue, state.worker, undefined);
  // Where it is not wanted in the end, nor is its error.
  follower.opening.catch(() => undefined);
}

/** A branch must have every tick of its provider; and a leaf that waits for a queue goes by its every step. */
function mayJoinTicks({ kind }: NodeRole): boolean {
  return kind === 'leaf' || kind === 'merging';
}

async function openBatch(follower: Follower, state: WorkerState, exact: boolean): Promise<Batch | undefined> {
  const { link, deps, behind } = follower;
  if (behind > 0 && !exact) {
    // A small rest is not worth a batch of its own.
    const wanted = behind < follower.batchEvents * 1.5 ? behind : follower.batchEvents;
    const large = await nextBatch(link.provider, deps.queue, state.worker, wanted);
    if (large !== undefined) return large;
  }
  return nextBatch(link.provider, deps.queue, state.worker, undefined);
}

/** The position says what to do with a batch: apply it, only finish it, or stop. */
async function take(follower: Follower, state: WorkerState, batch: Batch): Promise<void> {
  const { routes } = follower;
  try {
    await takeBatch(follower, state, batch);
  } catch (error) {
    // The table may have changed under a cached description; the next try reads it anew.
    const { routes: used } = follower;
    const cached = used !== undefined && (used === routes || used.reused);
    follower.routes = undefined;
    const culprits = follower.deps.onError === 'park' ? culpritsOf(error, state) : [];
    if (culprits.length === 0) throw error;
    if (!cached) await parkTables(follower.link, state, culprits);
  }
}

async function takeBatch(follower: Follower, state: WorkerState, batch: Batch): Promise<void> {
  const { deps, link } = follower;
  deps.fault('next-batch');
  follower.behind = batch.ticksBehind > 1 ? batch.eventsBehind : 0;
  if (isDone(state, batch)) return finishDone(follower, state, batch);
  // What the other queue has not brought yet stays open.
  if (state.role.kind === 'waiting') return follower.wake.wait(waitingMs, deps.stop);
  if (state.position !== batch.fromTick) {
    if (await tellPosition(link, state, follower.heartbeat.last)) return;
    throw new ToolError([
      {
        code: 'position_lost',
        queue: deps.queue,
        node: deps.node,
        position: state.position,
        batchFrom: batch.fromTick,
        batchTo: batch.toTick,
      },
    ]);
  }
  const { keep, sync } = follower;
  const routes = await routesFor(follower, state);
  const settledTables = finishedSnapshots(state, batch);
  let last = batch;
  const { more, next } = await replayBatch(link, batch, {
    routes,
    reroute: async () => {
      follower.routes = undefined;
      return routesFor(follower, state);
    },
    filter: { kind: 'all' },
    skipped: state.skipped,
    keep: keep === undefined ? undefined : () => keep(state),
    as: state,
    control: async (event, tick) => {
      if (event.kind === 'global_watermark' && state.syncWatermark !== undefined) sync.saw(BigInt(event.tick));
      else await applyControl(deps, link.subscriber, state, event, tick);
    },
    openNext: !mayJoinTicks(state.role),
    alsoWrite: settledTables.length === 0 ? undefined : () => clearSnapshots(follower, settledTables),
    goOn: mayForesee(follower, state) ? goOn(follower, state) : undefined,
    applied(done, counts, took) {
      last = done;
      follower.behind = done.ticksBehind > 1 ? done.eventsBehind : 0;
      follower.batchEvents = sizeBatch(counts.applied + counts.passedOver, took);
      follower.ticks.read(done.toTick);
      tellMissed(deps, counts, done);
      follower.heartbeat.applied(counts.applied, { id: done.toTick, mark: markOf(done) });
    },
  });
  follower.upToDate = !more;
  if (next !== undefined) follower.opening = Promise.resolve(next);
  await publishWatermark(follower, { ...state, position: last.toTick }, last.fromTick);
}

function mayForesee({ foresees }: Follower, { role, hold }: WorkerState): boolean {
  return foresees && hold === undefined && mayJoinTicks(role);
}

/** Other things than events are looked after so often. */
const goOnMs = 5_000;

function goOn(follower: Follower, state: WorkerState): GoOn {
  const { deps } = follower;
  const until = deps.clock.now() + goOnMs;
  return {
    wanted: () => (deps.stop.aborted || deps.clock.now() >= until ? undefined : follower.batchEvents),
    unchanged: async () => isSame(state, await currentState(follower)),
    mistaken() {
      follower.foresees = false;
    },
  };
}

/** Whether a batch may go by what was read before it; the same where only the position has moved. */
function isSame(before: WorkerState, now: WorkerState): boolean {
  return (
    !now.paused &&
    now.uptodate &&
    now.hold === undefined &&
    now.worker === before.worker &&
    now.provider === before.provider &&
    sameRole(now.role, before.role) &&
    now.tables === before.tables &&
    now.sequences === before.sequences &&
    [...now.skipped].every((event) => before.skipped.has(event))
  );
}

/**
 * A batch has a commit on each side, and rows that finished transactions left behind make room for the next ones; one that is
 * too long is a transaction that holds its locks for long, and lost work when the worker is killed. Where ends are dear, as far
 * away, there are fewer of them.
 */
const batchEvents = { least: 20_000, most: 1_000_000, leastMs: 600, mostMs: 5_000, ofEnd: 30 };

function sizeBatch(events: number, { wholeMs, endMs }: Took): number {
  const { least, most, leastMs, mostMs, ofEnd } = batchEvents;
  const aimMs = Math.min(mostMs, Math.max(leastMs, endMs * ofEnd));
  const wanted = (events / Math.max(1, wholeMs)) * aimMs;
  return Math.round(Math.min(most, Math.max(least, wanted)));
}

/** The other queue is looked at so often by a leaf that waits for it. */
const waitingMs = 250;

/** A node that takes the place of one which waited has more than its own batches brought. */
function isDone({ role, position }: WorkerState, batch: Batch): boolean {
  return role.kind === 'waiting' || role.kind === 'merging' ? position >= batch.toTick : position === batch.toTick;
}

async function finishDone(follower: Follower, state: WorkerState, batch: Batch): Promise<void> {
  const { deps, link } = follower;
  // Londiste makes the tick after the batch: its worker may have been ended in between.
  if (state.role.kind === 'branch' && !(await hasTick(link.subscriber, deps.queue, batch.toTick)))
    await keepTick(link.subscriber, deps.queue, batch);
  if (state.role.kind === 'waiting') await applyControlOnly(follower, state, batch);
  await finishBatch(link.provider, deps.queue, batch);
  follower.ticks.read(batch.toTick);
  await publishWatermark(follower, state, batch.fromTick);
}

/** Rows came through the other queue; what is about this queue did not. */
async function applyControlOnly({ deps, link, generation }: Follower, state: WorkerState, batch: Batch): Promise<void> {
  await transaction(link.subscriber, async () => {
    await assertLease(link.subscriber, deps.queue, deps.node, generation);
    for await (const lines of fetchBatch(link.provider, batch, { kind: 'control' }, false)) {
      for (const row of readQueueRows(lines)) {
        if (state.skipped.has(Number(row.id))) continue;
        await applyControl(deps, link.subscriber, state, decodeControlEvent(row), batch.toTick);
      }
    }
  });
}

/** The description of a table is read again when the table, or its state, changed. */
async function routesFor(follower: Follower, state: WorkerState): Promise<ReadonlyMap<string, Route>> {
  const { deps, link, routes: known } = follower;
  if (known?.tables === state.tables) return known.routes;
  const routes = new Map<string, Route>();
  const keys = new Map<TableName, string>();
  const wanted: { readonly spec: TableSpec; readonly skip: Snapshot | undefined }[] = [];
  for (const { name, sync, spec, snapshot } of state.tables.values()) {
    if (sync?.kind !== 'in_sync') continue;
    if (spec === undefined)
      throw new ToolError([{ code: 'handler_unknown', queue: deps.queue, node: deps.node, table: name }]);
    const key = JSON.stringify([spec, snapshot]);
    keys.set(name, key);
    const route = known?.routes.get(name);
    if (route !== undefined && known?.keys.get(name) === key) routes.set(name, route);
    else wanted.push({ spec, skip: snapshot === undefined ? undefined : parseSnapshot(snapshot) });
  }
  const { routes: made, absent } = await makeRoutes({ ...link, queue: deps.queue, node: deps.node }, wanted);
  if (absent.length > 0) {
    throw new ToolError(
      wanted
        .filter(({ spec }) => absent.includes(spec.destination))
        .map(
          ({ spec }): Problem => ({
            code: 'table_gone',
            queue: deps.queue,
            node: deps.node,
            table: spec.name,
            destination: spec.destination,
          }),
        ),
    );
  }
  const reused = routes.size > 0;
  for (const [name, route] of made) routes.set(name, route);
  follower.routes = { tables: state.tables, keys, routes, reused };
  return routes;
}

/** Copies whose snapshot no later event can be part of. */
function finishedSnapshots(state: WorkerState, batch: Batch): readonly WorkerTable[] {
  const tick = parseSnapshot(batch.fromSnapshot);
  if (tick === undefined) return [];
  return [...state.tables.values()].filter(
    ({ sync, snapshot }) => sync?.kind === 'in_sync' && snapshot !== undefined && past(snapshot, tick),
  );
}

function past(copySnapshot: string, tick: Snapshot): boolean {
  const copy = parseSnapshot(copySnapshot);
  return copy !== undefined && isPast(copy, tick);
}

async function clearSnapshots({ deps, link }: Follower, tables: readonly WorkerTable[]): Promise<void> {
  const settled = tables.map(({ name }) => ({ name, snapshot: undefined }));
  await setTableStates(link.subscriber, deps.queue, { kind: 'in_sync' }, settled);
}

async function grantHandover(follower: Follower, state: WorkerState, tables: readonly WorkerTable[]): Promise<void> {
  const { deps, link, generation, copies } = follower;
  await transaction(link.subscriber, async () => {
    await assertLease(link.subscriber, deps.queue, deps.node, generation);
    // One that was sent back to be copied again meanwhile stays there.
    const to = { kind: 'handing_over', atTick: state.position } as const;
    await moveTableStates(link.subscriber, deps.queue, { from: 'wants_handover', to }, tables);
  });
  copies.wake();
}

/** Strays are rare, and hold up nothing but rotation. */
const watermarksPerSearch = 6;

/** Tells the provider what neither this node nor anybody who reads from it still needs, and lets go of what holds it back. */
async function publishWatermark(follower: Follower, state: WorkerState, batchFrom: bigint): Promise<void> {
  const { deps, link, sync } = follower;
  const now = deps.clock.now();
  if (now - follower.watermark.at < deps.watermarkEveryMs) return;
  const { syncWatermark } = state;
  const tick = syncWatermark === undefined ? await ownWatermark(follower, state) : batchFrom;
  if (syncWatermark !== undefined) sync.look(syncWatermark);
  if (tick !== follower.watermark.tick) await setSubscriberWatermark(link.provider, deps.queue, deps.node, tick);
  follower.watermark = { at: now, tick };
  if (now - follower.straysSoughtAt < deps.watermarkEveryMs * watermarksPerSearch) return;
  follower.straysSoughtAt = now;
  await signOffStrayCopies(link, () => currentState(follower));
}

async function ownWatermark({ deps, control }: Follower, { role, position }: WorkerState): Promise<bigint> {
  const own = role.kind === 'branch' ? await readWatermarks(control, deps.queue) : undefined;
  return own === undefined || own.local > position ? position : own.local;
}

function tellMissed(deps: NodeDeps, counts: BatchCounts, batch: Batch): void {
  for (const [table, { updates, deletes }] of counts.missed) {
    deps.log({
      level: 'warn',
      event: 'rows_missing',
      queue: deps.queue,
      node: deps.node,
      batch: batch.id,
      tick: batch.toTick,
      message: `${table}: ${updates} updates and ${deletes} deletes found no row; the table was changed on ${deps.node}, run trunkline compare`,
    });
  }
}
