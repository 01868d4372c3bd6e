import type { PlacedRemark } from '../model/cascade.ts';
import type { Plan } from '../model/plan.ts';
import type { Problem } from '../model/problem.ts';
import { problemJson } from './describe-problem.ts';
import { describeRemark } from './describe-remark.ts';
import { describeStep } from './describe-step.ts';

export interface ImportedFile {
  readonly text: string;
  readonly document: object;
  readonly remarks: readonly PlacedRemark[];
  readonly plan: Plan | undefined;
  readonly problems: readonly Problem[];
}

/** What `import --json` prints; `schemas/import.schema.json` describes it. */
export function importedJson({ text, document, remarks, plan, problems }: ImportedFile) {
  return {
    formatVersion: 1,
    text,
    document,
    remarks: remarks.map(({ path, remark }) => ({
      path,
      message: describeRemark(remark),
      ...remark,
      ...('problem' in remark ? { problem: problemJson(remark.problem) } : {}),
    })),
    plan:
      plan === undefined
        ? null
        : {
            steps: plan.steps.map((step) => ({
              id: step.id,
              kind: step.kind,
              database: step.database,
              description: describeStep(step),
            })),
            warnings: plan.warnings.map(problemJson),
          },
    problems: problems.map(problemJson),
  };
}
