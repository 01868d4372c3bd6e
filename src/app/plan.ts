import { checkAssertions } from '../catalog/check-assertions.ts';
import { readDefinitions, readSite } from '../catalog/read-definitions.ts';
import { readLiveState } from '../catalog/read-live-state.ts';
import { tryExpressions } from '../catalog/try-expressions.ts';
import type { Connector } from '../db/connector.ts';
import type { DatabaseName, Location } from '../model/names.ts';
import type { Plan } from '../model/plan.ts';
import { type Problem, ToolError } from '../model/problem.ts';
import type { Report } from '../model/progress.ts';
import type { DesiredState, LiveState } from '../model/state.ts';
import { addRehearsals } from '../planner/add-rehearsals.ts';
import { confirmDatabases } from '../planner/confirm-databases.ts';
import { definitionsToRead, missingObjects, sitesToRead } from '../planner/create/missing.ts';
import { type Blueprints, noBlueprints } from '../planner/create/plot.ts';
import { makePlan } from '../planner/plan.ts';
import { type Selection, selectSteps, wholePlan } from '../planner/select.ts';
import { addFaults, expressionsToTry } from '../planner/try-expressions.ts';
import { openDatabasesOf } from './databases.ts';
import { readLastApplied } from './last-applied.ts';
import { readConfig } from './read-config.ts';
import { rehearseFiles } from './rehearse-files.ts';

export interface PlanOptions {
  readonly files: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly report: Report;
  readonly signal: AbortSignal;
  /** The whole plan where it is left out. */
  readonly selection?: Selection | undefined;
  /** Names of databases that may be others than before. */
  readonly acceptServer?: readonly string[];
}

export interface Planned {
  readonly desired: DesiredState;
  readonly plan: Plan;
}

/** What `apply` would do now. Throws the problems that forbid any apply. */
export async function plan(options: PlanOptions): Promise<Planned> {
  const desired = await readConfig(options.files, options.env);
  await using databases = await openDatabasesOf(desired, options);
  const select = selectionPart(desired, options.selection);
  const reachable = accepting(databases, desired, options.acceptServer);
  return { desired, plan: await planOn(desired, reachable, options.signal, { select }) };
}

export type SelectPart = (whole: Plan) => Plan;

/** The part of a plan that the user asks for; all of it where nothing is said. */
export function selectionPart(desired: DesiredState, selection: Selection = wholePlan): SelectPart {
  return (whole) => selectSteps(whole, desired, selection);
}

export interface LookOptions {
  /** Takes the part that is wanted, before any SQL is tried. */
  readonly select?: SelectPart;
  /** False: SQL of the files is not tried, as for a look at what has moved since. */
  readonly trySql?: boolean;
}

export interface Reachable {
  readonly connector: Connector;
  readonly locations: ReadonlyMap<DatabaseName, Location>;
  /** Those that may be others than before. */
  readonly accepted?: ReadonlySet<DatabaseName>;
}

/** The same databases, some of which may be others than before; throws where the files know no such name. */
export function accepting(databases: Reachable, desired: DesiredState, names: readonly string[] = []): Reachable {
  const known = [...desired.databases.keys()];
  const unknown = names.filter((name) => !known.some((database) => database === name));
  if (unknown.length > 0) {
    throw new ToolError(unknown.map((name): Problem => ({ code: 'name_unknown', what: 'database', name, known })));
  }
  return { ...databases, accepted: new Set(known.filter((name) => names.includes(name))) };
}

/** What the databases hold, as far as they are those that the files mean. */
export async function lookAt(
  desired: DesiredState,
  { connector, accepted }: Pick<Reachable, 'connector' | 'accepted'>,
  signal: AbortSignal | undefined,
): Promise<LiveState> {
  return confirmDatabases(desired, await readLiveState(connector, desired, signal), accepted);
}

