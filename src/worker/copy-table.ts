import { readMergedElsewhere, tryLockMergedTable, unlockMergedTable } from '../catalog/merged-tables.ts';
import { readBranchTick } from '../catalog/own-queue.ts';
import {
  askForTick,
  type Batch,
  estimateRows,
  finishBatch,
  nextBatch,
  registerConsumer,
  unregisterConsumer,
} from '../catalog/pgq.ts';
import { withShardPart } from '../catalog/shard.ts';
import { readSkippedIds } from '../catalog/skipped-events.ts';
import {
  checkedForeignKeys,
  copyConsumer,
  dropForeignKey,
  maySupplyCopy,
  moveTableState,
  readTableState,
  setTableState,
  setTableStruct,
} from '../catalog/table-sync.ts';
import { readIndexDdl } from '../catalog/target-indexes.ts';
import { readTargetTables, type TargetTable } from '../catalog/target-tables.ts';
import { currentSnapshot, snapshotOfTick } from '../catalog/tick-snapshot.ts';
import { assertLease } from '../catalog/trunkline.ts';
import {
  type NodeRole,
  readConsumers,
  readPosition,
  registerLocalConsumer,
  unregisterLocalConsumer,
} from '../catalog/worker-state.ts';
import { readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';
import { quoteIdent, quoteName } from '../db/statement.ts';
import { transaction } from '../db/transaction.ts';
import { type DatabaseName, type NodeName, splitName, type TableName } from '../model/names.ts';
import { type Problem, ToolError } from '../model/problem.ts';
import type { CopyProgress } from '../model/progress.ts';
import { projectColumns, rowCondition } from '../model/projection.ts';
import { decodeSyncState } from '../model/sync-state-codec.ts';
import type { SyncState, TableSpec } from '../model/table.ts';
import { isPast, parseSnapshot } from '../replay/snapshot.ts';
import { CopyMeter, type CopyTexts } from './copy-pipe.ts';
import { type BlockRange, copyRanges, cutIntoRanges, rangeCondition } from './copy-ranges.ts';
import type { NodeDeps } from './deps.ts';
import { signOffAt } from './foreign-copies.ts';
import { makeRoutes, sourceName } from './make-routes.ts';
import { type Link, replayBatch } from './replay-batch.ts';
import { openSubscriber } from './sessions.ts';
import { misfires, TriggersMisfire } from './triggers-misfire.ts';

export interface CopyJob {
  readonly deps: NodeDeps;
  readonly spec: TableSpec;
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

interface Ends {
  readonly job: CopyJob;
  /** What `provider` is a session of. */
  readonly source: Source;
  readonly provider: Session;
  readonly subscriber: Session;
  readonly consumer: string;
  readonly moved: CopyMeter;
  readonly startedAt: number;
  rowsTotal: number | undefined;
}

/**
 * Brings one table from whatever state it is in to `ok`, by Londiste's states, so that either program can go on where the
 * other stopped. A copy that was cut short left nothing behind but its state, and starts again.
 */
export async function copyTable(job: CopyJob): Promise<void> {
  const { deps, spec } = job;
  await using subscriber = await openSubscriber(deps, 'copy');
  const consumer = copyConsumer(job.worker, spec.name);
  const source = await chooseSource(job, subscriber, consumer);
  await using provider = await openSource(deps, source, deps.kill);
  const ends: Ends = {
    job,
    source,
    provider,
    subscriber,
    consumer,
    moved: new CopyMeter(),
    startedAt: deps.clock.now(),
    rowsTotal: undefined,
  };
  while (!deps.stop.aborted) {
    const row = await readTableState(subscriber, deps.queue, spec.name);
    const state = row === undefined ? undefined : decodeSyncState(row.state);
    if (state === undefined || state.kind === 'in_sync') {
      await signOff(ends);
      return;
    }
    try {
      await advance(ends, state, row?.snapshot ?? undefined);
    } catch (error) {
      if (!(error instanceof StateMoved)) throw error;
    }
  }
}

/** Somebody wants the table copied again, also if it was being copied: what was done for the state before is undone. */
class StateMoved extends Error {}

async function moveState(
  { job, subscriber }: Ends,
  move: { readonly from: SyncState['kind']; readonly to: SyncState; readonly snapshot: string | undefined },
): Promise<void> {
  if (await moveTableState(subscriber, job.deps.queue, job.spec.name, move)) return;
  throw new StateMoved(`the state of ${job.spec.name} was set by somebody else`);
}

/**
 * Another node reads on from this one's rows by a queue of this database, so they must be what the queue has brought; or the
 * main worker goes by another node's transaction numbers than this copy. Elsewhere it tells later events from the copy itself.
 */
function mustSettle(ends: Ends): boolean {
  const { role } = ends.job;
  return isElsewhere(ends) || role === 'branch' || role === 'merging';
}

/** The node that rows and events are read from. */
type Source = CopyJob['provider'];

function openSource(deps: NodeDeps, { database }: Source, signal: AbortSignal): Promise<Session> {
  return deps.connector(database, { applicationName: `trunkline copy ${deps.node}`, signal });
}

/** What was begun at a node goes on there. */
async function chooseSource(job: CopyJob, subscriber: Session, consumer: string): Promise<Source> {
  const { deps, spec, provider } = job;
  const row = await readTableState(subscriber, deps.queue, spec.name);
  const state = row === undefined ? undefined : decodeSyncState(row.state);
  const begun = (await readConsumers(subscriber, deps.queue)).find(({ name }) => name === consumer);
  const anew = state?.kind === 'missing' || state?.kind === 'in_copy';
  // Which node Londiste would search for is the provider, where that holds the table.
  const wanted = spec.copy.from === undefined || spec.copy.from === '?' ? provider.node : spec.copy.from;
  const node = anew ? wanted : (begun?.provider ?? provider.node);
  if (begun !== undefined && begun.provider !== node) await signOffAt(deps, subscriber, begun.provider, [consumer]);
  if (node === provider.node) return provider;
  const database = deps.databaseOf(node);
  if (database === undefined) {
    throw new ToolError([{ code: 'node_not_in_file', queue: deps.queue, node, provider: undefined }]);
  }
  return { node, database };
}

/** Transaction numbers of another database say nothing of the events that the main worker reads. */
function isElsewhere({ job, source }: Ends): boolean {
  return source.node !== job.provider.node;
}

async function advance(ends: Ends, state: SyncState, snapshot: string | undefined): Promise<void> {
  switch (state.kind) {
    case 'missing':
    case 'in_copy':
      return firstCopy(ends);
    case 'catching_up':
      return catchUp(ends, snapshot);
    case 'wants_handover':
      return ends.job.waitForMain();
    case 'handing_over':
      return handOver(ends, state.atTick, snapshot);
    case 'in_sync':
      return;
  }
}

async function firstCopy(ends: Ends): Promise<void> {
  const { deps, spec, generation } = ends.job;
  tell(ends, 'starting');
  if (isElsewhere(ends)) await awaitSource(ends);
  await transaction(ends.subscriber, async () => {
    await assertLease(ends.subscriber, deps.queue, deps.node, generation);
    await setTableState(ends.subscriber, deps.queue, spec.name, { kind: 'in_copy' }, undefined);
  });
  deps.fault('in-copy');
  await takeDownForeignKeys(ends);
  const source = await sourceOf(ends);
  ends.rowsTotal = await estimateRows(ends.provider, source.name);
  await using place = await takePlace(ends);
  for (let filled = false; !filled; ) {
    const tick = await register(ends);
    filled = await transaction(
      ends.provider,
      async () => {
        // Taken after the consumer is registered: an event can be in both, and is then left out, but in neither never.
        const snapshot = await readSnapshot(ends, tick);
        if (snapshot === 'moved') return false;
        await fill(ends, source, snapshot, place.keepsRows);
        return true;
      },
      'isolation level repeatable read, read only',
    );
  }
  deps.fault('copied');
  ends.job.changed();
  await analyze(ends);
}

/**
 * What tells the rows of the copy from later events: a snapshot. The rows of a branch are as of one tick, which anybody in the
 * cascade can compare; but it may have moved on since the consumer was registered there.
 */
async function readSnapshot(ends: Ends, registeredAt: bigint): Promise<string | undefined | 'moved'> {
  const { deps } = ends.job;
  const tick = isElsewhere(ends) ? await readBranchTick(ends.provider, deps.queue) : undefined;
  if (tick !== undefined) return tick === registeredAt ? undefined : 'moved';
  return currentSnapshot(ends.provider);
}

/** The provider was asked before the copy began; a node elsewhere may still be copying the table itself. */
async function awaitSource({ job: { deps, spec }, source, provider }: Ends): Promise<void> {
  for (;;) {
    const ready = await maySupplyCopy(provider, deps.queue, spec.name);
    if (ready === true) return;
    if (ready === undefined)
      throw new Error(`${source.node}, which ${spec.name} is to be copied from, does not replicate it`);
    await deps.clock.sleep(300, deps.stop);
    deps.stop.throwIfAborted();
  }
}

interface Place extends AsyncDisposable {
  /** Another queue's rows are there: this copy adds to them. */
  readonly keepsRows: boolean;
}

/** Of several copies into one table the first empties it, and the others wait for that. */
async function takePlace({ job, subscriber }: Ends): Promise<Place> {
  const { deps, spec } = job;
  const release = async () => undefined;
  if (job.role !== 'merging') return { keepsRows: false, [Symbol.asyncDispose]: release };
  for (;;) {
    deps.stop.throwIfAborted();
    if (await tryLockMergedTable(subscriber, spec.destination)) {
      const unlock = () => unlockMergedTable(subscriber, spec.destination);
      const { hasRows, takenDown } = await readMergedElsewhere(subscriber, deps.queue, spec.destination);
      if (!takenDown && !hasRows) {
        return { keepsRows: false, [Symbol.asyncDispose]: async () => (subscriber.lost ? undefined : unlock()) };
      }
      await unlock();
      if (!takenDown) return { keepsRows: true, [Symbol.asyncDispose]: release };
    }
    await deps.clock.sleep(300, deps.stop);
  }
}

/** Where they are checked, tables copied side by side would have to wait for each other. They come back when both have done. */
async function takeDownForeignKeys({ job, subscriber }: Ends): Promise<void> {
  const { deps, spec, generation } = job;
  for (const { from_table, fkey_name } of await checkedForeignKeys(subscriber, spec.destination)) {
    try {
      await transaction(subscriber, async () => {
        await assertLease(subscriber, deps.queue, deps.node, generation);
        await dropForeignKey(subscriber, from_table, fkey_name);
      });
    } catch (error) {
      // The copy of the other table was quicker.
      if (readDriverError(error)?.sqlstate !== undefinedObject) throw error;
    }
  }
}

const undefinedObject = '42704';

/** A consumer left from a copy that was cut short would hold back rotation from its old tick. */
async function register(ends: Ends): Promise<bigint> {
  const { deps } = ends.job;
  await unregisterConsumer(ends.provider, deps.queue, ends.consumer);
  const tick = await registerConsumer(ends.provider, deps.queue, ends.consumer);
  await registerLocalConsumer(ends.subscriber, deps.queue, ends.consumer, ends.source.node, tick ?? 0n);
  return tick ?? 0n;
}

/** The table of the provider, under the name it has there. */
async function sourceOf(ends: Ends): Promise<TargetTable> {
  const { deps, spec } = ends.job;
  const name = await sourceName(ends.provider, deps.queue, spec.name);
  const source = (await readTargetTables(ends.provider, [name])).get(name);
  if (source === undefined) throw missing(ends.source.node, ends, name);
  return source;
}

function missing(node: NodeName, ends: Ends, name: TableName): ToolError {
  const problem: Problem = {
    code: 'table_gone',
    queue: ends.job.deps.queue,
    node,
    table: ends.job.spec.name,
    destination: name,
  };
  return new ToolError([problem]);
}

async function fill(ends: Ends, source: TargetTable, snapshot: string | undefined, keepsRows: boolean): Promise<void> {
  const { deps, spec } = ends.job;
  const streams = spec.copy.ranges ?? 1;
  // Rows of a range that is committed could not be told from those that are to stay.
  const ranges = keepsRows || spec.copy.keepRows ? [] : await cutIntoRanges(ends.provider, source, streams);
  if (ranges.length > 1) return fillByRanges(ends, source, snapshot, { ranges, streams });
  await transaction(ends.subscriber, async () => {
    const { target, spec, putBack, newFile } = await prepare(ends, keepsRows);
    const texts = copyTexts(source, target, spec, undefined, newFile);
    await telling(ends, () => ends.moved.pipe(ends.provider, ends.subscriber, texts, deps.kill));
    await complete(ends, putBack, snapshot);
    deps.fault('before-copy-commit');
  });
}

/**
 * Several transactions, since each stream needs its own: what is taken down is kept in the catalog until the last of them.
 * A copy that is cut short starts again from nothing, as its snapshot is gone with the session that held it.
 */
async function fillByRanges(
  ends: Ends,
  source: TargetTable,
  snapshot: string | undefined,
  cut: { readonly ranges: readonly BlockRange[]; readonly streams: number },
): Promise<void> {
  const { job, provider, subscriber, moved } = ends;
  const { deps, generation } = job;
  const { target, spec, putBack } = await transaction(subscriber, async () => {
    const prepared = await prepare(ends, false);
    const down = prepared.putBack.length === 0 ? undefined : prepared.putBack.join(';\n');
    await setTableStruct(subscriber, deps.queue, job.spec.name, down);
    return prepared;
  });
  deps.fault('taken-down');
  await telling(ends, () =>
    copyRanges({
      deps,
      generation,
      table: job.spec.name,
      moved,
      provider,
      openProvider: (signal) => openSource(deps, ends.source, signal),
      texts: (range) => copyTexts(source, target, spec, rangeCondition(range), false),
      ...cut,
    }),
  );
  await transaction(subscriber, async () => {
    await assertLease(subscriber, deps.queue, deps.node, generation);
    await complete(ends, putBack, snapshot);
    deps.fault('before-copy-commit');
  });
}

interface Prepared {
  readonly target: TargetTable;
  readonly spec: TableSpec;
  /** Statements that bring back what was taken down, now or by a copy that was cut short. */
  readonly putBack: readonly string[];
  /** This transaction began the table's file: nobody else sees what is in it. */
  readonly newFile: boolean;
}

async function prepare(ends: Ends, keepsRows: boolean): Promise<Prepared> {
  const { deps, spec, generation } = ends.job;
  const { subscriber } = ends;
  await assertLease(subscriber, deps.queue, deps.node, generation);
  const target = (await readTargetTables(subscriber, [spec.destination])).get(spec.destination);
  if (target === undefined) throw missing(deps.node, ends, spec.destination);
  if (misfires({ spec, target })) throw new TriggersMisfire({ target });
  // Other queues go on with the rows that they have in it.
  if (!keepsRows) await subscriber.script(`lock table ${quoteName(target.name)} in access exclusive mode`);
  const state = await readTableState(subscriber, deps.queue, spec.name);
  const before = state?.dropped == null ? [] : [state.dropped];
  const putBack = [...before, ...(keepsRows ? [] : await takeDownIndexes(ends, target))];
  const emptied = !keepsRows && state?.keepsRows !== true ? await empty(subscriber, target) : 'kept';
  return { target, spec: await withShardPart(subscriber, spec), putBack, newFile: emptied === 'new_file' };
}

async function telling(ends: Ends, work: () => Promise<void>): Promise<void> {
  tell(ends, 'copying');
  const ticker = setInterval(() => tell(ends, 'copying'), 200);
  try {
    await work();
  } finally {
    clearInterval(ticker);
  }
}

/** What is put back, its place in the catalog and the table's state go together. */
async function complete(ends: Ends, putBack: readonly string[], snapshot: string | undefined): Promise<void> {
  const { deps, spec } = ends.job;
  tell(ends, 'indexing');
  for (const statement of putBack) await ends.subscriber.script(statement);
  if (putBack.length > 0) await setTableStruct(ends.subscriber, deps.queue, spec.name, undefined);
  await moveState(ends, { from: 'in_copy', to: { kind: 'catching_up' }, snapshot });
}

/** In one transaction with the copy, or with keeping in the catalog what brings them back. */
async function takeDownIndexes(ends: Ends, target: TargetTable): Promise<string[]> {
  const { subscriber } = ends;
  if (target.partitioned || (ends.rowsTotal !== undefined && ends.rowsTotal < smallTable)) return [];
  const ddl = await readIndexDdl(subscriber, quoteName(target.name));
  await subscriber.script('savepoint indexes');
  try {
    for (const { take_down } of ddl) await subscriber.script(take_down);
    return ddl.map(({ put_back }) => put_back);
  } catch (error) {
    if (subscriber.lost) throw error;
    // Something depends on one of them, a view for example: then copying with the indexes in place is only slower.
    await subscriber.script('rollback to savepoint indexes');
    return [];
  }
}

const smallTable = 20_000;

/** TRUNCATE is refused where a foreign key refers to the table, even from an empty one. */
async function empty(session: Session, target: TargetTable): Promise<'new_file' | 'deleted'> {
  const only = target.partitioned ? '' : 'only ';
  const name = quoteName(target.name);
  await session.script(target.referenced ? `delete from ${only}${name}` : `truncate ${only}${name}`);
  return target.referenced || target.partitioned ? 'deleted' : 'new_file';
}

/** Rows of a file that this transaction began can be written frozen: no vacuum need come over them again. */
function copyTexts(
  source: TargetTable,
  target: TargetTable,
  spec: TableSpec,
  range: string | undefined,
  frozen: boolean,
): CopyTexts {
  const columns = copiedColumns(source, target, spec);
  const names = columns.map(({ name }) => name).join(', ');
  const list = columns.map(({ select }) => select).join(', ');
  const binary = columns.every(({ same: equal }) => equal);
  const only = source.partitioned ? '' : 'only ';
  const conditions = [range, rowCondition(spec), spec.copy.where].filter((condition) => condition !== undefined);
  const where = conditions.length === 0 ? '' : ` where ${conditions.map((one) => `(${one}\n)`).join(' and ')}`;
  const alias = quoteIdent(splitName(spec.name).name);
  const query = `select ${list} from ${only}${quoteName(source.name)} as ${alias}${where}`;
  const format = binary ? 'format binary' : 'format text';
  return {
    out: `copy (${query}) to stdout (${format})`,
    into: `copy ${quoteName(target.name)} (${names}) from stdin (${format}${frozen ? ', freeze' : ''})`,
  };
}

interface CopiedColumn {
  readonly name: string;
  readonly select: string;
  /** Its binary form is the same on both sides. */
  readonly same: boolean;
}

function copiedColumns(source: TargetTable, target: TargetTable, spec: TableSpec): readonly CopiedColumn[] {
  const own = new Map(target.columns.filter(({ generated }) => !generated).map((column) => [column.name, column]));
  const given = new Map(source.columns.map((column) => [column.name, column]));
  return projectColumns(spec, [...given.keys()], [...own.keys()]).flatMap(({ name, expression }): CopiedColumn[] => {
    const to = own.get(name);
    const from = given.get(name);
    if (to === undefined) return [];
    const column = quoteIdent(name);
    if (expression === undefined) return [{ name: column, select: column, same: from !== undefined && same(from, to) }];
    // As text where it is of no built-in type: the provider may not have that.
    const select = to.builtIn ? `(${expression}\n)::${to.type}` : `(${expression}\n)`;
    return [{ name: column, select, same: to.builtIn }];
  });
}

/** The binary form of a built-in type is the same on every supported version; of other types nobody promises. */
function same(left: TargetTable['columns'][number], right: TargetTable['columns'][number]): boolean {
  return left.builtIn && right.builtIn && left.fullType === right.fullType;
}

async function analyze(ends: Ends): Promise<void> {
  try {
    await ends.subscriber.script(`analyze ${quoteName(ends.job.spec.destination)}`);
  } catch (error) {
    if (ends.subscriber.lost) throw error;
    const { deps, spec } = ends.job;
    deps.log({
      level: 'warn',
      event: 'analyze_failed',
      queue: deps.queue,
      node: deps.node,
      table: spec.name,
      message: `${spec.destination} was copied but not analyzed: ${(error as Error).message}`,
    });
  }
}

/** Londiste brings back what it took down in a transaction of its own, after that of the rows: its worker may have been ended in between. */
async function putBackLeft(ends: Ends): Promise<void> {
  const { deps, spec, generation } = ends.job;
  const dropped = (await readTableState(ends.subscriber, deps.queue, spec.name))?.dropped;
  if (dropped == null) return;
  await transaction(ends.subscriber, async () => {
    await assertLease(ends.subscriber, deps.queue, deps.node, generation);
    await ends.subscriber.script(dropped);
    await setTableStruct(ends.subscriber, deps.queue, spec.name, undefined);
  });
}

/** Replays the table's own events until none is waiting, then asks the main worker to take it over. */
async function catchUp(ends: Ends, snapshot: string | undefined): Promise<void> {
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
  const position = await readPosition(ends.subscriber, deps.queue, ends.consumer);
  if (position === undefined) throw restart(ends);
  const kept = mustSettle(ends) ? undefined : snapshot;
  await transaction(ends.subscriber, async () => {
    await assertLease(ends.subscriber, deps.queue, deps.node, generation);
    await moveState(ends, { from: 'catching_up', to: { kind: 'wants_handover', atTick: position }, snapshot: kept });
  });
  deps.fault('wants-handover');
  ends.job.changed();
}

/** No event from our tick on can be one that the copy saw. */
async function isBehindUs({ job: { deps }, subscriber, provider, consumer }: Ends, snapshot: string): Promise<boolean> {
  const position = await readPosition(subscriber, deps.queue, consumer);
  const at = position === undefined ? undefined : await snapshotOfTick(provider, deps.queue, position);
  const [copy, tick] = [parseSnapshot(snapshot), at === undefined ? undefined : parseSnapshot(at)];
  return copy !== undefined && tick !== undefined && isPast(copy, tick);
}

/** The most events that a batch is asked to span, and how many ticks away is near enough to hand over. */
const manyEvents = 20_000;
const nearTicks = 2;
/** On a quiet queue the tick that a copy waits for would come after `idle_period` only. */
const askEveryMs = 1_000;

async function handOver(ends: Ends, atTick: bigint, snapshot: string | undefined): Promise<void> {
  const { deps, generation } = ends.job;
  deps.fault('handing-over');
  tell(ends, 'handing_over');
  while (!deps.stop.aborted) {
    const position = await readPosition(ends.subscriber, deps.queue, ends.consumer);
    if (position === undefined || position > atTick) throw restart(ends);
    if (position === atTick) break;
    if ((await replayNext(ends, snapshot, undefined)) === undefined) await deps.clock.sleep(50, deps.stop);
  }
  if (deps.stop.aborted) return;
  await transaction(ends.subscriber, async () => {
    await assertLease(ends.subscriber, deps.queue, deps.node, generation);
    await moveState(ends, { from: 'handing_over', to: { kind: 'in_sync' }, snapshot });
  });
  deps.fault('handed-over');
  tell(ends, 'done');
  ends.job.changed();
}

/** The batch that was there, applied before or now. */
async function replayNext(
  ends: Ends,
  snapshot: string | undefined,
  minEvents: number | undefined,
): Promise<Batch | undefined> {
  const { deps, spec, generation } = ends.job;
  const batch = await nextBatch(ends.provider, deps.queue, ends.consumer, minEvents);
  if (batch === undefined) return undefined;
  const position = await readPosition(ends.subscriber, deps.queue, ends.consumer);
  if (position === batch.toTick) {
    await finishBatch(ends.provider, deps.queue, batch);
    return batch;
  }
  if (position !== batch.fromTick) throw restart(ends);
  const skip = snapshot === undefined ? undefined : parseSnapshot(snapshot);
  const { routes, absent } = await makeRoutes({ ...ends, queue: deps.queue, node: deps.node }, [{ spec, skip }]);
  if (absent[0] !== undefined) throw missing(deps.node, ends, absent[0]);
  const link: Link = {
    deps,
    provider: ends.provider,
    subscriber: ends.subscriber,
    generation,
    consumer: ends.consumer,
  };
  await replayBatch(link, batch, {
    routes,
    reroute: undefined,
    filter: { kind: 'table', table: spec.name },
    skipped: await readSkippedIds(ends.subscriber, deps.queue, deps.node, batch.fromTick),
    keep: undefined,
    as: undefined,
    control: undefined,
    alsoWrite: undefined,
  });
  return batch;
}

/** The copy's own position does not fit the queue: nothing but a new copy can be trusted. */
class CopyMustRestart extends Error {}

function restart(ends: Ends): CopyMustRestart {
  return new CopyMustRestart(
    `the position of the copy of ${ends.job.spec.name} does not fit the queue; it is copied again`,
  );
}

export function mustRestart(error: unknown): boolean {
  return error instanceof CopyMustRestart;
}

async function signOff(ends: Ends): Promise<void> {
  const { deps } = ends.job;
  await unregisterConsumer(ends.provider, deps.queue, ends.consumer);
  await unregisterLocalConsumer(ends.subscriber, deps.queue, ends.consumer);
}

function tell(ends: Ends, phase: CopyProgress['phase']): void {
  const { deps, spec } = ends.job;
  ends.job.report({
    kind: 'copy',
    queue: deps.queue,
    node: deps.node,
    table: spec.name,
    phase,
    rowsDone: ends.moved.rows,
    rowsTotal: ends.rowsTotal,
    bytesDone: ends.moved.bytes,
    elapsedMs: deps.clock.now() - ends.startedAt,
  });
}
