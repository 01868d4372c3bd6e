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
  await source.script(`insert into account (id) select generate_series(1, 20000)`);
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
        update account set n = n + 1, note = 'round ${nr}' where id = ${(nr * 37) % 20000} + 1;
        commit`);
      await sleep(2);
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

test('SIGKILL of run, five times at random moments under load, loses and doubles nothing', async () => {
  await using cascade = await withData({ src: 14, dst: 18 });
  using file = fileFor(cascade);
  const writing = startWriting(cascade);
  const waits = Array.from({ length: 5 }, () => 300 + Math.round(Math.random() * 2_500));
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

const points = [
  'in-copy',
  'before-copy-commit',
  'copied',
  'wants-handover',
  'handed-over',
  'next-batch',
  'mid-fetch',
  'before-commit',
  'after-commit',
  'after-finish',
];

test.each(points)('a worker killed at %s goes on where it was', async (point) => {
  await using cascade = await withData({ src: 18, dst: 18 });
  using file = fileFor(cascade);
  const writing = startWriting(cascade);
  const killed = await startProgram(['run', '-f', file.path], { env: { TRUNKLINE_FAULT: point } }).result;
  expect(killed.signal).toBe('SIGKILL');
  const run = startProgram(['run', '-f', file.path]);
  await sleep(500);
  await writing.stop();
  try {
    await expectSame(cascade, 'dst');
  } finally {
    await run.kill('SIGTERM');
  }
});

test('a target that goes away and comes back catches up by itself, and the other target does not notice', async () => {
  await using cascade = await withData({ src: 14, dst1: { version: 18, own: true }, dst2: 18 });
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
});

test('a source that goes away and comes back is followed again', async () => {
  await using cascade = await withData({ src: { version: 14, own: true }, dst: 18 });
  cascade.start();
  await cascade.caughtUp('dst');
  await cascade.cluster.stop('src');
  await sleep(1_500);
  await cascade.cluster.start('src');
  const writing = startWriting(cascade);
  await sleep(500);
  await writing.stop();
  await expectSame(cascade, 'dst');
});

test('a second process waits for the first and takes over when it is killed', async () => {
  await using cascade = await withData({ src: 18, dst: 18 });
  using file = fileFor(cascade);
  const first = startProgram(['run', '-f', file.path]);
  await cascade.caughtUp('dst');
  const second = startProgram(['run', '-f', file.path, '--json']);
  await waitFor('the second to wait', 30_000, async () => second.output.includes('worker_waiting'));
  await first.kill('SIGKILL');
  const writing = startWriting(cascade);
  await sleep(2_000);
  await writing.stop();
  await expectSame(cascade, 'dst');
  const { stdout, status } = await second.kill('SIGTERM');
  expect(status).toBe(0);
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { event: string }).event);
  expect(events).toContain('worker_waiting');
  expect(events).toContain('worker_started');
});

// Between two transactions its lease fails the next one; within one, that transaction is rolled back.
test.each(['next-batch', 'before-commit'])(
  'a process that is stopped at %s is replaced within seconds, and what it wakes up with is not written',
  async (point) => {
    await using cascade = await withData({ src: 18, dst: 18 });
    using file = fileFor(cascade);
    const stopped = startProgram(['run', '-f', file.path, '--json'], { env: { TRUNKLINE_FAULT: `stop@${point}:12` } });
    await waitFor('the first to work', 30_000, async () => stopped.output.includes('"worker_started"'));
    const next = startProgram(['run', '-f', file.path, '--json']);
    try {
      const writing = startWriting(cascade);
      await waitFor('the first to stop', 60_000, async () => isStopped(stopped.child.pid));
      const since = performance.now();
      // One for each node.
      await waitFor(
        'the second to work for both nodes',
        30_000,
        async () => count(next.output, 'worker_started') === 2,
      );
      console.log(`taken over after ${Math.round(performance.now() - since)} ms`);
      await waitFor('the second to tick', 30_000, async () => next.output.includes('"ticker_started"'));
      stopped.child.kill('SIGCONT');
      await waitFor('the first to wait', 30_000, async () => count(stopped.output, 'worker_waiting') === 2);
      await writing.stop();
      await expectSame(cascade, 'dst');
      expect(stopped.output).toContain('"worker_failed"');
      expect(count(next.output, 'worker_failed')).toBe(0);

      const again = startWriting(cascade, [3, 4]);
      expect((await next.kill('SIGTERM')).status).toBe(0);
      await waitFor('the first to work again', 30_000, async () => count(stopped.output, 'worker_started') === 4);
      await again.stop();
      await expectSame(cascade, 'dst');
    } finally {
      stopped.child.kill('SIGCONT');
      await Promise.all([stopped.kill('SIGTERM'), next.kill('SIGTERM')]);
    }
  },
);

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
