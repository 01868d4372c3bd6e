import { assertNever } from '../model/exhaustive.ts';
import type { PlanView } from '../model/plan-view.ts';
import type { Problem } from '../model/problem.ts';
import type { Progress } from '../model/progress.ts';
import type { Step } from '../model/step.ts';
import { problemJson } from './describe-problem.ts';
import { planJson } from './plan-json.ts';
import { summarize } from './plan-summary.ts';

// What `apply --json` prints: one object a line, the first of which says by which version of the format to read the rest.
// `schemas/apply-events.schema.json` describes them.

export type ApplyEvent = Readonly<Record<string, unknown>> & { readonly type: string };

const eventFormat = '1.0';

export function versionEvent(trunkline: string): ApplyEvent {
  return { type: 'version', format: eventFormat, trunkline };
}

export function plannedEvent(view: PlanView): ApplyEvent {
  const { summary, hazards, leftOut, warnings } = planJson(view);
  return { type: 'planned', steps: view.steps.map(({ id }) => id), summary, hazards, leftOut, warnings };
}

export function progressEvent(progress: Progress): ApplyEvent {
  switch (progress.kind) {
    case 'step_started':
      return { type: 'apply_start', step: progress.step, description: progress.description };
    case 'step_done':
      return {
        type: 'apply_complete',
        step: progress.step,
        description: progress.description,
        elapsedMs: Math.round(progress.elapsedMs),
      };
    case 'step_failed':
      return {
        type: 'apply_errored',
        step: progress.step,
        description: progress.description,
        detail: progress.detail,
      };
    case 'step_skipped':
      return {
        type: 'apply_skipped',
        step: progress.step,
        description: progress.description,
        because: progress.because,
      };
    case 'copy': {
      const { kind: _, ...copy } = progress;
      return { type: 'copy_progress', ...copy };
    }
    case 'compare': {
      const { kind: _, ...compare } = progress;
      return { type: 'compare_progress', ...compare, table: compare.table ?? null, tables: compare.tables ?? null };
    }
    case 'note':
      return { type: 'note', node: progress.node ?? null, text: progress.text };
    default:
      return assertNever(progress);
  }
}

/** What a command is about to change in a file, as a unified diff. */
export function editEvent(file: string, diff: string): ApplyEvent {
  return { type: 'edit', file, diff };
}

export function writtenEvent(file: string): ApplyEvent {
  return { type: 'written', file };
}

export function summaryEvent(view: PlanView, done: readonly Step[]): ApplyEvent {
  return { type: 'summary', done: done.map(({ id }) => id), tablesToCopy: summarize(view).copy };
}

export function problemsEvent(problems: readonly Problem[]): ApplyEvent {
  return { type: 'problems', problems: problems.map(problemJson) };
}
