import type { DatabaseName } from './names.ts';
import type { Problem } from './problem.ts';
import type { Step } from './step.ts';

export interface Plan {
  readonly formatVersion: 1;
  /** Already in an order that satisfies `dependsOn`. */
  readonly steps: readonly Step[];
  /** What the plan leaves out or the reader should know; never stops an apply. */
  readonly warnings: readonly Problem[];
  /** What each touched database looked like; apply reads it again and stops when it moved. */
  readonly fingerprints: ReadonlyMap<DatabaseName, string>;
}
