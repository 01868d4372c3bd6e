import type { DatabaseName } from './names.ts';

/** One apply, as it is kept on a root. */
export interface ApplyLogEntry {
  readonly database: DatabaseName;
  /** Counts up on each root. */
  readonly id: string;
  /** The same on every root that the plan has touched. */
  readonly planId: string;
  readonly startedAt: string;
  /** Undefined where the apply was killed, or still runs. */
  readonly finishedAt: string | undefined;
  readonly durationMs: number | undefined;
  readonly appliedBy: string | undefined;
  readonly client: string | undefined;
  readonly version: string | undefined;
  readonly result: string | undefined;
  readonly done: number;
  readonly failed: number;
  /** Asked for only when one apply is looked at. */
  readonly steps: readonly ApplyLogStep[] | undefined;
}

export interface ApplyLogStep {
  readonly id: string;
  readonly kind: string;
  readonly node: string | undefined;
  readonly description: string;
  readonly startedAt: string;
  readonly durationMs: number | undefined;
  readonly result: string;
  readonly detail: string | undefined;
}