/** The same on databases that are open already. */
export async function planOn(
  desired: DesiredState,
  databases: Reachable,
  signal?: AbortSignal,
  options: LookOptions = {},
): Promise<Plan> {
  return (await lookOn(desired, databases, signal, options)).plan;
}

export interface Looked {
  readonly plan: Plan;
  /** What the plan was made from. */
  readonly live: LiveState;
}

export async function lookOn(
  desired: DesiredState,
  databases: Reachable,
  signal: AbortSignal | undefined,
  options: LookOptions = {},
): Promise<Looked> {
  return planFrom(desired, await lookAt(desired, databases, signal), databases, signal, options);
}

/** For a command that asks for a plan of its own, and not for what the files ask for. */
export function lookWith(
  make: (input: {
    readonly desired: DesiredState;
    readonly live: LiveState;
    readonly lastApplied: Awaited<ReturnType<typeof readLastApplied>>;
  }) => { readonly plan: Plan; readonly problems: readonly Problem[] },
): typeof lookOn {
  return async (desired, databases, signal) => {
    const live = await lookAt(desired, databases, signal);
    const lastApplied = await readLastApplied(desired, live, databases.locations);
    const { plan, problems } = make({ desired, live, lastApplied });
    if (problems.length > 0) throw new ToolError(problems);
    return { plan, live };
  };
}

/** What {@link lookOn} does, for a live state that was read already. */
export async function planFrom(
  desired: DesiredState,
  live: LiveState,
  databases: Reachable,
  signal: AbortSignal | undefined,
  { select, trySql = true }: LookOptions = {},
): Promise<Looked> {
  const untrue = await checkAssertions(databases.connector, desired.assertions, signal);
  const { locations } = databases;
  const lastApplied = await readLastApplied(desired, live, locations);
  const blueprints = await readBlueprints(databases.connector, desired, live, signal);
  const { plan, problems: found } = makePlan({ desired, live, locations, lastApplied, blueprints });
  const problems = [...untrue, ...found];
  if (problems.length > 0) throw new ToolError([...problems, ...unreachable(plan)]);
  const part = select === undefined ? plan : select(plan);
  if (!trySql) return { plan: part, live };
  const expressions = expressionsToTry(part, desired, live);
  const read = addFaults(part, await tryExpressions(databases.connector, expressions, signal));
  if (read.problems.length > 0) throw new ToolError(read.problems);
  const tried = addRehearsals(read.plan, await rehearseFiles(part, live, databases.connector, signal));
  if (tried.problems.length > 0) throw new ToolError(tried.problems);
  return { plan: tried.plan, live };
}

/** Two looks more, at what roots have and what nodes offer, and only where the files let something be made that is missing. */
async function readBlueprints(
  connector: Connector,
  desired: DesiredState,
  live: LiveState,
  signal: AbortSignal | undefined,
): Promise<Blueprints> {
  const missing = missingObjects(desired, live);
  if (missing.length === 0) return noBlueprints;
  const definitions = await readAll(definitionsToRead(missing), (database, names) =>
    readDefinitions(connector, database, names, signal),
  );
  const sites = await readAll(sitesToRead(missing, definitions), (database, question) =>
    readSite(connector, database, question, signal),
  );
  return { definitions, sites };
}

async function readAll<Question, Answer>(
  questions: ReadonlyMap<DatabaseName, Question>,
  read: (database: DatabaseName, question: Question) => Promise<Answer>,
): Promise<ReadonlyMap<DatabaseName, Answer>> {
  const entries = [...questions].map(async ([name, question]) => [name, await read(name, question)] as const);
  return new Map(await Promise.all(entries));
}

/** A database that can't be looked at explains other problems, so it is told with them. */
function unreachable(plan: Plan) {
  return plan.warnings.filter(({ code }) => code === 'database_unreachable' || code === 'database_moved');
}

/** True when a part of what the files name could not be looked at. */
export function isIncomplete(plan: Plan): boolean {
  return plan.warnings.some((warning) => warning.code === 'node_unreachable');
}
