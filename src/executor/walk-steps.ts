import type { Problem } from '../model/problem.ts';
import type { Step } from '../model/step.ts';
import { databasesOf } from './apply-step.ts';

export type StepOutcome = { readonly kind: 'done' } | Failure;

interface Failure {
  readonly kind: 'failed';
  readonly detail: string;
  /** Where the failure is a problem of its own. */
  readonly problem?: Problem | undefined;
}

export interface Walked {
  readonly done: readonly Step[];
  readonly failed: readonly ({ readonly step: Step } & Omit<Failure, 'kind'>)[];
  readonly skipped: readonly { readonly step: Step; readonly because: Step }[];
  /** Not begun, because of a call to stop. */
  readonly left: readonly Step[];
}

/**
 * Runs steps that depend on each other: those of one database one after the other in their order, those of different
 * databases side by side. What a failed step was needed for is skipped; the rest goes on.
 */
export async function walkSteps(
  steps: readonly Step[],
  run: (step: Step) => Promise<StepOutcome>,
  options: { readonly stopped: () => boolean; readonly onSkip: (step: Step, because: Step) => void },
): Promise<Walked> {
  const done = new Map<string, Step>();
  const failed = new Map<string, Walked['failed'][number]>();
  const skipped = new Map<string, { step: Step; because: Step }>();
  const known = new Set(steps.map((step) => step.id));
  const lines = lineUp(steps);
  const busy = new Set<string>();
  const running = new Set<Promise<void>>();

  for (;;) {
    let moved = false;
    for (const line of lines) {
      const step = line.steps[line.next];
      if (step === undefined) continue;
      const cause = causeOf(step);
      if (cause !== undefined) {
        skipped.set(step.id, { step, because: cause });
        options.onSkip(step, cause);
        line.next += 1;
        moved = true;
      } else if (!options.stopped() && isReady(step)) {
        line.next += 1;
        moved = true;
        start(step);
      }
    }
    if (moved) continue;
    if (running.size === 0) break;
    await Promise.race(running);
  }
  const left = lines.flatMap((line) => line.steps.slice(line.next));
  return { done: [...done.values()], failed: [...failed.values()], skipped: [...skipped.values()], left };

  function causeOf(step: Step): Step | undefined {
    for (const id of step.dependsOn) {
      const cause = failed.get(id)?.step ?? skipped.get(id)?.because;
      if (cause !== undefined) return cause;
    }
    return undefined;
  }

  function isReady(step: Step): boolean {
    if (step.dependsOn.some((id) => known.has(id) && !done.has(id))) return false;
    for (const database of databasesOf(step)) if (busy.has(database)) return false;
    return true;
  }

  function start(step: Step): void {
    const databases = databasesOf(step);
    for (const database of databases) busy.add(database);
    const task = run(step).then((outcome) => {
      for (const database of databases) busy.delete(database);
      if (outcome.kind === 'done') done.set(step.id, step);
      else failed.set(step.id, { step, detail: outcome.detail, problem: outcome.problem });
      running.delete(task);
    });
    running.add(task);
  }
}

/** The order of the whole satisfies every dependency, so the foremost step of some line can always go. */
function lineUp(steps: readonly Step[]): { readonly steps: readonly Step[]; next: number }[] {
  const lines = new Map<string, Step[]>();
  for (const step of steps) {
    const line = lines.get(step.database);
    if (line === undefined) lines.set(step.database, [step]);
    else line.push(step);
  }
  return [...lines.values()].map((line) => ({ steps: line, next: 0 }));
}
