import { expect, test } from 'vitest';
import { compareOn } from '../../src/app/compare.ts';
import { statusOn } from '../../src/app/status.ts';
import { sql } from '../../src/db/statement.ts';
import { comparisonIsEqual } from '../../src/model/comparison.ts';
import { unhurried } from '../../src/model/pace.ts';
import type { FindingCode, NodeStatus } from '../../src/model/status.ts';
import { compareText } from '../../src/render/compare-text.ts';
import { describeProblem } from '../../src/render/describe-problem.ts';
import { paintWith } from '../../src/render/paint.ts';
import { statusText } from '../../src/render/status-text.ts';
import { aDesiredState, aNode, aQueue, databaseName, nodeName } from '../support/builders.ts';
import { type Replication, replication, waitFor } from '../support/replication.ts';

const people = 'create table people (id int primary key, name text); create table pets (id int primary key)';

test('from nothing running to ok, and what is wrong in between', async () => {
  await using cascade = await replication({ src: 12, dst: 18 }, people);
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  await source.script(`insert into people select i, 'name ' || i from generate_series(1, 1000) i`);
  await cascade.addTable({ name: 'public.people' });
  await cascade.addTable({ name: 'public.pets' });

  expect(codes(await nodeOf(cascade, 'dst'))).toEqual(['worker_silent', 'table_not_in_sync', 'table_not_in_sync']);

  const workers = cascade.start();
  await cascade.caughtUp('dst');
  await allOk(cascade);
  const [root, leaf] = await nodesOf(cascade);
  expect(root).toMatchObject({
    node: 'src',
    role: 'root',
    provider: undefined,
    location: expect.stringMatching(/dbname=/),
  });
  expect(root?.location).not.toMatch(/password/);
  expect(leaf).toMatchObject({ node: 'dst', role: 'leaf', provider: 'src' });
  expect(leaf?.reading).toMatchObject({
    kind: 'present',
    heartbeat: { pid: process.pid },
    tables: [
      { table: 'public.people', sync: { kind: 'in_sync' }, watched: ['insert', 'update', 'delete', 'truncate'] },
      { table: 'public.pets' },
    ],
  });

  await source.script('alter table people disable trigger _londiste_replika_update');
  await source.script('drop trigger _londiste_replika_truncate on pets');
  await target.script('drop trigger _londiste_replika on people');
  expect(await nodeOf(cascade, 'src')).toMatchObject({
    verdict: 'error',
    findings: [
      { code: 'trigger_disabled', table: 'public.people', triggers: ['_londiste_replika_update'] },
      { code: 'not_captured', table: 'public.people', changes: ['update'] },
      { code: 'not_captured', table: 'public.pets', changes: ['truncate'] },
    ],
  });
  expect(await nodeOf(cascade, 'dst')).toMatchObject({
    verdict: 'warn',
    findings: [{ code: 'not_denied', table: 'public.people', changes: ['insert', 'update', 'delete'] }],
  });
  await source.script('alter table people enable replica trigger _londiste_replika_update');
  expect(codes(await nodeOf(cascade, 'src')), 'it fires for no user').toContain('trigger_disabled');

  await target.query(sql(`select pgq_node.set_consumer_paused('replika', 'dst.worker', true)`));
  await waitFor('the pause is seen', 10_000, async () => {
    const node = await nodeOf(cascade, 'dst');
    return codes(node).join() === 'paused,not_denied';
  });
  await target.query(sql(`select pgq_node.set_consumer_paused('replika', 'dst.worker', false)`));
  await waitFor(
    'the worker to have seen it',
    30_000,
    async () => codes(await nodeOf(cascade, 'dst')).join() === 'not_denied',
  );

  expect((await nodeOf(cascade, 'dst')).reading).toMatchObject({
    skipped: undefined,
    conflicts: undefined,
    olderSql: [],
  });
  const skipped = `(queue_name, node_name, event_id, tick_id, consumer_name, event_time, event_txid, skipped_by, client, reason, skipped_at)`;
  await target.script(`update trunkline.component set version = '3.5+1' where component = 'pgq';
    insert into trunkline.skipped_event ${skipped} select 'replika', 'dst', i, 1, 'c', now(), 1, 'me', 'box', 'why', now() - interval '2 days'
      from generate_series(1, 2) i;
    insert into trunkline.conflict (queue_name, node_name, table_name, kind, policy, row_of_provider)
      select q, 'dst', 'public.people', 'insert_exists', 'keep', '{}' from unnest(array['replika', 'replika', 'other']) q`);
  const recorded = await nodeOf(cascade, 'dst');
  expect(codes(recorded)).toEqual(['sql_older', 'not_denied']);
  expect(recorded.reading).toMatchObject({
    skipped: { count: 2, more: false, lastDay: 0, newest: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) },
    conflicts: { count: 2, more: false, lastDay: 2 },
    olderSql: [{ name: 'pgq', from: '3.5+1' }],
  });
  await target.script(`insert into trunkline.skipped_event ${skipped} select 'replika', 'dst', i, 1, 'c', now(), 1, 'me', 'box', 'why', now()
    from generate_series(3, 11000) i`);
  expect((await nodeOf(cascade, 'dst')).findings).toMatchObject([
    { code: 'events_skipped', records: { count: 10_000, more: true, lastDay: 10_000 } },
    { code: 'sql_older' },
    { code: 'not_denied' },
  ]);
  // What an older release left has neither table.
  await target.script('drop table trunkline.skipped_event, trunkline.conflict');
  expect(codes(await nodeOf(cascade, 'dst'))).toEqual(['sql_older', 'not_denied']);

  await workers.stop(5_000);
  expect(codes(await nodeOf(cascade, 'dst'))[0]).toBe('worker_silent');
  await source.script(`update pgq.tick set tick_time = tick_time - interval '2 minutes'`);
  expect(codes(await nodeOf(cascade, 'src'))).toContain('ticker_silent');
  await source.script(`update pgq.queue set queue_ticker_paused = true`);
  expect(codes(await nodeOf(cascade, 'src'))).toContain('ticker_paused');

  await target.script('drop table pets');
  expect(codes(await nodeOf(cascade, 'dst'))).toContain('table_gone');
});

