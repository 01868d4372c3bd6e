import type { Problem } from '../model/problem.ts';
import type { Step } from '../model/step.ts';

/** What one part of the comparison came to. */
export interface Findings {
  readonly steps: readonly Step[];
  /** Left out of the plan, or good to know. */
  readonly warnings: readonly Problem[];
  /** Forbid any apply. */
  readonly problems: readonly Problem[];
}

export const noFindings: Findings = { steps: [], warnings: [], problems: [] };

export function mergeFindings(parts: Iterable<Findings>): Findings {
  const steps: Step[] = [];
  const warnings: Problem[] = [];
  const problems: Problem[] = [];
  for (const part of parts) {
    for (const step of part.steps) steps.push(step);
    for (const warning of part.warnings) warnings.push(warning);
    for (const problem of part.problems) problems.push(problem);
  }
  return { steps, warnings, problems };
}
