/** A `txid_snapshot`. Transaction ids carry their epoch and stay below 2^53 for longer than any cluster lives. */
export interface Snapshot {
  readonly xmin: number;
  readonly xmax: number;
  readonly inProgress: ReadonlySet<number>;
}

/** Reads `xmin:xmax:xip,xip`; undefined for anything else. */
export function parseSnapshot(text: string): Snapshot | undefined {
  const match = /^(\d+):(\d+):([\d,]*)$/.exec(text);
  if (match === null) return undefined;
  const [, xmin, xmax, xip] = match;
  return {
    xmin: Number(xmin),
    xmax: Number(xmax),
    inProgress: new Set(xip === '' || xip === undefined ? [] : xip.split(',').map(Number)),
  };
}

/** Whether the transaction had committed, or aborted, when the snapshot was taken. */
export function sees(snapshot: Snapshot, txid: number): boolean {
  if (txid < snapshot.xmin) return true;
  return txid < snapshot.xmax && !snapshot.inProgress.has(txid);
}

/** No event after a tick with the snapshot `tick` can be one that `copy` saw: the copy's filter has done its work. */
export function isPast(copy: Snapshot, tick: Snapshot): boolean {
  return tick.xmin >= copy.xmax;
}
