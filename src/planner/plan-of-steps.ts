import type { DatabaseName } from '../model/names.ts';
import type { Plan } from '../model/plan.ts';
import type { Problem } from '../model/problem.ts';
import type { Step } from '../model/step.ts';
import { orderSteps } from './order-steps.ts';

/** A plan that somebody asks for by a command, and not by the files: nothing of it is drift. Empty where there are problems. */
export function planOfSteps(
  steps: readonly Step[],
  rest: { readonly warnings: readonly Problem[]; readonly problems: readonly Problem[] },
  fingerprints: ReadonlyMap<DatabaseName, string>,
): Plan {
  return {
    formatVersion: 1,
    steps: rest.problems.length > 0 ? [] : orderSteps(steps),
    warnings: rest.warnings,
    fingerprints,
    leftOut: [],
    drift: new Set(),
    lastApplied: new Map(),
  };
}
