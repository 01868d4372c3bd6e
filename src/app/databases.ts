import { ConnectionSettingsInvalid } from '../db/connection-settings.ts';
import { connectAsLibpq } from '../db/connection-target.ts';
import type { Connector } from '../db/connector.ts';
import { readDriverError } from '../db/driver-errors.ts';
import { PooledByTransaction } from '../db/pooling.ts';
import { encodeLocation } from '../model/location-codec.ts';
import type { DatabaseName, Location } from '../model/names.ts';
import { type Problem, ToolError } from '../model/problem.ts';
import type { Report } from '../model/progress.ts';
import type { DesiredState } from '../model/state.ts';
import type { ConnectionParams, DatabaseSpec, EmbeddedServer } from '../model/topology.ts';
import { rememberedPort } from '../sandbox/list-servers.ts';
import { findPostmaster } from '../sandbox/postmaster.ts';
import { serverPaths } from '../sandbox/server-paths.ts';
import { type RunningServer, startServer } from '../sandbox/start-server.ts';
import { releaseServer } from '../sandbox/stop-server.ts';
import { stateDirOf } from './state-dir.ts';

/** The databases of the files, each of them reachable by name. */
export interface Databases extends AsyncDisposable {
  /** Throws `database_unreachable` where a database does not answer, or what kept its embedded server from starting. */
  readonly connector: Connector;
  location(name: DatabaseName): Location;
  readonly locations: ReadonlyMap<DatabaseName, Location>;
}

export interface OpenOptions {
  /** `.trunkline` beside the first file. */
  readonly stateDir: string;
  readonly signal?: AbortSignal | undefined;
  readonly report?: Report | undefined;
  readonly env?: NodeJS.ProcessEnv;
  /** False: an embedded server that does not run is like one that does not answer. For a command that only looks. */
  readonly start?: boolean;
}

/** The databases of files, as a command was given them. */
export function openDatabasesOf(
  desired: DesiredState,
  {
    files,
    signal,
    report,
    env,
  }: Required<Pick<OpenOptions, 'signal' | 'report' | 'env'>> & {
    readonly files: readonly string[];
  },
  { start = true }: Pick<OpenOptions, 'start'> = {},
): Promise<Databases> {
  return openDatabases(desired, { stateDir: stateDirOf(files), signal, report, env, start });
}

/**
 * Starts the embedded servers that do not run yet. Disposing of it stops them again, unless another process has come
 * to use them meanwhile, or `sandbox up` brought them up to stay.
 */
export async function openDatabases(desired: DesiredState, options: OpenOptions): Promise<Databases> {
  const env = options.env ?? process.env;
  const started = await startEmbedded(desired, options);
  const looksOnly = options.start === false;
  const dispose = async () => {
    if (looksOnly) return;
    for (const [name, outcome] of started) {
      if (outcome.kind === 'running') await releaseServer({ stateDir: options.stateDir, name });
    }
  };
  if (options.signal?.aborted === true) {
    await dispose();
    options.signal.throwIfAborted();
  }
  const paramsOf = (name: DatabaseName): ConnectionParams => {
    const spec = desired.databases.get(name);
    if (spec === undefined) throw unknownDatabase(name, desired);
    return spec.connection.kind === 'server'
      ? spec.connection.params
      : embeddedParams(name, spec.connection.server, started.get(name), options.stateDir);
  };
  const location = (name: DatabaseName) => encodeLocation(paramsOf(name));
  return {
    async connector(name, sessionOptions) {
      const outcome = started.get(name);
      if (outcome?.kind === 'failed') throw new ToolError([outcome.problem]);
      try {
        const answerTimeoutMs = desired.databases.get(name)?.answerTimeoutMs;
        return await connectAsLibpq(paramsOf(name), { answerTimeoutMs, ...sessionOptions }, env);
      } catch (error) {
        sessionOptions.signal?.throwIfAborted();
        const problem = unreachable(name, error);
        throw problem === undefined ? error : new ToolError([problem], { cause: error });
      }
    },
    location,
    get locations() {
      return new Map([...desired.databases.keys()].map((name) => [name, location(name)]));
    },
    [Symbol.asyncDispose]: dispose,
  };
}

type Start =
  | { readonly kind: 'running'; readonly server: RunningServer }
  | { readonly kind: 'failed'; readonly problem: Problem };

