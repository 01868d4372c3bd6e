import { expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { freshCluster } from '../support/cluster.ts';
import { applyAll, planOf, stepIds } from '../support/planning.ts';
import { runProgram, startProgram, temporaryFile } from '../support/program.ts';
import { waitFor } from '../support/replication.ts';

// From the file to the rows and back to an empty plan, for all that can be said of a table.

const schema = `create schema app;
  create table app.person (id int primary key, name text, email text, region text);
  create table app.visit (id int primary key, note text);
  create table app.there (id int primary key, note text);
  create table app.left_alone (id int primary key);
  create table app.noted (id int primary key, kind text, tenant text, seen int);
  create table app.inbox (id int primary key, note text)`;

const head = `queues:
  replika:
    ticker: { max_lag: 100ms }
    nodes:
      src: { database: src, role: root }
      dst: { database: dst, role: leaf }
    tables:
      - { name: app.there, copy: { expect_sync: true }, conflict: log }
      - { name: app.left_alone, handler: virtual }
`;
const captured = (
  capture: string,
  inbox: string,
) => `      - { name: app.noted, capture: ${capture}, nodes: { dst: { columns: { exclude: [seen] } } } }
      - { name: app.inbox${inbox}, nodes: { dst: { handler: none } } }
`;
const masked = `      - { name: app.person, where: "id < 1000", columns: { exclude: [region] }, mask: { email: "md5(email)" } }
`;
const visits = (handler: string) => `      - { name: app.visit${handler} }
`;

test('what a file says of tables is done, changed with as little as it takes, and planned no more', async () => {
  await using cluster = await freshCluster({ src: 14, dst: 18 });
  for (const database of [cluster.databases.src, cluster.databases.dst]) {
    await using session = await database.session();
    await session.script(schema);
  }
  await using src = await cluster.databases.src.session();
  await using dst = await cluster.databases.dst.session();
  await dst.script(
    `alter table app.person drop column region; drop table app.left_alone; insert into app.there values (1, 'same')`,
  );
  await src.script(`insert into app.there values (1, 'same');
    insert into app.person select i, 'n' || i, 'e' || i, 'eu' from generate_series(1, 2000) i;
    insert into app.visit select i, 'v' from generate_series(1, 400) i`);
  const shard = ', handler: { shard: { key: id, hash: hashint4, number: 1, of: 4 } }';
  const first = head + masked + visits(shard);
  await applyAll(cluster, first);
  expect(stepIds(await planOf(cluster, first))).toEqual([]);

  using config = temporaryFile('trunkline.yaml', `version: 1\n${cluster.yaml}${first}`);
  const running = startProgram(['run', '-f', config.path]);
  const count = async (query: string) =>
    (await dst.query<{ n: bigint }>(sql(`select count(*) as n from ${query}`)))[0]?.n;
  try {
    await waitFor(
      'everything copied',
      30_000,
      async () => (await count(`londiste.table_info where local and merge_state = 'ok'`)) === 4n,
    );
    expect(await count('app.person where email = md5($$e$$ || id)')).toBe(999n);
    await src.script(`update app.person set id = id + 5000 where id <= 10; update app.person set email = 'x' where id = 11;
      update app.visit set id = id + 1000; insert into app.left_alone values (1);
      insert into app.there values (2, 'theirs')`);
    const equal = await runProgram(['compare', '-f', config.path, '--json']);
    expect(equal.stdout).toContain('"verdict": "not_held"');
    expect(equal).toMatchObject({ status: 0 });

    // A closer filter deletes, a policy changes nothing that is there: neither copies. Rows of an heir are its own.
    await dst.script(`create table app.archived () inherits (app.person); insert into app.archived (id) values (900)`);
    const closer = head.replace('log', 'keep') + masked.replace('1000', '500') + visits(shard);
    const plan = await planOf(cluster, closer);
    expect(stepIds(plan)).toEqual([
      'set_table_options/replika/dst/app.there',
      'set_table_options/replika/dst/app.person',
    ]);
    await applyAll(cluster, closer);
    expect(stepIds(await planOf(cluster, closer))).toEqual([]);
    await waitFor('rows out of the filter gone', 20_000, async () => (await count('only app.person')) === 489n);
    expect(await count('app.archived')).toBe(1n);
    await dst.script('drop table app.archived');
    expect(await count(`londiste.table_info where merge_state = 'ok' and table_attrs like '%prune%'`)).toBe(0n);

    // Other rows need a fresh copy.
    const whole = head + masked.replace('md5(email)', 'upper(email)') + visits('');
    expect([...stepIds(await planOf(cluster, whole))].sort()).toEqual(
      [
        'change_table/replika/dst/app.person',
        'change_table/replika/dst/app.visit',
        'set_table_options/replika/dst/app.there',
      ].sort(),
    );
    await applyAll(cluster, whole);
    await waitFor(
      'both copied again',
      30_000,
      async () => (await count(`londiste.table_info where local and merge_state = 'ok'`)) === 4n,
    );
    await src.script(`insert into app.visit values (1, 'new')`);
    expect(await runProgram(['compare', '-f', config.path])).toMatchObject({ status: 0 });
    expect(await count('app.visit')).toBe(401n);
    expect(await count(`app.person where email like 'E%'`)).toBe(988n);

    // Rows that went astray come back by a copy, whose state Londiste's worker would take up as well.
    const stray = `begin; select londiste.set_session_replication_role('replica', true);
      delete from app.visit where id % 3 = 0; update app.visit set note = 'x' where id % 5 = 0;
      insert into app.visit values (-1, 'extra'); update app.person set name = 'x'; commit`;
    await dst.script(stray);
    const resync = ['resync', 'dst', '-f', config.path, '--auto-approve'];
    const again = [...resync, '--all-different'];
    const denied = await runProgram([...again, '--allow', 'copies-data']);
    expect(denied).toMatchObject({ status: 3 });
    expect(denied.stdout).toMatch(/-\/\+ .*app\.visit: copied again/);
    expect(denied.stdout).toMatch(/-\/\+ .*app\.person: copied again/);
    expect(denied.stdout.match(/copied again/g)).toHaveLength(2);
    expect(await runProgram(['compare', '-f', config.path])).toMatchObject({ status: 2 });
    const unknown = await runProgram([...resync, 'app.visits']);
    expect(await runProgram([...again, 'app.visit'])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('--all-different'),
    });
    expect(unknown).toMatchObject({ status: 1, stderr: expect.stringContaining('there is no table named app.visits') });
    const done = await runProgram([...again, '--allow', 'copies-data,truncates-target', '--json']);
    expect(done).toMatchObject({ status: 0, stderr: expect.stringContaining('trunkline status') });
    await waitFor(
      'both copied once more',
      30_000,
      async () => (await count(`londiste.table_info where local and merge_state = 'ok'`)) === 4n,
    );
    await src.script(`insert into app.visit values (2, 'after'); update app.person set name = 'y' where id = 11`);
    expect(await runProgram(['compare', '-f', config.path])).toMatchObject({ status: 0 });
    expect(await count('app.visit')).toBe(402n);
    expect(stepIds(await planOf(cluster, whole))).toEqual([]);
  } finally {
    const { stderr } = await running.kill('SIGTERM');
    expect(stderr).not.toMatch(/failed/);
  }
});

