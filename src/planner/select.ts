import type { QueueName } from '../model/names.ts';
import { isDrift, type Plan } from '../model/plan.ts';
import type { Problem } from '../model/problem.ts';
import type { DesiredState } from '../model/state.ts';
import type { Step, StepKind } from '../model/step.ts';
import { compileGlob, partMatcher } from './glob.ts';

/** Which part of a plan is wanted. Patterns are `QUEUE/NODE/TABLE`, each part with `*` and `?`; later parts may be left out. */
export interface Selection {
  readonly target: readonly string[];
  readonly exclude: readonly string[];
  readonly driftOnly: boolean;
}

export const wholePlan: Selection = { target: [], exclude: [], driftOnly: false };

/**
 * The part of a plan that is selected, with whatever a targeted step needs; what an excluded step is needed for goes with it.
 * The rest is kept in `leftOut`.
 */
export function selectSteps(plan: Plan, desired: DesiredState, selection: Selection): Plan {
  const unmatched: Problem[] = [];
  let kept: ReadonlySet<string> = new Set(plan.steps.map(({ id }) => id));
  if (selection.target.length > 0) kept = withNeeded(plan.steps, matched('--target', selection.target));
  if (selection.exclude.length > 0) kept = without(plan.steps, kept, matched('--exclude', selection.exclude));
  if (selection.driftOnly) kept = without(plan.steps, kept, new Set([...kept].filter((id) => !plan.drift.has(id))));
  const warnings = selection.driftOnly
    ? plan.warnings.filter((warning) => isDrift(warning) || isUnseen(warning))
    : plan.warnings;
  return {
    ...plan,
    steps: plan.steps.filter(({ id }) => kept.has(id)),
    leftOut: plan.steps.filter(({ id }) => !kept.has(id)),
    warnings: [...warnings, ...unmatched],
  };

  function matched(flag: string, patterns: readonly string[]): ReadonlySet<string> {
    const found = new Set<string>();
    for (const pattern of patterns) {
      const matches = matcher(pattern);
      const steps = plan.steps.filter((step) => placesOf(step, desired).some(matches));
      if (steps.length === 0) unmatched.push({ code: 'selection_matches_nothing', flag, pattern });
      for (const { id } of steps) found.add(id);
    }
    return found;
  }
}

/** The steps of one kind as a plan of their own: what else the files ask for is not a part of it. */
export function onlyKind(plan: Plan, kind: StepKind): Plan {
  const steps = plan.steps.filter((step) => step.kind === kind);
  const kept = new Set(steps.map(({ id }) => id));
  return { ...plan, steps: steps.map((step) => ({ ...step, dependsOn: step.dependsOn.filter((id) => kept.has(id)) })) };
}

/** The steps of these queues, with whatever they need. */
export function onlyQueues(plan: Plan, queues: ReadonlySet<QueueName>): Plan {
  const wanted = plan.steps.filter((step) => 'queue' in step && queues.has(step.queue)).map(({ id }) => id);
  return onlyIds(plan, withNeeded(plan.steps, new Set(wanted)));
}

/** The steps of a plan that was made before, as far as this one has them too. */
export function onlyIds(plan: Plan, ids: ReadonlySet<string>): Plan {
  return {
    ...plan,
    steps: plan.steps.filter(({ id }) => ids.has(id)),
    leftOut: plan.steps.filter(({ id }) => !ids.has(id)),
  };
}

/** Where a database can't be looked at, drift can't be told. */
function isUnseen({ code }: Problem): boolean {
  return code === 'node_unreachable' || code === 'database_unreachable' || code === 'database_moved';
}

interface Place {
  readonly queue: QueueName;
  readonly node: string;
  /** Tables and sequences; none where the step is about the node. */
  readonly things: readonly string[];
}

function placesOf(step: Step, desired: DesiredState): readonly Place[] {
  if ('queue' in step) return [{ queue: step.queue, node: step.node, things: thingsOf(step) }];
  return [...desired.queues.values()].flatMap((queue) =>
    [...queue.nodes.values()]
      .filter((node) => node.database === step.database)
      .map((node) => ({ queue: queue.name, node: node.name, things: [] })),
  );
}

function thingsOf(step: Step): readonly string[] {
  const fields: Readonly<Record<string, unknown>> = { ...step };
  return ['table', 'to', 'destination', 'sequence'].flatMap((key) => {
    const value = fields[key];
    if (typeof value === 'string') return step.kind === 'set_location' ? [] : [value];
    if (typeof value !== 'object' || value === null || !('name' in value)) return [];
    return [value.name, 'destination' in value ? value.destination : undefined].filter(
      (name) => typeof name === 'string',
    );
  });
}

function matcher(pattern: string): (place: Place) => boolean {
  const [queue = '*', node = '*', ...rest] = pattern.split('/');
  const isQueue = partMatcher(queue);
  const isNode = partMatcher(node);
  const isThing = rest.length === 0 ? undefined : rest.join('/') === '*' ? () => true : compileGlob(rest.join('/'));
  return (place) =>
    isQueue(place.queue) && isNode(place.node) && (isThing === undefined || place.things.some((name) => isThing(name)));
}

function withNeeded(steps: readonly Step[], wanted: ReadonlySet<string>): ReadonlySet<string> {
  const kept = new Set(wanted);
  // What a step needs stands before it.
  for (const step of steps.toReversed()) if (kept.has(step.id)) for (const id of step.dependsOn) kept.add(id);
  return kept;
}

function without(steps: readonly Step[], from: ReadonlySet<string>, gone: ReadonlySet<string>): ReadonlySet<string> {
  const left = new Set(gone);
  for (const step of steps) if (step.dependsOn.some((id) => left.has(id))) left.add(step.id);
  return new Set([...from].filter((id) => !left.has(id)));
}
