import { expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { freshCluster } from '../support/cluster.ts';
import { applyAll, planOf, stepIds } from '../support/planning.ts';

const tables = `create schema app;
  create table app.orders (id bigserial primary key, note text);`;

const chain = `queues:
  replika:
    ticker: { max_lag: 100ms }
    nodes:
      src: { database: src, role: root }
      mid: { database: mid, role: branch }
      dst: { database: dst, role: leaf, provider: mid }
    tables: [app.orders]
allow: [copies-data]
`;

test('a chain is built from its provider down, and the second plan is empty', async () => {
  await using cluster = await freshCluster({ src: 14, mid: 18, dst: 14 });
  for (const database of Object.values(cluster.databases)) {
    await using session = await database.session();
    await session.script(tables);
  }
  await applyAll(cluster, chain);
  expect(stepIds(await planOf(cluster, chain))).toEqual([]);
  await using mid = await cluster.databases.mid.session();
  const look = await mid.query(
    sql(`select n.node_type as type, s.provider_node as provider, i.subscriber_node as subscriber, q.queue_external_ticker as external,
        q.queue_disable_insert as closed, extract(epoch from q.queue_ticker_max_lag)::float8 as lag
      from pgq_node.node_info n join pgq_node.local_state s using (queue_name)
      join pgq_node.subscriber_info i using (queue_name) join pgq.queue q using (queue_name)`),
  );
  expect(look).toEqual([
    { type: 'branch', provider: 'src', subscriber: 'dst', external: true, closed: true, lag: 0.1 },
  ]);
  // What others write there is refused: the branch's queue takes only what its worker brings.
  await expect(mid.query(sql(`insert into app.orders (note) values ('mine')`))).rejects.toThrow('does not take events');
});
