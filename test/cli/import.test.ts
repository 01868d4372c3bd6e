import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { freshCluster } from '../support/cluster.ts';
import { applyAll } from '../support/planning.ts';
import { runProgram, temporaryFile } from '../support/program.ts';
import { waitFor } from '../support/replication.ts';

const jsonSchema = new Ajv({ allowUnionTypes: true }).compile(
  JSON.parse(readFileSync('schemas/import.schema.json', 'utf8')) as object,
);

const queues = `queues:
  replika:
    nodes:
      src: { database: src, role: root }
      dst: { database: dst, role: leaf }
    tables:
      - app.orders
      - { name: app.users, nodes: { dst: { target: other.people, where: id > 1 } } }
  small:
    nodes:
      one: { database: src, role: root }
`;

/** The program on a pseudo terminal. */
function onTerminal(args: readonly string[], cwd: string, env: Readonly<Record<string, string>>) {
  const command = `exec "${process.execPath}" "${resolve('bin/run.js')}" ${args.join(' ')}`;
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    cwd,
    env: { ...process.env, NO_COLOR: '1', TERM: 'dumb', ...env },
  });
  let written = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written += text;
  });
  return {
    output: () => written,
    type: (keys: string) => child.stdin.write(keys),
    ended: new Promise<number | null>((done) => child.once('close', done)),
  };
}

