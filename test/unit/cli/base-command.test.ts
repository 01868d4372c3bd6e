import { Config } from '@oclif/core';
import { expect, test, vi } from 'vitest';
import { BaseCommand, exitCodeOf } from '../../../src/cli/base-command.ts';
import { ToolError } from '../../../src/model/problem.ts';
import { sampleProblems } from '../../support/sample-problems.ts';

const { consent_missing, plan_outdated, apply_locked, root_missing } = sampleProblems;

test.for([
  [[consent_missing], 3],
  [[plan_outdated], 4],
  [[apply_locked, plan_outdated], 4],
  [[root_missing], 1],
  [[consent_missing, root_missing], 1],
  [[consent_missing, plan_outdated], 1],
] as const)('%j', ([samples, status]) => {
  expect(exitCodeOf(samples.map(({ problem }) => problem))).toBe(status);
});

/** Runs a command that throws `error`, and gives what it wrote and how it ended. */
async function failing(error: unknown, argv: readonly string[] = []) {
  class FailingCommand extends BaseCommand {
    static override id = 'failing';
    execute(): Promise<unknown> {
      return this._run();
    }
    async run(): Promise<void> {
      await this.parse(FailingCommand);
      throw error;
    }
  }
  const config = await Config.load({
    root: process.cwd(),
    pjson: { name: 'trunkline', version: '0', oclif: {} } as never,
  });
  const out: string[] = [];
  const err: string[] = [];
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0);
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => err.push(String(text)) > 0);
  try {
    const end = await new FailingCommand([...argv], config).execute().catch((reason: unknown) => reason);
    const { oclif } = end as { readonly oclif?: { readonly exit?: number } };
    return { status: oclif?.exit, stdout: out.join(''), stderr: err.join('') };
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
  }
}

test('a problem is told on standard error, and decides the status', async () => {
  const error = new ToolError([apply_locked.problem]);
  const { status, stdout, stderr } = await failing(error, ['--no-color']);
  expect({ status, stdout }).toEqual({ status: 4, stdout: '' });
  expect(stderr).toMatch(/^error {2}somebody else is applying: trunkline apply ci7:4711/);
});

test('with --json, standard output has the problems too', async () => {
  const { status, stdout } = await failing(new ToolError([root_missing.problem]), ['--json']);
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ problems: [{ code: 'root_missing', line: 6 }] });
});

test('after -- a word is no flag', async () => {
  const { stdout } = await failing(new ToolError([root_missing.problem]), ['--', '--json']);
  expect(stdout).toBe('');
});

test('a defect is one line with its place, and how to see the rest', async () => {
  const { status, stderr } = await failing(new TypeError('nothing there'), ['--no-color']);
  expect(status).toBe(1);
  const lines = stderr.trimEnd().split('\n');
  expect(lines[0]).toBe('error  this is a defect of Trunkline: TypeError: nothing there.');
  expect(lines[1]).toContain('DEBUG=trunkline');
  expect(lines).toHaveLength(2);
});

test('a defect of our own code names the file and line', async () => {
  const error = new TypeError('nothing there');
  error.stack = 'TypeError: nothing there\n    at run (file:///opt/trunkline/dist/app/plan.js:12:7)\n    at other (x)';
  expect((await failing(error, ['--no-color'])).stderr).toContain('TypeError: nothing there (app/plan.js:12).');
});
