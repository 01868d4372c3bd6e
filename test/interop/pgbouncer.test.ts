import pg from 'pg';
import { beforeEach, expect, test } from 'vitest';
import { openDatabases } from '../../src/app/databases.ts';
import { doctor } from '../../src/app/doctor.ts';
import { statusOn } from '../../src/app/status.ts';
import { databaseName } from '../../src/model/names.ts';
import { freshCluster } from '../support/cluster.ts';
import { debianPrograms, type Pooled, type PoolMode } from '../support/debian-programs.ts';
import { needDebian } from '../support/debian-server.ts';
import { applyAll, desiredOf, planOf, stepIds } from '../support/planning.ts';
import { temporaryFile } from '../support/program.ts';
import { expectEqual, waitFor } from '../support/replication.ts';
import { inSync, runNodes, settled } from './cascade.ts';

beforeEach(needDebian);

const queues = `queues:
  replika:
    ticker: { max_lag: 100ms }
    nodes:
      src: { database: src, role: root }
      dst: { database: dst, role: leaf }
    tables: [public.people]
`;

test('a root is of use through a pool by the session, and refused through one by the transaction', async () => {
  await using cluster = await freshCluster({ src: 14, dst: 18 });
  await using programs = debianPrograms([]);
  const { src, dst } = cluster.databases;
  await using source = await src.session();
  await using target = await dst.session();
  for (const session of [source, target]) await session.script('create table people (id int primary key, name text)');
  const through = async (pool: Pooled, mode: PoolMode) => {
    const yaml = cluster.yaml.replace(src.url, pool.url(mode));
    const desired = desiredOf({ yaml }, queues);
    return { yaml, desired, ...(await openDatabases(desired, { stateDir: programs.folder, env: {} })) };
  };
  const pool = await programs.pgbouncer(src);
  const refusal = { code: 'database_unreachable', database: 'src', reason: 'pooled' };
  for (const mode of ['transaction', 'statement'] as const) {
    const databases = await through(pool, mode);
    expect((await planOf(databases, queues)).warnings).toContainEqual(expect.objectContaining(refusal));
    const { queues: seen } = await statusOn(databases.desired, databases, undefined);
    expect(seen[0]?.nodes[0]?.findings).toMatchObject([{ code: 'unreachable', problem: refusal }]);
    using file = temporaryFile('trunkline.yaml', `version: 1\n${databases.yaml}${queues}`);
    const { complaints } = await doctor({ files: [file.path], env: {}, report: () => undefined, signal: undefined });
    expect(complaints).toContainEqual({ of: 'plan', severity: 'error', problem: expect.objectContaining(refusal) });
    await using workers = runNodes(databases, queues);
    await waitFor('the workers to be refused', 30_000, async () => {
      return workers.faults().some(({ node, message }) => node === 'src' && message.includes('"reason":"pooled"'));
    });
  }

  // A pool that gives out its connections in turn, and has some.
  const inTurn = await programs.pgbouncer(src, { server_round_robin: 1 });
  const users = Array.from({ length: 3 }, () => new pg.Client(inTurn.url('transaction')));
  for (const user of users) await user.connect();
  for (const user of users) await user.query('begin');
  for (const user of users) await user.query('commit');
  const { connector } = await through(inTurn, 'transaction');
  await expect(connector(databaseName('src'), { applicationName: 'trunkline test' })).rejects.toMatchObject({
    problems: [refusal],
  });
  // Whoever else uses the connections finds them as they were.
  for (const user of users) {
    const { rows } = await user.query(`select current_setting('extra_float_digits') as digits`);
    expect(rows).toEqual([{ digits: '1' }]);
    await user.end();
  }

  const databases = await through(pool, 'session');
  await applyAll(databases, queues);
  expect(stepIds(await planOf(databases, queues))).toEqual([]);
  await using workers = runNodes(databases, queues);
  const why = () => JSON.stringify(workers.faults());
  await inSync([target], why);
  await source.script(`insert into people select i, 'name ' || i from generate_series(1, 1000) i`);
  await settled(source, [target], why);
  await expectEqual(source, 'select * from people', target, 'select * from people');
  expect(workers.faults()).toEqual([]);
});
