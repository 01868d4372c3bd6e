import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import type { ComparisonDocument } from '../../src/render/compare-json.ts';
import type { StatusDocument } from '../../src/render/status-json.ts';
import { runProgram, startProgram, temporaryFile } from '../support/program.ts';
import { type Replication, replication, waitFor } from '../support/replication.ts';

const ajv = new Ajv({ strict: true, allowUnionTypes: true });
const schemaOf = (name: string) =>
  ajv.compile(JSON.parse(readFileSync(`schemas/${name}.schema.json`, 'utf8')) as object);
const statusSchema = schemaOf('status');
const compareSchema = schemaOf('compare');

const fileOf = (cascade: Replication) => `version: 1
${cascade.cluster.yaml}queues:
  replika:
    nodes:
      src: { database: src, role: root }
      dst: { database: dst, role: leaf, provider: src }
    tables: [{ name: public.people }]
`;

test('compare and status: what they print, and how they end', async () => {
  await using cascade = await replication({ src: 14, dst: 18 }, 'create table people (id int primary key, name text)');
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  await source.script(`insert into people select i, 'name ' || i from generate_series(1, 100) i`);
  await cascade.addTable({ name: 'public.people' });
  const workers = cascade.start();
  await cascade.caughtUp('dst');
  using file = temporaryFile('trunkline.yaml', fileOf(cascade));
  const trunkline = (...args: string[]) => runProgram([...args, '-f', file.path]);

  const equal = await trunkline('compare');
  expect(equal).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/ equal +public\.people +100 rows, checksum [0-9a-f]{16}\n/),
  });
  expect(equal.stdout).toMatch(/\nEqual: 1 table on 1 node\.\n$/);
  expect(equal.stderr).toMatch(/done +compare dst with src at tick \d+ /);

  await target.script(`set session_replication_role = replica; delete from people where id = 7`);
  const different = await trunkline('compare', '--json', '--table', 'people', '--node', 'dst');
  expect(different.status).toBe(2);
  const document = JSON.parse(different.stdout) as ComparisonDocument;
  compareSchema(document);
  expect(compareSchema.errors).toBeNull();
  expect(document).toMatchObject({ equal: false, at: [{ node: 'dst', provider: 'src' }] });
  expect(document.tables).toMatchObject([
    {
      table: 'public.people',
      equal: false,
      rows: 99,
      providerRows: 100,
      state: 'ok',
      key: ['id'],
      differences: [{ kind: 'missing', key: ['7'], columns: [] }],
    },
  ]);
  const printed = await trunkline('repair', '--node', 'dst');
  expect(printed).toMatchObject({ status: 2, stderr: expect.stringMatching(/1 statement would repair dst/) });
  expect(printed.stdout).toContain(`insert into "public"."people" ("id", "name")`);
  expect(await trunkline('repair', '--node', 'dst', '--apply')).toMatchObject({ status: 3, stdout: '' });
  expect(await trunkline('repair', '--node', 'dst', '--apply', '--yes')).toMatchObject({
    status: 0,
    stdout: '',
    stderr: expect.stringMatching(/Repaired: 1 statement on dst at tick \d+\./),
  });

  expect(await trunkline('compare', '--table', 'peopel')).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/no table named public\.peopel\.[\s\S]*public\.people/),
  });
  expect(await trunkline('compare', '--node', 'src')).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/root/),
  });
  expect(await trunkline('compare', '--node', 'nobody')).toMatchObject({ status: 1 });
  expect(await trunkline('compare', '--timeout', 'soon')).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/not a duration/),
  });

  const fine = await trunkline('status', '--json', '--check');
  const status = JSON.parse(fine.stdout) as StatusDocument;
  statusSchema(status);
  expect(statusSchema.errors).toBeNull();
  expect(status).toMatchObject({
    verdict: 'ok',
    queues: [
      {
        nodes: [
          { node: 'src', role: 'root' },
          { node: 'dst', role: 'leaf' },
        ],
      },
    ],
  });
  expect(fine.status).toBe(0);
  expect(await trunkline('status')).toMatchObject({ status: 0, stdout: expect.stringMatching(/All ok: 2 nodes\.\n$/) });

  await workers.stop(5_000);
  expect(await trunkline('status')).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/dst \(leaf\) {2}ERROR/),
  });
  expect(await trunkline('status', '--check')).toMatchObject({ status: 2 });

  // Nobody ticks, and no worker runs: compare sees to both.
  await source.script(`insert into people values (101, 'late')`);
  const late = await trunkline('compare', '--json');
  expect(late).toMatchObject({ status: 0, stderr: expect.stringMatching(/no worker runs for this node/) });
  expect((JSON.parse(late.stdout) as ComparisonDocument).tables).toMatchObject([{ rows: 101, equal: true }]);
});

