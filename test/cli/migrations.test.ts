import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { freshCluster } from '../support/cluster.ts';
import { runProgram, startProgram, temporaryFile } from '../support/program.ts';
import { waitFor } from '../support/replication.ts';

const people = 'create table people (id int primary key, name text)';

test('SQL files run once, at the same place in the stream, under the names of each node', async () => {
  await using cluster = await freshCluster({ src: 14, dst1: 18, dst2: 18 });
  await using src = await cluster.databases.src.session();
  await using dst1 = await cluster.databases.dst1.session();
  await using dst2 = await cluster.databases.dst2.session();
  await src.script(`${people}; insert into people select i, 'name ' || i from generate_series(1, 100) i`);
  await dst1.script(people);
  await dst2.script('create schema crm; create table crm.folk (id int primary key, name text)');
  using file = temporaryFile(
    'trunkline.yaml',
    `version: 1
${cluster.yaml}allow: [copies-data]
queues:
  replika:
    ticker: { max_lag: 200ms }
    nodes:
      src: { database: src, role: root }
      dst1: { database: dst1, role: leaf }
      dst2: { database: dst2, role: leaf }
    tables:
      - name: public.people
        nodes: { dst1: {}, dst2: { target: crm.folk } }
    migrations: { dir: migrations }
`,
  );
  const folder = join(dirname(file.path), 'migrations');
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  const trunkline = (...args: string[]) => runProgram([...args, '-f', file.path]);

  expect(await trunkline('plan')).toMatchObject({ status: 1, stderr: expect.stringMatching(/migrations/) });
  mkdirSync(folder);
  expect(await trunkline('apply', '--auto-approve')).toMatchObject({ status: 0 });
  const run = startProgram(['run', '-f', file.path]);
  try {
    await waitFor('everything in sync', 40_000, async () => (await trunkline('status', '--check')).status === 0);

    // Under the root's name alone it would stop the second leaf, and the plan says so before anything is touched.
    write('0001_note.sql', '-- a note for each\nalter table public.people add column note text;\n');
    const refused = await trunkline('plan');
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/0001_note\.sql does not pass on node dst2.*does not exist/);
    expect(refused.stderr).toMatch(/public\.people is crm\.folk there: write @public\.people@/);
    // What a part of the plan leaves out is not tried either.
    expect(await trunkline('plan', '--exclude', 'replika/src')).toMatchObject({
      status: 0,
      stderr: expect.not.stringMatching(/does not pass/),
    });

    write(
      '0001_note.sql',
      `--*-- Local-Table: public.people\nalter table @public.people@ add column note text not null default 'none';\n`,
    );
    write(
      '0002_fill.sql',
      `--*-- Local-Table: public.people\nupdate @public.people@ set note = 'kept' where id <= 10;\n`,
    );
    const planned = await trunkline('plan', '--json');
    expect(planned.status).toBe(0);
    const { steps } = JSON.parse(planned.stdout) as {
      steps: { id: string; hazards: { kind: string; detail: string }[] }[];
    };
    expect(steps.map(({ id }) => id)).toEqual([
      'execute_file/replika/0001_note.sql',
      'execute_file/replika/0002_fill.sql',
    ]);
    expect(steps[0]?.hazards).toEqual([
      {
        kind: 'takes-exclusive-lock',
        detail: 'public.people on src, public.people on dst1, crm.folk on dst2: can not be read meanwhile.',
      },
    ]);
    expect(await src.query(sql(`select from pg_attribute where attname = 'note'`)), 'plan changes nothing').toEqual([]);

    expect(await trunkline('apply', '--auto-approve')).toMatchObject({ status: 3 });
    await src.script(`insert into people values (101, 'before')`);
    expect(await trunkline('apply', '--auto-approve', '--allow', 'takes-exclusive-lock')).toMatchObject({ status: 0 });
    await src.script(`insert into people values (102, 'after', 'new')`);
    expect(await trunkline('plan', '--detailed-exitcode')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('No changes'),
    });
    expect(await trunkline('compare')).toMatchObject({ status: 0 });
    expect(await dst2.query(sql(`select note, count(*)::int as n from crm.folk group by 1 order by 1`))).toEqual([
      { note: 'kept', n: 10 },
      { note: 'new', n: 1 },
      { note: 'none', n: 91 },
    ]);

    // Londiste forgets after some months; the file must not run again.
    await src.script('delete from londiste.applied_execute');
    expect(await trunkline('plan', '--detailed-exitcode')).toMatchObject({ status: 0 });
    write('0002_fill.sql', 'select 1;');
    expect(await trunkline('plan')).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/has been changed since/),
    });

    using extra = temporaryFile(
      'fix.sql',
      `--*-- Local-Table: public.people\ndelete from @public.people@ where id > 50;`,
    );
    expect(await trunkline('execute', extra.path, '--auto-approve')).toMatchObject({
      status: 3,
      stdout: expect.stringMatching(/drops-data: public\.people on src, public\.people on dst1, crm\.folk on dst2/),
    });
    const executed = await trunkline('execute', extra.path, '--auto-approve', '--allow', 'drops-data');
    expect(executed.status, executed.stderr).toBe(0);
    expect(await trunkline('compare')).toMatchObject({ status: 0 });
    expect(await dst1.query(sql('select count(*)::int as n from people'))).toEqual([{ n: 50 }]);
    expect(await trunkline('execute', extra.path, '--auto-approve')).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/fix\.sql has run before/),
    });
    using ending = temporaryFile('ending.sql', 'insert into public.people values (999); commit;');
    expect(await trunkline('execute', ending.path, '--auto-approve')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/ending\.sql.*does not pass on node src/),
    });
    expect(await src.query(sql('select from people where id = 999'))).toEqual([]);
    using misspelt = temporaryFile('misspelt.sql', 'select 1;\n\nselectt 2;');
    expect(await trunkline('execute', misspelt.path, '--auto-approve')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/misspelt\.sql line 3 does not pass on node src.*syntax error/),
    });
  } finally {
    expect(await run.kill('SIGTERM')).toMatchObject({ status: 0 });
  }
});

test('what is wrong with SQL files is told with file and line', async () => {
  using file = temporaryFile(
    'trunkline.yaml',
    `version: 1
databases: { src: { host: 127.0.0.1, port: 1, dbname: nowhere } }
queues: { replika: { nodes: { src: { database: src, role: root } }, migrations: { dir: migrations } } }
`,
  );
  const folder = join(dirname(file.path), 'migrations');
  mkdirSync(folder);
  writeFileSync(join(folder, '1.sql'), '-- first\n--*-- Local-Tabel: a\nselect 1');
  writeFileSync(join(folder, '2.sql'), Buffer.from([0xff, 0xfe, 0x41]));
  const { status, stderr } = await runProgram(['validate', '-f', file.path]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/migrations\/1\.sql:2 has a line "--\*-- Local-Tabel"[\s\S]*Local-Table/);
  expect(stderr).toMatch(/2\.sql/);
});
