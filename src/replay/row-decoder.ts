import { decodeText } from '../model/url-encoding.ts';

/** A column's text; null is NULL; undefined where the event does not carry the column. */
export type Value = string | null | undefined;

/**
 * Column names of one table's events, in the order they were first met. Rows are arrays in that order:
 * an object per row costs more than everything else in the decoding.
 */
export interface RowShape {
  readonly columns: string[];
  readonly positions: Map<string, number>;
  /** The names as they stand url-encoded, to compare without decoding. */
  readonly encoded: string[];
}

export function emptyShape(): RowShape {
  return { columns: [], positions: new Map(), encoded: [] };
}

export function decodeUrlRow(data: string, shape: RowShape): Value[] {
  const values: Value[] = [];
  let expected = 0;
  for (let start = 0; start < data.length; ) {
    const ampersand = data.indexOf('&', start);
    const end = ampersand < 0 ? data.length : ampersand;
    const found = data.indexOf('=', start);
    const equals = found < 0 || found > end ? -1 : found;
    const encoded = data.slice(start, equals < 0 ? end : equals);
    const position = shape.encoded[expected] === encoded ? expected : positionOf(shape, decodeText(encoded), encoded);
    values[position] = equals < 0 ? null : decodeText(data.slice(equals + 1, end));
    expected = position + 1;
    start = end + 1;
  }
  return values;
}

/** One flat JSON object. Numbers keep every digit, which `JSON.parse` would not. */
export function decodeJsonRow(data: string, shape: RowShape): Value[] {
  const values: Value[] = [];
  let expected = 0;
  let at = skipSpace(data, data.indexOf('{') + 1);
  while (at < data.length && data[at] !== '}') {
    const nameEnd = endOfString(data, at);
    const name = readString(data, at, nameEnd);
    const position = shape.columns[expected] === name ? expected : positionOf(shape, name, undefined);
    const valueStart = skipSpace(data, data.indexOf(':', nameEnd) + 1);
    const valueEnd = endOfValue(data, valueStart);
    values[position] = readJsonValue(data, valueStart, valueEnd);
    expected = position + 1;
    at = skipSpace(data, valueEnd);
    if (data[at] === ',') at = skipSpace(data, at + 1);
  }
  return values;
}

function positionOf(shape: RowShape, name: string, encoded: string | undefined): number {
  let position = shape.positions.get(name);
  if (position === undefined) {
    position = shape.columns.length;
    shape.columns.push(name);
    shape.positions.set(name, position);
  }
  if (encoded !== undefined) shape.encoded[position] = encoded;
  return position;
}

function readJsonValue(data: string, start: number, end: number): Value {
  switch (data[start]) {
    case '"':
      return readString(data, start, end);
    case 'n':
      return null;
    case 't':
      return 't';
    case 'f':
      return 'f';
    default:
      return data.slice(start, end);
  }
}

function readString(data: string, start: number, end: number): string {
  const inner = data.slice(start + 1, end - 1);
  return inner.includes('\\') ? (JSON.parse(data.slice(start, end)) as string) : inner;
}

/** Index after the closing quote of the string that begins at `start`. */
function endOfString(data: string, start: number): number {
  let at = start;
  for (;;) {
    at = data.indexOf('"', at + 1);
    if (at < 0) throw new SyntaxError('a JSON event ends inside a string');
    let backslashes = 0;
    while (data[at - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return at + 1;
  }
}

function endOfValue(data: string, start: number): number {
  const first = data[start];
  if (first === '"') return endOfString(data, start);
  if (first === '{' || first === '[') return endOfNested(data, start);
  let at = start;
  while (at < data.length && data[at] !== ',' && data[at] !== '}' && data[at] !== ' ') at += 1;
  return at;
}

function endOfNested(data: string, start: number): number {
  let depth = 0;
  for (let at = start; at < data.length; ) {
    const char = data[at];
    if (char === '"') {
      at = endOfString(data, at);
      continue;
    }
    if (char === '{' || char === '[') depth += 1;
    if (char === '}' || char === ']') depth -= 1;
    at += 1;
    if (depth === 0) return at;
  }
  throw new SyntaxError('a JSON event ends inside a value');
}

function skipSpace(data: string, start: number): number {
  let at = start;
  while (data[at] === ' ' || data[at] === '\n') at += 1;
  return at;
}
