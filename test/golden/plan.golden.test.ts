import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { pickPlaces } from '../../src/app/pick-places.ts';
import { decodeAppliedConfig, encodeAppliedConfig } from '../../src/config/applied-config.ts';
import { load } from '../../src/config/load.ts';
import { readExecuteHeader } from '../../src/model/execute-attributes.ts';
import { type DatabaseName, type Location, location, type QueueName } from '../../src/model/names.ts';
import { decodeSavedPlan } from '../../src/model/plan-codec.ts';
import type { Problem, ProblemCode } from '../../src/model/problem.ts';
import type { DesiredState, LastApplied } from '../../src/model/state.ts';
import { confirmDatabases } from '../../src/planner/confirm-databases.ts';
import { noBlueprints } from '../../src/planner/create/plot.ts';
import { makePlan } from '../../src/planner/plan.ts';
import { makeResyncPlan } from '../../src/planner/resync.ts';
import { selectSteps, wholePlan } from '../../src/planner/select.ts';
import { problemsText } from '../../src/render/describe-problem.ts';
import { paintWith } from '../../src/render/paint.ts';
import { planJson } from '../../src/render/plan-json.ts';
import { planMarkdown } from '../../src/render/plan-markdown.ts';
import { planText } from '../../src/render/plan-text.ts';
import { planView } from '../../src/render/plan-view.ts';
import { blueprintsFromYaml } from '../support/blueprints-yaml.ts';
import { type GoldenCase, goldenCases } from '../support/golden.ts';
import { databasesYaml, liveFromYaml, sha256 } from '../support/live-yaml.ts';
import { sampleProblems } from '../support/sample-problems.ts';

const schema = JSON.parse(readFileSync('schemas/trunkline.schema.json', 'utf8')) as object;
const plain = paintWith(false);
const validate = new Ajv({ allErrors: true, strict: false }).compile(
  JSON.parse(readFileSync('schemas/plan.schema.json', 'utf8')) as object,
);

// `trunkline.yaml` lacks its version and databases: `live.yaml` names them. `applied.yaml` is the file of the last apply,
// `pending.txt` names the steps that it has left undone, `resync.json` says what is to be copied again, and
// `selection.json` says which part of the plan is asked for.
const warned = new Set<ProblemCode>();
const refused = new Set<ProblemCode>();

goldenCases({
  folder: 'test/golden/plan',
  outputs: ['plan.txt', 'plan.md', 'problems.txt'],
  run({ read }) {
    const seen = liveFromYaml(read('live.yaml') ?? '');
    const names = [...seen.databases.keys()];
    const config = `${read('trunkline.yaml') ?? ''}version: 1\n${databasesYaml(read('live.yaml') ?? '')}`;
    const loaded = load([{ file: 'trunkline.yaml', text: config }], { env: {}, schema });
    const desired = withFiles(loaded, read('migrations.yaml'));
    const live = confirmDatabases(desired, seen);
    const locations = new Map(names.map((name) => [name, location(`dbname=${name}`)]));
    const made = read('blueprints.yaml');
    const blueprints = made === undefined ? noBlueprints : blueprintsFromYaml(made);
    const lastApplied = lastAppliedOf(desired, read, locations, databasesYaml(read('live.yaml') ?? ''));
    const again = read('resync.json');
    const { plan: whole, problems } =
      again === undefined
        ? makePlan({ desired, live, locations, lastApplied, blueprints })
        : makeResyncPlan({ desired, live, lastApplied, ...readResync(again, desired) });
    const plan = selectSteps(whole, desired, { ...wholePlan, ...JSON.parse(read('selection.json') ?? '{}') });
    const view = planView(plan, desired);
    const text = JSON.stringify(planJson(view));
    const document = JSON.parse(text) as unknown;
    expect(validate(document) ? [] : validate.errors).toEqual([]);
    // A saved plan is shown as it was.
    const saved = decodeSavedPlan(text);
    if (saved !== undefined) expect(planMarkdown(saved)).toBe(planMarkdown(view));
    expect(saved === undefined ? undefined : planText(saved, plain)).toBe(planText(view, plain));
    for (const { code } of plan.warnings) warned.add(code);
    for (const { code } of problems) refused.add(code);
    const told = [...textOf(problems, 'error'), ...textOf(plan.warnings, 'warning')].join('\n');
    // Of the cases that have it.
    const markdown = read('plan.md') === undefined ? {} : { 'plan.md': planMarkdown(view) };
    return {
      ...(problems.length === 0 ? { 'plan.txt': planText(view, plain), ...markdown } : {}),
      ...(told === '' ? {} : { 'problems.txt': told }),
    };
  },
});

/** Other commands end with it. */
const elsewhere: ReadonlySet<ProblemCode> = new Set(['database_unreachable']);

// Cases run before this, in the order of the file.
test('the page of problems shows as a warning what no plan stops for', () => {
  const shown = (code: ProblemCode) => sampleProblems[code].severity ?? 'error';
  const passed = [...warned].filter((code) => !refused.has(code) && !elsewhere.has(code));
  expect(passed.filter((code) => shown(code) === 'error')).toEqual([]);
  expect([...refused].filter((code) => !warned.has(code) && shown(code) === 'warning')).toEqual([]);
});

function readResync(text: string, desired: DesiredState) {
  const { node, ...rest } = JSON.parse(text) as { node: string; tables: readonly string[]; below: boolean };
  return { ...rest, places: pickPlaces(desired, { queues: [], nodes: [node] }) };
}

/** `migrations.yaml` holds the text of each SQL file, as the folder of `migrations:` would. */
function withFiles(desired: DesiredState, yaml: string | undefined): DesiredState {
  if (yaml === undefined) return desired;
  const files = Object.entries(parse(yaml) as Record<string, string>).map(([name, sql]) => {
    const header = readExecuteHeader(sql);
    return { name, sql, attributes: header.kind === 'read' ? header.attributes : '', sha256: sha256(sql) };
  });
  const queues = [...desired.queues].map(([name, queue]) => {
    const { migrations } = queue;
    return [name, migrations === undefined ? queue : { ...queue, migrations: { ...migrations, files } }] as const;
  });
  return { ...desired, queues: new Map(queues) };
}

function textOf(problems: readonly Problem[], severity: 'error' | 'warning'): string[] {
  return problems.length === 0 ? [] : [problemsText(problems, plain, severity)];
}

function lastAppliedOf(
  desired: DesiredState,
  read: GoldenCase['read'],
  locations: ReadonlyMap<DatabaseName, Location>,
  databases: string,
): ReadonlyMap<QueueName, LastApplied> {
  const text = read('applied.yaml');
  if (text === undefined) return new Map();
  const applied = load([{ file: 'applied.yaml', text: `${text}version: 1\n${databases}` }], { env: {}, schema });
  const config = encodeAppliedConfig(applied);
  const then = config === encodeAppliedConfig(desired) ? 'unchanged' : decodeAppliedConfig(config, schema);
  const pending = new Set((read('pending.txt') ?? '').split('\n').filter((line) => line !== ''));
  const last: LastApplied = { desired: then, locations, pending, at: '2026-11-20 09:00 UTC', by: 'anna' };
  return new Map([...applied.queues.keys()].map((queue) => [queue, last]));
}
