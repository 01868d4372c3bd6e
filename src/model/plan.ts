import type { DatabaseName, QueueName } from './names.ts';
import type { Problem, ProblemCode } from './problem.ts';
import type { Step } from './step.ts';

export interface Plan {
  readonly formatVersion: 1;
  /** Already in an order that satisfies `dependsOn`. */
  readonly steps: readonly Step[];
  /** What the plan leaves out or the reader should know; never stops an apply. */
  readonly warnings: readonly Problem[];
  /** What each touched database looked like; apply reads it again and stops when it moved. */
  readonly fingerprints: ReadonlyMap<DatabaseName, string>;
  /** Ids of the steps that mend what was changed in a database since the last apply; all others come from the files. */
  readonly drift: ReadonlySet<string>;
  /** Taken out by a selection of the user. */
  readonly leftOut: readonly Step[];
  /** When and by whom each queue was applied last; a queue without an entry never was. */
  readonly lastApplied: ReadonlyMap<QueueName, LastApply>;
}

export interface LastApply {
  readonly at: string;
  readonly by: string | undefined;
  /** The files say the same still, and all of it was carried out. */
  readonly current: boolean;
}

/** Stands among the pending steps for whatever a database needs that did not answer. */
export function unseenDatabase(name: DatabaseName): string {
  return `unseen/${name}`;
}

/** Problems that can only come about in a database, after something was applied to it. */
const driftCodes: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'columns_differ',
  'copy_stuck',
  'handler_foreign',
  'table_missing_on_node',
  'ticker_quiet',
  'worker_failing',
  'worker_paused',
]);

/** True for a warning about what was changed, or stands still, in a database. */
export function isDrift(warning: Problem): boolean {
  return driftCodes.has(warning.code);
}
