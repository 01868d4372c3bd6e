import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { expect } from 'vitest';
import { parse } from 'yaml';
import { importedDocument } from '../../src/config/import-document.ts';
import { writtenDocument } from '../../src/config/import-text.ts';
import type { FoundCascade, FoundDatabase, Remark } from '../../src/model/cascade.ts';
import type { LiveState } from '../../src/model/state.ts';
import { importedJson } from '../../src/render/imported-json.ts';
import { connectionParams, databaseName, type nodeName, type queueName } from '../support/builders.ts';
import { goldenCases } from '../support/golden.ts';
import { liveFromYaml } from '../support/live-yaml.ts';
import { planAfter } from '../support/plan-after.ts';

const jsonSchema = new Ajv({ allowUnionTypes: true }).compile(
  JSON.parse(readFileSync('schemas/import.schema.json', 'utf8')) as object,
);

/** A cascade as a walk would find it, with its passwords in the catalogs, and every database called as its node. */
function cascadeOf(live: LiveState): FoundCascade {
  const databases = new Map<FoundDatabase['name'], FoundDatabase>();
  const queues = new Map<ReturnType<typeof queueName>, Map<ReturnType<typeof nodeName>, FoundDatabase['name']>>();
  const remarks: Remark[] = [];
  for (const [name, seen] of live.databases) {
    const params = { ...connectionParams({ dbname: name }), host: undefined, port: undefined, user: undefined };
    const reached = seen.kind === 'reachable' ? seen : undefined;
    databases.set(name, { name, params, passwordVariable: undefined, live: reached });
    if (seen.kind === 'unreachable') remarks.push({ kind: 'unreachable', database: name, problem: seen.problem });
    for (const [queue, node] of reached?.queues ?? []) {
      const nodes = queues.get(queue) ?? new Map();
      queues.set(queue, nodes.set(node.name, name));
      for (const member of node.members.keys()) if (!nodes.has(member)) nodes.set(member, databaseName(member));
    }
  }
  const found = [...queues].map(([name, nodes]) => [name, { name, nodes }] as const);
  return { databases, queues: new Map(found), remarks };
}

goldenCases({
  folder: 'test/golden/import',
  outputs: ['trunkline.yaml', 'plan.txt', 'import.json'],
  run({ read }) {
    const live = liveFromYaml(read('live.yaml') ?? '');
    const imported = importedDocument(cascadeOf(live));
    const { document, remarks } = imported;
    const { text, plan, problems, shown } = planAfter(imported, live);
    const written = writtenDocument(document);
    const json = importedJson({ text, document: written, remarks, plan, problems });
    expect([jsonSchema(json), jsonSchema.errors]).toEqual([true, null]);
    expect(parse(text)).toEqual(written);
    return {
      'trunkline.yaml': text,
      // Where it is missing, the plan after the file is empty and has nothing to say.
      ...(shown === '' ? {} : { 'plan.txt': shown }),
      ...(remarks.length === 0 ? {} : { 'import.json': JSON.stringify(json, null, 2) }),
    };
  },
});
