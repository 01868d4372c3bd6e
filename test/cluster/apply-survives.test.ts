import { expect, test } from 'vitest';
import type { Session } from '../../src/db/session.ts';
import { sql } from '../../src/db/statement.ts';
import { type Cluster, freshCluster } from '../support/cluster.ts';
import { applyAll, planOf, stepIds } from '../support/planning.ts';
import { runProgram, temporaryFile } from '../support/program.ts';

// The built program is ended with SIGKILL at one named place, and then run again without: whatever the place, it must
// come to what an apply that was left alone comes to.

const file = `queues:
  replika:
    nodes:
      src: { database: src, role: root }
      dst: { database: dst, role: leaf, provider: src }
    tables:
      - name: app.orders
allow: [copies-data, truncates-target, stops-replication, loses-events]
`;
const filtered = file.replace('- name: app.orders\n', '- name: app.orders\n        where: id < 10\n');
const withoutTable = file.replace('app.orders', 'app.items');
const withoutLeaf = file.replace(/ {6}dst: .*\n/, '');

async function twoDatabases() {
  const cluster = await freshCluster({ src: 14, dst: 18 });
  for (const database of [cluster.databases.src, cluster.databases.dst]) {
    await using session = await database.session();
    await session.script(`create schema app;
      create table app.orders (id bigserial primary key, note text);
      create table app.items (id int primary key, note text)`);
  }
  return cluster;
}

const catalogs = `select json_build_object(
  'nodes', (select json_agg(json_build_array(queue_name, node_type, node_name, worker_name)) from pgq_node.node_info),
  'members', (select json_agg(json_build_array(node_name, dead) order by node_name) from pgq_node.node_location),
  'state', (select json_agg(json_build_array(consumer_name, provider_node)) from pgq_node.local_state),
  'subscribers', (select json_agg(json_build_array(subscriber_node, worker_name)) from pgq_node.subscriber_info),
  'consumers', (select json_agg(co_name order by co_name) from pgq.consumer),
  'tables', (select json_agg(json_build_array(table_name, merge_state, table_attrs, dest_table) order by table_name)
               from londiste.table_info where local),
  'sequences', (select json_agg(json_build_array(seq_name, local) order by seq_name) from londiste.seq_info where local),
  'triggers', (select json_agg(json_build_array(tgrelid::regclass::text, tgname, tgenabled, encode(tgargs, 'escape'))
                      order by tgrelid::regclass::text, tgname)
                 from pg_trigger where tgname like '\\_londiste%' and not tgisinternal)) as seen`;

async function seen(cluster: Cluster<'src' | 'dst'>): Promise<unknown> {
  const look = async (session: Session) => (await session.query(sql(catalogs)))[0];
  await using src = await cluster.databases.src.session();
  await using dst = await cluster.databases.dst.session();
  return { src: await look(src), dst: await look(dst) };
}

async function applyKilledAt(cluster: Cluster<'src' | 'dst'>, text: string, fault: string) {
  using config = temporaryFile('trunkline.yaml', `version: 1\n${cluster.yaml}${text}`);
  return await runProgram(['apply', '-f', config.path, '--auto-approve'], { env: { TRUNKLINE_FAULT: fault } });
}

interface Change {
  readonly name: string;
  /** Brought about first, without any fault. */
  readonly from: string | undefined;
  readonly to: string;
  readonly points: readonly string[];
}

const changes: readonly Change[] = [
  {
    name: 'building it all',
    from: undefined,
    to: file,
    points: [
      'before:install_schemas/src',
      'after:install_schemas/src',
      'after:install_schemas/dst',
      'after:create_root/replika/src',
      'after:set_ticker/replika/src',
      'after-root:create_leaf/replika/dst',
      'after-provider:create_leaf/replika/dst',
      'after:create_leaf/replika/dst',
      'after:add_table/replika/src/app.orders',
      'after:add_table/replika/dst/app.orders',
      'after:add_sequence/replika/src/app.orders_id_seq',
      'after:add_sequence/replika/dst/app.orders_id_seq',
    ],
  },
  { name: 'changing a filter', from: file, to: filtered, points: ['after:change_table/replika/dst/app.orders'] },
  {
    name: 'another table',
    from: file,
    to: withoutTable,
    points: [
      'after:remove_table/replika/dst/app.orders',
      'after:remove_table/replika/src/app.orders',
      'after:remove_sequence/replika/dst/app.orders_id_seq',
    ],
  },
  {
    name: 'dropping a node',
    from: file,
    to: withoutLeaf,
    points: ['after-root:drop_node/replika/dst', 'after:drop_node/replika/dst'],
  },
];

test.for(changes)('$name comes to the same end wherever apply is killed', async ({ from, to, points }) => {
  const run = async (fault: string | undefined) => {
    await using cluster = await twoDatabases();
    if (from !== undefined) await applyAll(cluster, from);
    if (fault !== undefined) {
      const killed = await applyKilledAt(cluster, to, fault);
      expect([fault, killed.signal, killed.stderr]).toEqual([fault, 'SIGKILL', expect.anything()]);
    }
    await applyAll(cluster, to, { lockTimeoutMs: 10_000 });
    expect(stepIds(await planOf(cluster, to))).toEqual([]);
    return await seen(cluster);
  };
  const expected = await run(undefined);
  for (const point of points) expect([point, await run(point)]).toEqual([point, expected]);
});
