/** The form PgQ uses for rows and attributes: `key=value&key`, where a key without `=` is NULL. */
export type EncodedPairs = ReadonlyMap<string, string | null>;

export function encodePairs(pairs: Iterable<readonly [string, string | null]>): string {
  return [...pairs]
    .map(([key, value]) => (value === null ? encodeText(key) : `${encodeText(key)}=${encodeText(value)}`))
    .join('&');
}

/** Undefined where a `%` begins no escape, or the bytes are not UTF-8. */
export function decodePairs(text: string): EncodedPairs | undefined {
  const pairs = new Map<string, string | null>();
  if (text === '') return pairs;
  try {
    for (const part of text.split('&')) {
      const equals = part.indexOf('=');
      if (equals < 0) pairs.set(decodeText(part), null);
      else pairs.set(decodeText(part.slice(0, equals)), decodeText(part.slice(equals + 1)));
    }
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
  return pairs;
}

const needsDecoding = /[%+]/;

/** Throws a URIError where the text is not of this form. */
export function decodeText(text: string): string {
  if (!needsDecoding.test(text)) return text;
  return decodeURIComponent(text.replaceAll('+', ' '));
}

/** Letters, digits, `_ . -` stay, a space becomes `+`, each other byte `%xx` in lower case. */
function encodeText(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*~]/g, (char) => `%${char.charCodeAt(0).toString(16)}`)
    .replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase())
    .replaceAll('%20', '+');
}
