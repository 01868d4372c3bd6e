import { readFileSync } from 'node:fs';
import { importedText } from '../../src/config/import-text.ts';
import { initialDocument } from '../../src/config/init-document.ts';
import { load } from '../../src/config/load.ts';
import type { FoundDatabase } from '../../src/model/cascade.ts';
import { location } from '../../src/model/names.ts';
import { noConnectionParams } from '../../src/model/topology.ts';
import { makePlan } from '../../src/planner/plan.ts';
import { problemsText } from '../../src/render/describe-problem.ts';
import { describeRemark } from '../../src/render/describe-remark.ts';
import { paintWith } from '../../src/render/paint.ts';
import { planText } from '../../src/render/plan-text.ts';
import { planView } from '../../src/render/plan-view.ts';
import { databaseName } from '../support/builders.ts';
import { goldenCases } from '../support/golden.ts';
import { liveFromYaml } from '../support/live-yaml.ts';

const schema = JSON.parse(readFileSync('schemas/trunkline.schema.json', 'utf8')) as object;
const plain = paintWith(false);

// `live.yaml` has a database called source, and may have another one called target. What a leaf lacks is to be made of
// definitions that no case has: the plan says so.
goldenCases({
  folder: 'test/golden/init',
  outputs: ['trunkline.yaml', 'plan.txt'],
  run({ read }) {
    const live = liveFromYaml(read('live.yaml') ?? '');
    const seen = live.databases.get(databaseName('source'));
    if (seen?.kind !== 'reachable') throw new Error('live.yaml has no source that answers');
    const named = (name: string): FoundDatabase => ({
      name: databaseName(name),
      params: { ...noConnectionParams, dbname: name },
      passwordVariable: undefined,
      live: undefined,
    });
    const { document, remarks } = initialDocument({
      queue: 'shop',
      root: 'root1',
      leaf: 'leaf1',
      schemas: read('schemas.txt') === undefined ? undefined : new Set(read('schemas.txt')?.trim().split('\n')),
      source: { ...named('source'), live: seen },
      target: live.databases.has(databaseName('target')) ? named('target') : undefined,
    });
    const text = importedText(
      document,
      remarks.map(({ path, remark }) => ({ path, text: describeRemark(remark) })),
    );
    const desired = load([{ file: 'trunkline.yaml', text }], { env: {}, schema });
    const locations = new Map([...live.databases.keys()].map((name) => [name, location(`dbname=${name}`)]));
    const { plan, problems } = makePlan({ desired, live, locations, lastApplied: new Map() });
    const told = [...problems, ...plan.warnings];
    const after = [
      ...(plan.steps.length === 0 ? [] : [planText(planView(plan, desired), plain)]),
      ...(told.length === 0 ? [] : [problemsText(told, plain, 'warning')]),
    ];
    return { 'trunkline.yaml': text, 'plan.txt': after.join('\n') };
  },
});
