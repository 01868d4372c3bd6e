import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { TrunklineDocument } from '../../../src/config/document.ts';
import { load } from '../../../src/config/load.ts';
import { documentOf, documentText } from '../../../src/config/write-document.ts';
import { ToolError } from '../../../src/model/problem.ts';
import type { DesiredState } from '../../../src/model/state.ts';
import { problemJson, problemsText } from '../../../src/render/describe-problem.ts';
import { paintWith } from '../../../src/render/paint.ts';

const schema = JSON.parse(readFileSync('schemas/trunkline.schema.json', 'utf8')) as object;

function loaded(text: string, env: Record<string, string> = {}): DesiredState {
  return load([{ file: 'trunkline.yaml', text }], { env, schema });
}

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 10 })
  .filter(
    (text) =>
      text.trim() === text &&
      !/\p{Cc}|\$/u.test(text) &&
      Buffer.byteLength(text) <= 44 &&
      text !== '<<' &&
      text !== '__proto__',
  );
const identifier = fc.stringMatching(/^[a-z][a-z0-9_]{0,20}$/);
const text = fc.string({ minLength: 1 }).map((value) => value.replaceAll('$', '$$$$'));
const optional = { requiredKeys: [] as [] };

const database = fc.oneof(
  fc.record({ embedded: fc.record({ version: fc.integer({ min: 12, max: 18 }) }) }),
  fc.record({ url: fc.constant('postgresql://repl@db1:5432/shop?sslmode=require') }),
  fc
    .record(
      { host: text, port: fc.integer({ min: 1, max: 65535 }), dbname: text, user: text, password: text },
      optional,
    )
    .filter((value) => Object.keys(value).length > 0),
);

const duration = fc
  .tuple(fc.integer({ min: 1, max: 999 }), fc.constantFrom('ms', 's', 'm', 'h', 'd'))
  .map(([amount, unit]) => `${amount}${unit}`);

/** A valid document: as many databases as nodes, the first node the root, each table named once. */
const document = fc
  .record({
    names: fc.uniqueArray(name, { minLength: 1, maxLength: 5 }),
    queue: name,
    databases: fc.array(database, { minLength: 5, maxLength: 5 }),
    ticker: fc.record({ max_lag: duration, max_count: fc.integer({ min: 1, max: 2 ** 31 - 1 }) }, optional),
    tables: fc.uniqueArray(identifier, { maxLength: 6 }),
    wheres: fc.array(fc.option(text, { nil: undefined }), { minLength: 6, maxLength: 6 }),
    owned: fc.boolean(),
  })
  .map(({ names, queue, databases, ticker, tables, wheres, owned }) => {
    const nodes = names.map((node, index) => [
      node,
      index === 0 ? { database: node, role: 'root' } : { database: node, role: 'leaf', provider: names[0] },
    ]);
    return {
      version: 1,
      databases: Object.fromEntries(names.map((node, index) => [node, databases[index]])),
      queues: {
        [queue]: {
          ticker,
          nodes: Object.fromEntries(nodes),
          tables: tables.map((table, index) => {
            const where = wheres[index];
            return where === undefined ? table : { name: `app.${table}`, where };
          }),
          sequences: { owned },
        },
      },
    } as unknown as TrunklineDocument;
  });

test('any valid document resolves, and what it resolves to means the same', () => {
  fc.assert(
    fc.property(document, (given) => {
      const state = loaded(stringify(given));
      expect([...state.databases.keys()].sort()).toEqual(Object.keys(given.databases ?? {}).sort());
      const once = documentOf(state);
      // A password is not written, and dollars are read anew: the rest must come back.
      expect(documentOf(loaded(documentText(once).replaceAll('$', '$$$$')))).toEqual(once);
    }),
    { numRuns: 300 },
  );
});

const yamlish = fc.array(
  fc.oneof(
    fc.constantFrom(
      ...[
        'version: 1\n',
        'databases:\n',
        'queues:\n',
        '  q:\n',
        '    nodes:\n',
        '    tables:\n',
        '  - ',
        '    ',
        ': ',
        '\n',
      ],
      ...[
        '{',
        '}',
        '[',
        ']',
        ',',
        '&a ',
        '*a ',
        '<<: ',
        '!x ',
        '"',
        "'",
        '# ',
        '|\n',
        '? ',
        '\t',
        '---\n',
        '...\n',
        `\${A}`,
      ],
      ...[
        'url',
        'embedded: ',
        'role: root',
        'name: a',
        'where',
        'none',
        'null',
        '~',
        'true',
        '0x1F',
        '.nan',
        '__proto__: ',
      ],
    ),
    fc.string({ maxLength: 8 }),
  ),
  { maxLength: 40 },
);

