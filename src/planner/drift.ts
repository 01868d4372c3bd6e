import type { QueueName } from '../model/names.ts';
import { unseenDatabase } from '../model/plan.ts';
import { sameStep } from '../model/plan-codec.ts';
import type { DesiredState, LastApplied } from '../model/state.ts';
import type { Step } from '../model/step.ts';

export interface DriftInput {
  readonly desired: DesiredState;
  readonly lastApplied: ReadonlyMap<QueueName, LastApplied>;
  /** The steps that would lead to what was applied then. */
  readonly stepsTo: (last: LastApplied & { readonly desired: DesiredState }) => readonly Step[];
}

/**
 * Which of the steps mend what was changed in a database: the files of the last apply would ask for the very same ones.
 * What that apply has left undone is not drift, and neither is anything where no apply is on record.
 */
export function findDrift(steps: readonly Step[], input: DriftInput): ReadonlySet<string> {
  const { desired, lastApplied } = input;
  const earlier = new Map<DesiredState, ReadonlyMap<string, Step>>();
  return new Set(
    steps.filter((step) => queuesOf(step, desired).some((queue) => isDrift(step, queue))).map(({ id }) => id),
  );

  function isDrift(step: Step, queue: QueueName): boolean {
    // The record does not hold the folder of SQL files: one that has not run is new.
    if (step.kind === 'execute_file') return false;
    const last = lastApplied.get(queue);
    if (last?.desired === undefined) return false;
    if (last.pending.has(step.id) || last.pending.has(unseenDatabase(step.database))) return false;
    if (last.desired === 'unchanged') return true;
    const then = stepsThen({ ...last, desired: last.desired }).get(step.id);
    return then !== undefined && sameStep(then, step);
  }

  /** Queues of one file mostly were applied together, so that one look serves them all. */
  function stepsThen(last: LastApplied & { readonly desired: DesiredState }): ReadonlyMap<string, Step> {
    const known = earlier.get(last.desired) ?? new Map(input.stepsTo(last).map((step) => [step.id, step]));
    earlier.set(last.desired, known);
    return known;
  }
}

/** An installation serves every queue with a node on the database. */
function queuesOf(step: Step, desired: DesiredState): readonly QueueName[] {
  if ('queue' in step) return [step.queue];
  return [...desired.queues.values()]
    .filter((queue) => [...queue.nodes.values()].some((node) => node.database === step.database))
    .map((queue) => queue.name);
}
