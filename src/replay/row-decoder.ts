import { copyBytes } from './event-line.ts';

/**
 * Rows are turned from an event's text into a line of COPY text byte by byte: what a column holds is the same in both but
 * for its escapes. No string is made of a row and none of a column, which cost more than all the rest of a worker.
 */

/** Columns of one kind of event, in its order, with the bytes that stand before each value. */
export interface RowLayout {
  readonly columns: readonly string[];
  readonly marks: readonly Uint8Array[];
  /** JSON: what stands behind the last value. */
  readonly tail: Uint8Array;
}

/** Where a line is put, and where its columns begin; one more entry says where the line ends. */
export interface LineSink {
  lines: Uint8Array;
  starts: Int32Array;
}

export type RowFormat = 'json' | 'url';

/** An event is not what its trigger writes. Says nothing of what it holds. */
export class MalformedRow extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'MalformedRow';
  }
}

const tab = 0x09;
const newline = 0x0a;
const quote = 0x22;
const percent = 0x25;
const ampersand = 0x26;
const plus = 0x2b;
const comma = 0x2c;
const equals = 0x3d;
const backslash = 0x5c;
const upperN = 0x4e;

/** Bytes that a line may need for an event of so many: an upper bound. */
export function lineBound(eventBytes: number, columns: number): number {
  return eventBytes + 3 * columns + 8;
}

/** Reads the layout out of an event. Slow, and needed once for each kind. */
export function readLayout(format: RowFormat, bytes: Uint8Array, from: number, to: number): RowLayout {
  return format === 'json' ? jsonLayout(bytes, from, to) : urlLayout(bytes, from, to);
}

export function sameLayout(left: RowLayout, right: RowLayout): boolean {
  return (
    left.columns.length === right.columns.length &&
    left.columns.every((column, index) => column === right.columns[index]) &&
    left.marks.every((mark, index) => sameBytes(mark, right.marks[index] as Uint8Array)) &&
    sameBytes(left.tail, right.tail)
  );
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

/** Puts the row as a line at `at`; gives its end, or -1 where the event has another layout. */
export function decodeRow(
  format: RowFormat,
  layout: RowLayout,
  bytes: Uint8Array,
  from: number,
  to: number,
  sink: LineSink,
  at: number,
): number {
  return format === 'json'
    ? decodeJson(layout, bytes, from, to, sink, at)
    : decodeUrl(layout, bytes, from, to, sink, at);
}

function decodeJson(
  layout: RowLayout,
  bytes: Uint8Array,
  from: number,
  to: number,
  sink: LineSink,
  at: number,
): number {
  const { marks, tail } = layout;
  const { lines, starts } = sink;
  let read = from;
  let write = at;
  for (let column = 0; column < marks.length; column += 1) {
    const mark = marks[column] as Uint8Array;
    if (!startsWith(bytes, read, mark)) return -1;
    read += mark.length;
    starts[column] = write;
    const first = bytes[read] as number;
    if (first === quote) {
      read += 1;
      for (;;) {
        if (read >= to) throw new MalformedRow('it ends inside a string');
        const byte = bytes[read] as number;
        if (byte === quote) break;
        if (byte === backslash) {
          write = writeEscaped(bytes, read, lines, write);
          read += escapeLength(bytes, read);
        } else {
          lines[write] = byte;
          write += 1;
          read += 1;
        }
      }
      read += 1;
    } else {
      const end = endOfBare(bytes, read, to);
      write = writeBare(bytes, read, end, lines, write);
      read = end;
    }
    lines[write] = tab;
    write += 1;
  }
  if (!startsWith(bytes, read, tail) || read + tail.length !== to) return -1;
  return endLine(lines, starts, marks.length, write);
}

function decodeUrl(layout: RowLayout, bytes: Uint8Array, from: number, to: number, sink: LineSink, at: number): number {
  const { marks } = layout;
  const { lines, starts } = sink;
  let read = from;
  let write = at;
  for (let column = 0; column < marks.length; column += 1) {
    const mark = marks[column] as Uint8Array;
    if (!startsWith(bytes, read, mark)) return -1;
    read += mark.length;
    starts[column] = write;
    if (read === to || bytes[read] === ampersand) {
      lines[write] = backslash;
      lines[write + 1] = upperN;
      write += 2;
    } else {
      if (bytes[read] !== equals) return -1;
      read += 1;
      while (read < to) {
        const byte = bytes[read] as number;
        if (byte === ampersand) break;
        if (byte === percent) {
          write = writeByte(hexByte(bytes, read), lines, write);
          read += 3;
        } else {
          lines[write] = byte === plus ? 0x20 : byte;
          write += 1;
          read += 1;
        }
      }
    }
    lines[write] = tab;
    write += 1;
  }
  if (read !== to) return -1;
  return endLine(lines, starts, marks.length, write);
}

/** The last separator becomes the line's end. */
function endLine(lines: Uint8Array, starts: Int32Array, columns: number, write: number): number {
  lines[write - 1] = newline;
  starts[columns] = write;
  return write;
}

function startsWith(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  for (let index = 0; index < wanted.length; index += 1) if (bytes[at + index] !== wanted[index]) return false;
  return true;
}

/** A number, a word or a nested value, as it stands there. Its own escapes are those of a COPY line already. */
function writeBare(bytes: Uint8Array, from: number, to: number, lines: Uint8Array, at: number): number {
  const first = bytes[from];
  if (first === 0x6e) {
    lines[at] = backslash;
    lines[at + 1] = upperN;
    return at + 2;
  }
  // true and false are t and f as well.
  if (first === 0x74 || first === 0x66) {
    lines[at] = first;
    return at + 1;
  }
  let write = at;
  for (let read = from; read < to; read += 1) {
    lines[write] = bytes[read] as number;
    write += 1;
  }
  return write;
}

/** Index after the value that begins at `from` and is no string. */
function endOfBare(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  let depth = 0;
  for (; at < to; at += 1) {
    const byte = bytes[at];
    if (byte === quote) at = endOfString(bytes, at, to) - 1;
    else if (byte === 0x5b || byte === 0x7b) depth += 1;
    else if (byte === 0x5d || byte === 0x7d) {
      if (depth === 0) return at;
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && (byte === comma || byte === 0x20)) return at;
  }
  if (depth > 0) throw new MalformedRow('it ends inside a value');
  return at;
}

/** Index after the closing quote of the string that begins at `from`. */
function endOfString(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from + 1; at < to; ) {
    if (bytes[at] === quote) return at + 1;
    at += bytes[at] === backslash ? escapeLength(bytes, at) : 1;
  }
  throw new MalformedRow('it ends inside a string');
}

