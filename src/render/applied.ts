import type { PlanView } from '../model/plan-view.ts';
import type { Paint } from './paint.ts';
import { copyAmount, summarize } from './plan-summary.ts';
import { countOf } from './units.ts';

/** What stands at the end of an apply that went through. */
export function appliedText(plan: Pick<PlanView, 'steps' | 'drift'>, paint: Paint): string {
  const summary = summarize(plan);
  const lines = [`${paint.done('Applied.')} ${countOf(plan.steps.length, 'step')} done.`];
  if (summary.copy > 0) {
    lines.push(`${countOf(summary.copy, 'table')} to copy (${copyAmount(summary)}): "trunkline run" does it.`);
  }
  return lines.join('\n');
}
