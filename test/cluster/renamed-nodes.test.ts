import { expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { applyAll, planOf, stepIds } from '../support/planning.ts';
import { runProgram, temporaryFile } from '../support/program.ts';
import {
  expectEqualData,
  fileOf,
  runWorkers,
  startWriter,
  type Topology,
  threeDatabases,
  whenInSync,
} from '../support/topologies.ts';

// All three nodes of a chain get new names while somebody writes. The program is ended with SIGKILL at each part of it.

const chain: Topology = { a: 'root', b: 'branch of a', c: 'leaf of b' };

const before = fileOf(chain);
const after = `queues:
  replika:
    ticker: { max_lag: 50ms, idle_period: 500ms }
    nodes:
      root1: { database: a, role: root }
      branch1: { database: b, role: branch, provider: root1 }
      leaf1: { database: c, role: leaf, provider: branch1 }
    tables: [app.orders, app.items]
    moved:
      - { node: a, to: root1 }
      - { node: b, to: branch1 }
      - { node: c, to: leaf1 }
`;

const points = [
  'after-node:rename_node/replika/root1',
  'after-subscribers:rename_node/replika/root1',
  'after-provider:rename_node/replika/branch1',
  'after-node:rename_node/replika/branch1',
];

test('nodes go on under new names where they stand, whatever part of it the apply is killed at', async () => {
  await using cluster = await threeDatabases();
  await using writer = startWriter(cluster);
  await using old = runWorkers(cluster, before);
  await applyAll(cluster, before);
  await whenInSync(cluster, chain);
  writer.at('a');
  await expect.poll(() => writer.confirmed.size, { timeout: 20_000 }).toBeGreaterThan(20);

  // A row that a first copy would take away: the leaf's own.
  await using leaf = await cluster.databases.c.session();
  await leaf.script(`set session_replication_role = replica; insert into app.items values (1000, 'only here')`);

  // The new processes wait for their names, and the old ones end with theirs.
  await using fresh = runWorkers(cluster, after);
  using config = temporaryFile('trunkline.yaml', `version: 1\n${cluster.yaml}${after}`);
  // A plan is out of date where the root's word of a name has come to a node since: then another is made.
  const applied = async (fault: Record<string, string>) => {
    const { status, signal, stderr } = await runProgram(['apply', '-f', config.path, '--auto-approve'], { env: fault });
    return signal ?? (status === 0 ? 'done' : stderr);
  };
  for (const point of points) {
    await expect
      .poll(() => applied({ TRUNKLINE_FAULT: point }), { timeout: 60_000, interval: 200, message: point })
      .toBe('SIGKILL');
  }
  await expect.poll(() => applied({}), { timeout: 60_000, interval: 200 }).toBe('done');
  expect(stepIds(await planOf(cluster, after))).toEqual([]);

  const written = writer.confirmed.size;
  await expect.poll(() => writer.confirmed.size, { timeout: 20_000 }).toBeGreaterThan(written + 20);
  writer.at();
  expect(await leaf.query(sql('delete from app.items where id = 1000 returning note'))).toEqual([
    { note: 'only here' },
  ]);
  const told = () => fresh.logs.map(({ message }) => message).join('; ');
  await expectEqualData(cluster, chain, writer.confirmed, told);
  const codes = old.logs.map(({ message }) => message).join(' ');
  expect(codes).toContain('node_not_set_up');

  // What is taken out of the file can be left as it is: the table and the leaf go on.
  const fewer = after
    .replace(/ {6}leaf1: .*\n/, '')
    .replace(', app.items', '')
    .replace(/ {4}moved:[\s\S]*/, '    removed: [{ table: app.items, keep: true }, { node: leaf1, keep: true }]\n');
  expect(stepIds(await planOf(cluster, fewer))).toEqual([]);
  expect(stepIds(await planOf(cluster, fewer.replace(/ {4}removed: .*\n/, '')))).toEqual([
    'remove_table/replika/branch1/app.items',
    'remove_table/replika/root1/app.items',
    'drop_node/replika/leaf1',
  ]);

  // Nobody knows the old names any more, and nothing is kept for them.
  for (const database of Object.values(cluster.databases)) {
    await using session = await database.session();
    const names = sql(`select
      (select array_agg(node_name order by node_name) from pgq_node.node_location) as places,
      (select array_agg(worker_name) from pgq_node.subscriber_info) as workers,
      (select array_agg(co_name order by co_name) from pgq.subscription join pgq.consumer on sub_consumer = co_id) as consumers`);
    const worker = { a: ['branch1.worker'], b: ['leaf1.worker'], c: null }[database.name as 'a' | 'b' | 'c'];
    const watermark = worker?.map((name) => `.${name.replace('worker', 'watermark')}`) ?? [];
    const consumers = worker === null ? null : [...watermark, '.global_watermark', ...worker].sort();
    await expect
      .poll(() => session.query(names), { timeout: 20_000 })
      .toEqual([{ places: ['branch1', 'leaf1', 'root1'], workers: worker, consumers }]);
  }
});
