import { type Location, location } from './names.ts';
import { parseUrl } from './parse-url.ts';
import { Secret } from './secret.ts';
import type { ConnectionParams } from './topology.ts';

// How long a client waits says nothing of where a database is, and a password is nobody else's business:
// neither is written.
const keywords = [
  'host',
  'port',
  'dbname',
  'user',
  'passfile',
  'service',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
] as const;

/** The libpq keyword string of a database, without its password. */
export function encodeLocation(params: ConnectionParams): Location {
  const pairs = keywords.flatMap((keyword) => {
    const value = params[keyword];
    return value === undefined ? [] : [`${keyword}=${quoteValue(String(value))}`];
  });
  return location(pairs.join(' '));
}

/** What a connection string of libpq says, be it keywords or a URL. */
export interface ReadLocation {
  /** With the password, where there is one. */
  readonly params: ConnectionParams;
  /** Keywords that have no meaning here. */
  readonly passedOver: readonly string[];
}

/** Undefined for text that is no connection string. A password, and keywords of no meaning here, are dropped. */
export function decodeLocation(text: string): ConnectionParams | undefined {
  const read = readLocation(text);
  return read === undefined ? undefined : { ...read.params, password: undefined, connectTimeoutMs: undefined };
}

/** The location as it is compared and shown: in one form, without a password. */
export function plainLocation(text: string): Location {
  const params = decodeLocation(text);
  return params === undefined ? location('(no connection string)') : encodeLocation(params);
}

/** Undefined for text that is no connection string. */
export function readLocation(text: string): ReadLocation | undefined {
  if (/^postgres(ql)?:\/\//.test(text)) {
    const parsed = parseUrl(text);
    return parsed.kind === 'params' ? { params: parsed.params, passedOver: [] } : undefined;
  }
  const pairs = readPairs(text);
  if (pairs === undefined) return undefined;
  const port = pairs.get('port');
  if (port !== undefined && !/^\d+$/.test(port)) return undefined;
  const password = pairs.get('password');
  const timeout = pairs.get('connect_timeout');
  const params: ConnectionParams = {
    host: pairs.get('host') ?? pairs.get('hostaddr'),
    port: port === undefined ? undefined : Number(port),
    dbname: pairs.get('dbname'),
    user: pairs.get('user'),
    password: password === undefined ? undefined : new Secret(password),
    passfile: pairs.get('passfile'),
    service: pairs.get('service'),
    sslmode: pairs.get('sslmode'),
    sslrootcert: pairs.get('sslrootcert'),
    sslcert: pairs.get('sslcert'),
    sslkey: pairs.get('sslkey'),
    connectTimeoutMs: timeout !== undefined && /^[1-9]\d{0,5}$/.test(timeout) ? Number(timeout) * 1000 : undefined,
  };
  const known: readonly string[] = [...keywords, 'hostaddr', 'password', 'connect_timeout'];
  return { params, passedOver: [...pairs.keys()].filter((keyword) => !known.includes(keyword)) };
}

function quoteValue(value: string): string {
  const escaped = value.replace(/[\\']/g, (char) => `\\${char}`);
  return value === '' || /[\s\\']/.test(value) ? `'${escaped}'` : escaped;
}

// A keyword, an equals sign that blanks may surround, and a value: quoted, or up to the next blank. In both a
// backslash takes the next character as it is.
const pair =
  /\s*([^\s=]+)\s*=\s*(?:'((?:[^'\\]|\\[\s\S])*)'|((?:(?:[^\s'\\]|\\[\s\S])(?:[^\s\\]|\\[\s\S])*)?))(?=\s|$)/y;

function readPairs(text: string): ReadonlyMap<string, string> | undefined {
  const pairs = new Map<string, string>();
  let at = 0;
  while (/\S/.test(text.slice(at))) {
    pair.lastIndex = at;
    const match = pair.exec(text);
    const keyword = match?.[1];
    if (keyword === undefined) return undefined;
    pairs.set(keyword, (match?.[2] ?? match?.[3] ?? '').replace(/\\([\s\S])/g, '$1'));
    at = pair.lastIndex;
  }
  return pairs;
}
