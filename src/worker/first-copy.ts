import { readMergedElsewhere, tryLockMergedTable, unlockMergedTable } from '../catalog/merged-tables.ts';
import { readBranchTick } from '../catalog/own-queue.ts';
import { estimateRows, registerConsumers, unregisterConsumers } from '../catalog/pgq.ts';
import { withShardPart } from '../catalog/shard.ts';
import {
  checkedForeignKeys,
  dropForeignKey,
  maySupplyCopy,
  readTableStates,
  setTableStates,
  setTableStruct,
} from '../catalog/table-sync.ts';
import { readIndexDdl } from '../catalog/target-indexes.ts';
import { readEmptyTables, readTargetTables, type TargetTable } from '../catalog/target-tables.ts';
import { currentSnapshot } from '../catalog/tick-snapshot.ts';
import { assertLease, leaseAssertion } from '../catalog/trunkline.ts';
import { registerLocalConsumers } from '../catalog/worker-state.ts';
import { readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';
import { quoteName } from '../db/statement.ts';
import { transaction } from '../db/transaction.ts';
import type { TableName } from '../model/names.ts';
import type { TableSpec } from '../model/table.ts';
import {
  consumersOf,
  destinationsOf,
  type Ends,
  isElsewhere,
  type Member,
  missing,
  moveStates,
  namesOf,
  openSource,
  tell,
} from './copy-ends.ts';
import { type BlockRange, copyRanges, cutIntoRanges, rangeCondition } from './copy-ranges.ts';
import { copyTexts } from './copy-texts.ts';
import { readSources } from './make-routes.ts';
import { misfires, TriggersMisfire } from './triggers-misfire.ts';

export async function firstCopy(ends: Ends): Promise<void> {
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
