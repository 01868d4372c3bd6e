/** One field as COPY text. */
export function copyField(value: string | null): string {
  if (value === null) return '\\N';
  return value.replace(/[\\\b\f\n\r\t\v]/g, (char) => `\\${escapes[char] ?? char}`);
}

const escapes: Readonly<Record<string, string>> = {
  '\b': 'b',
  '\f': 'f',
  '\n': 'n',
  '\r': 'r',
  '\t': 't',
  '\v': 'v',
};

export function copyLine(values: readonly (string | null)[]): Uint8Array {
  return Buffer.from(`${values.map(copyField).join('\t')}\n`);
}
