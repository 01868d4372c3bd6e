import { closeSync, openSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runProgram, startProgram, temporaryFile } from '../support/program.ts';
import { expectEqual, replication, waitFor } from '../support/replication.ts';
import { schemaErrors } from '../support/schemas.ts';

const people = 'create table people (id int primary key, name text)';

test.skipIf(process.platform !== 'linux')('a log that can not be written keeps no change back', async () => {
  await using cascade = await replication({ src: 14, dst: 18 }, people);
  await using source = await cascade.session('src');
  await cascade.addTable({ name: 'public.people' });
  using file = temporaryFile(
    'trunkline.yaml',
    `version: 1\n${cascade.cluster.yaml}queues:
  replika:
    nodes: { src: { database: src, role: root }, dst: { database: dst, role: leaf } }
    tables: [public.people]\n`,
  );
  const fd = openSync('/dev/full', 'w');
  for (const more of [[], ['--json']]) {
    const running = startProgram(['run', '-f', file.path, ...more], { into: { fd, errors: true } });
    await source.script(`insert into people select coalesce(max(id), 0) + 1, 'new' from people`);
    await cascade.caughtUp('dst');
    await running.kill('SIGTERM');
  }
  closeSync(fd);
});

test('SIGHUP brings in new nodes and settings, keeps what runs, and passes over a broken file', async () => {
  await using cascade = await replication({ src: 14, dst: 18, more: 18 }, people);
  await using source = await cascade.session('src');
  await using leaf = await cascade.session('dst');
  await using other = await cascade.session('more');
  await source.script(`insert into people select i, 'name ' || i from generate_series(1, 100) i`);
  await cascade.addTable({ name: 'public.people' });
  const textOf = (nodes: string, databases = cascade.cluster.yaml) => `version: 1
${databases}queues:
  replika:
    nodes:
      src: { database: src, role: root }
${nodes}    tables: [public.people]
`;
  const dst = '      dst: { database: dst, role: leaf }\n';
  const more = '      more: { database: more, role: leaf, parallel_copies: 2 }\n';
  using file = temporaryFile('trunkline.yaml', textOf(dst));
  const running = startProgram(['run', '-f', file.path, '--json']);
  const lines = () =>
    running.output
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { event: string; message: string; node?: string });
  const told = (event: string) => lines().filter((line) => line.event === event);
  const hangUp = async (event: string) => {
    const before = told(event).length;
    running.child.kill('SIGHUP');
    await waitFor(
      () => running.output,
      30_000,
      async () => told(event).length > before,
    );
    return told(event).at(-1)?.message ?? '';
  };
  try {
    await waitFor(
      () => running.output,
      30_000,
      async () => told('worker_started').length === 2,
    );
    expect(await hangUp('reloaded')).toBe('read the files again: nothing changes for this process');
    expect(lines()[0]?.event).toBe('version');
    expect(told('version')).toHaveLength(1);
    expect(lines().flatMap((line) => schemaErrors('run-log', line))).toEqual([]);

    writeFileSync(file.path, textOf(`${dst}${more}`));
    expect(await hangUp('reloaded')).toBe('read the files again: starts replika/more');
    await waitFor(
      () => running.output,
      30_000,
      async () => told('worker_started').some(({ node }) => node === 'more'),
    );
    for (const session of [leaf, other]) {
      await waitFor(
        () => running.output,
        60_000,
        async () => {
          const { length } = await session.query({ text: 'select from people', values: [] });
          return length === 100;
        },
      );
    }

    writeFileSync(file.path, `${textOf(dst)}oops: 1\n`);
    expect(await hangUp('reload_failed')).toMatch(
      /^the files can not be used, and what runs goes on .*oops is not a key/,
    );
    await source.script(`insert into people values (101, 'after the broken file')`);
    await cascade.caughtUp('more', 60_000);
    await cascade.caughtUp('dst', 60_000);
    await expectEqual(source, 'select * from people', other, 'select * from people');

    // A changed setting starts that node anew; one that the file does not name goes on until it is dropped.
    writeFileSync(file.path, textOf(more.replace('2', '3')));
    expect(await hangUp('reloaded')).toBe(
      'read the files again: restarts replika/more; goes on with replika/dst until dropped',
    );
    await waitFor(
      () => running.output,
      30_000,
      async () => told('worker_started').length === 4,
    );
    expect(
      told('worker_started')
        .map(({ node }) => node)
        .sort(),
    ).toEqual(['dst', 'more', 'more', 'src']);
    await source.script(`insert into people values (102, 'for both')`);
    await cascade.caughtUp('more', 60_000);
    await cascade.caughtUp('dst', 60_000);
    for (const session of [leaf, other]) {
      await expectEqual(source, 'select * from people', session, 'select * from people');
    }
    // A batch is under way, and finds the node gone when it comes to write its position.
    await leaf.script('begin; lock table people');
    await source.script(`insert into people values (103, 'for nobody')`);
    await waitFor(
      () => running.output,
      30_000,
      async () => {
        const waiting = `select from pg_locks where relation = 'people'::regclass and not granted`;
        return (await leaf.query({ text: waiting, values: [] })).length > 0;
      },
    );
    await leaf.script(`select pgq_node.drop_node('replika', 'dst'); commit`);
    await waitFor(
      () => running.output,
      30_000,
      async () => told('worker_ended').length > 0,
    );
    expect(told('worker_ended')).toMatchObject([
      { node: 'dst', message: 'dst is no node of replika any more: nothing is left to do for it' },
    ]);
    expect(told('worker_failed')).toEqual([]);
    expect(await hangUp('reloaded')).toBe('read the files again: nothing changes for this process');
  } finally {
    await running.kill('SIGTERM');
  }
  expect((await running.result).status).toBe(0);
});

test('one process ticks and another one replays', async () => {
  await using cascade = await replication({ src: 18, dst: 18 }, people);
  await using source = await cascade.session('src');
  await using leaf = await cascade.session('dst');
  await cascade.addTable({ name: 'public.people' });
  using file = temporaryFile(
    'trunkline.yaml',
    `version: 1
${cascade.cluster.yaml}queues:
  replika:
    nodes:
      src: { database: src, role: root }
      dst: { database: dst, role: leaf }
    tables: [public.people]
`,
  );
  const ticker = startProgram(['run', '-f', file.path, '--json', '--role', 'ticker']);
  const worker = startProgram(['run', '-f', file.path, '--json', '--role', 'worker', '--node', 'dst']);
  const events = (text: string) => new Set([...text.matchAll(/"event":"(\w+_started)"/g)].map(([, event]) => event));
  try {
    await source.script(`insert into people values (1, 'ticked there, replayed here')`);
    await waitFor(
      () => ticker.output + worker.output,
      60_000,
      async () => {
        const replayed = await leaf.query({ text: 'select from people', values: [] });
        return replayed.length === 1 && [ticker, worker].every(({ output }) => events(output).size > 0);
      },
    );
    expect([...events(ticker.output)]).toEqual(['ticker_started']);
    expect([...events(worker.output)]).toEqual(['worker_started']);
  } finally {
    await Promise.all([ticker.kill('SIGTERM'), worker.kill('SIGTERM')]);
  }
  const unknown = await runProgram(['run', '-f', file.path, '--role', 'root']);
  expect([unknown.status, unknown.stderr]).toEqual([1, expect.stringContaining('all, worker, ticker')]);
});
