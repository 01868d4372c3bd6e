import type { LineSink, RowLayout } from './row-decoder.ts';

export type Op = 'I' | 'U' | 'D';

/**
 * The net changes of one table since it was last written out. Rows are lines of COPY text in one buffer; a change of a
 * key that is known takes the place of the one before it. `sink` is where the next row is decoded to.
 */
export interface Fold {
  /** Column order of inserted and updated rows; undefined before the first of them. */
  layout: RowLayout | undefined;
  readonly keyColumns: readonly string[];
  readonly sink: LineSink;
  /** End of the last line. */
  used: number;
  /** Every key that was met, {@link stride} numbers each. */
  entries: Int32Array;
  count: number;
  /** Hash table of entries, by their number plus one. */
  slots: Int32Array;
  readonly counts: Record<Op, number>;
  /** True while the buffer holds the lines of inserts and nothing else. */
  onlyInserts: boolean;
}

/** Operation, hash, where the line stands, how long it is, the same for the text of the key, and the room there is for both. */
const stride = 7;
const nothing = 0;
const inserted = 1;
const updated = 2;
const deleted = 3;
const opOf: readonly (Op | undefined)[] = [undefined, 'I', 'U', 'D'];

const newline = 0x0a;
const tab = 0x09;
const backslash = 0x5c;
const upperN = 0x4e;

/** `spare` is one that is not needed any more: its memory is. */
export function emptyFold(keyColumns: readonly string[], spare?: Fold): Fold {
  spare?.slots.fill(0);
  return {
    layout: undefined,
    keyColumns,
    sink: spare?.sink ?? { lines: new Uint8Array(4_096), starts: new Int32Array(64) },
    used: 0,
    entries: spare?.entries ?? new Int32Array(16 * stride),
    count: 0,
    slots: spare?.slots ?? new Int32Array(64),
    counts: { I: 0, U: 0, D: 0 },
    onlyInserts: true,
  };
}

/** Bytes held, as a measure of memory. */
export function sizeOf(fold: Fold): number {
  return fold.used + fold.count * (stride + 2) * 4;
}

/** Makes room for a line of at most so many bytes and columns. */
export function reserve(fold: Fold, bytes: number, columns: number): void {
  const { sink } = fold;
  if (sink.starts.length <= columns) sink.starts = new Int32Array(columns * 2);
  grow(sink, fold.used, fold.used + bytes);
}

function grow(sink: LineSink, filled: number, needed: number): void {
  if (needed <= sink.lines.length) return;
  // A huge row gets what it needs and its key after it, not twice as much.
  const lines = new Uint8Array(Math.max(needed + 4_096, Math.min(sink.lines.length * 2, needed + 4_194_304)));
  lines.set(sink.lines.subarray(0, filled));
  sink.lines = lines;
}

/** Thrown where an event lacks a column of its own key. */
class KeyMissing extends Error {
  readonly column: string;

  constructor(column: string) {
    super(`an event lacks its key column ${column}`);
    this.name = 'KeyMissing';
    this.column = column;
  }
}

/**
 * Adds the change whose row stands decoded behind `used`, ending at `end`. Later ones win; a row that comes and goes
 * inside the run leaves nothing behind. Without a key every change stays, as equal rows are as many as they are.
 */
export function addChange(fold: Fold, op: Op, end: number, keyPositions: readonly number[]): void {
  const start = fold.used;
  if (keyPositions.length === 0) {
    append(fold, op, start, end);
    return;
  }
  const key = placeKey(fold, op, start, end, keyPositions);
  const hash = hashBytes(fold.sink.lines, key.at, key.at + key.length);
  const slot = findSlot(fold, hash, key.at, key.length);
  const known = fold.slots[slot] as number;
  if (known === 0) {
    addEntry(fold, slot, op, hash, start, key);
    return;
  }
  replace(fold, (known - 1) * stride, op, start, key);
}

interface PlacedKey {
  readonly at: number;
  readonly length: number;
  readonly lineEnd: number;
  /** End of everything that belongs to the change. */
  readonly end: number;
}

