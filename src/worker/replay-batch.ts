import { type Batch, finishAndOpen, finishBatch } from '../catalog/pgq.ts';
import { leaseAssertion } from '../catalog/trunkline.ts';
import { isStill, setCompleted, type WorkerState } from '../catalog/worker-state.ts';
import { readDriverError } from '../db/driver-errors.ts';
import { transaction } from '../db/transaction.ts';
import { slicesOf, stretchFrom } from '../replay/batch-slices.ts';
import type { Fold } from '../replay/fold.ts';
import { ApplyFailed, type BatchCounts, relatives } from './apply-batch.ts';
import type { Link } from './link.ts';
import { type Reading, type ReadingOptions, type Source, startReading } from './read-batch.ts';
import { RoleChanged } from './role-changed.ts';
import { KeysAlike } from './write-rows.ts';

export interface ReplayOptions extends Omit<ReadingOptions, 'ordered' | 'spare'> {
  /** What the node must still be when the position moves; undefined for a copy, which ends with the reader that started it. */
  readonly as: Pick<WorkerState, 'role' | 'provider'> | undefined;
  /** The next one is of a single tick, and is opened at the end of this one. */
  readonly openNext: boolean;
  /** Written in the transaction that moves the position past the first batch. */
  readonly alsoWrite: (() => Promise<void>) | undefined;
  /** Undefined: one batch and no more. */
  readonly goOn: GoOn | undefined;
  /** A batch is committed. */
  readonly applied: ((batch: Batch, counts: BatchCounts, took: Took) => void) | undefined;
}

/** Who goes on with the batches after the first. */
export interface GoOn {
  /** How many events the next one is to have; undefined where it is time to look around first. */
  wanted(): number | undefined;
  /** Whether all that the options were made from is still so. */
  unchanged(): Promise<boolean>;
  /** The provider has opened another batch than was foreseen. */
  mistaken(): void;
}

export interface Took {
  readonly wholeMs: number;
  /** From the last row to the commit. */
  readonly endMs: number;
}

export interface Left {
  /** The provider has ticks after the last batch. */
  readonly more: boolean;
  /** What was opened of them. */
  readonly next: Batch | undefined;
}

/**
 * Applies one batch and moves the position in the same transaction, then lets the provider go on; and then those after it,
 * where `goOn` is there and they can be foreseen. After a crash at any point a batch is either wholly applied or not at all;
 * the caller has compared the position.
 *
 * Folded changes may clash on a unique constraint where row after row would not, as when two rows swap a value, or may be
 * those of one key in two texts. Then the whole batch is tried again with that table in order, and those it hangs together
 * with by foreign keys.
 */
export async function replayBatch(link: Link, batch: Batch, options: ReplayOptions): Promise<Left> {
  const ordered = new Set<string>();
  for (;;) {
    try {
      return await replayFrom(link, batch, options, ordered);
    } catch (error) {
      if (!mayTryInOrder(error, ordered)) throw error;
      for (const table of relatives(options.routes, error.table)) ordered.add(table);
    }
  }
}

function mayTryInOrder(error: unknown, ordered: ReadonlySet<string>): error is ApplyFailed {
  if (!(error instanceof ApplyFailed) || ordered.has(error.table)) return false;
  if (error.cause instanceof KeysAlike) return true;
  const sqlstate = readDriverError(error.cause)?.sqlstate;
  return sqlstate !== undefined && orderMatters.has(sqlstate);
}

/** Unique, exclusion, foreign key, and one that restricts. */
const orderMatters: ReadonlySet<string> = new Set(['23505', '23P01', '23503', '23001']);

/** A batch whose rows are on their way. */
interface Step {
  readonly reading: Reading;
  /** As the provider gives it. */
  readonly opened: Promise<Batch | undefined>;
  readonly unchanged: Promise<boolean>;
}

/**
 * The end of a batch takes round trips and waits for two disks. So the rows of the next one are read and decoded meanwhile,
 * before the provider has opened it, and written once the one before is committed. They are committed only where the provider
 * has opened that batch with the ends that were foreseen, and nothing else has changed.
 */
