import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { bundledSchemas, installSchemas, installText, upgradeText } from '../../src/catalog/install.ts';
import { sql } from '../../src/db/statement.ts';
import { ToolError } from '../../src/model/problem.ts';
import { originalVersion } from '../../src/model/schemas.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';

const names = bundledSchemas.map(({ name }) => name);

async function components(db: FreshDatabase): Promise<readonly object[]> {
  await using session = await db.session();
  return await session.query(sql('select component as name, version from trunkline.component order by component'));
}

const recorded = [...bundledSchemas].sort((left, right) => (left.name < right.name ? -1 : 1));

test.for([12, 14, 18] as const)(
  'installs on a bare database of version %i, and records what it installed',
  async (version) => {
    await using db = await freshDatabase({ version, install: false });
    await using session = await db.session();
    expect(await installSchemas(session, names)).toEqual(names);
    expect(await components(db)).toEqual(recorded);
    expect(await installSchemas(session, names)).toEqual([]);
  },
);

test('the versions it records are those that the schemas tell of themselves', async () => {
  await using db = await freshDatabase({ install: false });
  await using session = await db.session();
  await installSchemas(session, names);
  for (const { name, version } of bundledSchemas) {
    if (name === 'trunkline') continue;
    expect(await session.query(sql(`select ${name}.version() as version`))).toEqual([
      { version: originalVersion(version) },
    ]);
  }
});

test('two at once install once', async () => {
  await using db = await freshDatabase({ install: false });
  await using one = await db.session();
  await using other = await db.session();
  const installed = await Promise.all([installSchemas(one, names), installSchemas(other, names)]);
  expect(installed.map((list) => list.length).sort()).toEqual([0, names.length]);
  expect(await components(db)).toEqual(recorded);
});

test('what is there already stays as it is', async () => {
  await using db = await freshDatabase({ install: ['pgq'] });
  await using session = await db.session();
  expect(await installSchemas(session, names)).toEqual(['pgq_ext', 'pgq_node', 'londiste', 'trunkline']);
  expect(await components(db)).toEqual(recorded.filter(({ name }) => name !== 'pgq'));
});

test('a file that fails is named with what the server said, and nothing stays', async () => {
  await using db = await freshDatabase({ install: false });
  await using session = await db.session();
  // Without a type that the tables need, their file fails.
  const failure = await installSchemas(session, ['pgq_node', 'trunkline'], db.name).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ToolError);
  expect((failure as ToolError).problems).toMatchObject([
    {
      code: 'sql_failed',
      database: 'db',
      doing: expect.stringContaining('sql/pgq_node/tables.sql'),
      sqlstate: '3F000',
    },
  ]);
  expect(await session.query(sql("select from pg_namespace where nspname in ('pgq_node', 'trunkline')"))).toEqual([]);
});

test('psql runs the printed script, and the plan finds it installed', async ({ skip }) => {
  if (spawnSync('psql', ['--version']).status !== 0) skip('psql is not on this machine');
  await using db = await freshDatabase({ install: false, version: 14 });
  const run = spawnSync('psql', ['-X', '-q', '-d', db.url, '-f', '-'], { input: installText(names), encoding: 'utf8' });
  expect([run.status, run.stderr.replace(/^psql:.*NOTICE:.*$\n?/gm, '')]).toEqual([0, '']);
  expect(await components(db)).toEqual(recorded);
});

test('psql runs the printed upgrade once, and not on another version', async ({ skip }) => {
  if (spawnSync('psql', ['--version']).status !== 0) skip('psql is not on this machine');
  await using db = await freshDatabase({ install: names });
  await using session = await db.session();
  await session.script(`
    drop function pgq.version(); create function pgq.version() returns text language sql as 'select ''older''';
    update trunkline.component set version = '3.5+1' where component = 'pgq'`);
  const run = () =>
    spawnSync('psql', ['-X', '-q', '-d', db.url, '-f', '-'], {
      input: upgradeText([{ name: 'pgq', version: '3.5+1' }]),
      encoding: 'utf8',
    });
  const first = run();
  expect([first.status, first.stderr.replace(/^psql:.*NOTICE:.*$\n?/gm, '')]).toEqual([0, '']);
  expect(await components(db)).toEqual(recorded);
  expect(await session.query(sql('select pgq.version() as version'))).toEqual([{ version: '3.5' }]);
  const second = run();
  expect(second.status).toBe(3);
  expect(second.stderr).toContain('schema pgq is of version 3.5+9, and this upgrades version 3.5+1');
});

test('the printed script of a later schema is recorded where schema trunkline is there', async () => {
  await using db = await freshDatabase({ install: ['pgq', 'pgq_ext', 'pgq_node', 'trunkline'] });
  await using session = await db.session();
  const londiste = bundledSchemas.find(({ name }) => name === 'londiste');
  expect(await components(db)).not.toContainEqual(londiste);
  await session.script(installText(['londiste']).replace(/^\\.*$/gm, ''));
  expect(await components(db)).toContainEqual(londiste);
});
