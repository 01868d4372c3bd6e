import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { readCheckup } from '../../src/catalog/read-checkup.ts';
import { sql } from '../../src/db/statement.ts';
import { databaseName, queueName } from '../../src/model/names.ts';
import { freshCluster } from '../support/cluster.ts';
import { applyAll } from '../support/planning.ts';
import { runProgram, temporaryFile } from '../support/program.ts';

const validate = new Ajv({ allErrors: true, strict: false }).compile(
  JSON.parse(readFileSync('schemas/doctor.schema.json', 'utf8')) as object,
);

const queues = `queues:
  replika:
    nodes:
      src: { database: src, role: root }
      dst: { database: dst, role: leaf }
    tables: [app.orders, app.visits]
`;

interface Document {
  readonly findings: readonly { readonly code: string; readonly where: string | null; readonly severity: string }[];
}

test('doctor finds what is wrong with databases, tables and nodes', async () => {
  await using cluster = await freshCluster({ src: 14, dst: 18 });
  const tables = `create schema app; create table app.orders (id int primary key, note text);
    create table app.visits (id int primary key); create table app.loose (note text)`;
  await using src = await cluster.databases.src.session();
  await using dst = await cluster.databases.dst.session();
  await src.script(tables);
  await dst.script(tables);
  await applyAll(cluster, queues);
  using file = temporaryFile('trunkline.yaml', `version: 1\n${cluster.yaml}${queues}`);
  const findings = async (...args: string[]) => {
    const { stdout, status } = await runProgram(['doctor', '-f', file.path, '--json', ...args]);
    const document = JSON.parse(stdout) as Document;
    expect(validate(document) ? [] : validate.errors).toEqual([]);
    return { status, found: document.findings.map(({ code, where }) => `${where} ${code}`) };
  };

  // Nothing runs, so that nobody works for the leaf, and nothing ticks.
  const before = await findings();
  expect(before.status).toBe(0);
  expect(before.found).toContain('replika/dst worker_silent');
  for (const code of ['capture_outdated', 'captured_child', 'sessions_end', 'sql_older']) {
    expect(before.found).not.toContain(`src ${code}`);
  }

  // A table that became a child before the server refused that.
  await src.script(`create table app.parent (id int); drop trigger _londiste_replika_attach on app.visits;
    alter table app.visits inherit app.parent;
    alter table app.orders add column more text;
    do $$ begin execute format('alter database %I set statement_timeout = ''1h''', current_database()); end $$;
    update trunkline.component set version = '3.5+1' where component = 'pgq'`);
  const after = await findings('--check');
  expect(after.status).toBe(2);
  expect(after.found).toEqual(
    expect.arrayContaining(['src captured_child', 'src capture_outdated', 'src sessions_end', 'src sql_older']),
  );
  // The words of the finding mend it.
  await src.script('select trunkline_capture.remake_captures()');
  const mended = await findings();
  for (const code of ['capture_outdated', 'captured_child']) expect(mended.found).not.toContain(`src ${code}`);

  await dst.script('begin; create table app.of_a_long_transaction ()');
  const options = { queues: [queueName('replika')], oldMs: 0, own: [] };
  const checkup = await readCheckup(cluster.connector, databaseName('dst'), options);
  expect(checkup).toMatchObject({ inRecovery: false, tables: 2, notOwned: [], children: [], outdated: [] });
  expect(checkup.transactions.map(({ pid }) => pid)).toContain(dst.backendPid);
  expect(checkup.writesOtherwise).toEqual([]);
  await dst.script('rollback');
  await dst.script(`do $$ begin execute format('alter database %I set datestyle to %L', current_database(), 'German');
    execute format('alter database %I set extra_float_digits to 0', current_database()); end $$`);
  const { writesOtherwise } = await readCheckup(cluster.connector, databaseName('dst'), options);
  expect(new Set(writesOtherwise.map((setting) => setting.toLowerCase().split(/[=,]/, 2).join('=')))).toEqual(
    new Set(['datestyle=german', 'extra_float_digits=0']),
  );
  // Sessions of Trunkline in another database of the files are not those of others.
  await using beside = await freshCluster({ one: 18 });
  await using _worker = await beside.connector(databaseName('one'), { applicationName: 'trunkline worker one' });
  await using one = await beside.databases.one.session();
  const [{ oid } = { oid: 0n }] = await one.query<{ oid: bigint }>(
    sql('select oid::int8 from pg_database where datname = current_database()'),
  );
  const taken = async (own: readonly number[]) => {
    const { connections } = await readCheckup(cluster.connector, databaseName('dst'), { ...options, own });
    return connections.find(({ of }) => of === 'server')?.taken ?? 0;
  };
  await expect
    .poll(async () => (await taken([])) - (await taken([Number(oid)])), { timeout: 20_000 })
    .toBeGreaterThan(0);

  const { stdout } = await runProgram(['doctor', '-f', file.path]);
  expect(stdout).toMatch(/database src {2}PostgreSQL 14\.\d+, user .*bundled SQL/);
  expect(stdout).toMatch(/warning {2}src: its SQL is older than this release: pgq 3\.5\+1/);

  // The address of the leaf has come to lead to another database than when it was applied: what is there is not judged.
  const pretend = (oid: string) => `update trunkline.last_applied
      set config = regexp_replace(config::text, '("dst" *: *{[^}]*"oid" *: *)[0-9]+', '\\1${oid}')::json`;
  await src.script(pretend('1'));
  const elsewhere = await findings();
  expect(elsewhere.found).toContain('null database_moved');
  expect(elsewhere.found.filter((found) => /dst/.test(found))).toEqual([]);
  const planned = await runProgram(['plan', '-f', file.path]);
  expect(planned.status).toBe(1);
  expect(planned.stderr).toMatch(/database dst leads to another database .*oid 1 was expected/);
  const accepted = await runProgram(['apply', '-f', file.path, '--auto-approve', '--accept-server', 'dst']);
  expect(accepted.stderr).not.toMatch(/another database/);
  expect((await findings()).found).not.toContain('null database_moved');
});
