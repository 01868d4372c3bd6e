import { type DatabaseName, databaseName } from '../model/names.ts';
import { type Problem, ToolError } from '../model/problem.ts';
import type { ServerState } from '../model/sandbox.ts';
import type { EmbeddedServer } from '../model/topology.ts';
import { listServers } from '../sandbox/list-servers.ts';
import { startServer } from '../sandbox/start-server.ts';
import { stopServer } from '../sandbox/stop-server.ts';
import { wipeServer } from '../sandbox/wipe-server.ts';
import { readConfig } from './read-config.ts';
import { stateDirOf } from './state-dir.ts';

export interface SandboxOptions {
  readonly files: readonly string[];
  /** Databases; empty means all. */
  readonly names: readonly string[];
}

export interface SandboxUpOptions extends SandboxOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly onStart: (name: DatabaseName, version: number, port: number) => void;
}

/** One server, and what a command did to it: started, stopped, wiped; false where nothing was to be done. */
export interface SandboxChange {
  readonly server: ServerState;
  readonly changed: boolean;
}

/** Starts the embedded servers of the files and leaves them running. Aborting it stops those it started. */
export async function sandboxUp(options: SandboxUpOptions): Promise<readonly SandboxChange[]> {
  const desired = await readConfig(options.files, options.env);
  const stateDir = stateDirOf(options.files);
  const embedded = new Map<DatabaseName, EmbeddedServer>();
  for (const { name, connection } of desired.databases.values()) {
    if (connection.kind === 'embedded') embedded.set(name, connection.server);
  }
  const names = pick([...embedded.keys()], options.names);
  const outcomes = await Promise.allSettled(names.map((name) => startOne(stateDir, name, embedded.get(name), options)));
  const done = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  if (options.signal.aborted) {
    for (const { name } of done.filter(({ changed }) => changed)) await stopServer({ stateDir, name });
    options.signal.throwIfAborted();
  }
  throwProblems(outcomes);
  const states = new Map(listServers(stateDir).map((state) => [state.name, state]));
  return done.flatMap(({ name, changed }) => {
    const server = states.get(name);
    return server === undefined ? [] : [{ server, changed }];
  });
}

/** Stops servers, whoever uses them. Needs no readable file: only the folder beside it. */
export async function sandboxDown(options: SandboxOptions): Promise<readonly SandboxChange[]> {
  return changeEach(options, stopServer);
}

/** Deletes servers with their data. */
export async function sandboxWipe(options: SandboxOptions): Promise<readonly SandboxChange[]> {
  return changeEach(options, wipeServer);
}

/** The servers there are, whether or not the file still names them. */
export function sandboxStatus(options: SandboxOptions): readonly ServerState[] {
  const servers = listServers(stateDirOf(options.files));
  const names = pick(
    servers.map(({ name }) => name),
    options.names,
  );
  return servers.filter(({ name }) => names.includes(name));
}

async function startOne(
  stateDir: string,
  name: DatabaseName,
  server: EmbeddedServer | undefined,
  options: SandboxUpOptions,
): Promise<{ readonly name: DatabaseName; readonly changed: boolean }> {
  if (server === undefined) throw new Error(`database ${name} has no embedded server`);
  const onStart = (port: number) => options.onStart(name, server.version, port);
  const { started } = await startServer({ stateDir, name, server, keep: true, signal: options.signal, onStart });
  return { name, changed: started };
}

async function changeEach(
  options: SandboxOptions,
  change: (ref: { readonly stateDir: string; readonly name: DatabaseName }) => Promise<boolean>,
): Promise<readonly SandboxChange[]> {
  const stateDir = stateDirOf(options.files);
  const outcomes = await Promise.allSettled(
    sandboxStatus(options).map(async (server) => ({ server, changed: await change({ stateDir, name: server.name }) })),
  );
  throwProblems(outcomes);
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
}

function pick(known: readonly DatabaseName[], names: readonly string[]): readonly DatabaseName[] {
  const unknown = names.filter((name) => !known.includes(databaseName(name)));
  if (unknown.length > 0) {
    throw new ToolError(unknown.map((name) => ({ code: 'name_unknown', what: 'database', name, known })));
  }
  return names.length === 0 ? known : known.filter((name) => names.includes(name));
}

/** All problems of all servers at once; anything else is a bug and goes first. */
function throwProblems(outcomes: readonly PromiseSettledResult<unknown>[]): void {
  const problems: Problem[] = [];
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') continue;
    if (!(outcome.reason instanceof ToolError)) throw outcome.reason;
    problems.push(...outcome.reason.problems);
  }
  if (problems.length > 0) throw new ToolError(problems);
}