test('what Trunkline made is written down as it is, and never with a password', async () => {
  await using cluster = await freshCluster({ src: 18, dst: 18 });
  const { src, dst } = cluster.databases;
  await using source = await src.session();
  await using target = await dst.session();
  await source.script(
    'create schema app; create table app.orders (id serial primary key); create table app.users (id int primary key)',
  );
  await target.script(
    'create schema app; create schema other; create table app.orders (id serial primary key); create table other.people (id int primary key)',
  );
  using place = temporaryFile('empty.yaml', '');
  const folder = join(place.path, '..');
  const trunkline = (...args: readonly string[]) => runProgram(args, { cwd: folder, env: { OLD_URL: dst.url } });

  // A first file, which the planner takes as it is.
  await source.script(`create schema extra; create table extra.codes (code text not null unique, note text);
    create table extra.notes (note text); create sequence extra.numbers`);
  const begin = ['init', src.url, '--target-env', 'OLD_URL', '--queue', 'first'];
  const begun = await trunkline(...begin);
  expect([begun.status, begun.stdout]).toEqual([0, '']);
  expect(begun.stderr).toContain('add table extra.codes on leaf1');
  const first = readFileSync(join(folder, 'trunkline.yaml'), 'utf8');
  expect(first.replaceAll(/test_\w+/gi, 'X').replaceAll(/port: \d+/g, 'port: 1')).toBe(`version: 1
databases:
  # It was reached with the password of the given connection string: put that into SOURCE_PASSWORD of the environment.
  source: { host: 127.0.0.1, port: 1, dbname: X, user: postgres, password: "\${SOURCE_PASSWORD}" }
  # It was reached with the password of the given connection string: put that into TARGET_PASSWORD of the environment.
  target: { host: 127.0.0.1, port: 1, dbname: X, user: postgres, password: "\${TARGET_PASSWORD}" }
queues:
  first:
    defaults: { create: full }
    nodes:
      root1: { database: source, role: root }
      leaf1: { database: target, role: leaf }
    tables:
      - app.*
      # extra.notes has no primary key, and no unique key over NOT NULL columns: it is left out. Give it one, and take it out of exclude.
      - { include: [ extra.* ], exclude: [ extra.notes ] }
      # extra.codes has no primary key: its rows are told apart by this unique one.
      - { name: extra.codes, key: [ code ] }
    sequences: { include: [ extra.numbers ] }
`);
  const twice = await trunkline(...begin);
  expect([twice.status, twice.stderr]).toEqual([1, expect.stringContaining('is there already')]);
  expect(readFileSync(join(folder, 'trunkline.yaml'), 'utf8')).toBe(first);

  // On a terminal, without flags, it asks, and asks again where an answer is none.
  const asked = onTerminal(['init', '--out', 'asked.yaml'], folder, { SRC_URL: src.url, DST_URL: dst.url });
  for (const [question, answer] of [
    ['File to write [asked.yaml]:', ''],
    ['Database that is written to [as psql would connect]:', 'nonsense'],
    ['is no connection string', '$SRC_URL'],
    ['Database that gets the copy [a server that Trunkline starts]:', '$DST_URL'],
    ['Schemas to replicate [app extra]:', 'app nosuch'],
    ['no tables in schema nosuch', 'app'],
    [`Name of the queue [${src.dbname}]:`, 'shop'],
    ['Name of the root [root1]:', 'hq'],
    ['Name of the leaf [leaf1]:', ''],
  ]) {
    await waitFor(
      () => `${question} in ${asked.output()}`,
      60_000,
      async () => asked.output().includes(question ?? ''),
    );
    asked.type(`${answer}\r`);
  }
  expect([await asked.ended, asked.output()]).toEqual([0, expect.stringContaining('add table app.orders on leaf1')]);
  expect(readFileSync(join(folder, 'asked.yaml'), 'utf8').split('queues:')[1]).toBe(`
  shop:
    defaults: { create: full }
    nodes:
      hq: { database: source, role: root }
      leaf1: { database: target, role: leaf }
    tables:
      - app.*
`);
  expect(asked.output()).not.toContain(`:${src.params.password?.reveal()}@`);
  const left = onTerminal(['init', '--out', 'left.yaml'], folder, {});
  await waitFor(
    () => left.output(),
    60_000,
    async () => left.output().includes('File to write [left.yaml]:'),
  );
  left.type('\u0004');
  expect([await left.ended, existsSync(join(folder, 'left.yaml'))]).toEqual([1, false]);

  const nothing = await trunkline('import', '--from-env', 'OLD_URL');
  expect([nothing.status, nothing.stderr]).toEqual([1, expect.stringContaining('has no node of any cascade')]);
  await applyAll(cluster, queues);
  const late = await trunkline('init', src.url, '--out', 'late.yaml');
  expect([late.status, late.stderr, existsSync(join(folder, 'late.yaml'))]).toEqual([
    1,
    expect.stringContaining('trunkline import'),
    false,
  ]);

  // The whole of one queue from its leaf, whose database knows nothing of the other queue.
  const printed = await trunkline('import', '--from-env', 'OLD_URL');
  expect([printed.status, printed.stderr]).toEqual([0, expect.stringContaining('The plan after this file is empty.')]);
  expect(
    printed.stdout
      .replaceAll(/test_\w+/gi, 'X')
      .replaceAll(/port: \d+/g, 'port: 1')
      .replace(/^ *#.*\n/gm, ''),
  ).toBe(`version: 1
databases:
  X: { host: 127.0.0.1, port: 1, dbname: X, user: postgres, password: "\${X}" }
  X: { host: 127.0.0.1, port: 1, dbname: X, user: postgres, password: "\${X}" }
queues:
  replika:
    nodes:
      src: { database: X, role: root }
      dst: { database: X, role: leaf }
    tables:
      - app.orders
      - { name: app.users, nodes: { dst: { target: other.people, where: id > 1 } } }
`);
  const both = await trunkline('import', src.url, '--out', 'both.yaml', '--json');
  const json = JSON.parse(both.stdout) as { readonly text: string; readonly remarks: readonly object[] };
  expect([both.status, both.stderr, jsonSchema(json), jsonSchema.errors]).toEqual([0, '', true, null]);
  expect(json).toMatchObject({ formatVersion: 1, plan: { steps: [], warnings: [] }, problems: [] });
  expect(json.remarks[0]).toMatchObject({ kind: 'password_used', path: ['databases', src.dbname] });
  expect(readFileSync(join(folder, 'both.yaml'), 'utf8')).toBe(json.text);
  expect(readFileSync(join(folder, 'both.yaml'), 'utf8')).toContain('  small:');
  const password = src.params.password?.reveal() ?? 'none';
  expect(password.length).toBeGreaterThan(3);
  expect(
    `${printed.stdout}${printed.stderr}${both.stdout}${readFileSync(join(folder, 'both.yaml'), 'utf8')}`,
  ).not.toContain(password);

  // The file that was written is what plan takes.
  const env = Object.fromEntries([src, dst].map(({ dbname }) => [`${dbname.toUpperCase()}_PASSWORD`, password]));
  const plan = await runProgram(['plan', '-f', 'both.yaml', '--detailed-exitcode'], { cwd: folder, env });
  expect([plan.status, plan.stderr]).toEqual([0, '']);

  const again = await trunkline('import', src.url, '--out', 'both.yaml');
  expect([again.status, again.stderr]).toEqual([1, expect.stringContaining('file both.yaml is there already')]);
  expect((await trunkline('import', src.url, '--queue', 'small', '--out', 'both.yaml', '--force')).status).toBe(0);
  expect(readFileSync(join(folder, 'both.yaml'), 'utf8')).not.toContain('replika');
  const unknown = await trunkline('import', src.url, '--queue', 'large', '--out', 'no.yaml');
  expect([unknown.status, unknown.stderr]).toEqual([1, expect.stringContaining('there is no queue named large')]);
  expect(existsSync(join(folder, 'no.yaml'))).toBe(false);
  const text = await trunkline('import', 'host = ', '--json');
  expect([text.status, text.stderr]).toEqual([
    1,
    expect.stringMatching(/cannot be|refuses|is no connection string|can not be/),
  ]);
  expect(JSON.parse(text.stdout)).toMatchObject({ problems: [{ message: expect.any(String) }] });

  // One that does not answer is told, and the rest is written.
  await target.script(
    `update pgq_node.node_location set node_location = 'host=127.0.0.1 port=1 dbname=gone user=x' where node_name = 'src'`,
  );
  const half = await trunkline('import', '--from-env', 'OLD_URL');
  expect(half.status).toBe(1);
  expect(half.stdout).toContain('src: { database: gone, role: root }');
  expect(half.stdout).toMatch(/# It could not be looked at: database src cannot be reached/);
});
