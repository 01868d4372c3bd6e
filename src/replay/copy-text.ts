const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** One column of a line; undefined is NULL as well. */
export function readField(field: string | undefined): string | null {
  if (field === undefined || field === '\\N') return null;
  if (!field.includes('\\')) return field;
  return field.replace(/\\(.)/gs, (_, char: string) => escapes[char] ?? char);
}

/** The columns of a line of COPY text, which ends with its newline. */
export function readLine(line: Uint8Array): (string | null)[] {
  return fieldsOf(decoder.decode(line));
}

/** The same, where bytes that are no text must not become other text. */
export function readLineStrictly(line: Uint8Array): (string | null)[] {
  try {
    return fieldsOf(strictDecoder.decode(line));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new NotUtf8();
  }
}

function fieldsOf(text: string): (string | null)[] {
  return text.slice(0, -1).split('\t').map(readField);
}

class NotUtf8 extends Error {
  constructor() {
    super(
      'a row holds text that is not UTF-8: where its events are url-encoded, have them written as JSON (capture: { format: json }); in a database without an encoding (SQL_ASCII), write the value anew as UTF-8 and leave its event out by "trunkline skip"',
    );
    this.name = 'NotUtf8';
  }
}

// A mark of byte order is a character as any other, also where a value begins with it.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const strictDecoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** Some columns of a line, as a line. */
export function pickColumns(line: Uint8Array, positions: readonly number[]): Uint8Array {
  const starts = [0];
  for (let at = line.indexOf(tab); at >= 0; at = line.indexOf(tab, at + 1)) starts.push(at + 1);
  starts.push(line.length);
  const picked = new Uint8Array(line.length);
  let end = 0;
  for (const position of positions) {
    const part = line.subarray(starts[position], starts[position + 1]);
    picked.set(part, end);
    end += part.length;
    picked[end - 1] = tab;
  }
  picked[end - 1] = newline;
  return picked.subarray(0, end);
}

const tab = 0x09;
const newline = 0x0a;