test('a compare that is killed can be gone on with; an interrupted one says so and lets the node go', async () => {
  await using cascade = await replication({ src: 14, dst: 18 }, 'create table people (id int primary key, name text)');
  await using source = await cascade.session('src');
  await cascade.addTable({ name: 'public.people' });
  cascade.start();
  await cascade.caughtUp('dst');
  using file = temporaryFile('trunkline.yaml', fileOf(cascade));
  await using target = await cascade.session('dst');
  const kept = () =>
    readdirSync(dirname(file.path), { recursive: true }).filter((name) => /compare-.*json$/.test(`${name}`));

  // Killed between two ranges: what was found equal until then counts, the rest is read.
  await source.script(`insert into people select i, 'n' from generate_series(1, 120) i`);
  await cascade.caughtUp('dst');
  const killed = startProgram(['compare', '-f', file.path, '--throttle', '20', '--progress']);
  await waitFor('what was found so far', 60_000, async () => kept().length > 0);
  expect((await killed.kill('SIGKILL')).stderr).toMatch(/compare {2}dst public\.people: 0 /);
  await target.script(`set session_replication_role = replica; delete from people where id in (1, 120)`);
  const other = await runProgram(['compare', '-f', file.path, '--resume', '--table', 'people']);
  expect(other).toMatchObject({ status: 1, stderr: expect.stringMatching(/there is nothing to resume/) });
  const resumed = await runProgram(['compare', '-f', file.path, '--resume', '--json']);
  expect(resumed.stderr).toMatch(/goes on from the comparison that began at 20/);
  const [people] = (JSON.parse(resumed.stdout) as ComparisonDocument).tables;
  expect(people).toMatchObject({ providerRows: 120, rows: 119, differences: [{ kind: 'missing', key: ['120'] }] });
  expect(kept()).toEqual([]);

  await source.script('begin; lock table people in access exclusive mode');
  const running = startProgram(['compare', '-f', file.path]);
  await sleep(4_000);
  const ended = await running.kill('SIGINT');
  expect(ended).toMatchObject({ status: 1, stderr: expect.stringMatching(/Stopped\. No node is held any more\.\n$/) });
  await source.script('rollback');
  expect((await target.query({ text: 'select from trunkline.hold', values: [] })).length).toBe(0);
});

test('status looks again and again, and top draws the terminal, until they are stopped', async () => {
  await using cascade = await replication({ src: 14, dst: 18 }, 'create table people (id int primary key, name text)');
  using file = temporaryFile('trunkline.yaml', fileOf(cascade));
  const running = startProgram(['status', '--watch', '1', '--json', '-f', file.path]);
  await waitFor('two looks', 60_000, async () => running.output.split('\n').length > 2);
  const { stdout, status } = await running.kill('SIGINT');
  const looks = stdout.trim().split('\n');
  expect(looks.length).toBeGreaterThanOrEqual(2);
  for (const look of looks) expect(JSON.parse(look)).toMatchObject({ formatVersion: 1, verdict: 'error' });
  expect(status).toBe(0);

  expect(await runProgram(['top', '-f', file.path])).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringMatching(/needs a terminal[\s\S]*trunkline status/),
  });
  await using source = await cascade.session('src');
  const wide = topOnTerminal(file.path, 120);
  await waitFor(
    () => `a rate to be shown: ${wide.screen()}`,
    60_000,
    async () => {
      await source.script(`select pgq.insert_event('replika', 'other', 'x') from generate_series(1, 50)`);
      return /src +ERROR +\d+ +[\d.]+ .+ [1-9][\d,]* +\S+/.test(wide.screen());
    },
  );
  expect(wide.screen()).toMatch(/NODE +STATE +TICK +LAG +WAITING +CHANGES\/S +BYTES\/S +TABLES +WORKER/);
  expect(wide.screen()).toMatch(/└─ dst +ERROR/);
  expect(wide.screen()).toMatch(/error +no worker runs/);
  wide.type('q');
  expect(await wide.ended).toBe(0);
  // The screen that was there before comes back, and the cursor.
  expect(wide.raw().startsWith('\u001B[?1049h')).toBe(true);
  expect(wide.raw().trimEnd().endsWith('\u001B[?25h\u001B[?1049l')).toBe(true);
  expect(wide.raw()).toContain(red);

  const narrow = topOnTerminal(file.path, 44, { NO_COLOR: '1' });
  await waitFor(
    () => `a narrow screen: ${narrow.screen()}`,
    60_000,
    async () => /└─ dst/.test(narrow.screen()),
  );
  for (const line of narrow.screen().split('\n')) expect(line.length).toBeLessThanOrEqual(44);
  expect(narrow.screen()).toMatch(/NODE +STATE +LAG/);
  narrow.type('\u0003');
  expect(await narrow.ended).toBe(0);
  expect(narrow.raw()).not.toContain(red);
});

const red = '\u001B[31m';

/** The program on a pseudo terminal. */
function topOnTerminal(path: string, columns: number, env: Readonly<Record<string, string>> = {}) {
  const command = `stty rows 30 cols ${columns}; exec "${process.execPath}" bin/run.js top --interval 300ms -f "${path}"`;
  const { NO_COLOR: _, FORCE_COLOR: __, ...inherited } = process.env;
  const child = spawn('script', ['-qefc', command, '/dev/null'], { env: { ...inherited, TERM: 'xterm', ...env } });
  let written = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written += text;
  });
  return {
    raw: () => written,
    /** What was drawn last, without colours. */
    screen: () => stripVTControlCharacters(written.split('\u001B[H').at(-1) ?? '').replaceAll('\r', ''),
    type: (keys: string) => child.stdin.write(keys),
    ended: new Promise<number | null>((resolve) => child.once('close', resolve)),
  };
}
