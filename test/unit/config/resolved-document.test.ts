import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { load } from '../../../src/config/load.ts';
import { resolvedDocument } from '../../../src/config/resolved-document.ts';

interface SchemaPart {
  readonly $ref?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, SchemaPart>>;
  readonly additionalProperties?: SchemaPart | boolean;
}

const schema = JSON.parse(readFileSync('schemas/trunkline.schema.json', 'utf8')) as SchemaPart & {
  readonly definitions: Readonly<Record<string, SchemaPart>>;
};

/** Every mapping that holds keys with defaults is there, and says nothing that has one. */
const file = `
version: 1
databases:
  source: { host: db1 }
queues:
  shop:
    nodes:
      root1: { database: source, role: root }
    tables: [app.users]
    assert:
      small: { sql: select true }
assert:
  large: { database: source, sql: select true }
`;

/** Each node says its own. */
const saidByNodes = ['parallel_copies', 'on_error', 'foreign_events'].map((key) => `queues.*.defaults.${key}`);

test('every default of the schema is written down', () => {
  const resolved = resolvedDocument(load([{ file: 'trunkline.yaml', text: file }], { env: {}, schema }));
  const defaults = defaultsIn(schema, []).filter(([path]) => !saidByNodes.includes(path.join('.')));
  expect(defaults.length).toBeGreaterThan(20);
  const written = defaults.map(([path]) => [path.join('.'), valuesAt(resolved, path)]);
  expect(written).toEqual(defaults.map(([path, value]) => [path.join('.'), [value]]));
});

test('what the files say stays, and reads back as it is', () => {
  const text = `
version: 1
databases:
  source: { host: db1, answer_timeout: 5s }
queues:
  shop:
    defaults: { create: full, conflict: log, copy: { expect_sync: true } }
    nodes:
      root1: { database: source, role: root, protect: true, foreign_events: skip }
    tables: [{ name: app.users, where: "name <> '$\${x}'" }]
apply: { lock_attempts: 2, statement_timeout: 5m }
`;
  const resolved = resolvedDocument(load([{ file: 'trunkline.yaml', text }], { env: {}, schema }));
  expect(resolved).toMatchObject({
    databases: { source: { answer_timeout: '5s' } },
    queues: {
      shop: {
        defaults: { create: 'full', conflict: 'log', apply: 'set_based' },
        nodes: { root1: { protect: true, foreign_events: 'skip' } },
        tables: [{ where: "name <> '$${x}'" }],
        sequences: { create: 'full' },
      },
    },
    apply: { lock_wait: '3s', lock_attempts: 2, statement_timeout: '5m' },
  });
  // With more said of the copy, the file would contradict itself.
  expect(resolved.queues?.shop?.defaults?.copy).toEqual({ expect_sync: true });
  const again = load([{ file: 'trunkline.yaml', text: JSON.stringify(resolved) }], { env: {}, schema });
  expect(resolvedDocument(again)).toEqual(resolved);
});

type Default = readonly [path: readonly string[], value: unknown];

/** Those within an entry of `tables`, a list, are for what the entry names only. */
function defaultsIn(part: SchemaPart, path: readonly string[]): readonly Default[] {
  const { $ref, default: value, properties = {}, additionalProperties } = part;
  if ($ref !== undefined) {
    const target = schema.definitions[$ref.replace('#/definitions/', '')];
    if (target === undefined) throw new Error(`${$ref} is not in the schema`);
    return defaultsIn(target, path);
  }
  return [
    ...(value === undefined ? [] : [[path, value] as const]),
    ...Object.entries(properties).flatMap(([key, inner]) => defaultsIn(inner, [...path, key])),
    ...(typeof additionalProperties === 'object' ? defaultsIn(additionalProperties, [...path, '*']) : []),
  ];
}

/** What stands at the path in each mapping that it leads to. */
function valuesAt(value: unknown, [key, ...rest]: readonly string[]): readonly unknown[] {
  if (key === undefined) return [value];
  const mapping = (value ?? {}) as Readonly<Record<string, unknown>>;
  return key === '*' ? Object.values(mapping).flatMap((one) => valuesAt(one, rest)) : valuesAt(mapping[key], rest);
}