test('lag, positions that went astray, and rotation that is held up', async () => {
  await using cascade = await replication({ src: 14, dst: 18 }, people);
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  await cascade.addTable({ name: 'public.people' });
  for (let round = 0; round < 3; round += 1) {
    await source.script(`insert into people values (${round}, 'x')`);
    await source.query(sql(`select pgq.force_tick('replika'), pgq.ticker('replika')`));
  }
  await source.script(`update pgq.tick set tick_time = tick_time - interval '90 seconds'`);
  const behind = await nodeOf(cascade, 'dst');
  expect(codes(behind)).toContain('lagging');
  expect(behind.subscription).toMatchObject({ ticksBehind: 3n, lagMs: expect.any(Number) });
  const [lag] = behind.findings.filter(({ code }) => code === 'lagging');
  expect(lag?.code === 'lagging' && lag.lagMs).toBeGreaterThan(89_000);

  await target.query(sql(`select pgq_node.set_consumer_completed('replika', 'dst.worker', 999)`));
  expect(codes(await nodeOf(cascade, 'dst'))).toContain('ahead_of_provider');
  await target.query(sql(`select pgq_node.set_consumer_completed('replika', 'dst.worker', 0)`));
  expect(codes(await nodeOf(cascade, 'dst'))).toContain('behind_subscription');
  await source.query(sql(`select pgq_node.unregister_subscriber('replika', 'dst')`));
  expect(codes(await nodeOf(cascade, 'dst'))).toContain('not_subscribed');

  await source.script(`select pgq.register_consumer_at('replika', 'forgotten', 1);
    update pgq.queue set queue_switch_time = now() - interval '3 days'`);
  const [held] = (await nodeOf(cascade, 'src')).findings.filter(({ code }) => code === 'rotation_stuck');
  expect(held).toMatchObject({ consumer: 'forgotten', tick: 1n });
  expect(held?.code === 'rotation_stuck' && held.bytes).toBeGreaterThan(0n);

  // A transaction outlives its session once it is prepared; nobody is behind, and still no event table may be emptied.
  const gid = `held in ${cascade.cluster.databases.src?.dbname}`;
  {
    await using user = await cascade.session('src');
    await user.script(`begin; insert into people values (7, 'held'); prepare transaction '${gid}'`);
  }
  const holder = async () => {
    const [stuck] = (await nodeOf(cascade, 'src')).findings.filter(({ code }) => code === 'rotation_stuck');
    return stuck?.code === 'rotation_stuck' ? stuck.heldBy : undefined;
  };
  // Other tests on this server have transactions too, which may be older.
  const limits = { timeout: 60_000, interval: 500 };
  try {
    await source.script(`select pgq.unregister_consumer('replika', 'forgotten');
      update pgq.queue set queue_switch_step1 = txid_current(), queue_switch_step2 = txid_current()`);
    await expect.poll(holder, limits).toMatchObject({ kind: 'prepared', gid, user: 'postgres' });
  } finally {
    await source.script(`rollback prepared '${gid}'`);
  }
  await expect.poll(holder, limits).toBeUndefined();
});