async function replayFrom(
  link: Link,
  first: Batch,
  options: ReplayOptions,
  ordered: ReadonlySet<string>,
): Promise<Left> {
  const { deps } = link;
  const spare: Fold[] = [];
  let { routes } = options;
  const reroute = options.reroute && (async () => (routes = (await options.reroute?.()) ?? routes));
  const start = (source: Source) => startReading(link, source, { ...options, routes, reroute, ordered, spare });
  // Where a table goes in order, that is for one batch.
  const goOn = ordered.size === 0 ? options.goOn : undefined;
  const startNext = ({ toTick }: Reading): Reading | undefined => {
    const wanted = goOn?.wanted();
    if (first.ahead === undefined || wanted === undefined) return undefined;
    const stretch = stretchFrom(first.ahead, toTick, wanted);
    return stretch && start({ ...stretch, query: first.ahead.events });
  };
  let step: Step = {
    reading: start({ toTick: first.toTick, events: 0, slices: slicesOf(first.cuts), query: first.events }),
    opened: Promise.resolve(first),
    unchanged: Promise.resolve(true),
  };
  for (let isFirst = true, startedAt = deps.clock.now(); ; isFirst = false) {
    let next: Reading | undefined;
    try {
      const { batch, counts, lastRowAt } = await applyOne(link, step, options, {
        alsoWrite: isFirst ? options.alsoWrite : undefined,
        whenRead: () => {
          next = startNext(step.reading);
        },
      });
      deps.fault('after-commit');
      const now = deps.clock.now();
      options.applied?.(batch, counts, { wholeMs: now - startedAt, endMs: now - lastRowAt });
      startedAt = now;
      if (next === undefined) return await leave(link, batch, options.openNext);
      step = { reading: next, ...lookAfter(link, batch, next.events, goOn) };
    } catch (error) {
      await Promise.all([step.reading.drop(), next?.drop()]);
      if (isFirst || !(error instanceof ApplyFailed || error instanceof NotAsForeseen)) throw error;
      if (error instanceof NotAsForeseen && error.mistaken) goOn?.mistaken();
      // What came before is committed. The provider gives this one again, and it goes the usual way.
      return { more: true, next: await step.opened };
    }
  }
}

class NotAsForeseen extends Error {
  /** By the provider's batch, and not by what others did meanwhile. */
  readonly mistaken: boolean;

  constructor(mistaken: boolean) {
    super('the next batch is not the one that was foreseen');
    this.mistaken = mistaken;
  }
}

interface Done {
  readonly batch: Batch;
  readonly counts: BatchCounts;
  readonly lastRowAt: number;
}

/** One batch in one transaction. */
async function applyOne(
  { deps, subscriber, consumer, generation }: Link,
  { reading, opened, unchanged }: Step,
  { as }: ReplayOptions,
  also: { readonly alsoWrite: (() => Promise<void>) | undefined; readonly whenRead: () => void },
): Promise<Done> {
  return transaction(
    subscriber,
    async () => {
      try {
        await reading.write();
        also.whenRead();
        const { counts, keeper } = await reading.finish();
        const lastRowAt = deps.clock.now();
        const batch = await opened;
        if (batch?.toTick !== reading.toTick) throw new NotAsForeseen(true);
        if (!(await unchanged)) throw new NotAsForeseen(false);
        await also.alsoWrite?.();
        await keeper?.finish(batch);
        await setCompleted(subscriber, deps.queue, consumer, batch.toTick);
        // Whoever changes the node's role or provider writes the row that is locked now.
        if (as !== undefined && !(await isStill(subscriber, deps.queue, as))) throw new RoleChanged(deps.node);
        deps.fault('before-commit');
        return { batch, counts, lastRowAt };
      } catch (error) {
        // A write that runs on would land outside the transaction.
        await reading.drop();
        throw error;
      }
    },
    '',
    leaseAssertion(deps.queue, deps.node, generation),
  );
}

/** After a batch that another one follows, whose rows are read already. */
function lookAfter(
  { deps, provider, consumer }: Link,
  batch: Batch,
  events: number,
  goOn: GoOn | undefined,
): Pick<Step, 'opened' | 'unchanged'> {
  const opened = finishAndOpen(provider, deps.queue, consumer, batch, events).then((next) => {
    deps.fault('after-finish');
    return next;
  });
  const unchanged = goOn?.unchanged() ?? Promise.resolve(true);
  // Whoever waits for it sees the error.
  for (const promise of [opened, unchanged]) promise.catch(() => undefined);
  return { opened, unchanged };
}

async function leave({ deps, provider, consumer }: Link, batch: Batch, openNext: boolean): Promise<Left> {
  const next = openNext ? await finishAndOpen(provider, deps.queue, consumer, batch) : undefined;
  const more = openNext ? next !== undefined : await finishBatch(provider, deps.queue, batch);
  deps.fault('after-finish');
  return { more, next };
}
