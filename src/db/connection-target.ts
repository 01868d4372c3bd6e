import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkServerIdentity } from 'node:tls';
import type pg from 'pg';
import type { ConnectionParams } from '../model/topology.ts';
import {
  type ConnectionSettings,
  ConnectionSettingsInvalid,
  connectionSettings,
  type Environment,
  homeOf,
  systemUser,
} from './connection-settings.ts';
import { readDriverError } from './driver-errors.ts';
import { readPassfile } from './passfile.ts';
import { type ConnectionTarget, connect, type Session, type SessionOptions } from './session.ts';

/** Opens a session as libpq would: sslmode, password file, service file and PG* variables count. */
export async function connectAsLibpq(
  params: ConnectionParams,
  options: SessionOptions,
  env: Environment,
): Promise<Session> {
  const [first, second] = connectionTargets(params, env);
  try {
    return await connect(first, options);
  } catch (error) {
    if (second === undefined || !otherModeMayHelp(error)) throw error;
    return await connect(second, options);
  }
}

/** The ways to reach a database, in the order to try them: `prefer` and `allow` have two. */
export function connectionTargets(
  params: ConnectionParams,
  env: Environment,
): readonly [ConnectionTarget, ...ConnectionTarget[]] {
  const settings = connectionSettings(params, env);
  const port = portOf(settings);
  const host = settings.get('hostaddr') ?? settings.get('host') ?? defaultHost(port);
  const user = settings.get('user') ?? systemUser();
  const dbname = settings.get('dbname') ?? user;
  const passfile = settings.get('passfile') ?? join(homeOf(env), '.pgpass');
  const passfileHost = settings.get('host') ?? (host.startsWith('/') ? 'localhost' : host);
  const target = {
    host,
    port,
    dbname,
    user,
    password: settings.get('password') ?? readPassfile(passfile, { host: passfileHost, port, dbname, user }),
    connectTimeoutMs: timeoutOf(settings),
  };
  const [first, ...rest] = sslChoices(settings, host, env);
  return [{ ...target, ssl: first }, ...rest.map((ssl) => ({ ...target, ssl }))];
}

type Ssl = pg.ConnectionConfig['ssl'];

function sslChoices(settings: ConnectionSettings, host: string, env: Environment): readonly [Ssl, ...Ssl[]] {
  const mode = settings.get('sslmode') ?? 'prefer';
  // A socket file leaves this machine by no wire.
  if (host.startsWith('/')) return [false];
  switch (mode) {
    case 'disable':
      return [false];
    case 'allow':
      return [false, unverified(settings, env)];
    case 'prefer':
      return [unverified(settings, env), false];
    case 'require':
      // With a root certificate at hand libpq verifies here too.
      return rootCertificate(settings, env) === undefined
        ? [unverified(settings, env)]
        : [verified(settings, env, undefined)];
    case 'verify-ca':
      return [verified(settings, env, undefined)];
    case 'verify-full':
      return [verified(settings, env, settings.get('host') ?? host)];
    default:
      throw new ConnectionSettingsInvalid(
        `sslmode ${mode} is unknown; there are disable, allow, prefer, require, verify-ca and verify-full`,
      );
  }
}

function unverified(settings: ConnectionSettings, env: Environment): Ssl {
  return { rejectUnauthorized: false, ...clientCertificate(settings, env) };
}

/** With `host`, the certificate must also be made out to that name. */
function verified(settings: ConnectionSettings, env: Environment, host: string | undefined): Ssl {
  const ca = rootCertificate(settings, env);
  if (ca === 'system' && host === undefined) {
    throw new ConnectionSettingsInvalid(
      'sslrootcert=system trusts every public authority: use it with sslmode verify-full',
    );
  }
  if (ca === undefined) {
    throw new ConnectionSettingsInvalid(
      `sslmode ${settings.get('sslmode')} needs a root certificate: set sslrootcert, or put it into ${defaultFile(env, 'root.crt')}`,
    );
  }
  return {
    rejectUnauthorized: true,
    ...(ca === 'system' ? {} : { ca }),
    // The driver tells TLS no name where the host is an address, so the name to look for is given here.
    checkServerIdentity: (_, certificate) => (host === undefined ? undefined : checkServerIdentity(host, certificate)),
    ...clientCertificate(settings, env),
  };
}

function rootCertificate(settings: ConnectionSettings, env: Environment): string | undefined {
  const named = settings.get('sslrootcert');
  if (named === 'system') return named;
  return readNamedOrDefault('sslrootcert', named, defaultFile(env, 'root.crt'));
}

function clientCertificate(settings: ConnectionSettings, env: Environment): { cert?: string; key?: string } {
  const cert = readNamedOrDefault('sslcert', settings.get('sslcert'), defaultFile(env, 'postgresql.crt'));
  if (cert === undefined) return {};
  const key = readNamedOrDefault('sslkey', settings.get('sslkey'), defaultFile(env, 'postgresql.key'));
  return key === undefined ? { cert } : { cert, key };
}

function readNamedOrDefault(keyword: string, named: string | undefined, standard: string): string | undefined {
  if (named === undefined && !existsSync(standard)) return undefined;
  const path = named ?? standard;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConnectionSettingsInvalid(`${keyword} ${path} can't be read: ${(error as NodeJS.ErrnoException).code}`, {
      cause: error,
    });
  }
}

function defaultFile(env: Environment, name: string): string {
  return join(homeOf(env), '.postgresql', name);
}

// libpq's default is a socket file whose folder each distribution chooses.
function defaultHost(port: number): string {
  const folder = ['/var/run/postgresql', '/tmp'].find((path) => existsSync(join(path, `.s.PGSQL.${port}`)));
  return folder ?? 'localhost';
}

function portOf(settings: ConnectionSettings): number {
  const text = settings.get('port') ?? '5432';
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new ConnectionSettingsInvalid(`port ${text} is not a number from 1 to 65535`);
}

const defaultTimeoutMs = 10_000;
/** A timer of Node that is longer goes off at once. */
const longestTimerMs = 2 ** 31 - 1;

function timeoutOf(settings: ConnectionSettings): number {
  const text = settings.get('connect_timeout');
  if (text === undefined) return defaultTimeoutMs;
  const seconds = Number(text);
  if (Number.isNaN(seconds)) throw new ConnectionSettingsInvalid(`connect_timeout ${text} is not a number of seconds`);
  // libpq takes zero for "wait for ever"; a replication that hangs without a word helps nobody.
  return seconds <= 0 ? defaultTimeoutMs : Math.min(seconds * 1000, longestTimerMs);
}

/** The server speaks no TLS, or its `pg_hba.conf` refused this kind of connection. */
function otherModeMayHelp(error: unknown): boolean {
  if (error instanceof Error && error.message.startsWith('The server does not support SSL')) return true;
  return readDriverError(error)?.sqlstate === '28000';
}