// In a COPY line each backslash is doubled, so an escape of JSON begins with two of them.

function escapeLength(bytes: Uint8Array, at: number): number {
  const kind = bytes[at + 2];
  if (kind === backslash) return 4;
  return kind === 0x75 ? 7 : 3;
}

function writeEscaped(bytes: Uint8Array, at: number, lines: Uint8Array, write: number): number {
  const kind = bytes[at + 2] as number;
  switch (kind) {
    case quote:
    case 0x2f:
      lines[write] = kind;
      return write + 1;
    case backslash:
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      lines[write] = backslash;
      lines[write + 1] = kind;
      return write + 2;
    case 0x75: // u
      return writeCodeUnit(bytes, at, lines, write);
    default:
      throw new MalformedRow('it has an escape that JSON does not know');
  }
}

/** One `\uXXXX`, as UTF-8. The second half of a pair completes the first, which stands before it as three bytes. */
function writeCodeUnit(bytes: Uint8Array, at: number, lines: Uint8Array, write: number): number {
  const unit = hexUnit(bytes, at + 3);
  if (unit < 0x80) return writeByte(unit, lines, write);
  if (unit < 0x800) {
    lines[write] = 0xc0 | (unit >> 6);
    lines[write + 1] = 0x80 | (unit & 0x3f);
    return write + 2;
  }
  const follows = unit >= 0xdc00 && unit < 0xe000;
  if (follows && lines[write - 3] === 0xed && (lines[write - 2] as number) >= 0xa0) {
    const high = (((lines[write - 2] as number) & 0x0f) << 6) | ((lines[write - 1] as number) & 0x3f);
    const point = 0x10000 + (high << 10) + (unit - 0xdc00);
    lines[write - 3] = 0xf0 | (point >> 18);
    lines[write - 2] = 0x80 | ((point >> 12) & 0x3f);
    lines[write - 1] = 0x80 | ((point >> 6) & 0x3f);
    lines[write] = 0x80 | (point & 0x3f);
    return write + 1;
  }
  lines[write] = 0xe0 | (unit >> 12);
  lines[write + 1] = 0x80 | ((unit >> 6) & 0x3f);
  lines[write + 2] = 0x80 | (unit & 0x3f);
  return write + 3;
}

