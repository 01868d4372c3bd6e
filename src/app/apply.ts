import { createHash } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import type { PlanEntry } from '../catalog/plan-log.ts';
import { applyPlan as carryOut } from '../executor/apply-plan.ts';
import { recordUnchanged } from '../executor/record-applied.ts';
import type { Walked } from '../executor/walk-steps.ts';
import type { HazardKind } from '../model/hazard.ts';
import type { DatabaseName, QueueName } from '../model/names.ts';
import type { Plan } from '../model/plan.ts';
import { sameSteps } from '../model/plan-codec.ts';
import type { PlanView } from '../model/plan-view.ts';
import { type Problem, ToolError } from '../model/problem.ts';
import type { DesiredState } from '../model/state.ts';
import type { Step } from '../model/step.ts';
import { rootOf } from '../model/topology.ts';
import { onlyIds } from '../planner/select.ts';
import { openDatabasesOf } from './databases.ts';
import { faultPoints } from './faults.ts';
import { appliedEntries, rootsIn } from './last-applied.ts';
import { accepting, lookOn, type PlanOptions, type Reachable, type SelectPart, selectionPart } from './plan.ts';
import { readConfig } from './read-config.ts';
import { readSavedPlan } from './saved-plan.ts';
import { systemClock } from './system-clock.ts';
import { toolVersion } from './version.ts';

export interface ApplyOptions extends PlanOptions {
  /** A saved plan: it runs as it was reviewed, or not at all. */
  readonly planFile: string | undefined;
  /** Consent beside what the files give. */
  readonly allow: readonly HazardKind[];
  readonly lockTimeoutMs: number;
  readonly workerTimeoutMs: number;
  readonly describe: (step: Step) => string;
  readonly explain: (problem: Problem) => string;
  /** Shows the plan that is about to run. */
  readonly show: (shown: ShownPlan) => void;
  /** Asks a person; undefined where the plan is approved already. */
  readonly confirm: ((plan: Plan) => Promise<boolean>) | undefined;
}

export interface ShownPlan {
  readonly desired: DesiredState;
  readonly plan: Plan;
  readonly allowed: ReadonlySet<HazardKind>;
}

export interface Applied extends ShownPlan {
  /** Undefined where there was nothing to do. */
  readonly walked: Walked | undefined;
}

/** Brings the databases to what the files say: shows, asks, and carries out. */
export async function apply(options: ApplyOptions): Promise<Applied> {
  const desired = await readConfig(options.files, options.env);
  const saved = options.planFile === undefined ? undefined : await readSavedPlan(options.planFile);
  await using databases = await openDatabasesOf(desired, options);
  return applyOn(desired, accepting(databases, desired, options.acceptServer), { ...options, saved });
}

export type ApplyOnOptions = Omit<ApplyOptions, 'files' | 'planFile'> & {
  readonly saved?: PlanView | undefined;
  /** Makes the plan, where it is not that of the files. */
  readonly look?: typeof lookOn;
  /** In the place of `selection`. */
  readonly select?: SelectPart;
  /** False: what this leads to is no state to compare with later. */
  readonly keepsRecord?: boolean;
  /** Called once, when all is approved, locked and still so, before anything is done; what it throws ends the apply. */
  readonly begin?: () => Promise<void>;
};

/** The same on databases that are open already. */
export async function applyOn(desired: DesiredState, databases: Reachable, options: ApplyOnOptions): Promise<Applied> {
  const { saved, look = lookOn, select = partOf(desired, options) } = options;
  const looked = await look(desired, databases, options.signal, { select });
  const fresh = looked.plan;
  const plan = saved === undefined ? fresh : reviewed(saved, fresh);
  const entry = entryOf(plan);
  const allowed = new Set([...desired.allow, ...options.allow]);
  options.show({ desired, plan, allowed });
  const record = (how: { readonly onlyNew: boolean }) =>
    options.keepsRecord === false ? new Map<DatabaseName, []>() : appliedEntries(desired, looked, entry.appliedBy, how);
  const shared = {
    connector: databases.connector,
    applicationName: `trunkline apply ${hostname()}:${process.pid}`,
    lockTimeoutMs: options.lockTimeoutMs,
    clock: systemClock,
    signal: options.signal,
    entry,
  };
  if (plan.steps.length === 0) {
    const applied = record({ onlyNew: true });
    // A part that has nothing to do says nothing of the rest.
    if (applied.size > 0 && plan.leftOut.length === 0) {
      await recordUnchanged({ ...shared, roots: rootsIn(desired, applied), applied });
    }
    return { desired, plan, allowed, walked: undefined };
  }
  requireConsent(plan, allowed);
  if (options.confirm !== undefined && !(await options.confirm(plan))) throw new ToolError([{ code: 'not_confirmed' }]);

  const roots = rootsOf(desired, plan);
  const walked = await carryOut({
    ...shared,
    steps: plan.steps,
    roots,
    rootOf: (step) => rootDatabaseOf(desired, step),
    applied: record({ onlyNew: false }),
    // Somebody may have applied while the plan was read, or while we waited for the lock.
    check: async () => {
      const now = await look(desired, databases, options.signal, { trySql: false });
      requireSame(plan, now.plan);
      await options.begin?.();
      return now.live;
    },
    limits: desired.limits,
    workerTimeoutMs: options.workerTimeoutMs,
    describe: options.describe,
    explain: options.explain,
    report: options.report,
    fault: faultPoints(options.env),
  });
  return { desired, plan, allowed, walked };
}

