import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { startProgram, temporaryFile } from '../support/program.ts';
import { expectEqual, type Replication, replication, waitFor } from '../support/replication.ts';

const tables = `
  create table account (id int primary key, n int not null default 0, note text);
  create table journal (id bigserial primary key, writer int not null, nr int not null, at timestamptz default now());`;

async function withData(databases: Parameters<typeof replication>[0]): Promise<Replication> {
  const cascade = await replication(databases, tables);
  await using source = await cascade.session('src');
  await source.script(`insert into account (id) select generate_series(1, 5000)`);
  await cascade.addTable({ name: 'public.account' });
  await cascade.addTable({ name: 'public.journal' });
  return cascade;
}

/** Two writers, each with a journal without gaps, until stopped. */
function startWriting(cascade: Replication, writers: readonly number[] = [1, 2]): { stop(): Promise<void> } {
  let writing = true;
  const loops = writers.map(async (writer) => {
    await using session = await cascade.session('src');
    for (let nr = 1; writing; nr += 1) {
      await session.script(`
        begin;
        insert into journal (writer, nr) values (${writer}, ${nr});
        update account set n = n + 1, note = 'round ${nr}' where id = ${(nr * 37) % 5000} + 1;
        commit`);
      await sleep(5);
    }
  });
  return {
    async stop() {
      writing = false;
      await Promise.all(loops);
    },
  };
}

function fileFor(cascade: Replication) {
  const nodes = [...cascade.queue.nodes.values()]
    .map(({ name, database, placement }) => `      ${name}: { database: ${database}, role: ${placement.role} }`)
    .join('\n');
  return temporaryFile(
    'trunkline.yaml',
    `version: 1\n${cascade.cluster.yaml}queues:\n  replika:\n    ticker: { max_lag: 100ms }\n    nodes:\n${nodes}\n    tables: [public.account, public.journal]\n`,
  );
}

async function expectSame(cascade: Replication, leaf: string): Promise<void> {
  await cascade.caughtUp(leaf, 60_000);
  await using source = await cascade.session('src');
  await using target = await cascade.session(leaf);
  for (const table of ['account', 'journal'])
    await expectEqual(source, `select * from ${table}`, target, `select * from ${table}`);
  await expectEqual(
    source,
    'select writer, count(*) from journal group by 1',
    target,
    'select writer, max(nr)::bigint as count from journal group by 1 having max(nr) = count(distinct nr)',
  );
}

// The points of a first copy are in copy.test.ts.
const points = ['next-batch', 'mid-fetch', 'before-commit', 'after-commit', 'after-finish'];

test('SIGKILL of run under load, at each step of a batch and at random moments, loses and doubles nothing', async () => {
  await using cascade = await withData({ src: 14, dst: 18 });
  using file = fileFor(cascade);
  const writing = startWriting(cascade);
  for (const point of points) {
    const killed = await startProgram(['run', '-f', file.path], { env: { TRUNKLINE_FAULT: point } }).result;
    expect([point, killed.signal, killed.stderr]).toEqual([
      point,
      'SIGKILL',
      expect.stringContaining(`fault: ${point}\n`),
    ]);
  }
  const waits = Array.from({ length: 3 }, () => 300 + Math.round(Math.random() * 2_500));
  console.log(`killed after ${waits.join(', ')} ms`);
  for (const wait of waits) {
    const run = startProgram(['run', '-f', file.path]);
    await sleep(wait);
    expect((await run.kill('SIGKILL')).signal).toBe('SIGKILL');
  }
  const last = startProgram(['run', '-f', file.path]);
  await sleep(1_000);
  await writing.stop();
  try {
    await expectSame(cascade, 'dst');
  } finally {
    const ended = await last.kill('SIGTERM');
    expect(ended).toMatchObject({ status: 0 });
  }
});

test('who is behind goes on from batch to batch, through kills, a pause, and another batch than was foreseen', async () => {
  await using cascade = await withData({ src: 14, dst: 18 });
  using file = fileFor(cascade);
  const first = cascade.start();
  await cascade.caughtUp('dst');
  await first.stop(2_000);
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  for (let tick = 0; tick < 60; tick += 1) {
    await source.script(`
      insert into journal (writer, nr) select 1, i from generate_series(${tick * 4_000 + 1}, ${(tick + 1) * 4_000}) i;
      update account set n = n + 1 where id % 100 = ${tick};
      select pgq.force_tick('replika'); select pgq.ticker('replika')`);
  }
  const start = (point: string) =>
    startProgram(['run', '-f', file.path, '--json', '--node', 'dst'], { env: { TRUNKLINE_FAULT: point } });

  // Each time some batches are committed, of which the provider has heard or not, and the rows of the next are on their way.
  for (const point of ['mid-fetch:40', 'before-commit:2', 'after-commit:2', 'after-finish:2']) {
    expect([point, (await start(point).result).signal]).toEqual([point, 'SIGKILL']);
  }

  const position = async () => {
    const [row] = await target.query<{ tick: bigint; uptodate: boolean }>(
      sql(`select last_tick_id as tick, uptodate from pgq_node.local_state where consumer_name = 'dst.worker'`),
    );
    return row;
  };
  const paused = start('stop@after-commit:2');
  await waitFor('the worker to stop', 60_000, async () => isStopped(paused.child.pid));
  const stood = await position();
  await target.script(`select pgq_node.set_consumer_paused('replika', 'dst.worker', true)`);
  paused.child.kill('SIGCONT');
  await waitFor('the pause', 30_000, async () => (await position())?.uptodate === true);
  expect(await position()).toEqual({ tick: stood?.tick, uptodate: true });
  expect((await paused.kill('SIGTERM')).status).toBe(0);
  await target.script(`select pgq_node.set_consumer_paused('replika', 'dst.worker', false)`);

  const surprised = start('stop@after-commit:2');
  await waitFor('the worker to stop', 60_000, async () => isStopped(surprised.child.pid));
  await source.script(`
    select pgq.finish_batch(s.sub_batch) from pgq.subscription s join pgq.consumer c on c.co_id = s.sub_consumer
      where c.co_name = 'dst.worker';
    select pgq.next_batch('replika', 'dst.worker')`);
  surprised.child.kill('SIGCONT');
  await cascade.caughtUp('dst', 60_000);
  for (const table of ['account', 'journal']) {
    const sums = `select count(*), sum(hashtextextended(t::text, 0)) from ${table} t`;
    await expectEqual(source, sums, target, sums);
  }
  expect((await surprised.kill('SIGTERM')).status).toBe(0);
  expect(count(surprised.output, 'worker_failed'), surprised.output).toBe(0);
});