async function startEmbedded(desired: DesiredState, options: OpenOptions): Promise<ReadonlyMap<DatabaseName, Start>> {
  const starts = [...desired.databases.values()].map(async (spec): Promise<readonly [DatabaseName, Start][]> => {
    if (spec.connection.kind !== 'embedded') return [];
    return [[spec.name, await startOne(spec, spec.connection.server, options)]];
  });
  return new Map((await Promise.all(starts)).flat());
}

// One database that does not start is like one that does not answer: the others go on.
async function startOne(spec: DatabaseSpec, server: EmbeddedServer, options: OpenOptions): Promise<Start> {
  const { stateDir, signal, report } = options;
  if (options.start === false && findPostmaster(serverPaths(stateDir, spec.name).data) === undefined) {
    const detail = 'its embedded server is not running';
    return {
      kind: 'failed',
      problem: { code: 'database_unreachable', database: spec.name, reason: 'refused', detail },
    };
  }
  const onStart = (port: number) =>
    report?.({
      kind: 'note',
      node: undefined,
      text: `starting PostgreSQL ${server.version} for database ${spec.name} on 127.0.0.1:${port}`,
    });
  try {
    return {
      kind: 'running',
      server: await startServer({
        stateDir,
        name: spec.name,
        server,
        keep: false,
        lease: options.start !== false,
        signal,
        onStart,
      }),
    };
  } catch (error) {
    const [problem] = error instanceof ToolError ? error.problems : [];
    if (problem !== undefined) return { kind: 'failed', problem };
    return { kind: 'failed', problem: startProblem(spec.name, error, serverPaths(stateDir, spec.name).log) };
  }
}

function startProblem(database: DatabaseName, error: unknown, logFile: string): Problem {
  const detail = error instanceof Error ? error.message : String(error);
  return unreachable(database, error) ?? { code: 'embedded_start_failed', database, detail, serverLog: '', logFile };
}

// The port is looked up each time: while this process runs, the server may have been stopped and started elsewhere.
function embeddedParams(
  name: DatabaseName,
  server: EmbeddedServer,
  start: Start | undefined,
  stateDir: string,
): ConnectionParams {
  const running = start?.kind === 'running' ? start.server : undefined;
  return {
    host: '127.0.0.1',
    port: rememberedPort(stateDir, name) ?? running?.port,
    dbname: server.dbname,
    user: 'postgres',
    password: running?.password,
    passfile: undefined,
    service: undefined,
    sslmode: 'disable',
    sslrootcert: undefined,
    sslcert: undefined,
    sslkey: undefined,
    connectTimeoutMs: undefined,
  };
}

function unknownDatabase(name: DatabaseName, desired: DesiredState): ToolError {
  return new ToolError([{ code: 'name_unknown', what: 'database', name, known: [...desired.databases.keys()] }]);
}

/** Undefined for an error that is none of the connection's: a bug. */
export function unreachable(database: DatabaseName, error: unknown): Problem | undefined {
  if (error instanceof ConnectionSettingsInvalid) {
    return { code: 'database_unreachable', database, reason: 'other', detail: error.message };
  }
  if (error instanceof PooledByTransaction) {
    return { code: 'database_unreachable', database, reason: 'pooled', detail: error.message };
  }
  const known = readDriverError(error);
  const detail = known?.message ?? (error instanceof Error ? error.message : String(error));
  const reason = reasonOf(known?.sqlstate, detail);
  if (known === undefined && reason === 'other' && !isTlsError(error)) return undefined;
  return { code: 'database_unreachable', database, reason, detail: inPlainWords(detail) };
}

/** The driver tells of a missing password in the words of the protocol. */
function inPlainWords(detail: string): string {
  if (!/client password must be/.test(detail)) return detail;
  return 'the server asks for a password, and neither the file, the environment, a password file nor a service gives one';
}

type Reason = Extract<Problem, { code: 'database_unreachable' }>['reason'];

function reasonOf(sqlstate: string | undefined, detail: string): Reason {
  if (sqlstate === '3D000') return 'missing';
  if (sqlstate === '53300') return 'full';
  if (sqlstate?.startsWith('28') === true) return 'authentication';
  // The driver's own words when the server asks for a password and there is none, or for a method it does not speak.
  if (/^SASL|password must be a string|Unknown authenticationOk|authentication/i.test(detail)) return 'authentication';
  if (/ECONNREFUSED|ENOENT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH/.test(detail)) return 'refused';
  if (/timeout expired|ETIMEDOUT|connection timeout/.test(detail)) return 'timeout';
  return 'other';
}

function isTlsError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^(ERR_SSL|ERR_TLS|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO|EPROTO)/.test(code);
}
