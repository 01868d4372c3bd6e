import { expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { type Cluster, freshCluster } from '../support/cluster.ts';
import { applyAll, planOf, stepIds } from '../support/planning.ts';
import { startProgram, temporaryFile } from '../support/program.ts';
import { waitFor } from '../support/replication.ts';

// What was taken out and came back while no worker ran: the worker then reads of both, one after the other.

const file = `queues:
  replika:
    ticker: { max_lag: 100ms }
    nodes:
      src: { database: src, role: root }
      dst: { database: dst, role: leaf, provider: src }
    tables:
      - include: ["app.*"]
`;

async function cascade() {
  const cluster = await freshCluster({ src: 14, dst: 18 });
  for (const database of [cluster.databases.src, cluster.databases.dst]) {
    await using session = await database.session();
    await session.script(`create schema app; create table app.orders (id bigserial primary key, note text);
      create table app.items (id int primary key, note text)`);
  }
  await applyAll(cluster, file);
  return cluster;
}

/** Runs the program until all tables are in sync and a row made meanwhile has arrived, then stops it. */
async function runUntilEqual(cluster: Cluster<'src' | 'dst'>, note: string): Promise<void> {
  using config = temporaryFile('trunkline.yaml', `version: 1\n${cluster.yaml}${file}`);
  const running = startProgram(['run', '-f', config.path]);
  try {
    await using src = await cluster.databases.src.session();
    await using dst = await cluster.databases.dst.session();
    await src.query(sql('insert into app.orders (note) values ($1)', note));
    await waitFor(`both tables in sync, and the row ${note}`, 20_000, async () => {
      const [row] = await dst.query<{ seen: boolean }>(
        sql(
          `select (select count(*) = 2 from londiste.table_info where local and merge_state = 'ok')
             and exists (select from app.orders where note = $1) as seen`,
          note,
        ),
      );
      return row?.seen === true;
    });
  } finally {
    const { stderr } = await running.kill('SIGTERM');
    expect(stderr).not.toMatch(/refused|error/i);
  }
}

async function copyWithoutTicks(cluster: Cluster<'src' | 'dst'>): Promise<void> {
  using config = temporaryFile('trunkline.yaml', `version: 1\n${cluster.yaml}${file}`);
  const running = startProgram(['run', '-f', config.path, '--node', 'dst', '--no-ticker']);
  try {
    await using dst = await cluster.databases.dst.session();
    const orders = sql(
      `select from londiste.table_info where table_name = 'app.orders' and merge_state = 'ok' and custom_snapshot is not null`,
    );
    await waitFor('the copy of orders, ahead of its queue', 20_000, async () => (await dst.query(orders)).length === 1);
  } finally {
    await running.kill('SIGTERM');
  }
}

test('a table', async () => {
  await using cluster = await cascade();
  await runUntilEqual(cluster, 'before');
  await applyAll(cluster, file.replace('["app.*"]', '["app.items"]'));
  await applyAll(cluster, file);
  // Copied before the worker has read of the removal, which no tick has brought yet.
  await copyWithoutTicks(cluster);
  await runUntilEqual(cluster, 'after');
  expect(stepIds(await planOf(cluster, file))).toEqual([]);
});

test('a node', async () => {
  await using cluster = await cascade();
  await runUntilEqual(cluster, 'before');
  await applyAll(cluster, file.replace(/ {6}dst: .*\n/, ''));
  await applyAll(cluster, file);
  await runUntilEqual(cluster, 'after');
  expect(stepIds(await planOf(cluster, file))).toEqual([]);
});
