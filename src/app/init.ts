import { readCascade } from '../catalog/read-cascade.ts';
import { lookProblem } from '../catalog/read-live-state.ts';
import { importedText } from '../config/import-text.ts';
import { initialDocument, schemasOf } from '../config/init-document.ts';
import { connectAsLibpq } from '../db/connection-target.ts';
import type { FoundDatabase, Remark } from '../model/cascade.ts';
import { readLocation } from '../model/location-codec.ts';
import { databaseName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import type { Report } from '../model/progress.ts';
import type { LiveDatabase } from '../model/state.ts';
import type { ConnectionParams } from '../model/topology.ts';
import { unreachable } from './databases.ts';
import { type Imported, planned, variableOf } from './import-live.ts';

export interface InitOptions {
  /** Connection strings; what they leave out comes from libpq's environment. */
  readonly source: string;
  /** Called once the source was looked at. */
  readonly choose: (found: FoundSource) => Choices | Promise<Choices>;
  readonly env: NodeJS.ProcessEnv;
  readonly report: Report;
  readonly signal: AbortSignal | undefined;
  readonly describe: (remark: Remark) => string;
}

export interface FoundSource {
  /** A name for the queue. */
  readonly queue: string;
  /** Those that have tables. */
  readonly schemas: readonly string[];
}

/** What the database does not tell. */
export interface Choices {
  /** A connection string; undefined: an embedded server. */
  readonly target: string | undefined;
  readonly queue: string;
  readonly root: string;
  readonly leaf: string;
  /** Empty: all of them. */
  readonly schemas: readonly string[];
}

/** A first file for a database that nothing replicates yet. Changes nothing. */
export async function init(options: InitOptions): Promise<Omit<Imported, 'document'>> {
  const secrets: Record<string, string> = {};
  const remarks: Remark[] = [];
  const params = paramsOf(options.source);
  const live = await look(params, options);
  if (live.queues.size > 0) throw new ToolError([{ code: 'init_on_cascade', queues: [...live.queues.keys()] }]);
  const source = { ...placed('source', params), live };
  const known = schemasOf(live);
  const choices = await options.choose({
    queue: params.dbname !== undefined && fitsAsName(params.dbname) ? params.dbname : 'main',
    schemas: known,
  });
  const unknown = choices.schemas.filter((schema) => !known.includes(schema));
  if (unknown.length > 0) throw new ToolError([{ code: 'init_schema_unknown', schemas: unknown, known }]);
  const target = choices.target === undefined ? undefined : placed('target', paramsOf(choices.target));
  const { document, remarks: found } = initialDocument({
    ...choices,
    schemas: choices.schemas.length === 0 ? undefined : new Set(choices.schemas),
    source,
    target,
  });
  const all = [...remarks.map((remark) => ({ path: placeOf(remark), remark })), ...found];
  const text = importedText(
    document,
    all.map(({ path, remark }) => ({ path, text: options.describe(remark) })),
  );
  return { text, remarks: all, ...(await planned(text, { ...options, env: { ...options.env, ...secrets } })) };

  function placed(name: string, { password, ...rest }: ConnectionParams): FoundDatabase {
    const database = databaseName(name);
    const variable = password === undefined ? undefined : variableOf(database);
    if (variable !== undefined && password !== undefined) {
      secrets[variable] = password.reveal();
      remarks.push({ kind: 'password_used', database, variable });
    }
    return { name: database, params: { ...rest, password: undefined }, passwordVariable: variable, live: undefined };
  }
}

function placeOf(remark: Remark): readonly string[] {
  return 'database' in remark ? ['databases', remark.database] : [];
}

/** As a name in the catalogs, and as a key of the file. */
export function fitsAsName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_-]{0,43}$/.test(text);
}

function paramsOf(location: string): ConnectionParams {
  const read = readLocation(location);
  if (read === undefined) throw new ToolError([{ code: 'location_invalid' }]);
  return read.params;
}

async function look(params: ConnectionParams, { env, signal }: InitOptions): Promise<LiveDatabase> {
  const name = databaseName('(given)');
  try {
    const sight = await readCascade(
      async (_, sessionOptions) => connectAsLibpq(params, sessionOptions, env),
      name,
      signal,
    );
    return sight.live;
  } catch (error) {
    signal?.throwIfAborted();
    throw new ToolError([unreachable(name, error) ?? lookProblem(name, error)]);
  }
}
