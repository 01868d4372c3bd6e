import { type Batch, finishBatch, nextBatch, tickChannel } from '../catalog/pgq.ts';
import { rootCheckSequences, setTableState } from '../catalog/table-sync.ts';
import { assertLease, leaseLost, takeLease, tryLockNode } from '../catalog/trunkline.ts';
import {
  readWorkerState,
  setConsumerError,
  setSubscriberWatermark,
  setUptodate,
  type WorkerState,
  type WorkerTable,
} from '../catalog/worker-state.ts';
import { readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';
import { transaction } from '../db/transaction.ts';
import type { DatabaseName } from '../model/names.ts';
import { type Problem, ToolError } from '../model/problem.ts';
import { isPast, parseSnapshot, type Snapshot } from '../replay/snapshot.ts';
import { type BatchCounts, makeRoutes, type Route } from './apply-batch.ts';
import { applyControl } from './apply-control.ts';
import { type Copies, startCopies } from './copies.ts';
import { signOffStrayCopies } from './copy-table.ts';
import type { NodeDeps } from './deps.ts';
import type { Failures } from './failures.ts';
import { type PendingKeys, restoreForeignKeys } from './foreign-keys.ts';
import { type Heartbeat, startHeartbeat } from './heartbeat.ts';
import { type Link, replayBatch } from './replay-batch.ts';
import { openSubscriber } from './sessions.ts';
import { type WakeUp, wakeUp } from './wake-up.ts';

/** Without a notification a tick is found this late. */
const pollMs = 1_000;
const watermarkEveryMs = 30_000;
const sequencesEveryMs = 1_000;

interface Round {
  readonly deps: NodeDeps;
  readonly control: Session;
  readonly generation: bigint;
  readonly wake: WakeUp;
  readonly heartbeat: Heartbeat;
  readonly failures: Failures;
}

/** Works for one node until asked to stop, or until its lock is gone with its connection; the caller starts it again. */
export async function replayNode(deps: NodeDeps, failures: Failures): Promise<void> {
  await using control = await deps.connector(deps.database, {
    applicationName: `trunkline worker ${deps.node}`,
    signal: deps.kill,
  });
  if (!(await waitForLock(control, deps))) return;
  const generation = await takeLease(control, deps.queue, deps.node, deps.holder);
  deps.log({
    level: 'info',
    event: 'worker_started',
    queue: deps.queue,
    node: deps.node,
    message: `works for ${deps.node} (generation ${generation})`,
  });
  await using heartbeat = startHeartbeat(deps, control);
  const round: Round = { deps, control, generation, wake: wakeUp(deps.clock), heartbeat, failures };
  const state = await currentState(round);
  // Awaited here: a promise returned as it is would outlive the session above.
  if (state.type === 'root') return await keepRoot(round);
  const database = providerDatabase(deps, state);
  // Copies outlive a failure of the replay: hours of copying must not end with one bad batch.
  await using copies = startCopies({
    deps,
    generation,
    worker: state.worker,
    provider: { node: state.provider, database },
    wake: round.wake,
    heartbeat,
  });
  while (!deps.stop.aborted) {
    try {
      await follow(round, state, database, copies);
      return;
    } catch (error) {
      if (deps.stop.aborted || control.lost || isFenced(error)) throw error;
      const waitMs = failures.add(error);
      heartbeat.state('failing');
      await recordError(round, state, error);
      await deps.clock.sleep(waitMs, deps.stop);
    }
  }
}

/** Somebody else has taken the node over: only the lock can say who works for it now. */
function isFenced(error: unknown): boolean {
  return readDriverError(error)?.sqlstate === leaseLost;
}

async function waitForLock(control: Session, deps: NodeDeps): Promise<boolean> {
  for (let told = false; !deps.stop.aborted; told = true) {
    if (await tryLockNode(control, deps.queue, deps.node)) return true;
    if (!told)
      deps.log({
        level: 'info',
        event: 'worker_waiting',
        queue: deps.queue,
        node: deps.node,
        message: `another process works for ${deps.node}; waiting to take over`,
      });
    await deps.clock.sleep(1_000, deps.stop);
  }
  return false;
}

async function currentState({ control, deps }: Round): Promise<WorkerState> {
  const state = await readWorkerState(control, deps.queue);
  if (state === undefined || state.node !== deps.node)
    throw new ToolError([{ code: 'node_not_set_up', queue: deps.queue, node: deps.node }]);
  return state;
}

/** Where the error is seen by `status`, and by Londiste's own tools. */
async function recordError({ control, deps }: Round, state: WorkerState, error: unknown): Promise<void> {
  if (control.lost || deps.stop.aborted) return;
  const message = error instanceof ToolError ? deps.explain(error) : String((error as Error).message);
  await setConsumerError(control, deps.queue, state.worker, message).catch(() => undefined);
}

/** A root has nothing to read: it confirms what it is asked, and publishes its sequences. */
async function keepRoot(round: Round): Promise<void> {
  const { deps, control, heartbeat } = round;
  while (!deps.stop.aborted) {
    const state = await currentState(round);
    if (!state.uptodate) await setUptodate(control, deps.queue, state.worker);
    if (state.error !== undefined) await setConsumerError(control, deps.queue, state.worker, null);
    if (!state.paused) await rootCheckSequences(control, deps.queue);
    heartbeat.state(state.paused ? 'paused' : 'root');
    round.failures.over();
    await deps.clock.sleep(sequencesEveryMs, deps.stop);
  }
}

/** Returns when asked to stop, or when the node reads from another provider now. */
async function follow(round: Round, first: WorkerState, database: DatabaseName, copies: Copies): Promise<void> {
  const { deps } = round;
  await using provider = await deps.connector(database, {
    applicationName: `trunkline reader ${deps.node}`,
    signal: deps.kill,
  });
  await using subscriber = await openSubscriber(deps, 'apply');
  await provider.listen(tickChannel, (payload) => {
    if (payload.startsWith(`${deps.queue} `)) round.wake.wake();
  });
  await signOffStrayCopies({ deps, provider, subscriber, worker: first.worker }, await currentState(round));
  const link: Link = { deps, provider, subscriber, generation: round.generation, consumer: first.worker };
  const follower: Follower = {
    ...round,
    link,
    copies,
    routes: undefined,
    behind: 0,
    batchEvents: batchEvents.least,
    watermarkAt: deps.clock.now() - watermarkEveryMs,
    foreignKeys: { deps, control: round.control, subscriber, refused: new Map() },
  };
  while (!deps.stop.aborted) {
    const state = await currentState(round);
    if (state.provider !== first.provider) return;
    await followOnce(follower, state);
    round.failures.over();
  }
}

function providerDatabase(deps: NodeDeps, state: WorkerState): DatabaseName {
  const database = deps.databaseOf(state.provider);
  if (database !== undefined) return database;
  throw new ToolError([{ code: 'node_not_in_file', queue: deps.queue, node: state.provider, provider: undefined }]);
}

interface Follower extends Round {
  readonly link: Link;
  readonly copies: Copies;
  routes: { readonly key: string; readonly routes: ReadonlyMap<string, Route> } | undefined;
  /** Events that waited behind the last batch, over more than one tick: ask for a batch that spans several. */
  behind: number;
  /** How many events such a batch is to have. */
  batchEvents: number;
  watermarkAt: number;
  readonly foreignKeys: PendingKeys;
}

async function followOnce(follower: Follower, state: WorkerState): Promise<void> {
  const { deps, control, wake, heartbeat, copies } = follower;
  if (!state.uptodate) await setUptodate(control, deps.queue, state.worker);
  if (state.error !== undefined) await setConsumerError(control, deps.queue, state.worker, null);
  if (state.paused) {
    heartbeat.state('paused');
    return wake.wait(250, deps.stop);
  }
  if (state.hold !== undefined && state.hold <= state.position) {
    heartbeat.state('held');
    return wake.wait(50, deps.stop);
  }
  const sync = await copies.look(state, follower.link.provider);
  if (sync.handOver.length > 0) await grantHandover(follower, state, sync.handOver);
  // A copy on its way to our tick needs us to stand still there.
  if (sync.handOver.length > 0 || sync.handingOver) return wake.wait(20, deps.stop);
  const exact = state.hold !== undefined || sync.closing;
  const batch = await openBatch(follower, state, exact);
  if (batch === undefined) {
    heartbeat.state('idle');
    await restoreForeignKeys(follower.foreignKeys);
    await publishWatermark(follower, state);
    return wake.wait(pollMs, deps.stop);
  }
  heartbeat.state('replaying');
  await take(follower, state, batch);
}

async function openBatch(follower: Follower, state: WorkerState, exact: boolean): Promise<Batch | undefined> {
  const { link, deps, behind } = follower;
  if (behind > 0 && !exact) {
    const large = await nextBatch(link.provider, deps.queue, state.worker, Math.min(behind, follower.batchEvents));
    if (large !== undefined) return large;
  }
  return nextBatch(link.provider, deps.queue, state.worker, undefined);
}

/** The position says what to do with a batch: apply it, only finish it, or stop. */
async function take(follower: Follower, state: WorkerState, batch: Batch): Promise<void> {
  const { deps, link } = follower;
  deps.fault('next-batch');
  follower.behind = batch.ticksBehind > 1 ? batch.eventsBehind : 0;
  if (state.position === batch.toTick) return finishBatch(link.provider, batch.id);
  if (state.position !== batch.fromTick) {
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
  const routes = await routesFor(follower, state);
  const settledTables = finishedSnapshots(state, batch);
  const startedAt = deps.clock.now();
  const counts = await replayBatch(link, batch, {
    routes,
    reroute: async () => {
      follower.routes = undefined;
      return routesFor(follower, state);
    },
    onlyTable: undefined,
    control: (event) => applyControl(deps, link.subscriber, event),
    alsoWrite: settledTables.length === 0 ? undefined : () => clearSnapshots(follower, settledTables),
  }).catch((error: unknown) => {
    // The table may have changed under a cached description; the next try reads it anew.
    follower.routes = undefined;
    throw error;
  });
  follower.batchEvents = sizeBatch(counts.applied + counts.passedOver, deps.clock.now() - startedAt);
  tellMissed(deps, counts, batch);
  follower.heartbeat.applied(counts.applied, batch.toTick);
  await publishWatermark(follower, { ...state, position: batch.toTick });
}

/**
 * Each batch has a start and a commit that nothing overlaps with; one that is too long is a transaction that holds its locks
 * for long, and lost work when the worker is killed.
 */
const batchEvents = { least: 20_000, most: 500_000, seconds: 3 };

function sizeBatch(events: number, tookMs: number): number {
  const wanted = (events / Math.max(1, tookMs)) * 1_000 * batchEvents.seconds;
  return Math.round(Math.min(batchEvents.most, Math.max(batchEvents.least, wanted)));
}

/** Descriptions of the tables are read again when the list of tables, or their states, changed. */
async function routesFor(follower: Follower, state: WorkerState): Promise<ReadonlyMap<string, Route>> {
  const { deps, link } = follower;
  const tables = [...state.tables.values()].filter(({ sync }) => sync?.kind === 'in_sync');
  const key = tables
    .map(({ name, spec, snapshot }) => `${name} ${spec?.destination} ${spec?.where ?? ''} ${snapshot ?? ''}`)
    .join('\n');
  if (follower.routes?.key === key) return follower.routes.routes;
  const wanted = tables.map(({ name, spec, snapshot }) => {
    if (spec === undefined)
      throw new ToolError([{ code: 'handler_unknown', queue: deps.queue, node: deps.node, table: name }]);
    return { spec, skip: snapshot === undefined ? undefined : parseSnapshot(snapshot) };
  });
  const { routes, absent } = await makeRoutes(link.subscriber, wanted);
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
  follower.routes = { key, routes };
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
  for (const { name } of tables) await setTableState(link.subscriber, deps.queue, name, { kind: 'in_sync' }, undefined);
}

async function grantHandover(follower: Follower, state: WorkerState, tables: readonly WorkerTable[]): Promise<void> {
  const { deps, link, generation, copies } = follower;
  await transaction(link.subscriber, async () => {
    await assertLease(link.subscriber, deps.queue, deps.node, generation);
    for (const { name, snapshot } of tables) {
      await setTableState(
        link.subscriber,
        deps.queue,
        name,
        { kind: 'handing_over', atTick: state.position },
        snapshot,
      );
    }
  });
  copies.wake();
}

async function publishWatermark(follower: Follower, state: WorkerState): Promise<void> {
  const { deps, link } = follower;
  const now = deps.clock.now();
  if (now - follower.watermarkAt < watermarkEveryMs) return;
  follower.watermarkAt = now;
  await setSubscriberWatermark(link.provider, deps.queue, deps.node, state.position);
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
