import type { Cut } from '../model/cut.ts';
import { parseSnapshot, type Snapshot } from './snapshot.ts';

/**
 * Splits a batch at ticks that lie in it, given by their snapshots in order, so that its events can be read a piece at a
 * time. Each slice is some SQL conditions on `e.ev_txid` within the batch; what passes any one of them belongs to it, and
 * nothing passes two. Events of a slice all come before those of the next, as they would in batches of their own. One
 * slice without a condition where there is nothing to split at.
 */
export function slicesOf(cuts: readonly string[]): readonly (readonly string[])[] {
  const snapshots = cuts.map(parseSnapshot);
  if (!growing(snapshots)) return [['true']];
  return [undefined, ...snapshots].map((from, index) => between(from, snapshots[index]));
}

/** Events between two ticks, of which a batch can be opened that is sure to have these ends. */
export interface Stretch {
  readonly fromTick: bigint;
  readonly toTick: bigint;
  /** By the event counter: a batch that is asked to have so many ends there. */
  readonly events: number;
  /** As `slicesOf` gives them. */
  readonly slices: readonly (readonly string[])[];
}

/**
 * The next stretch of about `wanted` events from a tick of `cuts` on. A batch that is asked for by its number of events ends
 * at the first tick that gives as many only where more than twice as many wait; so the stretches grow short towards the end,
 * and undefined comes where none is sure.
 */
export function stretchFrom(
  { cuts, newestSeq }: { readonly cuts: readonly Cut[]; readonly newestSeq: number },
  fromTick: bigint,
  wanted: number,
): Stretch | undefined {
  const start = cuts.findIndex(({ tick }) => BigInt(tick) === fromTick);
  const from = cuts[start];
  if (from === undefined) return undefined;
  const waiting = newestSeq - from.seq;
  const fits = (cut: Cut, most: number) => cut.seq - from.seq <= most && (cut.seq - from.seq) * 2 < waiting;
  const after = cuts.slice(start + 1);
  const last = after.findLastIndex((cut) => fits(cut, wanted));
  const taken = last >= 0 ? after.slice(0, last + 1) : after.slice(0, 1).filter((cut) => fits(cut, mostAtOnce));
  const to = taken.at(-1);
  if (to === undefined || to.seq <= from.seq) return undefined;
  const snapshots = [from, ...taken].map(({ snapshot }) => parseSnapshot(snapshot));
  if (!growing(snapshots)) return undefined;
  return {
    fromTick,
    toTick: BigInt(to.tick),
    events: to.seq - from.seq,
    slices: taken.map((_, index) => between(snapshots[index], snapshots[index + 1])),
  };
}

/** What a whole number of the server holds. */
const mostAtOnce = 2 ** 31 - 1;

/** After a restore on another server ticks may stand side by side that do not belong to one course of events. */
function growing(snapshots: readonly (Snapshot | undefined)[]): snapshots is readonly Snapshot[] {
  return snapshots.every((snapshot, index) => {
    const before = index === 0 ? snapshot : snapshots[index - 1];
    if (snapshot === undefined || before === undefined || before.xmax > snapshot.xmax) return false;
    return [...snapshot.inProgress].every((txid) => txid >= before.xmax || before.inProgress.has(txid));
  });
}

/** Seen by `to` and not by `from`; at the batch's own ends its query sees to it. */
function between(from: Snapshot | undefined, to: Snapshot | undefined): readonly string[] {
  const range = [
    ...(from === undefined ? [] : [`e.ev_txid >= ${from.xmax}`]),
    ...(to === undefined ? [] : [`e.ev_txid < ${to.xmax}`]),
    ...(to === undefined || to.inProgress.size === 0 ? [] : [`e.ev_txid not in (${[...to.inProgress].join(', ')})`]),
  ];
  // In a condition of its own it is looked up by the index; with `or`, all since the oldest would be read.
  const late = [...(from?.inProgress ?? [])].filter((txid) => to?.inProgress.has(txid) !== true);
  return [
    range.length === 0 ? 'true' : range.join(' and '),
    ...(late.length === 0 ? [] : [`e.ev_txid in (${late.join(', ')})`]),
  ];
}
