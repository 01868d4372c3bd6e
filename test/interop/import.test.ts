import { beforeEach, expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { freshCluster } from '../support/cluster.ts';
import type { FreshDatabase } from '../support/database.ts';
import { debianPrograms, locationOf } from '../support/debian-programs.ts';
import { debianServer, needDebian } from '../support/debian-server.ts';
import { runProgram, startProgram, temporaryFile } from '../support/program.ts';
import { expectEqual } from '../support/replication.ts';
import { changes, inSync, quickTicks, rows, settled, tables } from './cascade.ts';

beforeEach(needDebian);

const more = `
  create schema shop;
  create table shop.orders (id serial primary key, what text);
  create table shop.lines (id int primary key, what text);
  create table shop.codes (id int primary key, what text);
  create table shop.bulky (id int primary key, what text);
  create sequence shop.numbers;`;

test('a cascade of three levels that Londiste made becomes a file after which there is nothing to do', async () => {
  await using debian = await debianServer();
  const server = { server: debian.server };
  await using cluster = await freshCluster({ a: server, b: server, c: server });
  const { a, b, c } = cluster.databases;
  await using programs = debianPrograms([a, b, c]);
  const job = (name: string, database: FreshDatabase) =>
    programs.londiste({
      job: `${name}_worker`,
      queue: 'replika',
      database,
      settings: { handler_modules: 'londiste.handlers.bulk' },
    });
  const [atA, atB, atC] = [job('a', a), job('b', b), job('c', c)];
  await using root = await a.session();
  await using branch = await b.session();
  await using leaf = await c.session();
  for (const session of [root, branch, leaf]) await session.script(`${tables} ${more}`);
  await root.script(`${rows} insert into shop.orders (what) select 'row ' || i from generate_series(1, 50) i;
    insert into shop.lines select i, 'line' from generate_series(1, 100) i;
    insert into shop.bulky values (1, 'one'); select setval('shop.numbers', 77)`);
  await leaf.script('create schema old; create table old.bestellung (id int primary key, what text)');

  const password = a.params.password?.reveal() ?? '';
  await atA.run(['create-root', 'a', locationOf(a)]);
  await atB.run(['create-branch', 'b', locationOf(b), `--provider=${locationOf(a)}`]);
  // As many old cascades do, one location holds a password, in an order of its own.
  const { user, dbname, port, host } = c.params;
  const withPassword = `user=${user} password=${password} dbname=${dbname} port=${port} host=${host} application_name=old`;
  await atC.run(['create-leaf', 'c', withPassword, `--provider=${locationOf(b)}`]);
  await quickTicks(root);
  programs.pgqd([a, b], { maint_period: 2 });
  const workers = [atA, atB, atC].map((node) => node.worker());

  const everything = ['public.people', 'public.log', 'shop.orders', 'shop.bulky', 'shop.lines', 'shop.codes'];
  const sequences = ['public.log_id_seq', 'shop.orders_id_seq', 'shop.numbers'];
  for (const node of [atA, atB]) {
    await node.run(['add-table', ...everything]);
    await node.run(['add-seq', ...sequences]);
  }
  await atC.run(['add-table', 'public.people', 'public.log', 'shop.lines']);
  await atC.run(['add-table', 'shop.bulky', '--handler=bulk']);
  await atC.run(['add-table', 'shop.orders', '--dest-table=old.bestellung']);
  await atC.run(['add-seq', ...sequences]);
  await inSync([branch, leaf], programs.logs);

  // From the far end, by a name that the cascade does not know it by.
  const variable = { OLD_URL: `postgresql://${user}:${password}@localhost:${port}/${dbname}` };
  const imported = await runProgram(['import', '--from-env', 'OLD_URL'], { env: variable });
  const name = (database: FreshDatabase) => database.dbname;
  const passwordOf = (database: FreshDatabase) => `${database.dbname.toUpperCase()}_PASSWORD`;
  const databaseLine = (database: FreshDatabase) =>
    `  ${name(database)}: { host: ${host}, port: ${port}, dbname: ${name(database)}, user: ${user}${database === c ? `, password: "\${${passwordOf(c)}}"` : ''} }`;
  expect(imported.stdout.split('\n').filter((line) => !/^ *#/.test(line))).toEqual([
    'version: 1',
    'databases:',
    ...[a, b, c].map(databaseLine),
    'queues:',
    '  replika:',
    '    ticker: { max_lag: 100ms, idle_period: 500ms }',
    '    nodes:',
    `      a: { database: ${name(a)}, role: root }`,
    `      b: { database: ${name(b)}, role: branch }`,
    `      c: { database: ${name(c)}, role: leaf, provider: b }`,
    '    tables:',
    '      - public.people',
    '      - public.log',
    '      - shop.lines',
    '      - { name: shop.orders, nodes: { b: {}, c: { target: old.bestellung } } }',
    '      - { name: shop.bulky, nodes: { b: {}, c: { handler: bulk } } }',
    '      - { name: shop.codes, nodes: { b: {} } }',
    '    sequences: { include: [ shop.numbers ] }',
    '',
  ]);
  expect(imported.stdout + imported.stderr).not.toContain(password);
  expect(imported.stdout).toMatch(
    /# The catalog holds a password .* \w+_PASSWORD of the environment\.\n +# .*application_name/,
  );
  expect(imported.status).toBe(0);

  // What is left to do is what no Londiste has: our own bookkeeping beside it.
  using file = temporaryFile('trunkline.yaml', imported.stdout);
  const env = { [passwordOf(c)]: password };
  const program = (...args: readonly string[]) => runProgram([...args, '-f', file.path], { env });
  expect((await program('validate')).status).toBe(0);
  const before = JSON.parse((await program('plan', '--json')).stdout) as { steps: { id: string }[] };
  expect(before.steps.map(({ id }) => id).sort()).toEqual(
    [a, b, c].map((one) => `install_schemas/${name(one)}`).sort(),
  );
  expect((await program('apply', '--auto-approve')).status).toBe(0);
  expect((await program('plan', '--detailed-exitcode')).status).toBe(0);
  // Now that the cascade is ours too, its file is the same, and the plan after it is empty at once.
  const again = await runProgram(['import', '--from-env', 'OLD_URL'], { env: variable });
  expect(again.stdout).toBe(imported.stdout);
  expect(again.stderr).toContain('The plan after this file is empty.');

  // Our workers in the place of Londiste's go on at the same ticks: no row comes a second time.
  const untouched = () =>
    Promise.all([branch, leaf].map((one) => one.query(sql('select xmin::text, id from shop.lines'))));
  const rowsBefore = await untouched();
  expect(rowsBefore.map(({ length }) => length)).toEqual([100, 100]);
  await Promise.all(workers.map((worker) => worker.stop()));
  const running = startProgram(['run', '-f', file.path, '--role', 'worker'], { env });
  try {
    await root.script(`${changes} insert into shop.orders (what) values ('by Trunkline'); delete from shop.orders where id = 7;
      insert into shop.bulky select i, 'more' from generate_series(2, 9) i; select setval('shop.numbers', 99)`);
    await settled(root, [branch, leaf], () => `${running.output} ${programs.logs()}`);
    for (const query of ['select * from people', 'select * from log']) {
      for (const session of [branch, leaf]) await expectEqual(root, query, session, query);
    }
    await expectEqual(root, 'select id, what from shop.orders', leaf, 'select id, what from old.bestellung');
    await expectEqual(root, 'select * from shop.bulky', leaf, 'select * from shop.bulky');
    expect(await untouched()).toEqual(rowsBefore);
    expect((await program('plan', '--detailed-exitcode')).status).toBe(0);
  } finally {
    await running.kill('SIGTERM');
  }
  expect(programs.errors()).toEqual([]);
  await programs.stop();
});