test('a target, and a source, that goes away and comes back is followed again, unnoticed by the other target', async () => {
  const own = true;
  await using cascade = await withData({ src: { version: 14, own }, dst1: { version: 18, own }, dst2: 18 });
  cascade.start();
  await cascade.caughtUp('dst1');
  await cascade.caughtUp('dst2');
  const writing = startWriting(cascade);
  await cascade.cluster.stop('dst1');
  await sleep(1_500);
  await writing.stop();
  await expectSame(cascade, 'dst2');
  await cascade.cluster.start('dst1');
  await expectSame(cascade, 'dst1');
  const failed = cascade.logs.filter(({ event, node }) => event === 'worker_failed' && node === 'dst2');
  expect(failed).toEqual([]);
  expect(cascade.logs.filter(({ event }) => event === 'worker_recovered')).not.toEqual([]);

  await cascade.cluster.stop('src');
  await sleep(1_500);
  await cascade.cluster.start('src');
  const again = startWriting(cascade, [3, 4]);
  await sleep(500);
  await again.stop();
  for (const leaf of ['dst1', 'dst2']) await expectSame(cascade, leaf);
});

// Between two transactions its lease fails the next one; within one, that transaction is rolled back.
test('who is stopped is replaced within seconds, and writes nothing when it wakes up; who waits takes over', async () => {
  await using cascade = await withData({ src: 18, dst: 18 });
  using file = fileFor(cascade);
  const stops = ['next-batch:12', 'before-commit:40'];
  const TRUNKLINE_FAULT = stops.map((point) => `stop@${point}`).join('\n');
  const stopped = startProgram(['run', '-f', file.path, '--json'], { env: { TRUNKLINE_FAULT } });
  const processes = [stopped];
  try {
    for (const [round, point] of stops.entries()) {
      // Two at a time, one for each node.
      const times = 2 * (round + 1);
      await waitFor('the first to work', 30_000, async () => count(stopped.output, 'worker_started') >= 1);
      const next = startProgram(['run', '-f', file.path, '--json']);
      processes.push(next);
      const writing = startWriting(cascade, [4 * round + 1, 4 * round + 2]);
      await waitFor(`the first to stop, ${point}`, 60_000, async () => isStopped(stopped.child.pid));
      const since = performance.now();
      await waitFor('the other to work for both nodes', 30_000, async () => count(next.output, 'worker_started') === 2);
      console.log(`taken over after ${Math.round(performance.now() - since)} ms`);
      await waitFor('the other to tick', 30_000, async () => next.output.includes('"ticker_started"'));
      stopped.child.kill('SIGCONT');
      await waitFor('the first to wait', 30_000, async () => count(stopped.output, 'worker_waiting') === times);
      await writing.stop();
      await expectSame(cascade, 'dst');
      expect(count(stopped.output, 'worker_failed')).toBeGreaterThan(round);
      expect(count(next.output, 'worker_failed')).toBe(0);

      const again = startWriting(cascade, [4 * round + 3, 4 * round + 4]);
      if (round === 0) expect((await next.kill('SIGTERM')).status).toBe(0);
      else await next.kill('SIGKILL');
      await waitFor('the first to work again', 30_000, async () => {
        return count(stopped.output, 'worker_started') === times + 2;
      });
      await again.stop();
      if (round > 0) await expectSame(cascade, 'dst');
    }
    expect((await stopped.kill('SIGTERM')).status).toBe(0);
  } finally {
    stopped.child.kill('SIGCONT');
    await Promise.all(processes.map((process) => process.kill('SIGTERM')));
  }
});

function isStopped(pid: number | undefined): boolean {
  return execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('T');
}

function count(output: string, event: string): number {
  return output.split(`"event":"${event}"`).length - 1;
}

test('a worker whose lease was taken writes nothing with the old one, and works again once it has a new one', async () => {
  await using cascade = await withData({ src: 18, dst: 18 });
  cascade.start();
  await cascade.caughtUp('dst');
  await using target = await cascade.session('dst');
  await target.query(sql('select trunkline.take_lease($1, $2, $3)', 'replika', 'dst', 'somebody else'));
  const writing = startWriting(cascade);
  await sleep(300);
  await writing.stop();
  await expectSame(cascade, 'dst');
  const told = cascade.logs.filter(({ node }) => node === 'dst').map(({ event, sqlstate }) => sqlstate ?? event);
  expect(told).toEqual(expect.arrayContaining(['TL001']));
  expect(told.lastIndexOf('worker_started')).toBeGreaterThan(told.indexOf('TL001'));
});
