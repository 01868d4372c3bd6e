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
