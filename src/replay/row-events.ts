import type { QueueRow } from '../model/event.ts';
import { decodeControlEvent, decodeRowType } from '../model/event-codec.ts';
import type { RowEvent } from '../model/lost-event.ts';
import { tableName } from '../model/names.ts';
import { readLine } from './copy-text.ts';
import { emptyEventLine, readEventLine, readQueueRow } from './event-line.ts';
import { decodeRow, lineBound, readLayout } from './row-decoder.ts';

/** An event by itself, for one who wants to look at it rather than apply it. */
export type TakenEvent =
  | { readonly kind: 'rows'; readonly event: RowEvent }
  | { readonly kind: 'other'; readonly type: string };

/** Out of whole lines with all columns; see `fetchBatch`. */
export function* readRowEvents(bytes: Uint8Array): Iterable<TakenEvent> {
  const line = emptyEventLine();
  for (let at = 0; at < bytes.length; ) {
    readEventLine(bytes, at, line);
    at = line.end;
    const row = readQueueRow(bytes, line);
    const type = decodeRowType(row.type);
    if (type === undefined) {
      const control = decodeControlEvent(row);
      yield control.kind === 'truncate'
        ? { kind: 'rows', event: { ...headOf(row), change: { kind: 'truncate' } } }
        : { kind: 'other', type: row.type };
    } else if (type.format === 'sql') {
      yield { kind: 'rows', event: { ...headOf(row), change: { kind: 'sql', op: type.op, text: row.data ?? '' } } };
    } else {
      const values = readValues(type.format, bytes, line.data, line.extra1 - 1);
      const key = type.key?.every((name) => values.has(name)) === true ? type.key : [];
      yield { kind: 'rows', event: { ...headOf(row), change: { kind: 'row', op: type.op, key, values } } };
    }
  }
}

function headOf(row: QueueRow): Omit<RowEvent, 'change'> {
  return { id: BigInt(row.id), txid: BigInt(row.txid), time: row.time ?? '', table: tableName(row.extra1 ?? '') };
}

function readValues(format: 'json' | 'url', bytes: Uint8Array, from: number, to: number): Map<string, string | null> {
  const layout = readLayout(format, bytes, from, to);
  const { columns } = layout;
  const sink = {
    lines: new Uint8Array(lineBound(to - from, columns.length)),
    starts: new Int32Array(columns.length + 1),
  };
  const end = decodeRow(format, layout, bytes, from, to, sink, 0);
  const texts = readLine(sink.lines.subarray(0, end));
  return new Map(columns.map((column, index) => [column, texts[index] ?? null]));
}
