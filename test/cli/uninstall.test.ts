import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { freshCluster } from '../support/cluster.ts';
import { runProgram, temporaryFile } from '../support/program.ts';
import { schemaErrors } from '../support/schemas.ts';

test('uninstall lists, wants consent, and takes away', async () => {
  await using cluster = await freshCluster({ db: { version: 14, install: true } });
  using file = temporaryFile('trunkline.yaml', `version: 1\n${cluster.yaml}`);
  const program = (...args: readonly string[]) => runProgram(args, { cwd: join(file.path, '..') });
  const listing = /^database db\n {4}- schema trunkline 3: 14 tables, 6 functions\n {4}- schema londiste 3\.8/;

  const asked = await program('uninstall', 'db');
  expect([asked.status, asked.stdout]).toEqual([1, expect.stringMatching(listing)]);
  expect(asked.stderr).toMatch(/was not confirmed\. Nothing was done there\.\n.*Type the name of the database/);
  expect((await program('uninstall')).status).toBe(1);
  expect(await program('uninstall', 'bd', '--yes')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('Only db is known.'),
  });

  await using session = await cluster.databases.db.session();
  await session.query(sql("select pgq.create_queue('q')"));
  const used = await program('uninstall', 'db', '--yes', '--json');
  expect([used.status, JSON.parse(used.stdout)]).toMatchObject([1, { problems: [{ code: 'uninstall_in_use' }] }]);

  const gone = await program('uninstall', 'db', '--yes', '--force', '--json');
  expect(schemaErrors('uninstall', JSON.parse(gone.stdout))).toEqual([]);
  expect([gone.status, JSON.parse(gone.stdout)]).toMatchObject([0, { databases: [{ database: 'db', queues: ['q'] }] }]);
  expect(await program('uninstall', 'db', '--yes')).toMatchObject({
    status: 0,
    stdout: 'Nothing to take away: Trunkline has installed nothing there.\n',
  });
});
