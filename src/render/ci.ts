import type { PlanView } from '../model/plan-view.ts';
import type { Problem } from '../model/problem.ts';
import { describeProblem } from './describe-problem.ts';
import { summarize } from './plan-summary.ts';

/** GitHub shows ten of a kind for each step of a job, and drops the others. */
const shown = 10;

/** Workflow commands by which GitHub marks the lines of a pull request. */
export function githubAnnotations(problems: readonly Problem[], level: 'error' | 'warning'): string[] {
  return problems.slice(0, shown).map((problem) => {
    const { summary, hint, at } = describeProblem(problem);
    const place = at === undefined ? [] : [`file=${property(at.file)}`, `line=${at.line}`, `col=${at.column}`];
    const fields = [...place, `title=${property(`trunkline ${problem.code}`)}`].join(',');
    return `::${level} ${fields}::${data(hint === undefined ? summary : `${summary}\n${hint}`)}`;
  });
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** The report that GitLab shows in a merge request, `artifacts: reports: terraform`. */
export function gitlabReport(view: PlanView): {
  readonly create: number;
  readonly update: number;
  readonly delete: number;
} {
  const { add, change, remove } = summarize(view);
  return { create: add, update: change, delete: remove };
}
