import { readMergedElsewhere, tryLockMergedTable, unlockMergedTable } from '../catalog/merged-tables.ts';
import { readBranchTick } from '../catalog/own-queue.ts';
import {
  askForTick,
  type Batch,
  estimateRows,
  finishBatch,
  finishBatches,
  nextBatch,
  type OpenBatch,
  openBatches,
  registerConsumers,
  unregisterConsumers,
} from '../catalog/pgq.ts';
import { withShardPart } from '../catalog/shard.ts';
import { readSkippedIds } from '../catalog/skipped-events.ts';
import {
  checkedForeignKeys,
  copyConsumer,
  dropForeignKey,
  maySupplyCopy,
  moveTableStates,
  readTableState,
  readTableStates,
  setTableStates,
  setTableStruct,
  type TableState,
} from '../catalog/table-sync.ts';
import { readIndexDdl } from '../catalog/target-indexes.ts';
import { readEmptyTables, readTargetTables, type TargetTable } from '../catalog/target-tables.ts';
import { currentSnapshot, snapshotOfTick } from '../catalog/tick-snapshot.ts';
import { assertLease, leaseAssertion } from '../catalog/trunkline.ts';
import {
  type NodeRole,
  readConsumers,
  readPositions,
  registerLocalConsumers,
  setAllCompleted,
  unregisterLocalConsumers,
} from '../catalog/worker-state.ts';
import { readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';
import { quoteName } from '../db/statement.ts';
import { transaction } from '../db/transaction.ts';
import type { DatabaseName, NodeName, TableName } from '../model/names.ts';
import { type Problem, ToolError } from '../model/problem.ts';
import type { CopyProgress } from '../model/progress.ts';
import { decodeSyncState } from '../model/sync-state-codec.ts';
import type { SyncState, TableSpec } from '../model/table.ts';
import { isPast, parseSnapshot } from '../replay/snapshot.ts';
import { CopyMeter } from './copy-pipe.ts';
import { type BlockRange, copyRanges, cutIntoRanges, rangeCondition } from './copy-ranges.ts';
import { copyTexts } from './copy-texts.ts';
import type { NodeDeps } from './deps.ts';
import { signOffAt } from './foreign-copies.ts';
import { makeRoutes, readSources } from './make-routes.ts';
import { type Link, replayBatch } from './replay-batch.ts';
import { openSubscriber } from './sessions.ts';
import { misfires, TriggersMisfire } from './triggers-misfire.ts';

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

interface Ends {
  readonly job: CopyJob;
  /** What `provider` is a session of. */
  readonly source: Source;
  readonly provider: Session;
  readonly subscriber: Session;
  readonly startedAt: number;
  /** Those that have come to their end are left out. */
  members: Members;
}

type Members = readonly [Member, ...Member[]];

/** One table on its way. */
interface Member {
  readonly spec: TableSpec;
  readonly consumer: string;
  readonly moved: CopyMeter;
  rowsTotal: number | undefined;
}

/**
 * Brings tables from whatever state they are in to `ok`, by Londiste's states, so that either program can go on where the
 * other stopped. A copy that was cut short left nothing behind but its state, and starts again.
 */
export async function copyTables(job: CopyJob): Promise<void> {
  const { deps, tables } = job;
  await using subscriber = await openSubscriber(deps, 'copy');
  const source = await chooseSource(job, subscriber);
  await using provider = await openSource(deps, source, deps.kill);
  const member = (spec: TableSpec): Member => ({
    spec,
    consumer: copyConsumer(job.worker, spec.name),
    moved: new CopyMeter(),
    rowsTotal: undefined,
  });
  const [first, ...others] = tables;
  const members: Members = [member(first), ...others.map(member)];
  const ends: Ends = { job, source, provider, subscriber, startedAt: deps.clock.now(), members };
  while (!deps.stop.aborted) {
    const stands = await readStand(ends);
    if (stands === undefined) return;
    try {
      await advance(ends, stands.state, stands.snapshot);
    } catch (error) {
      if (!(error instanceof StateMoved)) throw error;
    }
  }
}

/** Tables that were begun together do not stand alike any more: each goes on by itself. */
class Parted extends Error {}

/** Where the tables stand, those left out that need nothing any more; undefined when all have come to their end. */
async function readStand(
  ends: Ends,
): Promise<{ readonly state: SyncState; readonly snapshot: string | undefined } | undefined> {
  const rows = await readTableStates(ends.subscriber, ends.job.deps.queue, namesOf(ends.members));
  const left: { member: Member; row: TableState; state: SyncState }[] = [];
  const over: Member[] = [];
  for (const member of ends.members) {
    const row = rows.get(member.spec.name);
    const state = row === undefined ? undefined : decodeSyncState(row.state);
    if (row === undefined || state === undefined || state.kind === 'in_sync') over.push(member);
    else left.push({ member, row, state });
  }
  if (over.length > 0) await signOff(ends, over);
  const [first, ...others] = left;
  if (first === undefined) return undefined;
  const placeOf = ({ row, state }: typeof first) => `${isAnew(state) || row.state} ${row.snapshot}`;
  if (others.some((other) => placeOf(other) !== placeOf(first)))
    throw new Parted('the tables do not stand alike any more');
  ends.members = [first.member, ...others.map(({ member }) => member)];
  return { state: first.state, snapshot: first.row.snapshot ?? undefined };
}

function isAnew({ kind }: SyncState): boolean {
  return kind === 'missing' || kind === 'in_copy';
}

function namesOf(members: readonly Member[]): readonly TableName[] {
  return members.map(({ spec }) => spec.name);
}

function destinationsOf(members: readonly Member[]): readonly TableName[] {
  return members.map(({ spec }) => spec.destination);
}

function consumersOf(members: readonly Member[]): readonly string[] {
  return members.map(({ consumer }) => consumer);
}

/** Somebody wants a table copied again, also if it was being copied: what was done for the state before is undone. */
class StateMoved extends Error {}

async function moveStates(
  { job, subscriber, members }: Ends,
  move: { readonly from: SyncState['kind']; readonly to: SyncState; readonly snapshot: string | undefined },
): Promise<void> {
  const moves = namesOf(members).map((name) => ({ name, snapshot: move.snapshot }));
  const moved = await moveTableStates(subscriber, job.deps.queue, move, moves);
  if (moved.length < members.length) throw new StateMoved('a state was set by somebody else');
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
  return deps.connector(database, { applicationName: `trunkline copy ${deps.node}`, signal, relays: true });
}

/** What was begun at a node goes on there. Several tables begin at the provider. */
async function chooseSource(job: CopyJob, subscriber: Session): Promise<Source> {
  const { deps, tables, provider } = job;
  const [spec, ...others] = tables;
  if (others.length > 0) return provider;
  const consumer = copyConsumer(job.worker, spec.name);
  const row = await readTableState(subscriber, deps.queue, spec.name);
  const state = row === undefined ? undefined : decodeSyncState(row.state);
  const begun = (await readConsumers(subscriber, deps.queue)).find(({ name }) => name === consumer);
  const wanted = wantedSource(spec) ?? provider.node;
  const node = state !== undefined && isAnew(state) ? wanted : (begun?.provider ?? provider.node);
  if (begun !== undefined && begun.provider !== node) await signOffAt(deps, subscriber, begun.provider, [consumer]);
  if (node === provider.node) return provider;
  const database = deps.databaseOf(node);
  if (database === undefined) {
    throw new ToolError([{ code: 'node_not_in_file', queue: deps.queue, node, provider: undefined }]);
  }
  return { node, database };
}

/** Which node Londiste would search for is the provider, where that holds the table. */
export function wantedSource({ copy: { from } }: TableSpec): NodeName | undefined {
  return from === '?' ? undefined : from;
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
  const { deps, generation } = ends.job;
  tell(ends, 'starting');
  if (isElsewhere(ends)) await awaitSource(ends);
  await transaction(ends.subscriber, async () => {
    await assertLease(ends.subscriber, deps.queue, deps.node, generation);
    const wanted = namesOf(ends.members).map((name) => ({ name, snapshot: undefined }));
    await setTableStates(ends.subscriber, deps.queue, { kind: 'in_copy' }, wanted);
  });
  deps.fault('in-copy');
  await takeDownForeignKeys(ends);
  const sources = await sourcesOf(ends);
  await using place = await takePlace(ends);
  for (let filled = false; !filled; ) {
    const tick = await register(ends);
    filled = await transaction(
      ends.provider,
      async () => {
        if (ends.members.length > 1) await lockTogether(ends.provider, [...sources.values()], 'access share');
        // Taken after the consumers are registered: an event can be in both, and is then left out, but in neither never.
        const snapshot = await readSnapshot(ends, tick);
        if (snapshot === 'moved') return false;
        await fill(ends, sources, snapshot, place.keepsRows);
        return true;
      },
      'isolation level repeatable read, read only',
    );
  }
  deps.fault('copied');
  ends.job.changed();
  await analyze(ends);
}

/** Who waits for one of several tables keeps the others locked: it lets go soon, and each goes on by itself. */
async function lockTogether(
  session: Session,
  tables: readonly TargetTable[],
  mode: 'access share' | 'access exclusive',
): Promise<void> {
  const names = tables.map(({ name }) => `only ${quoteName(name)}`).sort();
  await session.script(`set local lock_timeout = '1s'; lock table ${names.join(', ')} in ${mode} mode`);
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
async function awaitSource({ job: { deps }, source, provider, members }: Ends): Promise<void> {
  const names = namesOf(members);
  for (;;) {
    const ready = await maySupplyCopy(provider, deps.queue, names);
    if (names.every((name) => ready.get(name) === true)) return;
    const unknown = names.find((name) => !ready.has(name));
    if (unknown !== undefined)
      throw new Error(`${source.node}, which ${unknown} is to be copied from, does not replicate it`);
    await deps.clock.sleep(300, deps.stop);
    deps.stop.throwIfAborted();
  }
}

interface Place extends AsyncDisposable {
  /** Another queue's rows are there: this copy adds to them. */
  readonly keepsRows: boolean;
}

/** Of several copies into one table the first empties it, and the others wait for that. */
async function takePlace({ job, subscriber, members }: Ends): Promise<Place> {
  const { deps } = job;
  const release = async () => undefined;
  const [{ spec }] = members;
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
async function takeDownForeignKeys({ job, subscriber, members }: Ends): Promise<void> {
  const { deps, generation } = job;
  for (const { from_table, fkey_name } of await checkedForeignKeys(subscriber, destinationsOf(members))) {
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
  const consumers = consumersOf(ends.members);
  await unregisterConsumers(ends.provider, deps.queue, consumers);
  const tick = await registerConsumers(ends.provider, deps.queue, consumers);
  await registerLocalConsumers(ends.subscriber, deps.queue, consumers, { provider: ends.source.node, tick });
  return tick;
}

type Sources = ReadonlyMap<TableName, TargetTable>;

/** The tables of the provider, under the names they have there, and how large they are. */
async function sourcesOf(ends: Ends): Promise<Sources> {
  const { deps } = ends.job;
  const { sources, names } = await readSources(ends.provider, deps.queue, namesOf(ends.members));
  const estimates = await estimateRows(ends.provider, [...names.values()]);
  for (const member of ends.members) {
    const name = names.get(member.spec.name) ?? member.spec.name;
    if (!sources.has(member.spec.name)) throw missing(ends, ends.source.node, member, name);
    member.rowsTotal = estimates.get(name);
  }
  return sources;
}

function missing(ends: Ends, node: NodeName, { spec }: Member, name: TableName): ToolError {
  const { queue } = ends.job.deps;
  const problem: Problem = { code: 'table_gone', queue, node, table: spec.name, destination: name };
  return new ToolError([problem]);
}

async function fill(ends: Ends, sources: Sources, snapshot: string | undefined, keepsRows: boolean): Promise<void> {
  const { deps, generation } = ends.job;
  const [first, ...others] = ends.members;
  if (others.length === 0) {
    const { copy, name } = first.spec;
    const source = sources.get(name) as TargetTable;
    const streams = copy.ranges ?? 1;
    // Rows of a range that is committed could not be told from those that are to stay.
    const ranges = keepsRows || copy.keepRows ? [] : await cutIntoRanges(ends.provider, source, streams);
    if (ranges.length > 1) return fillByRanges(ends, source, snapshot, { ranges, streams });
  }
  await transaction(
    ends.subscriber,
    async () => {
      const prepared = await prepare(ends, keepsRows);
      await telling(ends, async () => {
        for (const { member, target, spec, newFile } of prepared) {
          const texts = copyTexts(sources.get(spec.name) as TargetTable, target, spec, undefined, newFile);
          await member.moved.pipe(ends.provider, ends.subscriber, texts, deps.kill);
        }
      });
      await complete(ends, prepared, snapshot);
      deps.fault('before-copy-commit');
    },
    '',
    leaseAssertion(deps.queue, deps.node, generation),
  );
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
  const { job, provider, subscriber, members } = ends;
  const { deps, generation } = job;
  const lease = leaseAssertion(deps.queue, deps.node, generation);
  const [prepared] = await transaction(
    subscriber,
    async () => {
      const made = await prepare(ends, false);
      const [{ putBack }] = made;
      const down = putBack.length === 0 ? undefined : putBack.join(';\n');
      await setTableStruct(subscriber, deps.queue, members[0].spec.name, down);
      return made;
    },
    '',
    lease,
  );
  deps.fault('taken-down');
  await telling(ends, () =>
    copyRanges({
      deps,
      generation,
      table: prepared.spec.name,
      moved: prepared.member.moved,
      provider,
      openProvider: (signal) => openSource(deps, ends.source, signal),
      texts: (range) => copyTexts(source, prepared.target, prepared.spec, rangeCondition(range), false),
      ...cut,
    }),
  );
  await transaction(
    subscriber,
    async () => {
      await complete(ends, [prepared], snapshot);
      deps.fault('before-copy-commit');
    },
    '',
    lease,
  );
}

interface Prepared {
  readonly member: Member;
  readonly target: TargetTable;
  readonly spec: TableSpec;
  /** Statements that bring back what was taken down, now or by a copy that was cut short. */
  readonly putBack: readonly string[];
  /** This transaction began the table's file: nobody else sees what is in it. */
  readonly newFile: boolean;
}

async function prepare(ends: Ends, keepsRows: boolean): Promise<readonly [Prepared, ...Prepared[]]> {
  const { deps } = ends.job;
  const { subscriber, members } = ends;
  const targets = await readTargetTables(subscriber, destinationsOf(members));
  const found = (member: Member) => {
    const target = targets.get(member.spec.destination);
    if (target === undefined) throw missing(ends, deps.node, member, member.spec.destination);
    if (misfires({ spec: member.spec, target })) throw new TriggersMisfire({ target });
    return { member, target };
  };
  const [first, ...others] = [found(members[0]), ...members.slice(1).map(found)] as const;
  const small = others.length > 0;
  if (small) await lockTogether(subscriber, [...targets.values()], 'access exclusive');
  // Other queues go on with the rows that they have in it.
  else if (!keepsRows) await subscriber.script(`lock table ${quoteName(first.target.name)} in access exclusive mode`);
  const states = await readTableStates(subscriber, deps.queue, namesOf(members));
  const plain = [...targets.values()].flatMap(({ name, partitioned }) => (partitioned ? [] : [name]));
  const empty = small ? await readEmptyTables(subscriber, plain) : new Set<TableName>();
  const one = async ({ member, target }: typeof first): Promise<Prepared> => {
    const { spec, rowsTotal } = member;
    const state = states.get(spec.name);
    const before = state?.dropped == null ? [] : [state.dropped];
    const stays = small || keepsRows || (rowsTotal !== undefined && rowsTotal < fewRows);
    const putBack = [...before, ...(stays ? [] : await takeDownIndexes(ends, target))];
    const kept = keepsRows || state?.keepsRows === true || empty.has(target.name);
    const newFile = !kept && (await emptyTable(subscriber, target)) === 'new_file';
    return { member, target, spec: await withShardPart(subscriber, spec), putBack, newFile };
  };
  const prepared: [Prepared, ...Prepared[]] = [await one(first)];
  for (const other of others) prepared.push(await one(other));
  return prepared;
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
async function complete(ends: Ends, prepared: readonly Prepared[], snapshot: string | undefined): Promise<void> {
  const { deps } = ends.job;
  tell(ends, 'indexing');
  for (const { spec, putBack } of prepared) {
    for (const statement of putBack) await ends.subscriber.script(statement);
    if (putBack.length > 0) await setTableStruct(ends.subscriber, deps.queue, spec.name, undefined);
  }
  await moveStates(ends, { from: 'in_copy', to: { kind: 'catching_up' }, snapshot });
}

/** In one transaction with the copy, or with keeping in the catalog what brings them back. */
async function takeDownIndexes({ subscriber }: Ends, target: TargetTable): Promise<string[]> {
  if (target.partitioned) return [];
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

/** Fewer are copied into the indexes sooner than those are built anew. */
const fewRows = 20_000;

/** TRUNCATE is refused where a foreign key refers to the table, even from an empty one. */
async function emptyTable(session: Session, target: TargetTable): Promise<'new_file' | 'deleted'> {
  const only = target.partitioned ? '' : 'only ';
  const name = quoteName(target.name);
  await session.script(target.referenced ? `delete from ${only}${name}` : `truncate ${only}${name}`);
  return target.referenced || target.partitioned ? 'deleted' : 'new_file';
}

async function analyze({ job: { deps }, subscriber, members }: Ends): Promise<void> {
  try {
    await subscriber.script(
      destinationsOf(members)
        .map((name) => `analyze ${quoteName(name)}`)
        .join('; '),
    );
  } catch (error) {
    if (subscriber.lost) throw error;
    deps.log({
      level: 'warn',
      event: 'analyze_failed',
      queue: deps.queue,
      node: deps.node,
      message: `copied but not analyzed: ${destinationsOf(members).join(', ')}: ${(error as Error).message}`,
    });
  }
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

/** Replays the tables' own events until none is waiting, then asks the main worker to take them over. */
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
  const position = await positionOf(ends);
  const kept = mustSettle(ends) ? undefined : snapshot;
  await transaction(ends.subscriber, async () => {
    await assertLease(ends.subscriber, deps.queue, deps.node, generation);
    await moveStates(ends, { from: 'catching_up', to: { kind: 'wants_handover', atTick: position }, snapshot: kept });
  });
  deps.fault('wants-handover');
  ends.job.changed();
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

async function handOver(ends: Ends, atTick: bigint, snapshot: string | undefined): Promise<void> {
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

async function signOff({ job: { deps }, provider, subscriber }: Ends, members: readonly Member[]): Promise<void> {
  await unregisterConsumers(provider, deps.queue, consumersOf(members));
  await unregisterLocalConsumers(subscriber, deps.queue, consumersOf(members));
}

function tell(ends: Ends, phase: CopyProgress['phase']): void {
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
