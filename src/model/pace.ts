/** How a node is read. */
export interface PaceSettings {
  /** About how long one snapshot of both sides stays open. What can not be cut stays open until it is read. */
  readonly maxSnapshotMs: number;
  /** Of all tables together; undefined is as fast as the servers are. */
  readonly rowsPerSecond: number | undefined;
  /** Tables that are no larger are read as a whole. */
  readonly wholeBytes: number;
  /** Of the first chunk; the next ones are as large as makes them take a second or two. */
  readonly firstChunkRows: number;
}

/** For those whom nothing holds back. */
export const unhurried: PaceSettings = {
  maxSnapshotMs: 30_000,
  rowsPerSecond: undefined,
  wholeBytes: 32 * 1024 * 1024,
  firstChunkRows: 50_000,
};

/** A table that is cut in pieces of less than a second can be small. */
export function throttled(rowsPerSecond: number): Partial<PaceSettings> {
  return { rowsPerSecond, wholeBytes: 0 };
}
