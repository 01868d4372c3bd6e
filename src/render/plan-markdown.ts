import type { PlanView } from '../model/plan-view.ts';
import type { Step } from '../model/step.ts';
import { paintWith } from './paint.ts';
import { changeOf, summarize } from './plan-summary.ts';
import {
  consentText,
  contentOf,
  driftText,
  type Group,
  groupSteps,
  leftOutText,
  nothingText,
  summaryText,
} from './plan-text.ts';
import { countOf } from './units.ts';

/** By it a later comment of the same kind finds the one that it replaces. */
const markdownMarker = '<!-- trunkline plan -->';
/** A comment on GitHub may have 65,536 characters; a step summary, far more. */
const limit = 65_000;
/** For the words that say what is missing. */
const reserve = 1_500;

const plain = paintWith(false);

/** The plan for a pull request: a headline that is always there, and the steps folded up below it, as many as fit. */
export function planMarkdown(plan: PlanView): string {
  const head = [markdownMarker, `### ${headline(plan)}`, ...notes(plan)].join('\n\n');
  const groups = groupSteps(plan);
  const folded = [...groups.map((group) => groupFold(plan, group)), ...warningFold(plan)];
  return [head, ...foldsWithin(folded, limit - reserve - bytes(head))].join('\n\n').concat('\n');
}

function headline(plan: PlanView): string {
  return plan.steps.length === 0 ? nothingText(plan) : summaryText(summarize(plan), plain);
}

function notes(plan: PlanView): string[] {
  const paragraphs = [driftText(plan), plan.steps.length === 0 ? [] : leftOutText(plan), consentText(plan, plain)];
  return paragraphs.filter((lines) => lines.length > 0).map((lines) => escaped(lines.join('\n')));
}

interface Fold {
  readonly title: string;
  readonly lines: readonly string[];
  /** Of which lines are spoken when some are missing. */
  readonly what: string;
  readonly code: boolean;
}

function groupFold(plan: PlanView, { header, steps }: Group): Fold {
  return {
    title: `${header} (${countOf(steps.length, 'step')})`,
    lines: steps.map((step) => stepBlock(step, plan.drift.has(step.id))),
    what: 'step',
    code: true,
  };
}

const signs = { add: '+', change: '!', replace: '!', remove: '-' } as const;

/** In the colours of a diff: green, orange, red. */
function stepBlock(step: Step, drifted: boolean): string {
  const [what, details] = contentOf(step);
  const change = changeOf(step);
  const replaced = change === 'replace' ? ' (anew)' : '';
  return [
    `${signs[change]} ${what}${replaced}${drifted ? '   ≠ drift' : ''}`,
    ...details.map((line) => (/^[+-] /.test(line) ? `${line.slice(0, 1)}     ${line.slice(2)}` : `      ${line}`)),
    ...step.hazards.map(({ kind, detail }) => `    ${kind}: ${detail}`),
  ].join('\n');
}

function warningFold({ warnings }: PlanView): Fold[] {
  if (warnings.length === 0) return [];
  const lines = warnings.map(({ origin, message, hint, file, line }) => {
    const place = file === null || line === null ? '' : `\`${file}:${line}\` `;
    const rest = hint === null ? '' : `\n  ${escaped(hint).replaceAll('\n', '\n  ')}`;
    return `- ${origin === 'drift' ? '**drift** ' : ''}${place}${escaped(message)}${rest}`;
  });
  return [{ title: countOf(warnings.length, 'warning'), lines, what: 'warning', code: false }];
}

/** Folds as long as there is room; then what is left of one, and how much of it and of the others is not shown. */
function foldsWithin(folds: readonly Fold[], room: number): string[] {
  const texts: string[] = [];
  let left = room;
  let missing = 0;
  for (const fold of folds) {
    const lines = fitting(fold, left);
    if (lines.length > 0) {
      const text = foldText(fold, lines);
      texts.push(text);
      left -= bytes(text) + 2;
    }
    missing += fold.lines.length - lines.length;
    if (lines.length < fold.lines.length) left = 0;
  }
  if (missing > 0) {
    texts.push(
      `**${countOf(missing, 'more line')} of this plan did not fit here.** \`trunkline show FILE\` prints the whole of a saved plan.`,
    );
  }
  return texts;
}

function fitting(fold: Fold, room: number): readonly string[] {
  let left = room - bytes(foldText(fold, [])) - 2 - 80;
  let count = 0;
  for (const line of fold.lines) {
    left -= bytes(line) + 1;
    if (left < 0) break;
    count += 1;
  }
  return fold.lines.slice(0, count);
}

function foldText(fold: Fold, lines: readonly string[]): string {
  const cut = fold.lines.length - lines.length;
  const more =
    cut === 0 || lines.length === 0 ? [] : [`${fold.code ? '# ' : ''}… ${countOf(cut, `more ${fold.what}`)}`];
  const body = [...lines, ...more].join('\n');
  const fence = '`'.repeat(Math.max(3, ...[...body.matchAll(/`+/g)].map(([run]) => run.length + 1)));
  const inside = fold.code ? `${fence}diff\n${body}\n${fence}` : body;
  return `<details><summary>${escaped(fold.title)}</summary>\n\n${inside}\n\n</details>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[char] ?? char);
}

function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