/** A byte of a value, escaped where COPY asks for it. */
function writeByte(byte: number, lines: Uint8Array, at: number): number {
  const letter = byte === tab ? 0x74 : byte === newline ? 0x6e : byte === 0x0d ? 0x72 : byte === backslash ? byte : 0;
  if (letter === 0) {
    lines[at] = byte;
    return at + 1;
  }
  lines[at] = backslash;
  lines[at + 1] = letter;
  return at + 2;
}

function hexByte(bytes: Uint8Array, at: number): number {
  const high = hexDigits[bytes[at + 1] as number] as number;
  const low = hexDigits[bytes[at + 2] as number] as number;
  if (high < 0 || low < 0) throw new MalformedRow('it has a % that begins no escape');
  return high * 16 + low;
}

function hexUnit(bytes: Uint8Array, at: number): number {
  let unit = 0;
  for (let index = 0; index < 4; index += 1) {
    const digit = hexDigits[bytes[at + index] as number] as number;
    if (digit < 0) throw new MalformedRow('it has a \\u that begins no escape');
    unit = unit * 16 + digit;
  }
  return unit;
}

const hexDigits = Int8Array.from({ length: 256 }, (_, byte) => {
  const digit = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(digit) ? -1 : digit;
});

function jsonLayout(bytes: Uint8Array, from: number, to: number): RowLayout {
  const columns: string[] = [];
  const marks: Uint8Array[] = [];
  let markFrom = from;
  let at = skipSpace(bytes, from);
  if (bytes[at] !== 0x7b) throw new MalformedRow('it is no JSON object');
  at = skipSpace(bytes, at + 1);
  while (at < to && bytes[at] === quote) {
    const end = endOfString(bytes, at, to);
    columns.push(jsonText(bytes, at, end));
    at = skipSpace(bytes, end);
    if (bytes[at] !== 0x3a) throw new MalformedRow('a column of it has no value');
    at = skipSpace(bytes, at + 1);
    marks.push(copyBytes(bytes, markFrom, at));
    at = bytes[at] === quote ? endOfString(bytes, at, to) : endOfBare(bytes, at, to);
    markFrom = at;
    at = skipSpace(bytes, at);
    if (bytes[at] === comma) at = skipSpace(bytes, at + 1);
  }
  if (bytes[at] !== 0x7d || columns.length === 0) throw new MalformedRow('it is no JSON object');
  return { columns, marks, tail: copyBytes(bytes, markFrom, to) };
}

function jsonText(bytes: Uint8Array, from: number, to: number): string {
  return JSON.parse(utf8(bytes.subarray(from, to)).replaceAll('\\\\', '\\')) as string;
}

function urlLayout(bytes: Uint8Array, from: number, to: number): RowLayout {
  const columns: string[] = [];
  const marks: Uint8Array[] = [];
  for (let start = from; start < to; ) {
    let end = start;
    while (end < to && bytes[end] !== ampersand) end += 1;
    let nameEnd = start;
    while (nameEnd < end && bytes[nameEnd] !== equals) nameEnd += 1;
    columns.push(urlText(bytes, start, nameEnd));
    marks.push(copyBytes(bytes, start === from ? start : start - 1, nameEnd));
    start = end + 1;
  }
  if (columns.length === 0) throw new MalformedRow('it has no columns');
  return { columns, marks, tail: new Uint8Array() };
}

function urlText(bytes: Uint8Array, from: number, to: number): string {
  try {
    return decodeURIComponent(utf8(bytes.subarray(from, to)).replaceAll('+', ' '));
  } catch {
    throw new MalformedRow('it has a % that begins no escape');
  }
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === 0x20) at += 1;
  return at;
}

const decoder = new TextDecoder();

function utf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
