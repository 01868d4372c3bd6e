import type { DatabaseName, Location, NodeName, QueueName, TableName } from '../model/names.ts';
import type { LastApply, Plan } from '../model/plan.ts';
import type { Problem } from '../model/problem.ts';
import type { DesiredState, LastApplied, LiveState, TableFacts } from '../model/state.ts';
import type { Step } from '../model/step.ts';
import { checkProtection } from './check-protection.ts';
import { checkTargets } from './check-targets.ts';
import { type Blueprints, type Ground, noBlueprints, openGround } from './create/plot.ts';
import { diffDatabase } from './diff-database.ts';
import { diffMigrations } from './diff-migrations.ts';
import { diffQueue, type QueueFindings } from './diff-queue.ts';
import { findDrift } from './drift.ts';
import type { WantedTable } from './expand-tables.ts';
import { type Findings, mergeFindings } from './findings.ts';
import { fingerprint } from './fingerprint.ts';
import { orderSteps } from './order-steps.ts';
import type { NodeScene } from './scene.ts';
import { watch } from './watch.ts';

export interface PlanInput {
  readonly desired: DesiredState;
  readonly live: LiveState;
  /** What a node is to tell the others about where it lives. A database that does not answer may have none. */
  readonly locations: ReadonlyMap<DatabaseName, Location>;
  /** By the records on the roots; tells what was changed in a database from what was changed in the files. */
  readonly lastApplied: ReadonlyMap<QueueName, LastApplied>;
  /** Needed where tables or sequences are to be made; see `missingObjects`. */
  readonly blueprints?: Blueprints;
}

/** Compares what should be with what is. Where there are problems the plan is empty: half of a change is not offered. */
export function makePlan(input: PlanInput): { plan: Plan; problems: Problem[] } {
  const { desired, live, lastApplied, blueprints } = input;
  const { queues, ...findings } = compare(input);
  const problems = [
    ...findings.problems,
    ...checkTargets(findings.steps, live, desired),
    ...checkProtection(findings.steps, input),
  ];
  const steps = problems.length > 0 ? [] : orderSteps(afterInstallation(findings.steps));
  const fingerprints = steps.length === 0 ? new Map<DatabaseName, string>() : fingerprintAll(live, queues, steps);
  const stepsTo = (last: Pick<PlanInput, 'desired' | 'locations'>) =>
    compare({ ...last, live, lastApplied, ...(blueprints === undefined ? {} : { blueprints }) }).steps;
  const plan: Plan = {
    formatVersion: 1,
    steps,
    warnings: [...findings.warnings, ...unnamedQueues(desired, live), ...watch(desired, live)],
    fingerprints,
    leftOut: [],
    drift: findDrift(steps, { desired, lastApplied, stepsTo }),
    lastApplied: new Map([...lastApplied].map(([queue, last]) => [queue, lastApply(last)])),
  };
  return { plan, problems };
}

/** A queue that vanished from the file stays: nobody loses a cascade by an empty file. */
function unnamedQueues(desired: DesiredState, live: LiveState): Problem[] {
  return [...live.databases].flatMap(([database, observation]) =>
    observation.kind !== 'reachable'
      ? []
      : [...observation.queues.values()]
          .filter(({ queue }) => !desired.queues.has(queue))
          .map(({ queue, name }): Problem => ({ code: 'queue_not_in_file', queue, database, node: name })),
  );
}

function lastApply({ at, by, desired, pending }: LastApplied): LastApply {
  return { at, by, current: desired === 'unchanged' && pending.size === 0 };
}

function compare({ desired, live, locations, lastApplied, blueprints = noBlueprints }: PlanInput): Findings & {
  readonly queues: readonly QueueFindings[];
} {
  const subscribers: { readonly database: DatabaseName; readonly queue: QueueName; readonly node: NodeName }[] = [];
  const used = new Set<DatabaseName>();
  const needed = new Set<DatabaseName>();
  const ground = openGround(blueprints);
  const queues = [...desired.queues.values()].map((queue) => {
    const findings = diffQueue(queue, desired, live, { locations, ground, lastApplied: lastApplied.get(queue.name) });
    for (const node of queue.nodes.values()) {
      used.add(node.database);
      if (findings.looked !== undefined) needed.add(node.database);
      if (node.placement.role === 'root') continue;
      subscribers.push({ database: node.database, queue: queue.name, node: node.name });
    }
    return findings;
  });
  const findings = mergeFindings([
    ...[...desired.databases.values()]
      .filter(({ name }) => used.has(name))
      .map((spec) =>
        diffDatabase(spec, live.databases.get(spec.name), {
          subscribers: subscribers.flatMap(({ database, queue, node }) =>
            database === spec.name ? [{ queue, node }] : [],
          ),
          needed: needed.has(spec.name),
        }),
      ),
    ...queues,
    { steps: [], warnings: missingRoles(ground), problems: [] },
    ...[...desired.queues.values()].flatMap((queue, index) => {
      const found = queues[index];
      return found?.looked === undefined ? [] : [diffMigrations(queue, live, found.steps)];
    }),
  ]);
  return { ...findings, queues };
}

