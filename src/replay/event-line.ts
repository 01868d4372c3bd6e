import type { QueueRow } from '../model/event.ts';
import { readField } from './copy-text.ts';

/** Where the fields of one event begin in lines of COPY text with the columns of {@link QueueRow}. */
export interface EventLine {
  id: number;
  txid: number;
  type: number;
  data: number;
  extra1: number;
  extra2: number;
  extra3: number;
  /** After the line's end. */
  end: number;
}

const tab = 0x09;
const newline = 0x0a;

export function emptyEventLine(): EventLine {
  return { id: 0, txid: 0, type: 0, data: 0, extra1: 0, extra2: 0, extra3: 0, end: 0 };
}

/** Fills `line`, since an object for each of millions of events costs. Each reader has its own: others read while it waits. */
export function readEventLine(bytes: Uint8Array, from: number, line: EventLine): void {
  line.id = from;
  line.txid = after(bytes, from);
  line.type = after(bytes, line.txid);
  line.data = after(bytes, line.type);
  // The one field that may be long: the engine's own search wins there.
  line.extra1 = bytes.indexOf(tab, line.data) + 1;
  line.extra2 = after(bytes, line.extra1);
  line.extra3 = after(bytes, line.extra2);
  const end = bytes.indexOf(newline, line.extra3);
  line.end = (end < 0 ? bytes.length : end) + 1;
}

/** Index after the field that begins at `from`. */
function after(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== tab) at += 1;
  return at + 1;
}

export function readNumber(bytes: Uint8Array, from: number): number {
  let value = 0;
  for (let at = from; ; at += 1) {
    const digit = (bytes[at] ?? tab) - 0x30;
    if (digit < 0 || digit > 9) return value;
    value = value * 10 + digit;
  }
}

/** One field as text; `next` is where the following one begins. */
export function readText(bytes: Uint8Array, from: number, next: number): string | null {
  return readField(decoder.decode(bytes.subarray(from, next - 1)));
}

/** To be kept: `slice` of the driver's buffers would be a view of them. */
export function copyBytes(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return new Uint8Array(bytes.subarray(from, to));
}

/** The event as text, for what is rare. */
export function readQueueRow(bytes: Uint8Array, line: EventLine): QueueRow {
  const [extra3, ...more] = decoder.decode(bytes.subarray(line.extra3, line.end - 1)).split('\t');
  return {
    id: readText(bytes, line.id, line.txid) ?? '',
    txid: readText(bytes, line.txid, line.type) ?? '',
    type: readText(bytes, line.type, line.data) ?? '',
    data: readText(bytes, line.data, line.extra1),
    extra1: readText(bytes, line.extra1, line.extra2),
    extra2: readText(bytes, line.extra2, line.extra3),
    extra3: readField(extra3),
    ...(more.length === 0 ? {} : { extra4: readField(more[0]), time: readField(more[1]) }),
  };
}

// A mark of byte order is a character as any other.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** All of some whole lines, where they are few. */
export function* readQueueRows(lines: Uint8Array): Iterable<QueueRow> {
  const line = emptyEventLine();
  for (let at = 0; at < lines.length; ) {
    readEventLine(lines, at, line);
    at = line.end;
    yield readQueueRow(lines, line);
  }
}
