import { formatBytes } from '../model/amounts.ts';
import type { PlanView } from '../model/plan-view.ts';
import type { Paint } from './paint.ts';
import { summarize } from './plan-summary.ts';
import { countOf } from './units.ts';

/** What stands at the end of an apply that went through. */
export function appliedText(plan: Pick<PlanView, 'steps' | 'drift'>, paint: Paint): string {
  const { copy, copyRows, copyBytes } = summarize(plan);
  const lines = [`${paint.done('Applied.')} ${countOf(plan.steps.length, 'step')} done.`];
  if (copy > 0) {
    lines.push(
      `${countOf(copy, 'table')} to copy (≈ ${countOf(copyRows, 'row')}, ${formatBytes(copyBytes)}): "trunkline run" does it.`,
    );
  }
  return lines.join('\n');
}
