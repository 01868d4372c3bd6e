import type { Connector } from '../db/connector.ts';
import { type DatabaseName, type NodeName, type QueueName, queueName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import type { DesiredState } from '../model/state.ts';
import { makeDestroyPlan } from '../planner/destroy.ts';
import { type Applied, type ApplyOnOptions, applyOn, type ShownPlan } from './apply.ts';
import { openDatabasesOf } from './databases.ts';
import { lookAt, lookWith, type Planned, type PlanOptions, type Reachable } from './plan.ts';
import { readConfig } from './read-config.ts';
import { pickNodes, pickQueues } from './run.ts';
import { uninstallOn } from './uninstall.ts';

/** What is to go. */
export interface DestroyChoice {
  /** Empty: all of the files. */
  readonly queues: readonly string[];
  /** Empty: all of the queues. */
  readonly nodes: readonly string[];
}

export interface DestroyOptions
  extends DestroyChoice,
    PlanOptions,
    Pick<ApplyOnOptions, 'allow' | 'lockTimeoutMs' | 'workerTimeoutMs' | 'describe' | 'explain'> {
  readonly show: (shown: ShownPlan) => void;
  /** Asks a person for the name of a queue; undefined where consent is given, which takes the queues' names. */
  readonly confirm: ((queue: QueueName) => Promise<boolean>) | undefined;
  /** Also takes away the SQL of databases that have no queue left. */
  readonly uninstall: boolean;
}

/** What `destroy` would do to the whole of the files. */
export function planDestroy(options: PlanOptions): Promise<Planned> {
  return withDatabases(options, async (desired, databases) => ({
    desired,
    plan: (await destroyLook(desired, { queues: [], nodes: [] })(desired, databases, options.signal)).plan,
  }));
}

/** Takes cascades apart, leaves first. Tables of users stay. Gives the databases that were cleared of our SQL, too. */
export function destroy(options: DestroyOptions): Promise<Applied & { readonly cleared: readonly DatabaseName[] }> {
  return withDatabases(options, (desired, databases) => destroyOn(desired, databases, options));
}

/** The same on databases that are open already. */
export async function destroyOn(
  desired: DesiredState,
  databases: Reachable,
  options: Omit<DestroyOptions, 'files'>,
): Promise<Applied & { readonly cleared: readonly DatabaseName[] }> {
  if (options.confirm === undefined && options.queues.length === 0) {
    throw new ToolError([{ code: 'destroy_unnamed', queues: [...desired.queues.keys()] }]);
  }
  const { confirm } = options;
  let touched: readonly QueueName[] = [];
  const applied = await applyOn(desired, databases, {
    ...options,
    look: destroyLook(desired, options),
    keepsRecord: false,
    show: (shown) => {
      touched = [...new Set(shown.plan.steps.flatMap((step) => ('queue' in step ? [step.queue] : [])))];
      options.show(shown);
    },
    confirm:
      confirm === undefined
        ? undefined
        : async () => {
            for (const queue of touched) {
              if (!(await confirm(queue))) throw new ToolError([{ code: 'destroy_not_confirmed', queue }]);
            }
            return true;
          },
  });
  return { ...applied, cleared: options.uninstall ? await clear(desired, databases, options.signal) : [] };
}

/** Databases of the files that hold no node any more lose what was installed there. */
async function clear(
  desired: DesiredState,
  { connector }: { readonly connector: Connector },
  signal: AbortSignal,
): Promise<readonly DatabaseName[]> {
  const live = await lookAt(desired, { connector }, signal);
  const names = [...live.databases].flatMap(([name, seen]) =>
    seen.kind === 'reachable' && seen.queues.size === 0 ? [name] : [],
  );
  const options = { names, force: false, show: () => undefined, confirm: undefined, signal };
  return (await uninstallOn(desired, { connector }, options)).map(({ database }) => database);
}

function destroyLook(desired: DesiredState, choice: DestroyChoice) {
  const queues = pickQueues(desired, choice.queues);
  const nodes: ReadonlySet<NodeName> | undefined = pickNodes(queues, choice.nodes);
  const names = new Set(queues.map(({ name }) => queueName(name)));
  return lookWith((seen) => makeDestroyPlan({ ...seen, queues: names, nodes }));
}

async function withDatabases<Result>(
  options: PlanOptions,
  work: (desired: DesiredState, databases: Reachable) => Promise<Result>,
): Promise<Result> {
  const desired = await readConfig(options.files, options.env);
  await using databases = await openDatabasesOf(desired, options);
  return await work(desired, databases);
}
