import { databaseName } from '../model/names.ts';
import { parseUrl } from '../model/parse-url.ts';
import { Secret } from '../model/secret.ts';
import { type Connection, type ConnectionParams, type DatabaseSpec, noConnectionParams } from '../model/topology.ts';
import type { Database } from './document.ts';
import { longestWaitMs, readTime } from './read-time.ts';
import { at, keyAt, reportValue, type Scope } from './scope.ts';

export function resolveDatabase(scope: Scope, name: string, raw: Database): DatabaseSpec {
  checkAlone(scope, name, raw);
  return {
    name: databaseName(name),
    connection: connectionOf(scope, name, raw),
    engine: raw.engine ?? 'auto',
    answerTimeoutMs: timeoutOf(scope, ['databases', name, 'answer_timeout'], raw.answer_timeout),
    at: keyAt(scope, 'databases', name),
  };
}

const aboutTheUse: ReadonlySet<string> = new Set(['engine', 'answer_timeout']);

/** `url` and `embedded` each say everything about the place. */
function checkAlone(scope: Scope, name: string, raw: Database): void {
  const keys = Object.keys(raw).filter((key) => !aboutTheUse.has(key));
  const alone = keys.find((key) => key === 'embedded' || key === 'url');
  const [first, ...others] = keys.filter((key) => key !== alone);
  if (alone === undefined || first === undefined) return;
  scope.problems.push({
    code: 'keys_conflict',
    at: keyAt(scope, 'databases', name, alone),
    keys: [first, ...others],
    first: keyAt(scope, 'databases', name, first),
  });
}

function connectionOf(scope: Scope, name: string, raw: Database): Connection {
  const { embedded, url } = raw;
  if (embedded !== undefined) {
    const version = wholeNumber(scope, ['databases', name, 'embedded', 'version'], embedded.version, 0);
    return { kind: 'embedded', server: { version, dbname: embedded.dbname ?? name } };
  }
  if (url !== undefined) {
    const parsed = parseUrl(url);
    if (parsed.kind === 'params') return { kind: 'server', params: parsed.params };
    scope.problems.push({
      code: 'value_invalid',
      at: at(scope, 'databases', name, 'url'),
      found: undefined,
      expected: parsed.expected,
      suggestion: undefined,
    });
    return { kind: 'server', params: noConnectionParams };
  }
  return { kind: 'server', params: paramsOf(scope, name, raw) };
}

function paramsOf(scope: Scope, name: string, raw: Database): ConnectionParams {
  const path = ['databases', name];
  return {
    host: raw.host,
    port: raw.port === undefined ? undefined : wholeNumber(scope, [...path, 'port'], raw.port, 0),
    dbname: raw.dbname,
    user: raw.user,
    password: raw.password === undefined ? undefined : new Secret(raw.password),
    passfile: raw.passfile,
    service: raw.service,
    sslmode: raw.sslmode,
    sslrootcert: raw.sslrootcert,
    sslcert: raw.sslcert,
    sslkey: raw.sslkey,
    connectTimeoutMs: timeoutOf(scope, [...path, 'connect_timeout'], raw.connect_timeout),
  };
}

function timeoutOf(
  scope: Scope,
  path: readonly (string | number)[],
  raw: number | string | undefined,
): number | undefined {
  if (raw === undefined) return undefined;
  if (typeof raw === 'number') return raw * 1000;
  return readTime(scope, path, raw, { longestMs: longestWaitMs, example: '10s' });
}

/** The schema lets text with a variable pass, for editors; by now it must be a number. */
export function wholeNumber(
  scope: Scope,
  path: readonly (string | number)[],
  raw: number | string,
  fallback: number,
): number {
  if (typeof raw === 'number') return raw;
  reportValue(scope, path, raw, 'a whole number');
  return fallback;
}
