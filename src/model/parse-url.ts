import { Secret } from './secret.ts';
import type { ConnectionParams } from './topology.ts';

export type ParsedUrl =
  | { readonly kind: 'params'; readonly params: ConnectionParams }
  | { readonly kind: 'fault'; readonly expected: string };

const example = 'for example postgresql://repl@db1:5432/shop?sslmode=verify-full';
const sslmodes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];
const allowed = [
  'host',
  'port',
  'dbname',
  'user',
  'password',
  'passfile',
  'service',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'connect_timeout',
];

const shape = /^postgres(?:ql)?:\/\/(?:([^@/?#]*)@)?(\[[^\]]*\]|[^:/?#,]*)(?::(\d*))?(?:\/([^?#]*))?(?:\?([^#]*))?$/;

/** A libpq connection URL. Nothing of it is ever part of a message: a password may stand anywhere in it. */
export function parseUrl(url: string): ParsedUrl {
  const match = shape.exec(url);
  if (match === null) {
    if (/^postgres(ql)?:\/\/[^/?#]*,/.test(url)) return fault('a URL with one host');
    return fault('a URL of PostgreSQL; signs such as @ : / ? # in a password are written %40 %3A %2F %3F %23');
  }
  const [, login, host, port, dbname, query] = match;
  const colon = login?.indexOf(':') ?? -1;
  const user = colon < 0 ? login : login?.slice(0, colon);
  const values = new Map<string, string>();
  try {
    put(values, 'user', user);
    if (colon >= 0) values.set('password', decodeURIComponent(login?.slice(colon + 1) ?? ''));
    put(values, 'host', host?.replace(/^\[(.*)\]$/, '$1'));
    put(values, 'port', port);
    put(values, 'dbname', dbname);
    for (const pair of query?.split('&').filter((part) => part !== '') ?? []) {
      const equals = pair.indexOf('=');
      if (equals < 0) return fault('a URL whose parameters after ? read name=value');
      const name = decodeURIComponent(pair.slice(0, equals));
      if (!allowed.includes(name)) return fault(`a URL with no other parameters than ${allowed.join(', ')}`);
      values.set(name, decodeURIComponent(pair.slice(equals + 1)));
    }
  } catch {
    return fault('a URL in which each % begins an escape of two hexadecimal digits, %25 for % itself');
  }
  return checked(values);
}

function checked(values: ReadonlyMap<string, string>): ParsedUrl {
  const port = values.get('port');
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65535)) {
    return fault('a URL with a port from 1 to 65535');
  }
  const sslmode = values.get('sslmode');
  if (sslmode !== undefined && !sslmodes.includes(sslmode)) {
    return fault(`a URL whose sslmode is one of ${sslmodes.join(', ')}`);
  }
  const timeout = values.get('connect_timeout');
  if (timeout !== undefined && !/^[1-9]\d{0,5}$/.test(timeout)) {
    return fault('a URL whose connect_timeout is a number of seconds above zero');
  }
  const password = values.get('password');
  return {
    kind: 'params',
    params: {
      host: values.get('host'),
      port: port === undefined ? undefined : Number(port),
      dbname: values.get('dbname'),
      user: values.get('user'),
      password: password === undefined ? undefined : new Secret(password),
      passfile: values.get('passfile'),
      service: values.get('service'),
      sslmode,
      sslrootcert: values.get('sslrootcert'),
      sslcert: values.get('sslcert'),
      sslkey: values.get('sslkey'),
      connectTimeoutMs: timeout === undefined ? undefined : Number(timeout) * 1000,
    },
  };
}

function put(values: Map<string, string>, name: string, text: string | undefined): void {
  if (text !== undefined && text !== '') values.set(name, decodeURIComponent(text));
}

function fault(expected: string): ParsedUrl {
  return { kind: 'fault', expected: `${expected}, ${example}` };
}
