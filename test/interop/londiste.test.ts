import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import type { Session } from '../../src/db/session.ts';
import { sql } from '../../src/db/statement.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { debianPrograms, locationOf } from '../support/debian-programs.ts';
import { needDebian } from '../support/debian-server.ts';
import { expectEqual, waitFor } from '../support/replication.ts';

beforeEach(needDebian);

const tables = `
  create table people (id int primary key, name text not null, score numeric, at timestamptz default now());
  create table log (id bigserial primary key, person int not null references people, what text);
`;

test("Londiste's own programs run a cascade on the bundled SQL: copy, replay, compare, execute, takeover", async () => {
  // The ticker daemon serves one server; the leaf lives on another one, of another version.
  await using a = await freshDatabase({ name: 'a', version: 12 });
  await using b = await freshDatabase({ name: 'b', version: 12 });
  await using c = await freshDatabase({ name: 'c', version: 18 });
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

  await root.script(`${tables}
    insert into people select i, 'name ' || i || E' \\\\ '' %&=+\\t' || chr(20013), i / 7.0 from generate_series(1, 3000) i;
    insert into log (person, what) select i, 'first' from generate_series(1, 3000, 3) i`);
  await leaf.script(`${tables} insert into people values (-1, 'left over')`);
  await atA.run(['add-table', 'public.people', 'public.log']);
  await atA.run(['add-seq', 'public.log_id_seq']);
  await atB.run(['add-table', 'public.people', 'public.log', '--create']);
  await atC.run(['add-table', 'public.people', 'public.log']);
  await atC.run(['add-seq', 'public.log_id_seq']);

  let writing = true;
  const load = write(a, () => writing);
  await Promise.all([atB.run(['wait-sync']), atC.run(['wait-sync'])]);
  writing = false;
  await load;
  await root.script(`
    update people set score = 'NaN' where id = 7;
    delete from log where person = 10;
    truncate log;
    insert into log (person, what) values (1, null), (2, '')`);
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
  expect(programs.errors()).toEqual([]);
  await atC.run(['drop-node', 'c']);
  expect(await leaf.query(sql('select from pgq_node.node_info'))).toEqual([]);
});

async function quickTicks(session: Session): Promise<void> {
  await session.script(`
    select pgq.set_queue_config('replika', 'ticker_max_lag', '100 milliseconds');
    select pgq.set_queue_config('replika', 'ticker_idle_period', '500 milliseconds');`);
}

async function write(database: FreshDatabase, goOn: () => boolean): Promise<void> {
  await using session = await database.session();
  for (let round = 0; goOn(); round += 1) {
    await session.script(`
      update people set score = score + 1 where id % 100 = ${round % 100};
      insert into log (person, what) values (${1 + (round % 3000)}, 'round ${round}')`);
  }
}

/** Until all have what was written so far. */
async function settled(provider: Session, subscribers: readonly Session[], logs: () => string): Promise<void> {
  const tick = await newTick(provider);
  for (const session of subscribers) {
    await waitFor(
      () => `tick ${tick}: ${logs()}`,
      30_000,
      async () => {
        const rows = await session.query<{ at: bigint }>(
          sql(`select worker_last_tick as at from pgq_node.get_node_info('replika')`),
        );
        return (rows[0]?.at ?? 0n) >= tick;
      },
    );
  }
}

async function newTick(session: Session): Promise<bigint> {
  for (;;) {
    await session.query(sql(`select pgq.force_tick('replika')`));
    const [row] = await session.query<{ tick: bigint | null }>(sql(`select pgq.ticker('replika') as tick`));
    if (row?.tick) return row.tick;
  }
}

async function foreignKeys(session: Session): Promise<readonly string[]> {
  const rows = await session.query<{ name: string }>(
    sql(`select conrelid::regclass || '.' || conname as name from pg_constraint where contype = 'f'
      and connamespace = 'public'::regnamespace`),
  );
  return rows.map(({ name }) => name);
}
