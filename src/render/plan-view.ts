import type { HazardKind } from '../model/hazard.ts';
import { isDrift, type Plan } from '../model/plan.ts';
import type { PlanView } from '../model/plan-view.ts';
import type { DesiredState } from '../model/state.ts';
import { problemJson } from './describe-problem.ts';

/** A fresh plan, with what its reader has to know beside the steps. */
export function planView(plan: Plan, desired: DesiredState, allowed: Iterable<HazardKind> = desired.allow): PlanView {
  return {
    steps: plan.steps,
    drift: plan.drift,
    warnings: plan.warnings.map((warning) => ({
      ...problemJson(warning),
      origin: isDrift(warning) ? 'drift' : 'change',
    })),
    lastApplied: new Map([...plan.lastApplied].map(([queue, { at, by }]) => [queue, { at, by: by ?? null }])),
    leftOut: plan.leftOut.map(({ id }) => id),
    nodes: desiredView(desired),
    allowed: new Set(allowed),
    fingerprints: plan.fingerprints,
  };
}

/** The nodes of the files, in their order. */
export function desiredView(desired: DesiredState): PlanView['nodes'] {
  return [...desired.queues.values()].flatMap((queue) =>
    [...queue.nodes.values()].map(({ name, placement, database }) => ({
      queue: queue.name,
      node: name,
      role: placement.role,
      database,
      provider: placement.role === 'root' ? null : placement.provider,
      mergesInto: placement.role === 'leaf' ? (placement.mergesInto ?? null) : null,
    })),
  );
}
