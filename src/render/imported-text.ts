import type { PlacedRemark } from '../model/cascade.ts';
import type { Plan } from '../model/plan.ts';
import { describeRemark } from './describe-remark.ts';
import { describeStep } from './describe-step.ts';
import type { Paint } from './paint.ts';
import { unseenNodes } from './plan-text.ts';
import { countOf } from './units.ts';

/** What a person should look at in an imported file, and what a plan would do after it. */
export function importedText(remarks: readonly PlacedRemark[], plan: Plan | undefined, paint: Paint): string {
  const lines = remarks.map(({ path, remark }) => `${paint.warned(path.join('.'))}  ${describeRemark(remark)}`);
  if (plan === undefined) return lines.join('\n');
  const unseen = unseenNodes(plan);
  const asFarAsSeen = unseen === 0 ? '' : ` (${countOf(unseen, 'node')} could not be looked at)`;
  if (plan.steps.length === 0) lines.push(paint.done(`The plan after this file is empty${asFarAsSeen}.`));
  else {
    lines.push(`The plan after this file${asFarAsSeen}:`);
    lines.push(...plan.steps.map((step) => `  ${step.database}: ${describeStep(step)}`));
  }
  return lines.join('\n');
}