/** Once for a database, whatever number of tables would be granted to them. */
function missingRoles({ plots }: Ground): Problem[] {
  return [...plots].flatMap(([database, { roles }]) =>
    roles.missing.size === 0 ? [] : [{ code: 'roles_missing', database, roles: [...roles.missing].sort() }],
  );
}

/** Whatever else is done on a database waits for its SQL: older functions may not know what is asked of them. */
function afterInstallation(steps: readonly Step[]): readonly Step[] {
  const installs = new Map<DatabaseName, string>();
  for (const step of steps) if (step.kind === 'install_schemas') installs.set(step.database, step.id);
  if (installs.size === 0) return steps;
  // What waits for its node waits for the SQL with it.
  const behind = new Map<string, DatabaseName>();
  for (const { id, database, dependsOn } of steps) {
    const install = installs.get(database);
    if (install !== undefined && dependsOn.includes(install)) behind.set(id, database);
  }
  return steps.map((step) => {
    const install = installs.get(step.database);
    if (install === undefined || install === step.id || step.dependsOn.includes(install)) return step;
    if (step.dependsOn.some((id) => behind.get(id) === step.database)) return step;
    return { ...step, dependsOn: [install, ...step.dependsOn] };
  });
}

/** Of each database that the plan touches, or that a touched queue was judged by. */
function fingerprintAll(live: LiveState, queues: readonly QueueFindings[], steps: readonly Step[]) {
  const stepsOf = new Map<DatabaseName, Step[]>();
  const touchedQueues = new Set<QueueName>();
  for (const step of steps) {
    if ('queue' in step) touchedQueues.add(step.queue);
    const list = stepsOf.get(step.database);
    if (list === undefined) stepsOf.set(step.database, [step]);
    else list.push(step);
  }
  const databases = new Set<DatabaseName>(stepsOf.keys());
  const looked = queues.map((queue) => queue.looked).filter((scene) => scene !== undefined);
  const views = new Map<DatabaseName, View[]>();
  for (const { scene, wanted } of looked) {
    if (!touchedQueues.has(scene.queue.name)) continue;
    for (const node of [scene.root, ...scene.subscribers]) {
      const { database, name } = node.spec;
      databases.add(database);
      views.set(database, [
        ...(views.get(database) ?? []),
        { node, name: node === scene.root ? undefined : name, wanted },
      ]);
    }
  }
  const fingerprints = new Map<DatabaseName, string>();
  for (const name of [...databases].sort()) {
    const observation = live.databases.get(name);
    if (observation?.kind !== 'reachable') continue;
    const nodes = [...observation.queues.values()].filter((node) => touchedQueues.has(node.queue));
    const facts = factsIn(views.get(name) ?? []);
    fingerprints.set(name, fingerprint(observation, nodes, facts, stepsOf.get(name) ?? []));
  }
  return fingerprints;
}

/** What one queue has to do with one database; the root has no name here, as all tables are its own. */
interface View {
  readonly node: NodeScene;
  readonly name: NodeName | undefined;
  readonly wanted: readonly WantedTable[];
}

/** The tables of a database that were judged by, each once. */
function* factsIn(views: readonly View[]): Iterable<TableFacts> {
  const seen = new Set<TableName>();
  for (const { node, name, wanted } of views) {
    for (const table of wanted) {
      const here = name === undefined ? table.facts.name : table.nodes.get(name)?.spec.destination;
      const facts = here === undefined ? undefined : node.database.tables.get(here);
      if (facts === undefined || seen.has(facts.name)) continue;
      if (views.length > 1) seen.add(facts.name);
      yield facts;
    }
  }
}