test('a database that does not answer, one without a node, and one that holds another', async () => {
  await using cascade = await replication({ src: 14, dst: 18 }, people);
  const elsewhere = aQueue({
    nodes: [
      aNode({ name: nodeName('src'), database: databaseName('src') }),
      aNode({ name: nodeName('renamed'), database: databaseName('dst'), provider: nodeName('src') }),
      aNode({ name: nodeName('gone'), database: databaseName('gone'), provider: nodeName('src') }),
    ],
  });
  const desired = aDesiredState(elsewhere);
  const databases = {
    locations: new Map([
      ...cascade.cluster.locations,
      [databaseName('gone'), [...cascade.cluster.locations.values()][0]!],
    ]),
    connector: async (...[name, options]: Parameters<typeof cascade.cluster.connector>) => {
      if (name !== 'gone') return cascade.cluster.connector(name, options);
      const refused: NodeJS.ErrnoException = new Error('connect ECONNREFUSED 127.0.0.1:1');
      refused.code = 'ECONNREFUSED';
      throw refused;
    },
  };
  const seen = await statusOn(desired, databases, undefined);
  const [, renamed, gone] = seen.queues[0]?.nodes ?? [];
  expect(renamed).toMatchObject({ verdict: 'error', findings: [{ code: 'elsewhere', found: 'dst' }] });
  expect(gone).toMatchObject({ verdict: 'error', findings: [{ code: 'unreachable', problem: { database: 'gone' } }] });
  await using target = await cascade.session('dst');
  await target.script('drop schema londiste cascade');
  expect(await nodeOf(cascade, 'dst')).toMatchObject({ verdict: 'warn', findings: [{ code: 'not_set_up' }] });
});

test('compare, with the worker itself: under load, and where none runs', async () => {
  await using cascade = await replication({ src: 12, dst: 18 }, people);
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  await source.script(`insert into people select i, 'name ' || i from generate_series(1, 5000) i`);
  await cascade.addTable({ name: 'public.people' });
  const workers = cascade.start();
  await cascade.caughtUp('dst');

  let writing = true;
  const writer = (async () => {
    await using session = await cascade.session('src');
    for (let id = 10_000; writing; id += 1) {
      await session.script(`insert into people values (${id}, 'new'); update people set name = name || '+' where id % 97 = ${id % 97};
        delete from people where id = ${id - 20}`);
    }
  })();
  for (let round = 0; round < 5; round += 1) {
    const result = await compared(cascade);
    expect(result.equal, result.text).toBe(true);
  }
  writing = false;
  await writer;
  await workers.stop(5_000);

  await source.script(`update people set name = 'late' where id < 100`);
  const late = await compared(cascade);
  expect(late.equal, late.text).toBe(true);
  expect(late.notes).toEqual(['no worker runs for this node: one runs here until it is at the tick']);

  await target.script(`set session_replication_role = replica; update people set name = 'local' where id = 7`);
  const different = await compared(cascade);
  expect(different.text).toMatch(/DIFFERENT +public\.people/);
  expect(different.equal).toBe(false);
  expect((await target.query(sql('select from trunkline.hold'))).length).toBe(0);
});

async function compared(cascade: Replication): Promise<{ equal: boolean; text: string; notes: string[] }> {
  const notes: string[] = [];
  const comparison = await compareOn(desiredOf(cascade), databasesOf(cascade), {
    nodes: [],
    tables: [],
    search: { limit: 10, chunkRows: 1_000, values: false },
    pace: unhurried,
    timeoutMs: 30_000,
    env: {},
    log: () => undefined,
    report: (progress) => {
      if (progress.kind === 'note') notes.push(progress.text);
    },
    explain: (error) => error.problems.map((problem) => describeProblem(problem).summary).join(' '),
    signal: undefined,
  });
  expect(comparison.problems).toEqual([]);
  return { equal: comparisonIsEqual(comparison), text: compareText(comparison, paintWith(false)), notes };
}

function desiredOf(cascade: Replication) {
  return aDesiredState(cascade.queue);
}

function databasesOf({ cluster }: Replication) {
  return {
    connector: cluster.connector,
    locations: cluster.locations,
    location: (name: ReturnType<typeof databaseName>) => cluster.locations.get(name)!,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

async function nodesOf(cascade: Replication): Promise<readonly NodeStatus[]> {
  const seen = await statusOn(desiredOf(cascade), databasesOf(cascade), undefined);
  return seen.queues[0]?.nodes ?? [];
}

async function nodeOf(cascade: Replication, name: string): Promise<NodeStatus> {
  const found = (await nodesOf(cascade)).find(({ node }) => node === name);
  if (found === undefined) throw new Error(`no node ${name}`);
  return found;
}

async function allOk(cascade: Replication): Promise<void> {
  let text = '';
  await waitFor('all ok', 15_000, async () => {
    const seen = await statusOn(desiredOf(cascade), databasesOf(cascade), undefined);
    text = statusText(seen, paintWith(false));
    return seen.queues.every(({ nodes }) => nodes.every(({ verdict }) => verdict === 'ok'));
  }).catch((error: Error) => {
    throw new Error(`${error.message}\n${text}`);
  });
}

function codes(node: NodeStatus): FindingCode[] {
  return node.findings.map(({ code }) => code);
}
