import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { expect } from 'vitest';
import { load } from '../../src/config/load.ts';
import { location } from '../../src/model/names.ts';
import { makePlan } from '../../src/planner/plan.ts';
import { svg } from '../../src/render/graph-svg.ts';
import { dot, mermaid } from '../../src/render/graph-text.ts';
import { planView } from '../../src/render/plan-view.ts';
import { topologyGraph } from '../../src/render/topology-graph.ts';
import { goldenCases } from '../support/golden.ts';
import { databasesYaml, liveFromYaml } from '../support/live-yaml.ts';

const schema = JSON.parse(readFileSync('schemas/trunkline.schema.json', 'utf8')) as object;
const validate = new Ajv({ strict: false }).compile(
  JSON.parse(readFileSync('schemas/graph.schema.json', 'utf8')) as object,
);

// As in test/golden/plan: `trunkline.yaml` lacks its version and databases, which `live.yaml` names.
goldenCases({
  folder: 'test/golden/graph',
  outputs: ['graph.mmd', 'graph.dot', 'graph.svg'],
  run({ read }) {
    const databases = read('live.yaml') ?? '';
    const live = liveFromYaml(databases);
    const text = `${read('trunkline.yaml') ?? ''}version: 1\n${databasesYaml(databases)}`;
    const desired = load([{ file: 'trunkline.yaml', text }], { env: {}, schema });
    const locations = new Map([...live.databases.keys()].map((name) => [name, location(`dbname=${name}`)]));
    const { plan, problems } = makePlan({ desired, live, locations, lastApplied: new Map() });
    expect(problems).toEqual([]);
    const graph = topologyGraph(planView(plan, desired));
    expect(validate({ formatVersion: 1, ...graph }) ? [] : validate.errors).toEqual([]);
    return { 'graph.mmd': mermaid(graph), 'graph.dot': dot(graph), 'graph.svg': svg(graph) };
  },
});
