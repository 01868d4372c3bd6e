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

/** The one line there is: it is read millions of times, and over before the next. */
const current: EventLine = { id: 0, txid: 0, type: 0, data: 0, extra1: 0, extra2: 0, extra3: 0, end: 0 };

/** Valid until the next call. */
export function readEventLine(bytes: Uint8Array, from: number): EventLine {
  current.id = from;
  current.txid = after(bytes, from);
  current.type = after(bytes, current.txid);
  current.data = after(bytes, current.type);
  // The one field that may be long: the engine's own search wins there.
  current.extra1 = bytes.indexOf(tab, current.data) + 1;
  current.extra2 = after(bytes, current.extra1);
  current.extra3 = after(bytes, current.extra2);
  const end = bytes.indexOf(newline, current.extra3);
  current.end = (end < 0 ? bytes.length : end) + 1;
  return current;
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

/** The event as text, for what is rare. */
export function readQueueRow(bytes: Uint8Array, line: EventLine): QueueRow {
  const text = (from: number, next: number) => decoder.decode(bytes.subarray(from, next - 1));
  const [extra3, ...more] = text(line.extra3, line.end).split('\t');
  return {
    id: text(line.id, line.txid),
    txid: text(line.txid, line.type),
    type: readField(text(line.type, line.data)) ?? '',
    data: readField(text(line.data, line.extra1)),
    extra1: readField(text(line.extra1, line.extra2)),
    extra2: readField(text(line.extra2, line.extra3)),
    extra3: readField(extra3),
    ...(more.length === 0 ? {} : { extra4: readField(more[0]), time: readField(more[1]) }),
  };
}

const decoder = new TextDecoder();

/** All of some whole lines, where they are few. */
export function* readQueueRows(lines: Uint8Array): Iterable<QueueRow> {
  for (let at = 0; at < lines.length; ) {
    const line = readEventLine(lines, at);
    at = line.end;
    yield readQueueRow(lines, line);
  }
}
