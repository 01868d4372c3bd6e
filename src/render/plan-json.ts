import type { HazardKind } from '../model/hazard.ts';
import { stepDocument } from '../model/plan-codec.ts';
import type { NodeHeading, Origin, PlanView, ProblemNote } from '../model/plan-view.ts';
import { describeStep } from './describe-step.ts';
import { hazardsOf, type PlanSummary, summarize } from './plan-summary.ts';

/** What `plan --json` prints and `plan --out` saves; `schemas/plan.schema.json` describes it. */
export interface PlanDocument {
  readonly formatVersion: 1;
  readonly summary: PlanSummary;
  /** What `apply` asks consent for, whether the file gives it or not. */
  readonly hazards: readonly { readonly kind: HazardKind; readonly steps: readonly string[] }[];
  readonly allowed: readonly HazardKind[];
  readonly nodes: readonly NodeHeading[];
  readonly steps: readonly Readonly<Record<string, unknown>>[];
  readonly leftOut: readonly string[];
  readonly warnings: readonly (ProblemNote & { readonly origin: Origin })[];
  readonly lastApplied: Readonly<Record<string, { readonly at: string; readonly by: string | null }>>;
  readonly fingerprints: Readonly<Record<string, string>>;
}

export function planJson(view: PlanView): PlanDocument {
  return {
    formatVersion: 1,
    summary: summarize(view),
    hazards: [...hazardsOf(view)].map(([kind, steps]) => ({ kind, steps })),
    allowed: [...view.allowed],
    nodes: view.nodes,
    steps: view.steps.map((step) => ({
      ...stepDocument(step),
      description: describeStep(step),
      origin: view.drift.has(step.id) ? 'drift' : 'change',
    })),
    leftOut: view.leftOut,
    warnings: view.warnings,
    lastApplied: Object.fromEntries(view.lastApplied),
    fingerprints: Object.fromEntries(view.fingerprints),
  };
}
