import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { freshCluster } from '../support/cluster.ts';
import { type ProgramResult, runProgram, temporaryFile } from '../support/program.ts';

// What a team sees of a plan before it runs, and of an apply afterwards.

const isLog = new Ajv({ strict: false, formats: { 'date-time': true } }).compile(
  JSON.parse(readFileSync('schemas/log.schema.json', 'utf8')) as object,
);

const queues = `queues:
  replika:
    nodes:
      src: { database: src, role: root }
      dst: { database: dst, role: leaf, provider: src }
    tables: [app.orders, app.items]
`;

test('a plan is shown again from its file, applied in part, and looked up in the log', {
  timeout: 300_000,
}, async () => {
  await using cluster = await freshCluster({ src: 14, dst: 18 });
  for (const database of Object.values(cluster.databases)) {
    await using session = await database.session();
    await session.script(`create schema app;
      create table app.orders (id int primary key, note text); create table app.items (id int primary key)`);
  }
  using file = temporaryFile('trunkline.yaml', `version: 1\n${cluster.yaml}${queues}`);
  const folder = join(file.path, '..');
  const path = (name: string) => join(folder, name);
  const github = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: path('summary.md') };
  const program = (args: readonly string[], env: Record<string, string> = {}): Promise<ProgramResult> =>
    runProgram(args, { cwd: folder, env });

  const none = await program(['log']);
  expect([none.status, none.stdout, none.stderr]).toEqual([0, 'Nothing was applied yet.\n', '']);
  const planned = await program(['plan', '--out', 'one.plan', '--gitlab-report', 'gitlab.json'], github);
  expect(planned.status).toBe(0);
  expect((await program(['show', 'one.plan'])).stdout).toBe(planned.stdout);
  const markdown = await program(['show', 'one.plan', '--markdown']);
  expect(markdown.stdout).toMatch(/^<!-- trunkline plan -->\n\n### Plan: 9 to add, /);
  expect(readFileSync(path('summary.md'), 'utf8')).toBe(markdown.stdout);
  expect(JSON.parse(readFileSync(path('gitlab.json'), 'utf8'))).toEqual({ create: 9, update: 0, delete: 0 });

  const part = await program(['apply', '--auto-approve', '--allow', 'copies-data', '--exclude', 'replika/*/app.items']);
  expect([part.status, part.stdout]).toEqual([
    0,
    expect.stringContaining('Left out on request: 2 steps of the whole plan.'),
  ]);
  const rest = await program(['plan', '--json']);
  expect(JSON.parse(rest.stdout)).toMatchObject({
    steps: ['src', 'dst'].map((node) => ({ id: `add_table/replika/${node}/app.items`, origin: 'change' })),
  });
  {
    await using src = await cluster.databases.src.session();
    await src.script('alter table app.orders disable trigger _londiste_replika_update');
  }
  const drift = await program(['plan', '--drift-only', '--detailed-exitcode', '--json']);
  expect([drift.status, JSON.parse(drift.stdout)]).toMatchObject([
    2,
    { steps: [{ id: 'restore_triggers/replika/src/app.orders', origin: 'drift' }], summary: { drift: 1 } },
  ]);

  const list = await program(['log']);
  expect(list.stdout).toMatch(/^src\/1 {2}20\d\d-.* UTC {2}done {2}\S+ {2}7 steps\n$/);
  const one = await program(['log', 'src/1']);
  expect(one.stdout).toMatch(
    /^apply src\/1\n {2}plan {4}[0-9a-f]{16}\n[\s\S]* {2}done {4}make src the root of replika \(/,
  );
  const json = JSON.parse((await program(['log', '1', '--json'])).stdout);
  expect(isLog(json) ? [] : isLog.errors).toEqual([]);
  const [{ durationMs, steps }] = json.applies;
  expect(steps).toHaveLength(7);
  // It began before its first step had ended.
  expect(durationMs).toBeGreaterThan(Math.max(...steps.map((step: { durationMs: number }) => step.durationMs)));
  const unknown = await program(['log', 'src/77']);
  expect([unknown.status, unknown.stderr]).toEqual([1, expect.stringContaining('no apply src/77 is on record')]);
});

test('on GitHub a mistake is marked at its line', async () => {
  using file = temporaryFile('trunkline.yaml', '');
  writeFileSync(
    file.path,
    'version: 1\ndatabases: { a: { host: x } }\nqueues: { q: { nodes: { n: { database: b, role: root } } } }\n',
  );
  const result = await runProgram(['validate'], { cwd: join(file.path, '..'), env: { GITHUB_ACTIONS: 'true' } });
  expect(result.status).toBe(1);
  expect(result.stderr).toMatch(
    /\n::error file=trunkline\.yaml,line=3,col=\d+,title=trunkline database_unknown::node n /,
  );
});
