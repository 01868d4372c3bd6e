import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ProgramResult, runProgram, startProgram } from '../support/program.ts';
import { schemaErrors } from '../support/schemas.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'trunkline-cli-'));
  writeFileSync(join(folder, 'trunkline.yaml'), `version: 1\ndatabases:\n  a: { host: h, password: "\${PW:-x}" }\n`);
  writeFileSync(join(folder, 'bad.yaml'), 'version: 1\ndatabases:\n  a: { hots: h }\nqueues: 7\n');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function trunkline(args: readonly string[], env: Record<string, string> = {}): Promise<ProgramResult> {
  return runProgram(args, { cwd: folder, env });
}

test('a valid file ends with 0 and one line', async () => {
  expect(await trunkline(['validate'])).toMatchObject({
    status: 0,
    stdout: 'valid  trunkline.yaml: databases 1, queues 0\n',
    stderr: '',
  });
});

test('problems go to standard error, and the status is 1', async () => {
  const { status, stdout, stderr } = await trunkline(['validate', '-f', 'bad.yaml']);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^bad\.yaml:3:8 {2}databases\.a\.hots is not a key here\.\n {14}Did you mean host\?/);
  expect(stderr).toContain('bad.yaml:4:9  queues is the number 7.');
});

test('with --json, standard output is JSON and nothing else', async () => {
  const good = await trunkline(['validate', '--json', '--resolved'], { PW: 'hunter2' });
  expect(schemaErrors('validate', JSON.parse(good.stdout))).toEqual([]);
  expect(JSON.parse(good.stdout)).toMatchObject({ problems: [], databases: 1, resolved: { version: 1 } });
  expect(good.stdout).not.toContain('hunter2');
  const bad = await trunkline(['validate', '--json', '-f', 'bad.yaml']);
  expect(bad.status).toBe(1);
  expect(schemaErrors('problems', JSON.parse(bad.stdout))).toEqual([]);
  expect(JSON.parse(bad.stdout)).toMatchObject({
    problems: [
      { code: 'key_unknown', file: 'bad.yaml', line: 3, column: 8, path: 'databases.a.hots' },
      { code: 'value_invalid', file: 'bad.yaml', line: 4, column: 9, path: 'queues' },
    ],
  });
  const lines = await trunkline(['run', '--json', '-f', 'bad.yaml']);
  const [version = '', ...rest] = lines.stdout.split('\n');
  expect(JSON.parse(version)).toMatchObject({ event: 'version', format: '1.0', trunkline: expect.any(String) });
  expect(schemaErrors('run-log', JSON.parse(version))).toEqual([]);
  expect(rest).toEqual([JSON.stringify(JSON.parse(bad.stdout)), '']);
});

test('--resolved prints a file that is valid itself', async () => {
  const { stdout } = await trunkline(['validate', '--resolved'], { PW: 'hunter2' });
  expect(stdout).toContain('password: "***"');
  writeFileSync(join(folder, 'resolved.yaml'), stdout);
  expect((await trunkline(['validate', '-f', 'resolved.yaml'])).status).toBe(0);
});

test.for([
  [['validate', '--nonsense'], 'Nonexistent flag: --nonsense', 'trunkline validate --help'],
  [['validate', 'word'], 'validate does not know what to do with word', 'trunkline validate --help'],
  [['validate', '-f'], 'Flag --file expects', 'trunkline validate --help'],
  [['valdate'], 'there is no command valdate; there are apply, compare, completion, destroy', 'trunkline --help'],
] as const)('%j is wrong usage and ends with 1', async ([args, message, hint]) => {
  const { status, stdout, stderr } = await trunkline(args);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toContain(message);
  expect(stderr).toContain(`See "${hint}".`);
  expect(stderr).not.toMatch(/ {4}at /);
});

test.for([
  [['help', 'plan'], 'trunkline plan'],
  [['plan', '-h'], 'trunkline plan'],
  [['help'], 'trunkline [COMMAND]'],
  [['-h'], 'trunkline [COMMAND]'],
] as const)('%j is as good as --help', async ([args, usage]) => {
  const { status, stdout } = await trunkline(args);
  expect(status).toBe(0);
  expect(stdout).toContain(`$ ${usage}`);
});

test('wrong usage with --json is JSON too', async () => {
  for (const args of [
    ['validate', '--json', '--nonsense'],
    ['validate', 'word', '--json'],
    ['valdate', '--json'],
  ]) {
    const { status, stdout } = await trunkline(args);
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ problems: [{ code: 'usage_invalid', line: null }] });
  }
});

test('colour comes when it is asked for', async () => {
  const start = '\u001b[';
  const args = ['validate', '-f', 'bad.yaml'];
  expect((await trunkline(args, { FORCE_COLOR: '0' })).stderr).not.toContain(start);
  expect((await trunkline([...args, '--color'], { NO_COLOR: '1' })).stderr).toContain(start);
  expect((await trunkline(args, { FORCE_COLOR: '1' })).stderr).toContain(start);
  expect((await trunkline([...args, '--no-color'], { FORCE_COLOR: '1' })).stderr).not.toContain(start);
});

test('DEBUG=trunkline shows where an error comes from', async () => {
  const { stderr } = await trunkline(['validate', '-f', 'gone.yaml'], { DEBUG: 'trunkline' });
  expect(stderr).toContain('file gone.yaml does not exist.');
  expect(stderr).toMatch(/\n {4}at .*read-config/);
});

test('a reader that leaves early is no error', async () => {
  const { child, result } = startProgram(['schema'], { cwd: folder });
  child.stdout?.destroy();
  expect(await result).toMatchObject({ status: 0, stderr: '' });
});

test.skipIf(process.platform !== 'linux')('a full disk where output goes is told without a stack', async () => {
  const fd = openSync('/dev/full', 'w');
  for (const args of [['schema'], ['validate', '--json', '-f', 'bad.yaml']]) {
    const { status, stderr } = await startProgram(args, { cwd: folder, into: { fd, errors: false } }).result;
    expect([status, stderr]).toEqual([1, expect.stringContaining('standard output cannot be written: ENOSPC')]);
    expect(stderr).not.toMatch(/ {4}at /);
  }
  closeSync(fd);
});

test('schema prints the schema as it is shipped', async () => {
  const { stdout } = await trunkline(['schema']);
  expect(stdout).toBe(readFileSync('schemas/trunkline.schema.json', 'utf8'));
});

test('the version and the list of commands', async () => {
  expect((await trunkline(['--version'])).stdout).toMatch(/^trunkline\/\d/);
  const { status, stdout } = await trunkline([]);
  expect(status).toBe(0);
  expect(stdout).toMatch(/\n {2}validate {2,}Check the files, without a database\./);
});
