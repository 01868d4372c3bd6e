import { readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { ConnectionParams } from '../model/topology.ts';

/** A setting that keeps a connection from even being tried. The message never holds a password. */
export class ConnectionSettingsInvalid extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ConnectionSettingsInvalid';
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

const variables: Readonly<Record<string, string>> = {
  host: 'PGHOST',
  hostaddr: 'PGHOSTADDR',
  port: 'PGPORT',
  dbname: 'PGDATABASE',
  user: 'PGUSER',
  password: 'PGPASSWORD',
  passfile: 'PGPASSFILE',
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  connect_timeout: 'PGCONNECT_TIMEOUT',
};

/** What is known under each libpq keyword. */
export type ConnectionSettings = ReadonlyMap<string, string>;

/** Brings the sources together in libpq's order: the file, then the service, then the environment. */
export function connectionSettings(params: ConnectionParams, env: Environment): ConnectionSettings {
  const service = params.service ?? env.PGSERVICE;
  const settings = new Map<string, string>();
  for (const [keyword, variable] of Object.entries(variables)) take(settings, keyword, env[variable]);
  if (service !== undefined && service !== '') {
    for (const [keyword, value] of readService(service, env)) take(settings, keyword, value);
  }
  const { port, connectTimeoutMs, password, service: _, ...texts } = params;
  for (const [keyword, value] of Object.entries(texts)) take(settings, keyword, value);
  take(settings, 'password', password?.reveal());
  take(settings, 'port', port === undefined ? undefined : String(port));
  take(settings, 'connect_timeout', connectTimeoutMs === undefined ? undefined : String(connectTimeoutMs / 1000));
  return settings;
}

export function homeOf(env: Environment): string {
  return env.HOME ?? homedir();
}

export function systemUser(): string {
  return userInfo().username;
}

// An empty value counts as none, as in libpq.
function take(settings: Map<string, string>, keyword: string, value: string | undefined): void {
  if (value !== undefined && value !== '') settings.set(keyword, value);
}

function readService(service: string, env: Environment): ReadonlyMap<string, string> {
  const own = env.PGSERVICEFILE ?? join(homeOf(env), '.pg_service.conf');
  const shared = env.PGSYSCONFDIR === undefined ? undefined : join(env.PGSYSCONFDIR, 'pg_service.conf');
  const files = [own, ...(shared === undefined ? [] : [shared])];
  for (const file of files) {
    const text = readIfThere(file);
    const found = text === undefined ? undefined : sectionOf(text, service);
    if (found !== undefined) return found;
  }
  throw new ConnectionSettingsInvalid(`service ${service} is defined neither in ${files.join(' nor in ')}`);
}

function sectionOf(text: string, service: string): ReadonlyMap<string, string> | undefined {
  let section: Map<string, string> | undefined;
  for (const line of text.split(/\r?\n/).map((one) => one.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith('[')) {
      if (section !== undefined) return section;
      if (line === `[${service}]`) section = new Map();
    } else if (section !== undefined) {
      const equals = line.indexOf('=');
      if (equals > 0) section.set(line.slice(0, equals).trim(), line.slice(equals + 1).trim());
    }
  }
  return section;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new ConnectionSettingsInvalid(`service file ${file} can't be read`, { cause: error });
  }
}