/** A key of one column is compared where it stands in the row; a longer one, and a delete's, stands alone as a line. */
function placeKey(fold: Fold, op: Op, start: number, end: number, keyPositions: readonly number[]): PlacedKey {
  const { starts } = fold.sink;
  let { lines } = fold.sink;
  let room = 0;
  for (let index = 0; index < keyPositions.length; index += 1) {
    const position = keyPositions[index] as number;
    const at = starts[position] as number;
    room += (starts[position + 1] as number) - at;
    const isNull = lines[at] === backslash && lines[at + 1] === upperN;
    if (isNull) throw new KeyMissing(fold.keyColumns[index] ?? '?');
  }
  const only = keyPositions[0] as number;
  const onlyAt = starts[only] as number;
  const onlyLength = (starts[only + 1] as number) - onlyAt - 1;
  if (keyPositions.length === 1 && op !== 'D') return { at: onlyAt, length: onlyLength, lineEnd: end, end };
  grow(fold.sink, end, end + room);
  lines = fold.sink.lines;
  let write = end;
  for (const position of keyPositions) {
    const at = starts[position] as number;
    const next = starts[position + 1] as number;
    lines.copyWithin(write, at, next - 1);
    write += next - at;
    lines[write - 1] = tab;
  }
  lines[write - 1] = newline;
  const length = write - end - 1;
  if (op !== 'D') return { at: end, length, lineEnd: end, end: write };
  lines.copyWithin(start, end, write);
  const lineEnd = start + length + 1;
  return { at: start, length, lineEnd, end: lineEnd };
}

export function hashBytes(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  return hash ^ (hash >>> 15);
}

/** The slot of the key, or the free one where it would go. */
function findSlot(fold: Fold, hash: number, at: number, length: number): number {
  const { slots, entries } = fold;
  const { lines } = fold.sink;
  const mask = slots.length - 1;
  for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
    const known = slots[slot] as number;
    if (known === 0) return slot;
    const entry = (known - 1) * stride;
    if (entries[entry + 1] !== hash || entries[entry + 5] !== length) continue;
    const other = entries[entry + 4] as number;
    let same = 0;
    while (same < length && lines[other + same] === lines[at + same]) same += 1;
    if (same === length) return slot;
  }
}

function addEntry(fold: Fold, slot: number, op: Op, hash: number, start: number, key: PlacedKey): void {
  const entry = nextEntry(fold);
  const { entries } = fold;
  entries[entry] = codeOf(op);
  entries[entry + 1] = hash;
  entries[entry + 6] = key.end - start;
  place(fold, entry, start, start, key);
  fold.used = key.end;
  fold.count += 1;
  fold.slots[slot] = fold.count;
  fold.counts[op] += 1;
  if (op !== 'I' || key.end !== key.lineEnd) fold.onlyInserts = false;
  if (fold.count * 2 > fold.slots.length) spread(fold);
}

function append(fold: Fold, op: Op, start: number, end: number): void {
  const entry = nextEntry(fold);
  fold.entries[entry] = codeOf(op);
  place(fold, entry, start, start, { at: start, length: 0, lineEnd: end, end });
  fold.used = end;
  fold.count += 1;
  fold.counts[op] += 1;
  if (op !== 'I') fold.onlyInserts = false;
}

/** Where the next one goes. */
function nextEntry(fold: Fold): number {
  const entry = fold.count * stride;
  if (entry + stride > fold.entries.length) {
    const larger = new Int32Array(fold.entries.length * 2);
    larger.set(fold.entries);
    fold.entries = larger;
  }
  return entry;
}

/** What stands decoded at `start` counts from now on as at `at`. */
function place({ entries }: Fold, entry: number, at: number, start: number, key: PlacedKey): void {
  entries[entry + 2] = at;
  entries[entry + 3] = key.lineEnd - start;
  entries[entry + 4] = key.at - start + at;
  entries[entry + 5] = key.length;
}

