/**
 * Lines of a batch as they were fetched (`ev_id`, `ev_txid`, then the rest) to lines for another queue. Events keep
 * their bytes as they are: nothing is decoded on the way. The lines are moved together where they stand, as a value may
 * be too large to be held twice: what was fetched is gone.
 */

const tab = 0x09;
const lineFeed = 0x0a;

/** The columns of {@link linesForBranch}: all but the transaction, which is the writer's own. */
export const branchColumns = 'ev_id, ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3, ev_extra4, ev_time';

export function linesForBranch(lines: Uint8Array): Uint8Array {
  let used = 0;
  for (let start = 0; start < lines.length; ) {
    const afterId = lines.indexOf(tab, start);
    const afterTxid = lines.indexOf(tab, afterId + 1);
    const end = lines.indexOf(lineFeed, afterTxid) + 1;
    lines.copyWithin(used, start, afterId);
    used += afterId - start;
    lines.copyWithin(used, afterTxid, end);
    used += end - afterTxid;
    start = end;
  }
  return lines.subarray(0, used);
}

/** Lines of {@link linesForBranch}, with another tick in the global watermarks that go on with them. */
export function withGlobalWatermark(lines: Uint8Array, tick: bigint): Uint8Array {
  const data = Uint8Array.from(String(tick), code);
  const parts: Uint8Array[] = [];
  let kept = 0;
  for (let start = 0; start < lines.length; start = lines.indexOf(lineFeed, start) + 1) {
    const type = lines.indexOf(tab, start) + 1;
    if (!startsWith(lines, type, globalWatermark)) continue;
    const from = type + globalWatermark.length;
    parts.push(lines.subarray(kept, from), data);
    kept = lines.indexOf(tab, from);
  }
  if (parts.length === 0) return lines;
  return concat([...parts, lines.subarray(kept)]);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let used = 0;
  for (const part of parts) {
    out.set(part, used);
    used += part.length;
  }
  return out;
}

/** The columns of {@link linesForMerge}: events of several queues can not keep their numbers in one. */
export const mergeColumns = 'ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3, ev_extra4, ev_time';

/** What is about the queue itself stays behind. */
export function linesForMerge(lines: Uint8Array): Uint8Array {
  let used = 0;
  for (let start = 0; start < lines.length; ) {
    const type = lines.indexOf(tab, lines.indexOf(tab, start) + 1) + 1;
    const end = lines.indexOf(lineFeed, type) + 1;
    if (!ownTypes.some((own) => startsWith(lines, type, own))) {
      lines.copyWithin(used, type, end);
      used += end - type;
    }
    start = end;
  }
  return lines.subarray(0, used);
}

const ownTypes: readonly Uint8Array[] = [Uint8Array.from('pgq.', code), Uint8Array.from('londiste.', code)];

const globalWatermark = Uint8Array.from('pgq.global-watermark\t', code);

function code(char: string): number {
  return char.charCodeAt(0);
}

function startsWith(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  return wanted.every((byte, index) => bytes[at + index] === byte);
}
