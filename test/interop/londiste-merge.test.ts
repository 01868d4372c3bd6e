import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { debianPrograms, locationOf } from '../support/debian-programs.ts';
import { needDebian } from '../support/debian-server.ts';
import { runProgram } from '../support/program.ts';
import { expectEqual, waitFor } from '../support/replication.ts';
import { inSync, quickTicks, settled } from './cascade.ts';

beforeEach(needDebian);

test('Londiste merges two partitions into one queue on the bundled SQL, and a leaf follows that and is repaired', async () => {
  await using p1 = await freshDatabase({ name: 'p1', version: 14 });
  await using p2 = await freshDatabase({ name: 'p2', version: 14 });
  await using full = await freshDatabase({ name: 'full', version: 14 });
  await using copy = await freshDatabase({ name: 'copy', version: 12 });
  await using programs = debianPrograms([p1, p2, full, copy]);
  await using one = await p1.session();
  await using two = await p2.session();
  await using all = await full.session();
  await using leaf = await copy.session();
  for (const session of [one, two, all, leaf]) {
    await session.script('create table accounts (id int primary key, owner text, balance numeric default 0)');
  }
  await one.script(`insert into accounts select i, 'one', i from generate_series(1, 999, 2) i`);
  await two.script(`insert into accounts select i, 'two', i from generate_series(2, 1000, 2) i`);

  const job = (name: string, queue: string, database: FreshDatabase) =>
    programs.londiste({ job: `${name}_worker`, queue, database });
  const combined = job('full', 'combined', full);
  await combined.run(['create-root', 'full', locationOf(full)]);
  const leafOfAll = job('copy', 'combined', copy);
  await leafOfAll.run(['create-leaf', 'copy', locationOf(copy), `--provider=${locationOf(full)}`]);
  const parts = [];
  for (const [name, database] of [
    ['p1', p1],
    ['p2', p2],
  ] as const) {
    const part = job(name, name, database);
    await part.run(['create-root', name, locationOf(database)]);
    const merging = job(`full_${name}`, name, full);
    await merging.run([
      'create-leaf',
      `full_${name}`,
      locationOf(full),
      `--provider=${locationOf(database)}`,
      '--merge=combined',
    ]);
    parts.push(part, merging);
    await part.run(['add-table', 'public.accounts']);
    merging.worker();
    part.worker();
  }
  await quickTicks(one, 'p1');
  await quickTicks(two, 'p2');
  await quickTicks(all, 'combined');
  programs.pgqd([p1, p2, full], { maint_period: 2 });
  combined.worker();
  leafOfAll.worker();
  // Both parts' tables must be known where they are merged, or only one of them is.
  await waitFor(programs.logs, 20_000, async () => {
    const known = await all.query(sql('select from londiste.table_info'));
    return known.length === 3;
  });
  await parts[1]?.run(['add-table', 'public.accounts', '--merge-all']);
  await inSync([all], programs.logs);
  // Only now: rows of first copies do not go through the combined queue.
  await leafOfAll.run(['add-table', 'public.accounts']);
  await inSync([leaf], programs.logs);

  await one.script(`update accounts set balance = balance + 0.5; delete from accounts where id = 11`);
  await two.script(
    `update accounts set owner = 'zwei' where id % 4 = 0; insert into accounts values (2000, 'two', 'NaN')`,
  );
  await settled(one, [all], programs.logs, 'p1');
  await settled(two, [all], programs.logs, 'p2');
  await settled(all, [leaf], programs.logs, 'combined');
  await expectEqual(one, 'select * from accounts', all, `select * from accounts where owner = 'one'`);
  await expectEqual(two, 'select * from accounts', all, `select * from accounts where owner <> 'one'`);
  await expectEqual(all, 'select * from accounts', leaf, 'select * from accounts');
  // The key was taken down for the copies.
  expect(
    await all.query(sql(`select conname from pg_constraint where conrelid = 'accounts'::regclass and contype = 'p'`)),
  ).toEqual([{ conname: 'accounts_pkey' }]);

  // Rows that somebody changed on the leaf are found and mended.
  await leaf.script(`set session_replication_role = replica;
    update accounts set balance = -1 where id = 7; delete from accounts where id = 8; insert into accounts values (-1);
    set session_replication_role = origin`);
  await leafOfAll.run(['compare', 'public.accounts'], 1);
  await leafOfAll.run(['repair', 'public.accounts', '--apply']);
  await expectEqual(all, 'select * from accounts', leaf, 'select * from accounts');

  // From the far end to the parts, by the nodes that read them.
  const env = { PGPASSFILE: join(programs.folder, 'passfile') };
  const { stdout } = await runProgram(['import', locationOf(copy), '--json'], { env });
  const { document, remarks, plan } = JSON.parse(stdout) as {
    readonly document: { readonly queues: object };
    readonly remarks: readonly object[];
    readonly plan: { readonly steps: readonly { readonly id: string }[] };
  };
  const root = (database: FreshDatabase) => ({ database: database.dbname, role: 'root' });
  expect(document.queues).toMatchObject({
    combined: { nodes: { full: root(full), copy: { role: 'leaf' } }, tables: ['public.accounts'] },
    p1: { nodes: { p1: root(p1), full_p1: { role: 'leaf', merge_into: 'combined' } }, tables: ['public.accounts'] },
    p2: { nodes: { p2: root(p2), full_p2: { role: 'leaf', merge_into: 'combined' } }, tables: ['public.accounts'] },
  });
  // Londiste asks for no triggers that take changes of keys, and `--merge-all` makes those of one queue alone.
  expect([remarks, plan.steps.map(({ id }) => id).sort()]).toEqual([
    [],
    ['combined/full', 'p1/p1', 'p2/full_p2', 'p2/p2'].map((place) => `restore_triggers/${place}/public.accounts`),
  ]);

  expect(programs.errors()).toEqual([expect.stringContaining('public.accounts: Results do not match!')]);
  await programs.stop();
});