test('any text gives a state, or problems that can be told', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        yamlish.map((parts) => parts.join('')),
        fc.string({ unit: 'binary' }),
      ),
      (given) => {
        const problems = problemsOf(() => loaded(given, { A: '1' }));
        if (problems !== undefined) expect(problems.length).toBeGreaterThan(0);
      },
    ),
    { numRuns: 1500 },
  );
});

/** Puts any value in place of any part of a good document. */
const spoilt = fc
  .tuple(document, fc.array(fc.nat(), { minLength: 1, maxLength: 6 }), fc.jsonValue({ maxDepth: 2 }), fc.boolean())
  .map(([given, steps, value, add]) => {
    const copy = structuredClone(given) as unknown as Record<string, unknown>;
    let current = copy;
    for (const step of steps) {
      const keys = Object.keys(current);
      const key = keys[step % Math.max(keys.length, 1)];
      if (key === undefined) break;
      const inside = current[key];
      if (typeof inside === 'object' && inside !== null && step !== steps.at(-1)) {
        current = inside as Record<string, unknown>;
      } else {
        current[add ? `${key}x` : key] = value;
        break;
      }
    }
    return copy;
  });

test('a document with one part spoilt gives a state, or problems that stand somewhere in it', () => {
  fc.assert(
    fc.property(spoilt, (given) => {
      const written = stringify(given);
      const lines = written.split('\n').length;
      for (const problem of problemsOf(() => loaded(written)) ?? []) {
        const { message, line } = problemJson(problem);
        expect(message).not.toBe('');
        expect(line).toBeGreaterThan(0);
        expect(line).toBeLessThanOrEqual(lines);
      }
    }),
    { numRuns: 700 },
  );
});

test('no message repeats a secret, wherever the password stands and whatever else is wrong', () => {
  const secret = 'S3cr3tS3cr3t';
  const spots = [
    `version: 1\ndatabases:\n  a: { host: h, password: "\${PW}", prt: 1 }`,
    `version: 1\ndatabases:\n  a: { host: h, password: [ "\${PW}" ] }`,
    `version: 1\ndatabases:\n  a: { url: "http://u:\${PW}@h/d" }`,
    `version: 1\ndatabases:\n  a: { url: "postgresql://u:\${PW}@h:x/d" }`,
    `version: 1\ndatabases:\n  a: { url: "postgresql://u@h/d?passwrd=\${PW}" }`,
    `version: 1\ndatabases:\n  a: { url: "postgresql://u@h/d?\${PW}" }`,
    `version: 1\ndatabases:\n  a: "postgresql://u:${secret}@h/d"`,
    `version: 1\ndatabases: "postgresql://u:${secret}@h/d"`,
    `version: 1\ndatabases:\n  a: { url: "postgresql://u:${secret}@h/d", host: h }`,
    `version: 1\ndatabases:\n  a: { host: h, port: "\${PW}" }`,
    `version: 1\ndatabases:\n  a: { host: h, password: "${secret}" "x" }`,
    `version: 1\ndatabases:\n  a: { host: h, password: ${secret}: x }`,
    `version: 1\ndatabases:\n  a: { host: h, password: !x ${secret} }`,
    `version: 1\ndatabases:\n  a: { host: h, password: *${secret} }`,
    `version: 1\ndatabases:\n  a: { host: h, password: "${secret} }`,
    `version: 1\nqueues: { q: { ticker: { max_lag: "\${PW}", max_count: "\${PW}" } } }`,
  ];
  for (const spot of spots) {
    const problems = problemsOf(() => loaded(spot, { PW: secret }));
    expect(problems, spot).toBeDefined();
    expect(problemsText(problems ?? [], paintWith(false)), spot).not.toContain(secret);
    expect(JSON.stringify((problems ?? []).map(problemJson)), spot).not.toContain(secret);
  }
});

test('a password is there for the driver, and nowhere else', () => {
  const state = loaded('version: 1\ndatabases: { a: { host: h, password: S3cr3t } }');
  const [database] = state.databases.values();
  const connection = database?.connection;
  expect(connection?.kind === 'server' && connection.params.password?.reveal()).toBe('S3cr3t');
  expect(JSON.stringify(documentOf(state))).not.toContain('S3cr3t');
  expect(documentText(documentOf(state))).toContain('***');
});

function problemsOf(run: () => unknown): ToolError['problems'] | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof ToolError) return error.problems;
    throw error;
  }
}
