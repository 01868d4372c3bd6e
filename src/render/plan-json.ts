import type { HazardKind } from '../model/hazard.ts';
import { isDrift, type Plan } from '../model/plan.ts';
import { stepDocument } from '../model/plan-codec.ts';
import { type ProblemJson, problemJson } from './describe-problem.ts';
import { describeStep } from './describe-step.ts';
import { hazardsOf, type PlanSummary, summarize } from './plan-summary.ts';

/** Where a difference was made: in the files, or in a database since the last apply. */
type Origin = 'change' | 'drift';

/** What `plan --json` prints and `plan --out` saves; `schemas/plan.schema.json` describes it. */
export interface PlanDocument {
  readonly formatVersion: 1;
  readonly summary: PlanSummary;
  /** What `apply` asks consent for, whether the file gives it or not. */
  readonly hazards: readonly { readonly kind: HazardKind; readonly steps: readonly string[] }[];
  readonly steps: readonly Readonly<Record<string, unknown>>[];
  readonly warnings: readonly (ProblemJson & { readonly origin: Origin })[];
  /** By queue: the apply that drift is told by. */
  readonly lastApplied: Readonly<Record<string, { readonly at: string; readonly by: string | null }>>;
  readonly fingerprints: Readonly<Record<string, string>>;
}

export function planJson(plan: Plan): PlanDocument {
  return {
    formatVersion: plan.formatVersion,
    summary: summarize(plan),
    hazards: [...hazardsOf(plan)].map(([kind, steps]) => ({ kind, steps })),
    steps: plan.steps.map((step) => ({
      ...stepDocument(step),
      description: describeStep(step),
      origin: plan.drift.has(step.id) ? 'drift' : 'change',
    })),
    warnings: plan.warnings.map((warning) => ({
      ...problemJson(warning),
      origin: isDrift(warning) ? 'drift' : 'change',
    })),
    lastApplied: Object.fromEntries(
      [...plan.lastApplied].map(([queue, { at, by }]) => [queue, { at, by: by ?? null }]),
    ),
    fingerprints: Object.fromEntries(plan.fingerprints),
  };
}
