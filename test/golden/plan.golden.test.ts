import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { expect } from 'vitest';
import { parse } from 'yaml';
import { decodeAppliedConfig, encodeAppliedConfig } from '../../src/config/applied-config.ts';
import { load } from '../../src/config/load.ts';
import { readExecuteHeader } from '../../src/model/execute-attributes.ts';
import { type DatabaseName, type Location, location, type QueueName } from '../../src/model/names.ts';
import type { Problem } from '../../src/model/problem.ts';
import type { DesiredState, LastApplied } from '../../src/model/state.ts';
import { noBlueprints } from '../../src/planner/create/plot.ts';
import { makePlan } from '../../src/planner/plan.ts';
import { problemsText } from '../../src/render/describe-problem.ts';
import { paintWith } from '../../src/render/paint.ts';
import { planJson } from '../../src/render/plan-json.ts';
import { planText } from '../../src/render/plan-text.ts';
import { blueprintsFromYaml } from '../support/blueprints-yaml.ts';
import { type GoldenCase, goldenCases } from '../support/golden.ts';
import { databasesYaml, liveFromYaml, sha256 } from '../support/live-yaml.ts';

const schema = JSON.parse(readFileSync('schemas/trunkline.schema.json', 'utf8')) as object;
const plain = paintWith(false);
const validate = new Ajv({ allErrors: true, strict: false }).compile(
  JSON.parse(readFileSync('schemas/plan.schema.json', 'utf8')) as object,
);

// `trunkline.yaml` lacks its version and databases: `live.yaml` names them. `applied.yaml` is the file of the last apply,
// and `pending.txt` names the steps that it has left undone.
goldenCases({
  folder: 'test/golden/plan',
  outputs: ['plan.txt', 'problems.txt'],
  run({ read }) {
    const live = liveFromYaml(read('live.yaml') ?? '');
    const names = [...live.databases.keys()];
    const text = `${read('trunkline.yaml') ?? ''}version: 1\n${databasesYaml(read('live.yaml') ?? '')}`;
    const desired = withFiles(load([{ file: 'trunkline.yaml', text }], { env: {}, schema }), read('migrations.yaml'));
    const locations = new Map(names.map((name) => [name, location(`dbname=${name}`)]));
    const made = read('blueprints.yaml');
    const blueprints = made === undefined ? noBlueprints : blueprintsFromYaml(made);
    const lastApplied = lastAppliedOf(desired, read, locations, databasesYaml(read('live.yaml') ?? ''));
    const { plan, problems } = makePlan({ desired, live, locations, lastApplied, blueprints });
    const document = JSON.parse(JSON.stringify(planJson(plan))) as unknown;
    expect(validate(document) ? [] : validate.errors).toEqual([]);
    const told = [...textOf(problems, 'error'), ...textOf(plan.warnings, 'warning')].join('\n');
    return {
      ...(problems.length === 0 ? { 'plan.txt': planText(plan, desired, new Set(desired.allow), plain) } : {}),
      ...(told === '' ? {} : { 'problems.txt': told }),
    };
  },
});

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
