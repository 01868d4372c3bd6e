import { readFileSync } from 'node:fs';
import type { ImportedDocument } from '../../src/config/import-document.ts';
import { importedText } from '../../src/config/import-text.ts';
import { load } from '../../src/config/load.ts';
import { location } from '../../src/model/names.ts';
import type { LiveState } from '../../src/model/state.ts';
import { makePlan } from '../../src/planner/plan.ts';
import { problemsText } from '../../src/render/describe-problem.ts';
import { describeRemark } from '../../src/render/describe-remark.ts';
import { paintWith } from '../../src/render/paint.ts';
import { planText } from '../../src/render/plan-text.ts';
import { planView } from '../../src/render/plan-view.ts';

const schema = JSON.parse(readFileSync('schemas/trunkline.schema.json', 'utf8')) as object;
const plain = paintWith(false);

/** The file that a document is written as, and what a plan made of it for the same databases shows: nothing where it is empty. */
export function planAfter({ document, remarks }: ImportedDocument, live: LiveState) {
  const text = importedText(
    document,
    remarks.map(({ path, remark }) => ({ path, text: describeRemark(remark) })),
  );
  const desired = load([{ file: 'trunkline.yaml', text }], { env: {}, schema });
  const locations = new Map([...live.databases.keys()].map((name) => [name, location(`dbname=${name}`)]));
  const { plan, problems } = makePlan({ desired, live, locations, lastApplied: new Map() });
  const told = [...problems, ...plan.warnings];
  const shown = [
    ...(plan.steps.length === 0 ? [] : [planText(planView(plan, desired), plain)]),
    ...(told.length === 0 ? [] : [problemsText(told, plain, 'warning')]),
  ];
  return { text, plan, problems, shown: shown.join('\n') };
}
