import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { editRoot } from '../../../src/config/edit-root.ts';
import { nodeName, queueName } from '../../../src/model/names.ts';
import { ToolError } from '../../../src/model/problem.ts';
import { fileDiff } from '../../../src/render/file-diff.ts';

const schema = JSON.parse(readFileSync('schemas/trunkline.schema.json', 'utf8')) as object;
const env = { DST_URL: 'postgresql://dst/shop', ROLE: 'root' };

function edited(texts: readonly string[], { redirect = false, node = 'b' } = {}): readonly string[] {
  const sources = texts.map((text, index) => ({ file: `${index}.yaml`, text }));
  const edit = { queue: queueName('shop'), node: nodeName(node), redirect };
  return editRoot(sources, edit, { env, schema }).map(({ text }) => text);
}

function refusal(text: string) {
  try {
    edited([text]);
    return undefined;
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    return error.problems;
  }
}

const databases = `databases:
  a: { host: a, dbname: shop }   # the old house
  b: { url: "\${DST_URL}" }
  c: { host: c, dbname: shop }
`;

const commented = `version: 1
${databases}
queues:
  shop:
    nodes:
      # written to
      a: { database: a,  role: root }   # for now
      b: { database: b, role: "branch", provider: a, parallel_copies: 2 }
      c:
        database: c
        role: leaf      # reads
        provider: a     # near by

    tables: [ app.orders ]
`;

test('roles and providers change, and every other byte stays', () => {
  expect(edited([commented])).toEqual([
    commented
      .replace('role: root }   # for now', 'role: branch, provider: b }   # for now')
      .replace('role: "branch", provider: a, parallel', 'role: root, parallel'),
  ]);
  const [failedOver = ''] = edited([commented], { redirect: true });
  expect(failedOver).toContain('        provider: b     # near by\n');
});

test('a key is added and taken out on a line of its own, in the line ends of the file', () => {
  const [back = ''] = edited([commented], { node: 'c' });
  expect(back).toContain('      c:\n        database: c\n        role: root      # reads\n\n    tables');
  const windows = `version: 1\n${databases}queues:\n  shop:\n    nodes:\n      a:\n        database: a\n        role: root # first\n      b:\n        database: b\n        role: leaf\n`;
  const [after = ''] = edited([windows.replaceAll('\n', '\r\n')]);
  const line = '        role: branch # first\n        provider: b\n';
  expect(after).toBe(
    windows.replace('        role: root # first\n', line).replace('role: leaf', 'role: root').replaceAll('\n', '\r\n'),
  );
});

test('of several files those are edited that hold the nodes', () => {
  const nodes = (text: string) => `version: 1\nqueues:\n  shop:\n    nodes:\n${text}`;
  const texts = [
    `version: 1\n${databases}`,
    nodes('      a: { database: a, role: root }\n'),
    nodes('      b: { role: leaf, database: b }\n'),
  ];
  expect(edited(texts)).toEqual([
    texts[0],
    nodes('      a: { database: a, role: branch, provider: b }\n'),
    nodes('      b: { role: root, database: b }\n'),
  ]);
});

test.for([
  [
    'an alias',
    '      a: &root { database: a, role: root }\n      b: { <<: *root, database: b, role: leaf, provider: a }\n',
  ],
  ['a merge key', '      a: { database: a, role: root }\n      b: { <<: { role: leaf, provider: a }, database: b }\n'],
  ['a variable', '      a: { database: a, role: "$'.concat('{ROLE}" }\n      b: { database: b, role: leaf }\n')],
] as const)('what is said through %s is left to a hand', ([, nodes]) => {
  const text = `version: 1\n${databases}queues:\n  shop:\n    nodes:\n${nodes}`;
  expect(refusal(text)).toMatchObject([
    {
      code: 'file_not_edited',
      write: [
        { node: 'a', role: 'branch', provider: 'b' },
        { node: 'b', role: 'root', provider: undefined },
      ],
    },
  ]);
});

test('entries of tables that name the new root are told', () => {
  const text = `version: 1\n${databases}queues:\n  shop:\n    nodes:\n      a: { database: a, role: root }\n      b: { database: b, role: leaf }\n    tables: [{ name: t, nodes: { b: {} } }]\n`;
  expect(refusal(text)).toMatchObject([
    { code: 'file_not_edited', namedAsSubscriber: true },
    { code: 'table_node_is_root', node: 'b' },
  ]);
});

test('an anchor that nobody else uses is no hindrance', () => {
  const text = `version: 1\n${databases}queues:\n  shop:\n    nodes:\n      a: &here { database: a, role: root }\n      b: { database: b, role: leaf }\n`;
  expect(edited([text])).toEqual([
    text.replace('role: root', 'role: branch, provider: b').replace('role: leaf', 'role: root'),
  ]);
});

test('the difference shows no password that stands near by', () => {
  const before = 'password: "se cret"\nurl: postgresql://me:secret@host/db\nrole: leaf\n';
  const diff = fileDiff({ file: 'x.yaml', before, after: before.replace('leaf', 'root') });
  expect(diff).toMatch(/^--- x\.yaml\n\+\+\+ x\.yaml\n@@/);
  expect(diff).toContain('-role: leaf\n+role: root');
  expect(diff).toContain('password: ***');
  expect(diff).not.toMatch(/cret/);
});
