import { readUninstallation, uninstall as takeAway } from '../catalog/uninstall.ts';
import type { Session } from '../db/session.ts';
import { type DatabaseName, databaseName } from '../model/names.ts';
import { type Problem, ToolError } from '../model/problem.ts';
import type { Report } from '../model/progress.ts';
import type { DesiredState } from '../model/state.ts';
import type { Uninstallation } from '../model/uninstallation.ts';
import { type Databases, openDatabasesOf } from './databases.ts';
import { readConfig } from './read-config.ts';

export interface UninstallOnOptions {
  /** Databases of the files. */
  readonly names: readonly string[];
  /** Also where queues exist. */
  readonly force: boolean;
  readonly show: (seen: readonly Uninstallation[]) => void;
  /** Asks a person, database by database; undefined where consent is given already. */
  readonly confirm: ((database: DatabaseName) => Promise<boolean>) | undefined;
  readonly signal: AbortSignal | undefined;
}

export interface UninstallOptions extends UninstallOnOptions {
  readonly files: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly report: Report;
}

/** Takes away what the installer put into databases. Gives what went. */
export async function uninstall(options: UninstallOptions): Promise<readonly Uninstallation[]> {
  const desired = await readConfig(options.files, options.env);
  await using databases = await openDatabasesOf(desired, options);
  return await uninstallOn(desired, databases, options);
}

/** The same on databases that are open already. */
export async function uninstallOn(
  desired: DesiredState,
  { connector }: Pick<Databases, 'connector'>,
  { names, force, show, confirm, signal }: UninstallOnOptions,
): Promise<readonly Uninstallation[]> {
  const open = (database: DatabaseName): Promise<Session> =>
    connector(database, { applicationName: 'trunkline uninstall', settings: { search_path: 'pg_catalog' }, signal });
  const seen: Uninstallation[] = [];
  for (const database of pick(desired, names)) {
    await using session = await open(database);
    const found = await readUninstallation(session, database);
    if (found !== undefined) seen.push(found);
  }
  show(seen);
  const problems = seen.flatMap((found) => hindrances(found, force));
  if (problems.length > 0) throw new ToolError(problems);
  for (const found of seen) {
    const { database } = found;
    if (confirm !== undefined && !(await confirm(database))) {
      throw new ToolError([{ code: 'uninstall_not_confirmed', database }]);
    }
    await using session = await open(database);
    await takeAway(session, found);
  }
  return seen;
}

function hindrances(
  { database, queues, nodes, triggers, foreign }: Uninstallation,
  force: boolean,
): readonly Problem[] {
  const used = queues.length + nodes.length + triggers.length > 0;
  return [
    ...(used && !force ? [{ code: 'uninstall_in_use', database, queues, nodes, triggers } as const] : []),
    ...(foreign.length > 0 ? [{ code: 'uninstall_blocked', database, objects: foreign } as const] : []),
  ];
}

function pick(desired: DesiredState, names: readonly string[]): readonly DatabaseName[] {
  const known = [...desired.databases.keys()];
  const unknown = names.filter((name) => !known.includes(databaseName(name)));
  if (unknown.length > 0) {
    throw new ToolError(unknown.map((name) => ({ code: 'name_unknown', what: 'database', name, known })));
  }
  return [...new Set(names.map(databaseName))];
}
