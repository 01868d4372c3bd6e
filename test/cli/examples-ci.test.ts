import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { freshCluster } from '../support/cluster.ts';
import { runProgram, temporaryFile } from '../support/program.ts';

// The jobs of examples/ci, each of their trunkline commands run in order: on a pull request, on a merge, and at night.

interface Job {
  readonly commands: readonly string[];
}

interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly steps: readonly { readonly run?: string }[] }>>;
}

function github(): Readonly<Record<string, Job>> {
  const workflow = parse(readFileSync('examples/ci/.github/workflows/trunkline.yaml', 'utf8')) as Workflow;
  return Object.fromEntries(
    Object.entries(workflow.jobs).map(([name, { steps }]) => [
      name,
      { commands: steps.flatMap(({ run }) => (run?.startsWith('trunkline ') === true ? [run] : [])) },
    ]),
  );
}

function gitlab(): Readonly<Record<string, Job>> {
  const { default: _, ...jobs } = parse(readFileSync('examples/ci/.gitlab-ci.yml', 'utf8')) as Record<
    string,
    { readonly script: readonly string[] }
  >;
  return Object.fromEntries(Object.entries(jobs).map(([name, { script }]) => [name, { commands: script }]));
}

test('plan on a pull request, apply on merge, drift at night', { timeout: 300_000 }, async () => {
  await using cluster = await freshCluster({ src: 14, dst: 18 });
  for (const database of Object.values(cluster.databases)) {
    await using session = await database.session();
    await session.script('create schema app; create table app.orders (id int primary key)');
  }
  const { src, dst } = cluster.databases;
  using notes = temporaryFile('notes.txt', '');
  const folder = dirname(notes.path);
  const file = resolve('examples/ci/trunkline.yaml');
  const jobs = github();
  expect(Object.keys(jobs)).toEqual(['plan', 'apply', 'drift']);
  // The other system's jobs are the same, but for what each shows of a plan.
  const others = Object.values(gitlab()).flatMap(({ commands }) => commands);
  const all = Object.values(jobs).flatMap(({ commands }) => commands);
  expect(others.map((command) => command.replace(' --gitlab-report plan.json', ''))).toEqual(
    all.filter((command) => !command.startsWith('trunkline show ')),
  );
  const run = async (job: string) => {
    const statuses: (number | null)[] = [];
    for (const command of jobs[job]?.commands ?? []) {
      const [, ...args] = (command.split(' > ')[0] ?? '').split(' ');
      const needsFile = args[0] !== 'show';
      const result = await runProgram(needsFile ? [...args, '-f', file] : args, {
        cwd: folder,
        env: { SRC_URL: src.url, DST_URL: dst.url },
      });
      statuses.push(result.status);
    }
    return statuses;
  };
  expect(await run('plan')).toEqual((jobs.plan?.commands ?? []).map(() => 0));
  expect(existsSync(join(folder, 'change.plan'))).toBe(true);
  expect(await run('apply')).toEqual([0, 0]);
  expect(await run('drift')).toEqual([0]);
  {
    await using session = await src.session();
    await session.script('alter table app.orders disable trigger _londiste_replika_update');
  }
  expect(await run('drift')).toEqual([2]);
});