test('what a file says of capturing is done by the triggers, imported, and planned no more', async () => {
  await using cluster = await freshCluster({ src: 14, dst: 14 });
  await using src = await cluster.databases.src.session();
  await using dst = await cluster.databases.dst.session();
  for (const session of [src, dst]) await session.script(schema);
  const queue = head.slice(0, head.indexOf('      - '));
  const options = `{ ignore: [seen], when: "kind <> 'draft'", old_row: true, extra3: "'t' || tenant", operations: [insert, update] }`;
  const first = queue + captured(options, ', handler: queue_table');
  await applyAll(cluster, first);
  expect(stepIds(await planOf(cluster, first))).toEqual([]);

  using config = temporaryFile('trunkline.yaml', `version: 1\n${cluster.yaml}${first}`);
  const events = async (table: string) =>
    (
      await src.query<{ text: string }>(
        sql(
          `select concat_ws(' ', ev_type, ev_data, ev_extra2, ev_extra3) as text from pgq.event_template
            where ev_extra1 = $1 order by ev_id`,
          table,
        ),
      )
    ).map(({ text }) => text);
  const count = async (query: string) =>
    (await dst.query<{ n: bigint }>(sql(`select count(*) as n from ${query}`)))[0]?.n;
  const running = startProgram(['run', '-f', config.path]);
  try {
    await waitFor(
      'both copied',
      30_000,
      async () => (await count(`londiste.table_info where local and merge_state = 'ok'`)) === 2n,
    );
    await src.script(`insert into app.noted values (1, 'plain', 'a', 1), (2, 'draft', 'a', 1);
      update app.noted set seen = 2; update app.noted set tenant = 'b' where id = 1; delete from app.noted;
      insert into app.inbox select i, 'job' from generate_series(1, 5) i`);
    expect(await events('app.noted')).toEqual([
      'I:id id=1&kind=plain&tenant=a ta',
      'U:id id=1&kind=plain&tenant=b id=1&kind=plain&tenant=a tb',
    ]);
    expect((await src.query(sql('select from app.inbox'))).length).toBe(0);
    await waitFor('rows of the queue table', 20_000, async () => (await count('app.inbox')) === 5n);
    expect(await count(`app.noted where tenant = 'b'`)).toBe(1n);
    const compared = await runProgram(['compare', '-f', config.path, '--json']);
    expect(compared.stdout).toMatch(/"table": "app.inbox"[^}]*"verdict": "not_held"/s);
    const status = await runProgram(['status', '-f', config.path, '--json']);
    expect(status.stdout).not.toContain('not_captured');
  } finally {
    await running.kill('SIGTERM');
  }

  const imported = await runProgram(['import', cluster.databases.src.url]);
  expect(imported.stdout).toContain('handler: queue_table, nodes: { dst: { handler: none } }');
  expect(imported.stderr).toContain('The plan after this file is empty.');

  // Options change without a copy; the table's own function captures again where there are none.
  const plain = queue + captured('{ format: json }', '').replace(', capture: { format: json }', '');
  expect(stepIds(await planOf(cluster, plain))).toEqual([
    'restore_triggers/replika/src/app.noted',
    'restore_triggers/replika/src/app.inbox',
    'set_table_options/replika/src/app.inbox',
  ]);
  await applyAll(cluster, plain);
  expect(stepIds(await planOf(cluster, plain))).toEqual([]);
  await src.script(`insert into app.inbox values (9, 'kept')`);
  expect((await events('app.inbox')).at(-1)).toMatch(/^\{"op":"INSERT"/);
});
