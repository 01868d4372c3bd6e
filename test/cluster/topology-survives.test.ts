import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Cluster } from '../support/cluster.ts';
import { applyAll, planOf, stepIds } from '../support/planning.ts';
import { runProgram, temporaryFile } from '../support/program.ts';
import {
  expectEqualData,
  fileOf,
  type Place,
  rootOf,
  runWorkers,
  startWriter,
  type Topology,
  threeDatabases,
  whenInSync,
} from '../support/topologies.ts';

// The root goes to and fro, and a leaf from one provider to the other, while somebody writes. Each time the program is
// ended with SIGKILL at another place, and the next apply brings it to its end.

const here: Topology = { a: 'root', b: 'branch of a', c: 'leaf of a' };
const there: Topology = { b: 'root', a: 'branch of b', c: 'leaf of b' };

const points = [
  'after-closing:move_root/replika',
  'after-last-tick:move_root/replika',
  'after-promotion:move_root/replika',
  'after-subscription:move_root/replika',
  'after-demotion:move_root/replika',
  'after-provider:change_provider/replika',
  'after-node:change_provider/replika',
];

/** To and fro by the command, which is killed once it has written the file. */
async function switchOver(cluster: Cluster<Place>, at: (...places: Place[]) => void): Promise<void> {
  const text = (topology: Topology) => `version: 1\n${cluster.yaml}${fileOf(topology)}`;
  const moved: Topology = { a: 'branch of b', b: 'root', c: 'leaf of a' };
  using config = temporaryFile('trunkline.yaml', text(here));
  const said = () => readFileSync(config.path, 'utf8');
  const args = ['-f', config.path, '--auto-approve', '--allow', 'moves-root'];
  const shown = await runProgram(['switchover', 'b', '-f', config.path, '--dry-run', '--json']);
  const events = shown.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly type: string });
  expect(events).toMatchObject([
    { type: 'version' },
    { type: 'edit', file: config.path, diff: expect.stringContaining('+      b: { database: b, role: root }') },
    { type: 'planned', steps: ['move_root/replika/b'], hazards: [{ kind: 'moves-root' }] },
  ]);
  const unallowed = await runProgram(['switchover', 'b', '-f', config.path, '--auto-approve']);
  expect([unallowed.status, said()]).toEqual([3, text(here)]);
  at('a', 'b');
  const killed = await runProgram(['switchover', 'b', ...args], { env: { TRUNKLINE_FAULT: 'after-file' } });
  expect([killed.signal, said()]).toEqual(['SIGKILL', text(moved)]);
  expect(stepIds(await planOf(cluster, fileOf(moved)))).toEqual(['move_root/replika/b']);
  for (const node of ['b', 'a']) {
    const done = await runProgram(['switchover', node, ...args]);
    expect([node, done.status, done.stderr]).toEqual([node, 0, expect.anything()]);
  }
  expect(said()).toBe(text({ a: 'root', b: 'branch of a', c: 'leaf of a' }));
  expect(stepIds(await planOf(cluster, fileOf(here)))).toEqual([]);
}

test('whatever step of a move it is killed at, the next apply ends it, and no write is lost', {
  timeout: 600_000,
}, async () => {
  await using cluster = await threeDatabases();
  await using writer = startWriter(cluster);
  await using running = runWorkers(cluster, fileOf(here));
  await applyAll(cluster, fileOf(here));
  await whenInSync(cluster, here);
  await switchOver(cluster, writer.at);
  let [from, to] = [here, there];
  for (const point of points) {
    writer.at(rootOf(from), rootOf(to));
    const file = `${fileOf(to)}allow: [moves-root, copies-data]\n`;
    using config = temporaryFile('trunkline.yaml', `version: 1\n${cluster.yaml}${file}`);
    const node = point.includes('move_root') ? rootOf(to) : 'c';
    const fault = `${point}/${node}`;
    const killed = await runProgram(['apply', '-f', config.path, '--auto-approve'], {
      env: { TRUNKLINE_FAULT: fault },
    });
    expect([fault, killed.signal, killed.stderr]).toEqual([fault, 'SIGKILL', expect.anything()]);
    await applyAll(cluster, file, { lockTimeoutMs: 10_000, workerTimeoutMs: 60_000 });
    const before = writer.confirmed.size;
    await expect.poll(() => writer.confirmed.size, { timeout: 20_000 }).toBeGreaterThan(before);
    writer.at();
    const told = () =>
      running.logs
        .filter(({ level }) => level !== 'info')
        .map(({ message }) => message)
        .join('; ');
    await expectEqualData(cluster, to, writer.confirmed, told);
    expect([point, stepIds(await planOf(cluster, file))]).toEqual([point, []]);
    [from, to] = [to, from];
  }
});
