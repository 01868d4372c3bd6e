import type { ToolError } from '../model/problem.ts';
import { describeProblem } from './describe-problem.ts';

/** An error in one line, for a log or a catalog. */
export function explain(error: ToolError): string {
  return error.problems.map((problem) => describeProblem(problem).summary.replace(/\.$/, '')).join('; ');
}
