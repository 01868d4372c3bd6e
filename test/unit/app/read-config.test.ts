import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readConfig } from '../../../src/app/read-config.ts';
import { ToolError } from '../../../src/model/problem.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trunkline-config-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const databases = 'version: 1\ndatabases:\n  source: { host: db1 }\n';
const queue = 'version: 1\nqueues:\n  shop:\n    nodes:\n      root1: { database: source, role: root }\n';

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function codesOf(...paths: string[]): Promise<unknown[]> {
  const error = await readConfig(paths, {}).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ToolError)) throw error ?? new Error('no problem was found');
  return error.problems.map((problem) => {
    const place = 'at' in problem ? problem.at.file : 'file' in problem ? problem.file : '';
    return [problem.code, 'reason' in problem ? problem.reason : undefined, place.replace(`${folder}/`, '')];
  });
}

test('one file, two files, and a directory come to the same', async () => {
  const both = write('both.yaml', databases + queue.replace('version: 1\n', ''));
  mkdirSync(join(folder, 'conf.d'));
  const first = write('conf.d/10.yaml', databases);
  const second = write('conf.d/20.yml', queue);
  write('conf.d/.hidden.yaml', 'version: [');
  write('conf.d/notes.txt', 'version: [');
  const expected = [['source'], ['shop']];
  for (const paths of [
    [both],
    [first, second],
    [join(folder, 'conf.d')],
    [first, second, first],
    [first, join(folder, 'conf.d')],
  ]) {
    const state = await readConfig(paths, {});
    expect([[...state.databases.keys()], [...state.queues.keys()]]).toEqual(expected);
  }
});

test('a place names the file as the user did', async () => {
  const path = write('a.yaml', `${databases}x: 1\n`);
  expect(await codesOf(path)).toEqual([['key_unknown', undefined, 'a.yaml']]);
});

test('a file that is not there is told, with every other that is not', async () => {
  expect(await codesOf(join(folder, 'a.yaml'), write('b.yaml', databases), join(folder, 'c.yaml'))).toEqual([
    ['file_unreadable', 'missing', 'a.yaml'],
    ['file_unreadable', 'missing', 'c.yaml'],
  ]);
});

test('a directory without YAML', async () => {
  write('notes.txt', 'x');
  expect(await codesOf(folder)).toEqual([['file_unreadable', 'no_yaml_inside', folder]]);
});

test('bytes that are not UTF-8', async () => {
  expect(await codesOf(write('a.yaml', new Uint8Array([0x76, 0xff, 0xfe])))).toEqual([
    ['file_unreadable', 'not_text', 'a.yaml'],
  ]);
});

test('a file far too large', async () => {
  expect(await codesOf(write('a.yaml', '#'.repeat(9 * 1024 * 1024)))).toEqual([
    ['file_unreadable', 'too_large', 'a.yaml'],
  ]);
});

test.skipIf(process.getuid?.() === 0)('a file that may not be read', async () => {
  const path = write('a.yaml', databases);
  chmodSync(path, 0);
  expect(await codesOf(path)).toEqual([['file_unreadable', 'denied', 'a.yaml']]);
});

test('a mark at the start, which some editors write, is no part of the text', async () => {
  const state = await readConfig([write('a.yaml', `\uFEFF${databases}`)], {});
  expect(state.databases.size).toBe(1);
});

test('an empty file', async () => {
  expect(await codesOf(write('a.yaml', ''))).toEqual([['file_empty', undefined, 'a.yaml']]);
});

test('the environment that is handed in is the one that is read', async () => {
  const path = write('a.yaml', `version: 1\ndatabases:\n  a: { host: "\${TRUNKLINE_TEST_HOST}" }\n`);
  const state = await readConfig([path], { TRUNKLINE_TEST_HOST: 'db7' });
  const [database] = state.databases.values();
  expect(database?.connection).toMatchObject({ kind: 'server', params: { host: 'db7' } });
  expect(await codesOf(path)).toEqual([['variable_unset', undefined, 'a.yaml']]);
});