function entryOf(plan: Plan): PlanEntry {
  return {
    planId: planIdOf(plan),
    appliedBy: userInfo().username,
    client: `${hostname()}:${process.pid}`,
    trunklineVersion: toolVersion(),
    summary: `${plan.steps.length} steps`,
  };
}

/** Of a saved plan what was saved. */
function partOf(desired: DesiredState, { saved, selection }: ApplyOnOptions): SelectPart {
  if (saved === undefined) return selectionPart(desired, selection);
  const ids = new Set(saved.steps.map(({ id }) => id));
  return (whole) => onlyIds(whole, ids);
}

/** The steps of the saved plan as this look found them again; throws when the look came to something else, or to more. */
function reviewed(saved: PlanView, fresh: Plan): Plan {
  const plan: Plan = { ...fresh, fingerprints: saved.fingerprints };
  const leftOut = new Set(saved.leftOut);
  if (!sameSteps(saved.steps, plan.steps) || fresh.leftOut.some(({ id }) => !leftOut.has(id))) {
    const databases = new Set([...saved.steps, ...fresh.steps, ...fresh.leftOut].map((step) => step.database));
    const moved = movedDatabases(saved.fingerprints, fresh);
    throw new ToolError([{ code: 'plan_outdated', databases: moved.length > 0 ? moved : [...databases] }]);
  }
  requireSame(plan, fresh);
  return plan;
}

function requireSame(plan: Plan, fresh: Plan): void {
  const databases = movedDatabases(plan.fingerprints, fresh);
  if (databases.length > 0) throw new ToolError([{ code: 'plan_outdated', databases }]);
}

function movedDatabases(fingerprints: Plan['fingerprints'], fresh: Plan): DatabaseName[] {
  return [...fingerprints].filter(([name, seen]) => fresh.fingerprints.get(name) !== seen).map(([name]) => name);
}

function requireConsent(plan: Plan, allowed: ReadonlySet<HazardKind>): void {
  const missing = new Map<HazardKind, string[]>();
  for (const step of plan.steps) {
    for (const { kind } of step.hazards) {
      if (!allowed.has(kind)) missing.set(kind, [...(missing.get(kind) ?? []), step.id]);
    }
  }
  if (missing.size === 0) return;
  throw new ToolError([{ code: 'consent_missing', hazards: [...missing].map(([kind, steps]) => ({ kind, steps })) }]);
}

/** Of every queue that the plan touches, also by an installation on one of its databases. */
function rootsOf(desired: DesiredState, plan: Plan): ReadonlyMap<QueueName, DatabaseName> {
  const roots = new Map<QueueName, DatabaseName>();
  for (const queue of desired.queues.values()) {
    const nodes = new Set([...queue.nodes.values()].map((node) => node.database));
    const touched = plan.steps.some((step) => ('queue' in step ? step.queue === queue.name : nodes.has(step.database)));
    const root = rootOf(queue).database;
    // A root that does not answer can't be locked; nothing but installations is planned for its queue then.
    const answers = !plan.warnings.some(
      (warning) => 'database' in warning && warning.database === root && warning.code === 'node_unreachable',
    );
    if (touched && answers) roots.set(queue.name, root);
  }
  return roots;
}

function rootDatabaseOf(desired: DesiredState, step: Step): DatabaseName | undefined {
  for (const queue of desired.queues.values()) {
    const belongs =
      'queue' in step
        ? step.queue === queue.name
        : [...queue.nodes.values()].some((node) => node.database === step.database);
    if (belongs) return rootOf(queue).database;
  }
  return undefined;
}

/** The same for the same change to the same state: a plan that was saved has one name wherever it is applied. */
function planIdOf(plan: Plan): string {
  return createHash('sha256')
    .update(JSON.stringify([...plan.fingerprints]))
    .digest('hex')
    .slice(0, 16);
}
