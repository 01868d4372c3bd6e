import { beforeEach, expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { freshCluster } from '../support/cluster.ts';
import { debianPrograms, locationOf } from '../support/debian-programs.ts';
import { debianServer, needDebian } from '../support/debian-server.ts';
import { applyAll, planOf, resyncAll, stepIds } from '../support/planning.ts';
import { expectEqual } from '../support/replication.ts';
import { changes, inSync, rows, runNodes, settled, tables, writing } from './cascade.ts';

beforeEach(needDebian);

const both = ['select * from people', 'select * from log'];

/** `theirs` and `far` are made and worked by Londiste: a branch under our root, and a leaf under our branch. */
const ours = `queues:
  replika:
    ticker: { max_lag: 100ms, idle_period: 500ms }
    nodes:
      src: { database: src, role: root }
      mine: { database: mine, role: branch, provider: src }
    tables:
      - include: [public.people, public.log]
    sequences: { owned: true }
`;
const whole = ours.replace(
  '    tables:',
  `      theirs: { database: theirs, role: branch, provider: src }
      near: { database: near, role: leaf, provider: theirs }
      far: { database: far, role: leaf, provider: mine }
    tables:`,
);

test('workers of either kind stand at any place of a cascade, change places, and go with the root', async () => {
  await using debian = await debianServer();
  const { server } = debian;
  await using cluster = await freshCluster({ src: 18, mine: 14, theirs: { server }, near: 18, far: { server } });
  const { src, mine, theirs, near, far } = cluster.databases;
  await using programs = debianPrograms([src, mine, theirs, far]);
  await using root = await src.session();
  await using branch = await mine.session();
  await using otherBranch = await theirs.session();
  await using nearLeaf = await near.session();
  await using farLeaf = await far.session();
  const all = [root, branch, otherBranch, nearLeaf, farLeaf];
  for (const session of all) await session.script(tables);
  await root.script(rows);

  await applyAll(cluster, ours);
  const atTheirs = programs.londiste({ job: 'theirs.worker', queue: 'replika', database: theirs });
  const atFar = programs.londiste({ job: 'far.worker', queue: 'replika', database: far });
  await atTheirs.run(['create-branch', 'theirs', locationOf(theirs), `--provider=${locationOf(src)}`]);
  await atFar.run(['create-leaf', 'far', locationOf(far), `--provider=${locationOf(mine)}`]);
  await using trunkline = runNodes(cluster, ours);
  const why = () => `${JSON.stringify(trunkline.faults())} ${programs.logs()}`;
  let branchWorker = atTheirs.worker();
  atFar.worker();
  for (const londiste of [atTheirs, atFar]) {
    await londiste.run(['add-table', 'public.people', 'public.log']);
    await londiste.run(['add-seq', 'public.log_id_seq']);
  }
  await using load = writing(src);
  await inSync([branch, otherBranch, farLeaf], why);
  // What Londiste made is as the file says; the leaf that is missing is made, under its branch.
  await applyAll(cluster, whole);
  expect(stepIds(await planOf(cluster, whole))).toEqual([]);
  await using leafWorker = runNodes(cluster, whole, ['near']);
  await inSync([nearLeaf], why);
  // Either kind of worker copies a branch again under load, and the other kind what is below it.
  const spoiled = `begin; set local session_replication_role = replica; lock table people in exclusive mode;
    update people set score = -1; commit`;
  for (const session of [branch, otherBranch, nearLeaf, farLeaf]) await session.script(spoiled);
  for (const node of ['mine', 'theirs'])
    await resyncAll(cluster, whole, { node, tables: ['public.people'], below: true });
  await inSync([branch, otherBranch, nearLeaf, farLeaf], why);
  await load.stop();
  await root.script(changes);
  const equal = async (from = root) => {
    const others = all.filter((session) => session !== from);
    await settled(from, others, why);
    for (const other of others) for (const query of both) await expectEqual(from, query, other, query);
  };
  await equal();
  // Below a branch that command waits for a tick that cannot come.
  await atTheirs.run(['compare']);

  // Their worker on our branch, and ours on theirs.
  await trunkline.stop(5_000);
  await branchWorker.stop();
  await root.script(`insert into log (person, what) select 1, 'while no branch works' from generate_series(1, 500)`);
  const atMine = programs.londiste({ job: 'mine.worker', queue: 'replika', database: mine });
  branchWorker = atMine.worker();
  await using swapped = runNodes(cluster, whole, ['src', 'theirs'], true);
  await root.script('update people set score = 1 where id < 100');
  await equal();

  // Their command moves the root from our worker to theirs.
  await atMine.run(['takeover', 'src']);
  await branch.script(`insert into people values (9002, 'written on the new root'); delete from log where id % 2 = 0`);
  await equal(branch);
  await expect(root.script(`insert into people values (9003, 'written on the old one')`)).rejects.toThrow(/event/);
  expect(
    await Promise.all(
      all.map(
        async (session) =>
          (await session.query(sql(`select node_type, provider_node from pgq_node.get_node_info('replika')`)))[0],
      ),
    ),
  ).toEqual([
    { node_type: 'branch', provider_node: 'mine' },
    { node_type: 'root', provider_node: 'mine' },
    { node_type: 'branch', provider_node: 'src' },
    { node_type: 'leaf', provider_node: 'theirs' },
    { node_type: 'leaf', provider_node: 'mine' },
  ]);
  expect([trunkline, leafWorker, swapped].flatMap((one) => one.faults())).toEqual([]);
  expect(programs.errors()).toEqual([]);
  await programs.stop();
});
