import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import type { Session } from '../../src/db/session.ts';
import { sql } from '../../src/db/statement.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { debianPrograms, locationOf } from '../support/debian-programs.ts';
import { needDebian } from '../support/debian-server.ts';
import { expectEqual } from '../support/replication.ts';
import { changes, quickTicks, rows, settled, tables, writing } from './cascade.ts';

beforeEach(needDebian);

test("Londiste's own programs run a cascade on the bundled SQL: copy, replay, compare, execute, takeover", async () => {
  // The ticker daemon serves one server; the leaf lives on another one, of another version. Not 18: see the reference.
  await using a = await freshDatabase({ name: 'a', version: 12 });
  await using b = await freshDatabase({ name: 'b', version: 12 });
  await using c = await freshDatabase({ name: 'c', version: 14 });
  await using programs = debianPrograms([a, b, c]);
  await using root = await a.session();
  await using branch = await b.session();
  await using leaf = await c.session();
  const job = (name: string, database: FreshDatabase) =>
    programs.londiste({ job: `${name}_worker`, queue: 'replika', database });
  const atA = job('a', a);
  const atB = job('b', b);
  const atC = job('c', c);

  await atA.run(['create-root', 'a', locationOf(a)]);
  await atB.run(['create-branch', 'b', locationOf(b), `--provider=${locationOf(a)}`]);
  await atC.run(['create-leaf', 'c', locationOf(c), `--provider=${locationOf(a)}`]);
  await quickTicks(root);
  await quickTicks(branch);
  programs.pgqd([a, b], { maint_period: 2 });
  for (const node of [atA, atB, atC]) node.worker();

  await root.script(`${tables} ${rows}`);
  await leaf.script(`${tables} insert into people values (-1, 'left over')`);
  await atA.run(['add-table', 'public.people', 'public.log']);
  await atA.run(['add-seq', 'public.log_id_seq']);
  await atB.run(['add-table', 'public.people', 'public.log', '--create']);
  await atC.run(['add-table', 'public.people', 'public.log']);
  await atC.run(['add-seq', 'public.log_id_seq']);

  await using load = writing(a);
  await Promise.all([atB.run(['wait-sync']), atC.run(['wait-sync'])]);
  await load.stop();
  await root.script(changes);
  const equal = async () => {
    for (const session of [branch, leaf]) {
      for (const query of ['select * from people', 'select * from log']) {
        await expectEqual(root, query, session, query);
      }
    }
  };
  await settled(root, [branch, leaf], programs.logs);
  await equal();
  // Its exit status is the number of tables that differ.
  await Promise.all([atB.run(['compare']), atC.run(['compare'])]);
  expect(await foreignKeys(leaf)).toEqual(['log.log_person_fkey']);

  const migration = join(programs.folder, 'add-nick.sql');
  writeFileSync(
    migration,
    `--*-- Local-Table: public.people\nalter table @public.people@ add column nick text;\nupdate @public.people@ set nick = 'n' || id;\n`,
  );
  await atA.run(['execute', migration]);
  await root.script(`insert into people values (9001, 'after', 1, now(), 'nick')`);
  await settled(root, [branch, leaf], programs.logs);
  await equal();
  await atA.run(['execute', migration]);
  expect(await leaf.query(sql('select execute_file from londiste.applied_execute'))).toEqual([
    { execute_file: 'add-nick.sql' },
  ]);

  await atC.run(['change-provider', '--provider=b']);
  await atB.run(['takeover', 'a']);
  await branch.script(
    `insert into people values (9002, 'written on b', 2, now(), null); delete from people where id = 1000`,
  );
  await settled(branch, [root, leaf], programs.logs);
  await equal();
  await expect(root.script(`insert into people values (9003, 'written on a')`)).rejects.toThrow(/does not take events/);
  await atA.run(['compare']);
  const status = await atC.run(['status']);
  expect(status.stdout).toMatch(/b \(root\)[\s\S]*a \(branch\)[\s\S]*c \(leaf\)/);
  expect(programs.errors()).toEqual([expect.stringContaining("Skipping execution of 'add-nick.sql'")]);
  await atC.run(['drop-node', 'c']);
  expect(await leaf.query(sql('select from pgq_node.node_info'))).toEqual([]);
  await programs.stop();
});

async function foreignKeys(session: Session): Promise<readonly string[]> {
  const rows = await session.query<{ name: string }>(
    sql(`select conrelid::regclass || '.' || conname as name from pg_constraint where contype = 'f'
      and connamespace = 'public'::regnamespace`),
  );
  return rows.map(({ name }) => name);
}