function spread(fold: Fold): void {
  const slots = new Int32Array(fold.slots.length * 4);
  const mask = slots.length - 1;
  for (let index = 0; index < fold.count; index += 1) {
    let slot = (fold.entries[index * stride + 1] as number) & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = index + 1;
  }
  fold.slots = slots;
}

function replace(fold: Fold, entry: number, op: Op, start: number, key: PlacedKey): void {
  const { entries, counts } = fold;
  const before = entries[entry] as number;
  const after = combine(before, op);
  const beforeOp = opOf[before];
  const afterOp = opOf[after];
  if (beforeOp !== undefined) counts[beforeOp] -= 1;
  if (afterOp !== undefined) counts[afterOp] += 1;
  entries[entry] = after;
  const room = entries[entry + 6] as number;
  const size = key.end - start;
  if (after !== inserted || size !== room) fold.onlyInserts = false;
  if (size <= room) {
    // A row that changes over and over takes no more than one.
    const at = entries[entry + 2] as number;
    fold.sink.lines.copyWithin(at, start, key.end);
    place(fold, entry, at, start, key);
    return;
  }
  place(fold, entry, start, start, key);
  entries[entry + 6] = size;
  fold.used = key.end;
}

function combine(before: number, op: Op): number {
  if (before === nothing) return codeOf(op);
  if (op === 'D') return before === inserted ? nothing : deleted;
  // The row was there before the run: what stands now replaces it.
  if (before === deleted) return updated;
  // No delete in between: the update found no row, as where a trigger changed a row before its own insert was captured.
  return op === 'I' ? inserted : before;
}

function codeOf(op: Op): number {
  return op === 'I' ? inserted : op === 'U' ? updated : deleted;
}

/** The changes of these operations; or of every key that was met, whatever came of it, the key. */
export type Wanted = readonly Op[] | 'keys';

export function countOf(fold: Fold, wanted: Wanted): number {
  return wanted === 'keys' ? fold.count : wanted.reduce((sum, op) => sum + fold.counts[op], 0);
}

/** Their lines, each with its end. Valid until the next change is added. */
export function* linesOf(fold: Fold, changes: Wanted): Generator<Uint8Array, void, void> {
  if (changes === 'keys') return yield* keysOf(fold);
  const { entries, count } = fold;
  const { lines } = fold.sink;
  const wanted = changes.map(codeOf);
  for (let entry = 0; entry < count * stride; entry += stride) {
    if (!wanted.includes(entries[entry] as number)) continue;
    const at = entries[entry + 2] as number;
    yield lines.subarray(at, at + (entries[entry + 3] as number));
  }
}

function* keysOf({ entries, count, sink }: Fold): Generator<Uint8Array, void, void> {
  for (let entry = 0; entry < count * stride; entry += stride) {
    const at = entries[entry + 4] as number;
    const line = sink.lines.slice(at, at + (entries[entry + 5] as number) + 1);
    line[line.length - 1] = newline;
    yield line;
  }
}

const chunkBytes = 65_536;

/** The same in pieces of a size that suits a socket. */
export function* copyTextOf(fold: Fold, wanted: Wanted): Generator<Uint8Array, void, void> {
  const { lines } = fold.sink;
  if (fold.onlyInserts && wanted !== 'keys' && wanted.includes('I')) {
    for (let at = 0; at < fold.used; at += chunkBytes) yield lines.subarray(at, Math.min(fold.used, at + chunkBytes));
    return;
  }
  yield* inChunks(linesOf(fold, wanted));
}

export function* inChunks(lines: Iterable<Uint8Array>): Generator<Uint8Array, void, void> {
  let chunk = new Uint8Array(chunkBytes);
  let filled = 0;
  for (const line of lines) {
    if (filled + line.length > chunkBytes) {
      if (filled > 0) yield chunk.subarray(0, filled);
      // The socket may still hold the last one.
      if (filled > 0) chunk = new Uint8Array(chunkBytes);
      filled = 0;
      if (line.length > chunkBytes) {
        yield line;
        continue;
      }
    }
    chunk.set(line, filled);
    filled += line.length;
  }
  if (filled > 0) yield chunk.subarray(0, filled);
}
