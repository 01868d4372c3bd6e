import type { HazardKind } from '../model/hazard.ts';
import type { Plan } from '../model/plan.ts';
import { stepDocument } from '../model/plan-codec.ts';
import { type ProblemJson, problemJson } from './describe-problem.ts';
import { describeStep } from './describe-step.ts';
import { hazardsOf, type PlanSummary, summarize } from './plan-summary.ts';

/** What `plan --json` prints and `plan --out` saves; `schemas/plan.schema.json` describes it. */
export interface PlanDocument {
  readonly formatVersion: 1;
  readonly summary: PlanSummary;
  /** What `apply` asks consent for, whether the file gives it or not. */
  readonly hazards: readonly { readonly kind: HazardKind; readonly steps: readonly string[] }[];
  readonly steps: readonly Readonly<Record<string, unknown>>[];
  readonly warnings: readonly ProblemJson[];
  readonly fingerprints: Readonly<Record<string, string>>;
}

export function planJson(plan: Plan): PlanDocument {
  return {
    formatVersion: plan.formatVersion,
    summary: summarize(plan),
    hazards: [...hazardsOf(plan)].map(([kind, steps]) => ({ kind, steps })),
    steps: plan.steps.map((step) => ({ ...stepDocument(step), description: describeStep(step) })),
    warnings: plan.warnings.map(problemJson),
    fingerprints: Object.fromEntries(plan.fingerprints),
  };
}
