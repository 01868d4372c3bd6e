import type { QueueRow } from '../model/event.ts';

const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** Whole lines of `COPY … TO STDOUT` with the seven columns of {@link QueueRow}. */
export function readQueueRows(text: string): QueueRow[] {
  const rows: QueueRow[] = [];
  for (let start = 0; start < text.length; ) {
    const found = text.indexOf('\n', start);
    const end = found < 0 ? text.length : found;
    const fields = text.slice(start, end).split('\t');
    rows.push({
      id: fields[0] ?? '',
      txid: fields[1] ?? '',
      type: readField(fields[2]) ?? '',
      data: readField(fields[3]),
      extra1: readField(fields[4]),
      extra2: readField(fields[5]),
      extra3: readField(fields[6]),
    });
    start = end + 1;
  }
  return rows;
}

function readField(field: string | undefined): string | null {
  if (field === undefined || field === '\\N') return null;
  if (!field.includes('\\')) return field;
  return field.replace(/\\(.)/gs, (_, char: string) => escapes[char] ?? char);
}

/** One row as COPY text, without the line's end. */
export function writeCopyRow(values: readonly (string | null | undefined)[]): string {
  let line = '';
  for (let index = 0; index < values.length; index += 1) {
    if (index > 0) line += '\t';
    line += writeField(values[index]);
  }
  return line;
}

const special = /[\\\t\n\r]/;

function writeField(value: string | null | undefined): string {
  if (value === null || value === undefined) return '\\N';
  if (!special.test(value)) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
}
