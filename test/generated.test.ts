import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { generatedFiles } from '../scripts/generated-files.mjs';
import { hazardKinds } from '../src/model/hazard.ts';

test('generated files follow from the schema', async () => {
  const files: ReadonlyMap<string, string> = await generatedFiles();
  expect(files.size).toBeGreaterThan(0);
  for (const [path, text] of files) {
    expect(readFileSync(path, 'utf8'), `${path} is stale: npm run generate`).toBe(text);
  }
});

const schema = JSON.parse(readFileSync('schemas/trunkline.schema.json', 'utf8'));

test('every key and definition of the schema has a description and examples', () => {
  const lacking: string[] = [];
  visit(schema, '#', false);
  expect(lacking).toEqual([]);

  function visit(part: Record<string, unknown>, path: string, named: boolean): void {
    const own = '$ref' in part ? { ...definition(part.$ref as string), ...part } : part;
    if (named && (own.description === undefined || !Array.isArray(own.examples))) lacking.push(path);
    for (const group of ['properties', 'definitions'] as const) {
      for (const [key, inner] of Object.entries((part[group] ?? {}) as Record<string, Record<string, unknown>>)) {
        visit(inner, `${path}/${group}/${key}`, true);
      }
    }
    for (const key of ['additionalProperties', 'items'] as const) {
      if (typeof part[key] === 'object') visit(part[key] as Record<string, unknown>, `${path}/${key}`, false);
    }
    for (const alternative of (part.anyOf ?? []) as Record<string, unknown>[])
      visit(alternative, `${path}/anyOf`, false);
  }

  function definition(ref: string): Record<string, unknown> {
    return schema.definitions[ref.replace('#/definitions/', '')];
  }
});

test('no key is a word that older YAML turns into something else', () => {
  const keys = [...JSON.stringify(schema).matchAll(/"([^"]+)":/g)].map(([, key]) => key);
  expect(keys.filter((key) => /^(y|yes|n|no|on|off|true|false|null|~)$/i.test(key ?? ''))).toEqual([]);
});

test('the schema names the hazards that there are', () => {
  expect(schema.definitions.hazard.enum).toEqual([...hazardKinds]);
});
