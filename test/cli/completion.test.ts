import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COMMANDS } from '../support/commands.ts';
import { runProgram } from '../support/program.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'trunkline-completion-'));
  const program = join(folder, 'trunkline');
  symlinkSync(resolve('bin/run.js'), program);
  chmodSync(resolve('bin/run.js'), 0o755);
  // The environment is not set, and a key is wrong: names are there all the same.
  writeFileSync(
    join(folder, 'trunkline.yaml'),
    `version: 1
databases:
  source: { url: "\${NOT_SET}" }
  target: { hots: x }
queues:
  shop:
    nodes:
      root1: { database: source, role: root }
      leaf1: { database: target, role: leaf }
    tables: [public.orders, "app.*", { name: app.users }]
`,
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

async function fits(...words: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await runProgram(['complete', '--', ...words], { cwd: folder });
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')[0] ?? '']));
}

test('commands, flags, words of flags, and names of the file', async () => {
  expect(await fits('sand')).toEqual(['sandbox']);
  expect(await fits('sandbox', '')).toEqual(['down', 'status', 'up', 'wipe']);
  expect(await fits('')).not.toContain('complete');
  expect(await fits('run', '--no')).toEqual(expect.arrayContaining(['--node', '--no-ticker']));
  expect(await fits('run', '--node', '')).toEqual(['root1', 'leaf1']);
  expect(await fits('run', '--node=l')).toEqual(['--node=leaf1']);
  expect(await fits('run', '--queue', 's')).toEqual(['shop']);
  expect(await fits('compare', '--table', '')).toEqual(['public.orders', 'app.users']);
  expect(await fits('uninstall', 't')).toEqual(['target']);
  expect(await fits('apply', '--allow', 'copies-data,trunc')).toEqual(['copies-data,truncates-target']);
  expect(await fits('plan', '-f', 'x')).toEqual([':files']);
  expect(await fits('run', '-f', 'nothing.yaml', '--node', '')).toEqual([]);
});

test('the build lists every command with its flags, so that a start loads the one it runs alone', () => {
  const { commands } = JSON.parse(readFileSync('oclif.manifest.json', 'utf8')) as {
    readonly commands: Readonly<Record<string, { readonly flags: object }>>;
  };
  const listed = Object.entries(commands).map(([id, { flags }]) => [id, Object.keys(flags).toSorted()]);
  const known = Object.entries(COMMANDS).map(([id, { baseFlags, flags }]) => [
    id,
    Object.keys({ ...baseFlags, ...flags }).toSorted(),
  ]);
  expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(known));
});

const run = promisify(execFile);

/** In the shell itself, with the script that the program prints. */
async function inShell(shell: string, args: readonly string[]): Promise<string> {
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}`, HOME: folder, TERM: 'dumb' };
  return (await run(shell, args, { cwd: folder, env, timeout: 60_000 })).stdout;
}

test('bash', async () => {
  const ask = `source <(trunkline completion bash)
    ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _trunkline_complete; echo "\${COMPREPLY[@]}"; }
    ask trunkline run --node ''
    ask trunkline run --node = le
    ask trunkline compl
    complete -p trunkline`;
  expect((await inShell('bash', ['--norc', '-c', ask])).split('\n')).toEqual([
    'root1 leaf1',
    'leaf1',
    'completion',
    'complete -F _trunkline_complete trunkline',
    '',
  ]);
});

test('fish', async ({ skip }) => {
  if (!existsSync('/usr/bin/fish')) missing('fish', skip);
  const ask = `trunkline completion fish | source; complete -C 'trunkline run --node '; complete -C 'trunkline uninstall t'`;
  const words = (await inShell('fish', ['--no-config', '-c', ask])).split('\n').map((line) => line.split('\t')[0]);
  expect(words).toEqual(expect.arrayContaining(['root1', 'leaf1', 'target']));
});

test('zsh', async ({ skip }) => {
  if (!existsSync('/usr/bin/zsh')) missing('zsh', skip);
  // What the completion system would be given.
  const ask = `compdef() { : }; compadd() { print -- "$@" }; _files() { print files }
    source <(trunkline completion zsh)
    words=(trunkline run --node ''); CURRENT=4; _trunkline
    words=(trunkline plan -f ''); CURRENT=4; _trunkline
    words=(trunkline compl); CURRENT=2; _trunkline`;
  expect((await inShell('zsh', ['-f', '-c', ask])).split('\n')).toEqual([
    '-- root1 leaf1',
    'files',
    '-- completion',
    '',
  ]);
});

function missing(program: string, skip: (reason: string) => never): void {
  const reason = `${program} is not installed (apt-get install ${program})`;
  if ((process.env.CI ?? '') !== '') throw new Error(reason);
  skip(reason);
}
