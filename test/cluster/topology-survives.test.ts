import { expect, test } from 'vitest';
import { applyAll, planOf, stepIds } from '../support/planning.ts';
import { runProgram, temporaryFile } from '../support/program.ts';
import {
  expectEqualData,
  fileOf,
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

test('whatever step of a move it is killed at, the next apply ends it, and no write is lost', async () => {
  await using cluster = await threeDatabases();
  await using writer = startWriter(cluster);
  await using running = runWorkers(cluster, fileOf(here));
  await applyAll(cluster, fileOf(here));
  await whenInSync(cluster, here);
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
