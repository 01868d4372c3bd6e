import type { TrunklineDocument } from '../config/document.ts';
import { importedDocument } from '../config/import-document.ts';
import { importedText, writtenDocument } from '../config/import-text.ts';
import { load } from '../config/load.ts';
import type { FoundCascade, FoundDatabase, PlacedRemark, Remark } from '../model/cascade.ts';
import { readLocation } from '../model/location-codec.ts';
import { type DatabaseName, databaseName, type NodeName, type QueueName, queueName } from '../model/names.ts';
import type { Plan } from '../model/plan.ts';
import { type Problem, ToolError } from '../model/problem.ts';
import type { Report } from '../model/progress.ts';
import type { Secret } from '../model/secret.ts';
import type { ConnectionParams } from '../model/topology.ts';
import { openDatabases } from './databases.ts';
import { planOn } from './plan.ts';
import { readSchema } from './read-config.ts';
import { type Stop, type Walk, walkCascade } from './walk-cascade.ts';

export interface ImportOptions {
  /** A connection string of one database of the cascade; what it leaves out comes from libpq's environment. */
  readonly location: string;
  /** Empty: all queues of that database. */
  readonly queues: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly report: Report;
  readonly signal: AbortSignal | undefined;
  readonly describe: (remark: Remark) => string;
}

export interface Imported {
  readonly text: string;
  /** What the text says, without its comments. */
  readonly document: TrunklineDocument;
  readonly remarks: readonly PlacedRemark[];
  /** What `plan` says to the text; undefined where it refuses. */
  readonly plan: Plan | undefined;
  /** Why it refuses. */
  readonly problems: readonly Problem[];
}

/** The file that describes a cascade as it is. Changes nothing. */
export async function importLive(options: ImportOptions): Promise<Imported> {
  const from = readLocation(options.location);
  if (from === undefined) throw new ToolError([{ code: 'location_invalid' }]);
  const { env, signal } = options;
  const queues = options.queues.length === 0 ? undefined : new Set(options.queues.map(queueName));
  const walk = await walkCascade(from.params, { queues, env, signal });
  if (walk.queues.size === 0) throw new ToolError([{ code: 'nothing_to_import' }]);
  const { cascade, secrets } = named(walk);
  const { document, remarks } = importedDocument(cascade);
  const text = importedText(
    document,
    remarks.map(({ path, remark }) => ({ path, text: options.describe(remark) })),
  );
  const plan = await planned(text, { ...options, env: { ...env, ...secrets } });
  return { text, document: writtenDocument(document), remarks, ...plan };
}

/** What the planner makes of it is the proof that it says what is. */
export async function planned(
  text: string,
  { env, report, signal }: Pick<ImportOptions, 'env' | 'report' | 'signal'>,
): Promise<Pick<Imported, 'plan' | 'problems'>> {
  try {
    const schema = JSON.parse(await readSchema()) as object;
    const desired = load([{ file: 'trunkline.yaml', text }], { env, schema });
    await using databases = await openDatabases(desired, { stateDir: '.trunkline', env, report, signal });
    return { plan: await planOn(desired, databases, signal), problems: [] };
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    return { plan: undefined, problems: error.problems };
  }
}

interface Named {
  readonly cascade: FoundCascade;
  /** Passwords by the environment variables that the file asks for. */
  readonly secrets: Readonly<Record<string, string>>;
}

function named(walk: Walk): Named {
  const names = databaseNames(walk);
  const databases = new Map<DatabaseName, FoundDatabase>();
  const secrets: Record<string, string> = {};
  const remarks: Remark[] = [];
  for (const [stop, name] of names) {
    const record = recordOf(walk, stop);
    const password: Secret | undefined = record?.params.password ?? stop.params.password;
    const variable = password === undefined ? undefined : variableOf(name);
    if (variable !== undefined && password !== undefined) {
      secrets[variable] = password.reveal();
      const kind = record?.params.password === undefined ? 'password_used' : 'password_moved';
      remarks.push({ kind, database: name, variable });
    }
    if (record === undefined) remarks.push({ kind: 'location_unreadable', database: name });
    else if (record.passedOver.length > 0) {
      remarks.push({ kind: 'settings_passed_over', database: name, keywords: record.passedOver });
    }
    if (stop.problem !== undefined) remarks.push({ kind: 'unreachable', database: name, problem: stop.problem });
    const params: ConnectionParams = { ...(record?.params ?? stop.params), password: undefined };
    databases.set(name, { name, params, passwordVariable: variable, live: stop.sight?.live });
  }
  const queues = [...walk.queues].map(
    ([name, nodes]) =>
      [
        name,
        { name, nodes: new Map([...nodes].map(([node, stop]) => [node, names.get(stop) as DatabaseName])) },
      ] as const,
  );
  return { cascade: { databases, queues: new Map(queues), remarks }, secrets };
}

/** The names of the databases on their servers where they tell them apart, else those of their nodes. */
function databaseNames(walk: Walk): ReadonlyMap<Stop, DatabaseName> {
  const first = new Map<Stop, NodeName>();
  for (const nodes of walk.queues.values())
    for (const [node, stop] of nodes) if (!first.has(stop)) first.set(stop, node);
  const dbnames = [...first.keys()].map((stop) => recordOf(walk, stop)?.params.dbname);
  const distinct = !dbnames.includes(undefined) && new Set(dbnames).size === dbnames.length;
  const taken = new Set<string>();
  const names = new Map<Stop, DatabaseName>();
  for (const [stop, node] of first) {
    const wanted = distinct ? (recordOf(walk, stop)?.params.dbname ?? node) : node;
    let name: string = wanted;
    for (let count = 2; taken.has(name); count += 1) name = `${wanted}_${count}`;
    taken.add(name);
    names.set(stop, databaseName(name));
  }
  return names;
}

/** What the catalogs say of the place of a database's first node. */
function recordOf(walk: Walk, stop: Stop): ReturnType<Walk['locationOf']> {
  for (const [queue, nodes] of walk.queues) {
    for (const [node, at] of nodes) if (at === stop) return walk.locationOf(queue as QueueName, node);
  }
  return undefined;
}

export function variableOf(database: DatabaseName): string {
  const word = database.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
  return `${/^[A-Z_]/.test(word) ? '' : 'DB_'}${word}_PASSWORD`;
}
