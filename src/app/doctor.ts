import { readCheckup } from '../catalog/read-checkup.ts';
import { lookProblem } from '../catalog/read-live-state.ts';
import type { Complaint, Diagnosis, Examined } from '../model/checkup.ts';
import type { DatabaseName } from '../model/names.ts';
import { type Problem, type ProblemCode, ToolError } from '../model/problem.ts';
import type { Report } from '../model/progress.ts';
import type { DesiredState, LiveState, Observation } from '../model/state.ts';
import { judgeDatabase } from '../replay/checkup.ts';
import { type Databases, openDatabasesOf } from './databases.ts';
import { lookAt, planFrom } from './plan.ts';
import { readConfig } from './read-config.ts';
import { besides, sessionsNeeded } from './sessions-needed.ts';
import { statusOn } from './status.ts';

/** Shorter ones pass by themselves. */
const oldMs = 600_000;

export interface DoctorOptions {
  readonly files: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly report: Report;
  readonly signal: AbortSignal | undefined;
}

/** Everything that hurts or will hurt: in the databases and servers, on the nodes, and in the way of a plan. */
export async function doctor(options: DoctorOptions): Promise<Diagnosis> {
  const desired = await readConfig(options.files, options.env);
  await using databases = await openDatabasesOf(desired, options, { start: false });
  return await doctorOn(desired, databases, options.signal);
}

async function doctorOn(
  desired: DesiredState,
  databases: Pick<Databases, 'connector' | 'locations'>,
  signal?: AbortSignal,
): Promise<Diagnosis> {
  const live = await lookAt(desired, databases, signal);
  const [looks, status, planned] = await Promise.all([
    examine(desired, live, databases, signal),
    statusOn(desired, databases, signal),
    planProblems(desired, live, databases, signal),
  ]);
  const nodes = status.queues.flatMap(({ queue, nodes }) =>
    nodes.flatMap(({ node, database, findings }): Complaint[] =>
      // A database that can't be looked at is told once, by name.
      findings
        .filter(({ code }) => code !== 'unreachable' && live.databases.get(database)?.kind === 'reachable')
        .map((finding) => ({ of: 'node', database, queue, node, finding })),
    ),
  );
  return {
    databases: [...live.databases].map((one) => examined(desired, one, looks.get(one[0])?.direct)),
    complaints: [...[...looks.values()].flatMap(({ complaints }) => complaints), ...nodes, ...planned],
  };
}

function examined(
  desired: DesiredState,
  [database, seen]: readonly [DatabaseName, Observation],
  direct: boolean | undefined,
): Examined {
  const nodes = [...desired.queues.values()].flatMap((queue) =>
    [...queue.nodes.values()]
      .filter((node) => node.database === database)
      .map(({ name, placement }) => ({ queue: queue.name, node: name, role: placement.role })),
  );
  if (seen.kind === 'unreachable')
    return { database, nodes, moved: seen.problem.code === 'database_moved', seen: undefined };
  const { serverVersion, user, canReplicate } = seen;
  return {
    database,
    nodes,
    moved: false,
    seen: { serverVersion, user, canReplicate, sql: seen.schemas.get('pgq')?.source, direct },
  };
}

interface Look {
  readonly complaints: readonly Complaint[];
  readonly direct: boolean | undefined;
}

async function examine(
  desired: DesiredState,
  live: LiveState,
  { connector }: Pick<Databases, 'connector'>,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<DatabaseName, Look>> {
  const queues = [...desired.queues.keys()];
  const failed = (problem: Problem): Look => ({
    complaints: [{ of: 'plan', severity: 'error', problem }],
    direct: undefined,
  });
  const look = async ([database, seen]: readonly [DatabaseName, Observation]): Promise<Look> => {
    if (seen.kind === 'unreachable') return failed(seen.problem);
    try {
      const own = [...besides(live, database).values()].flatMap(({ identity }) => identity?.oid ?? []);
      const checkup = await readCheckup(connector, database, { queues, oldMs, own, signal });
      const ailments = judgeDatabase(seen, checkup, { sessions: sessionsNeeded(desired, live, database) });
      const complaints = ailments.map((ailment): Complaint => ({ of: 'database', database, ailment }));
      return { complaints, direct: checkup.direct };
    } catch (error) {
      signal?.throwIfAborted();
      return failed(lookProblem(database, error));
    }
  };
  return new Map(await Promise.all([...live.databases].map(async (one) => [one[0], await look(one)] as const)));
}

/** The look at nodes and databases has told these already. */
const toldElsewhere: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'copy_stuck',
  'database_moved',
  'database_unreachable',
  'node_unreachable',
  'ticker_quiet',
  'worker_failing',
  'worker_paused',
]);

async function planProblems(
  desired: DesiredState,
  live: LiveState,
  databases: Pick<Databases, 'connector' | 'locations'>,
  signal: AbortSignal | undefined,
): Promise<readonly Complaint[]> {
  const told = (severity: 'error' | 'warn') => (problem: Problem) =>
    toldElsewhere.has(problem.code) ? [] : [{ of: 'plan', severity, problem } as const];
  try {
    const { plan } = await planFrom(desired, live, databases, signal, { trySql: false });
    return plan.warnings.flatMap(told('warn'));
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    return error.problems.flatMap(told('error'));
  }
}
