import { type Batch, finishAndOpen, finishBatch } from '../catalog/pgq.ts';
import { leaseAssertion } from '../catalog/trunkline.ts';
import { isStill, setCompleted, type WorkerState } from '../catalog/worker-state.ts';
import { readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';
import { transaction } from '../db/transaction.ts';
import type { ControlEvent } from '../model/event.ts';
import { ApplyFailed, type BatchCounts, type Route, relatives, startApplying } from './apply-batch.ts';
import type { NodeDeps } from './deps.ts';
import { type EventFilter, startFetching } from './fetch-batch.ts';
import type { Keeper } from './keep-events.ts';
import { RoleChanged } from './role-changed.ts';
import { KeysAlike } from './write-rows.ts';

/** The two ends of a subscription, and who may write. */
export interface Link {
  readonly deps: NodeDeps;
  readonly provider: Session;
  readonly subscriber: Session;
  readonly generation: bigint;
  /** The pgq consumer: the node's worker, or a copy's own. */
  readonly consumer: string;
}

export interface ReplayOptions {
  readonly routes: ReadonlyMap<string, Route>;
  readonly reroute: (() => Promise<ReadonlyMap<string, Route>>) | undefined;
  readonly filter: EventFilter;
  readonly skipped: ReadonlySet<number>;
  /** A fresh one for each try: where the events go beside the tables. */
  readonly keep: (() => Keeper) | undefined;
  /** What the node must still be when the position moves; undefined for a copy, which ends with the reader that started it. */
  readonly as: Pick<WorkerState, 'role' | 'provider'> | undefined;
  readonly control: ((event: ControlEvent) => Promise<void>) | undefined;
  /** The next one is of a single tick, and is opened at the end of this one. */
  readonly openNext: boolean;
  /** Written in the transaction that moves the position. */
  readonly alsoWrite: (() => Promise<void>) | undefined;
}

/** Bytes of rows decoded before they are written; as many may be on their way meanwhile, and the rest stays in the sockets. */
const maxHeld = 4_000_000;

/**
 * Applies one batch and moves the position in the same transaction, then lets the provider go on. After a crash at any
 * point the batch is either wholly applied or not at all; the caller has compared the position. `more`: the provider has
 * ticks after it; `next` is what was opened of them.
 */
export async function replayBatch(
  link: Link,
  batch: Batch,
  options: ReplayOptions,
): Promise<{ readonly counts: BatchCounts; readonly more: boolean; readonly next: Batch | undefined }> {
  const { deps, provider } = link;
  const counts = await applyWithFallback(link, batch, options);
  deps.fault('after-commit');
  const next = options.openNext ? await finishAndOpen(provider, deps.queue, link.consumer, batch) : undefined;
  const more = options.openNext ? next !== undefined : await finishBatch(provider, deps.queue, batch);
  deps.fault('after-finish');
  return { counts, more, next };
}

/**
 * Folded changes may clash on a unique constraint where row after row would not, as when two rows swap a value, or may be
 * those of one key in two texts. Then the whole batch is tried again with that table in order, and those it hangs together
 * with by foreign keys.
 */
async function applyWithFallback(link: Link, batch: Batch, options: ReplayOptions): Promise<BatchCounts> {
  const ordered = new Set<string>();
  for (;;) {
    try {
      return await applyOnce(link, batch, options, ordered);
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

async function applyOnce(
  link: Link,
  batch: Batch,
  options: ReplayOptions,
  ordered: ReadonlySet<string>,
): Promise<BatchCounts> {
  const { deps, provider, subscriber } = link;
  const keeper = options.keep?.();
  const events = startFetching(
    provider,
    batch,
    options.filter,
    keeper !== undefined || deps.foreignEvents === 'park' || [...options.routes.values()].some(callsFunction),
  );
  return transaction(
    subscriber,
    async () => {
      await keeper?.begin();
      await using applier = startApplying(subscriber, { ...options, ordered, maxHeld, tick: batch.toTick });
      let clash: unknown;
      for await (const lines of events) {
        deps.fault('mid-fetch');
        // The rest is read and dropped: leaving a COPY half way would cost the connection, which the next try needs.
        if (clash !== undefined) continue;
        try {
          await applier.add(lines);
          if (keeper?.add(lines) === true) {
            await applier.settle();
            await keeper.flush();
          }
        } catch (error) {
          if (!(error instanceof ApplyFailed)) throw error;
          clash = error;
        }
      }
      if (clash !== undefined) throw clash;
      const counts = await applier.finish();
      await options.alsoWrite?.();
      await keeper?.finish(batch);
      await setCompleted(subscriber, deps.queue, link.consumer, batch.toTick);
      // Whoever changes the node's role or provider writes the row that is locked now.
      if (options.as !== undefined && !(await isStill(subscriber, deps.queue, options.as)))
        throw new RoleChanged(deps.node);
      deps.fault('before-commit');
      return counts;
    },
    '',
    leaseAssertion(deps.queue, deps.node, link.generation),
  );
}

function callsFunction({ spec }: Route): boolean {
  return spec.handler?.kind === 'apply_function';
}
