import type { HazardKind } from './hazard.ts';
import type { DatabaseName } from './names.ts';
import type { Step } from './step.ts';

/** Where a difference was made: in the files, or in a database since the last apply. */
export type Origin = 'change' | 'drift';

/** A problem in words, as programs read it. */
export interface ProblemNote {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly path: string | null;
}

/** What stands above the steps of a node. */
export interface NodeHeading {
  readonly queue: string;
  readonly node: string;
  readonly role: string;
  readonly database: string;
  readonly provider: string | null;
  readonly mergesInto: string | null;
}

/** All that is to be said of a plan. Text, Markdown and JSON are made of it, whether the plan is fresh or was saved. */
export interface PlanView {
  readonly steps: readonly Step[];
  readonly drift: ReadonlySet<string>;
  readonly warnings: readonly (ProblemNote & { readonly origin: Origin })[];
  /** By queue: the apply that drift is told by. */
  readonly lastApplied: ReadonlyMap<string, { readonly at: string; readonly by: string | null }>;
  /** Ids of the steps that `--target`, `--exclude` or `--drift-only` has taken out. */
  readonly leftOut: readonly string[];
  /** In the order of the files. */
  readonly nodes: readonly NodeHeading[];
  /** Hazards that were consented to when the plan was made. */
  readonly allowed: ReadonlySet<HazardKind>;
  readonly fingerprints: ReadonlyMap<DatabaseName, string>;
}

/** What `--detailed-exitcode` tells by 2: the same in text, JSON and Markdown. */
export function isDifferent(view: Pick<PlanView, 'steps' | 'warnings'>, driftOnly: boolean): boolean {
  return view.steps.length > 0 || (driftOnly && view.warnings.some(({ origin }) => origin === 'drift'));
}
