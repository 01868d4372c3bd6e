import { readFileSync, writeFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { runProgram, startProgram, temporaryFile } from '../support/program.ts';
import { expectEqual, type Replication, replication, waitFor } from '../support/replication.ts';

const ajv = new Ajv({ strict: true, allowUnionTypes: true, formats: { 'date-time': true } });
const schemaOf = (name: string) =>
  ajv.compile(JSON.parse(readFileSync(`schemas/${name}.schema.json`, 'utf8')) as object);
const workersSchema = schemaOf('workers');
const schemas: Readonly<Record<string, ReturnType<typeof schemaOf>>> = {
  wait: schemaOf('wait'),
  skip: schemaOf('skip'),
  log: schemaOf('log'),
};

const fileOf = (cascade: Replication) => `version: 1
${cascade.cluster.yaml}queues:
  replika:
    ticker: { max_lag: 100ms, max_count: 200 }
    nodes:
      src: { database: src, role: root }
      dst: { database: dst, role: leaf, provider: src }
    tables: [public.good, public.bad]
`;

test('pause, wait, resume and skip: a node stands still, is waited for, tries again, and leaves out what it cannot apply', {
  timeout: 300_000,
}, async () => {
  await using cascade = await replication(
    { src: 14, dst: 18 },
    'create table good (id int primary key); create table bad (id int primary key, n int);',
  );
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  await cascade.addTable({ name: 'public.good', on: { dst: { conflict: 'keep' } } });
  await cascade.addTable({ name: 'public.bad' });
  using file = temporaryFile('trunkline.yaml', fileOf(cascade));
  const trunkline = (...args: string[]) => runProgram([...args, '-f', file.path]);
  const json = async (...args: string[]) => {
    const { stdout, status } = await trunkline(...args, '--json');
    const document = JSON.parse(stdout) as { readonly problems: readonly object[] };
    // A command that could not begin prints its problems alone.
    if ('formatVersion' in document) {
      const schema = schemas[args[0] ?? ''] ?? workersSchema;
      schema(document);
      expect({ document, errors: schema.errors }).toEqual({ document, errors: null });
    }
    return { document, status };
  };

  // Nobody works for the node: the wish is kept for whoever will.
  expect(await trunkline('pause', 'dst')).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^replika\/dst {2}paused at tick \d+; no worker runs for it now\n$/),
  });
  expect(await trunkline('pause', 'dest')).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/no node named dest\.[\s\S]*dst/),
  });
  // What a server says where nobody expects it, as for a right that is missing, is told as that and no defect.
  const { dbname } = cascade.cluster.databases.dst ?? {};
  await target.script(`alter database ${dbname} set default_transaction_read_only = on`);
  expect(await json('resume', 'dst')).toMatchObject({
    status: 1,
    document: {
      problems: [
        { code: 'sql_failed', message: expect.stringMatching(/^a query in database test_.* with SQLSTATE 25006/) },
      ],
    },
  });
  await target.script(`alter database ${dbname} reset default_transaction_read_only`);
  const run = startProgram(['run', '-f', file.path, '--json']);
  try {
    await waitFor('the worker', 30_000, async () => run.output.split('"worker_started"').length === 3);
    await source.script('insert into good select generate_series(1, 50)');
    expect(await json('pause', 'dst')).toMatchObject({
      status: 0,
      document: { nodes: [{ node: 'dst', paused: true, changed: false, confirmed: true }] },
    });
    expect(await trunkline('wait', 'dst')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('trunkline resume dst --queue replika'),
    });
    expect((await trunkline('plan')).stderr).toContain('trunkline resume dst --queue replika');
    expect(await target.query(sql('select from good'))).toEqual([]);

    expect(await json('resume')).toMatchObject({
      status: 0,
      document: {
        nodes: [
          { node: 'src', paused: false, changed: false, confirmed: true },
          { node: 'dst', paused: false, changed: true, confirmed: true },
        ],
      },
    });
    await cascade.caughtUp('dst');
    await source.script('insert into good select generate_series(51, 60)');
    expect(await json('wait')).toMatchObject({ status: 0, document: { reached: true, nodes: [{ node: 'dst' }] } });
    await expectEqual(source, 'select * from good', target, 'select * from good');
    expect(await json('wait', '--tick', '999999999', '--timeout', '500ms')).toMatchObject({
      status: 1,
      document: { reached: false, nodes: [{ reached: false }], problems: [{ code: 'wait_exceeded' }] },
    });

    await target.script('alter table bad add constraint small check (n < 1000)');
    await source.script('insert into bad values (1, 5000)');
    await waitFor('the table to be parked', 60_000, async () => run.output.includes('"table_parked"'));
    expect(await json('resume', '--table', 'bad')).toMatchObject({
      status: 1,
      document: { tables: [{ table: 'public.bad', outcome: 'failed', error: expect.stringContaining('small') }] },
    });
    await target.script('alter table bad drop constraint small');
    expect(await trunkline('resume', 'dst', '--table', 'public.bad')).toMatchObject({
      status: 0,
      // On a slow machine the worker's own next try is over before the command has started.
      stdout: expect.stringMatching(/^(replika\/dst\/public\.bad {2}in sync again|Nothing to try again: .*)\n$/),
    });
    await expectEqual(source, 'select * from bad', target, 'select * from bad');
    expect((await trunkline('resume', '--table', 'public.bad')).stdout).toMatch(/^Nothing to try again/);
    expect((await trunkline('resume', '--table', 'worse')).stderr).toMatch(/no table named public\.worse/);

    // One event of a parked table is left out; what came with it is applied.
    await target.script('alter table bad add constraint small check (n < 1000) not valid');
    await source.script(
      'begin; insert into bad values (2, 2); insert into bad values (3, 9000); insert into bad values (4, 4); commit',
    );
    await waitFor('the table to be parked again', 60_000, async () => run.output.split('"table_parked"').length === 3);
    const looked = await json('skip', 'dst', '--table', 'bad');
    expect(looked).toMatchObject({ status: 0, document: { outcome: 'looked', complete: true, skipped: [] } });
    const waiting = (looked.document as unknown as { events: readonly { id: number; extra1: string }[] }).events;
    expect(waiting.map(({ extra1 }) => extra1)).toEqual(['public.bad', 'public.bad', 'public.bad']);
    const event = ['--event', String(waiting[1]?.id), '--reason', 'too large'];
    expect(await json('skip', 'dst', '--table', 'bad', ...event)).toMatchObject({
      status: 1,
      document: { problems: [{ code: 'skip_not_confirmed' }] },
    });
    expect(await json('skip', 'dst', '--table', 'bad', ...event, '--yes')).toMatchObject({
      status: 0,
      document: { outcome: 'passed', skipped: [waiting[1]?.id] },
    });
    await cascade.caughtUp('dst');
    expect(await target.query(sql('select id from bad order by 1'))).toEqual([{ id: 1 }, { id: 2 }, { id: 4 }]);

    // A batch of the node itself, which no table is to blame for.
    await source.script(
      `select pgq.insert_event('replika', 'odd', 'what nobody knows'); insert into good values (100)`,
    );
    await waitFor('the node to stop', 60_000, async () => run.output.includes('"worker_failed"'));
    const { document } = await json('skip', 'dst');
    const odd = (document as unknown as { events: readonly { id: number; type: string }[] }).events.find(
      ({ type }) => type === 'odd',
    );
    expect(await trunkline('skip', 'dst', '--event', String(odd?.id), '--reason', 'not ours', '--yes')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('Skipped 1 event, and got past the batch.'),
    });
    await expectEqual(source, 'select * from good', target, 'select * from good');
    const log = await json('log', '--skipped');
    expect(log.document).toMatchObject({
      skipped: [
        { type: 'odd', data: 'what nobody knows', reason: 'not ours', error: expect.stringContaining('odd') },
        { extra1: 'public.bad', data: expect.stringContaining('9000'), reason: 'too large' },
      ],
    });
    // The same by policy: the file is read again, and the next one is kept without anybody's doing.
    writeFileSync(file.path, fileOf(cascade).replace('role: leaf,', 'role: leaf, foreign_events: park,'));
    run.child.kill('SIGHUP');
    await waitFor('the file to be read again', 30_000, async () => run.output.includes('"reloaded"'));
    await source.script(`select pgq.insert_event('replika', 'odder', 'more of it', 'x', null, null, 'y')`);
    expect(await json('wait', 'dst')).toMatchObject({ status: 0 });
    expect(await json('log', '--skipped', '--limit', '1')).toMatchObject({
      document: {
        skipped: [{ type: 'odder', data: 'more of it', extra1: 'x', extra4: 'y', reason: 'foreign_events: park' }],
      },
    });

    await target.script('set session_replication_role = replica; insert into good values (200)');
    await source.script('insert into good values (200)');
    expect(await json('wait', 'dst')).toMatchObject({ status: 0 });
    expect(await json('log', '--conflicts')).toMatchObject({
      document: { conflicts: [{ table: 'public.good', kind: 'insert_exists', policy: 'keep', rowHere: { id: 200 } }] },
    });
    expect((await trunkline('log', '--skipped')).stdout).toMatch(/^replika\/dst {2}event \d+ {2}odd/);
  } finally {
    await run.kill('SIGTERM');
  }
});
