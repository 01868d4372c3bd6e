import { expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { freshCluster } from '../support/cluster.ts';
import { applyAll, planOf, stepIds } from '../support/planning.ts';
import { createSource, createTarget1, createTarget2 } from '../support/walkthrough-schema.ts';

const walkThrough = `queues:
  replika:
    nodes:
      src: { database: src, role: root }
      dst1: { database: dst1, role: leaf, provider: src }
      dst2: { database: dst2, role: leaf, provider: src }
    tables:
      - include: ["digoal_01.user_*"]
        nodes:
          dst1: {}
      - name: digoal_01.user_info
        nodes:
          dst2: { target: digoal_02.user_info1, where: "userid < 1000" }
      - name: digoal_01.user_session
        nodes:
          dst2: { target: digoal_02.user_session1, where: "userid < 1000" }
`;

async function walkThroughCluster() {
  const cluster = await freshCluster({ src: 14, dst1: 18, dst2: 18 });
  await createSource(cluster.databases.src);
  await createTarget1(cluster.databases.dst1);
  await createTarget2(cluster.databases.dst2);
  return cluster;
}

test('a bare source and two bare targets become a cascade, and the plan after it is empty', async () => {
  await using cluster = await walkThroughCluster();
  const plan = await planOf(cluster, walkThrough);
  expect(plan.warnings).toEqual([]);
  const applied = await applyAll(cluster, walkThrough);
  expect(applied.walked?.done.map((step) => step.id).sort()).toEqual([...stepIds(plan)].sort());
  expect(stepIds(await planOf(cluster, walkThrough))).toEqual([]);

  await using src = await cluster.databases.src.session();
  expect(
    await src.query(
      sql("select subscriber_node from pgq_node.subscriber_info where queue_name = 'replika' order by 1"),
    ),
  ).toEqual([{ subscriber_node: 'dst1' }, { subscriber_node: 'dst2' }]);
  await using dst2 = await cluster.databases.dst2.session();
  expect(
    await dst2.query(sql('select table_name, dest_table, merge_state from londiste.table_info where local order by 1')),
  ).toEqual([
    { table_name: 'digoal_01.user_info', dest_table: 'digoal_02.user_info1', merge_state: null },
    { table_name: 'digoal_01.user_session', dest_table: 'digoal_02.user_session1', merge_state: null },
  ]);
  await expect(dst2.script('insert into digoal_02.user_info1 (userid) values (1)')).rejects.toThrow(/user_info1/);
});
