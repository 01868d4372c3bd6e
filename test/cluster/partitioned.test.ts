import { expect, test } from 'vitest';
import type { Session } from '../../src/db/session.ts';
import { sql } from '../../src/db/statement.ts';
import { freshCluster } from '../support/cluster.ts';
import { applyAll, planOf, stepIds } from '../support/planning.ts';
import { runProgram, startProgram, temporaryFile } from '../support/program.ts';
import { waitFor } from '../support/replication.ts';

const queues = `queues:
  replika:
    ticker: { max_lag: 100ms }
    nodes:
      src: { database: src, role: root }
      dst: { database: dst, role: leaf, provider: src }
      plain: { database: plain, role: leaf, provider: src }
    tables:
      - name: app.visits
        nodes: { dst: { create: full }, plain: { target: app.all_visits, create: minimal } }
`;

const partitioned = `
  create schema app;
  create table app.visits (id bigint, at date not null, kind text default 'x', note text, primary key (id, at, kind)) partition by range (at);
  create table app.visits_2024 partition of app.visits for values from ('2024-01-01') to ('2025-01-01') partition by list (kind);
  create table app.visits_2024_a partition of app.visits_2024 for values in ('a') with (fillfactor = 70);
  create table app.visits_2024_rest partition of app.visits_2024 default;
  create table app.visits_2025 (note text, dropped int, kind text not null default 'y', id bigint not null, at date not null);
  alter table app.visits_2025 drop column dropped;
  alter table app.visits attach partition app.visits_2025 for values from ('2025-01-01') to ('2026-01-01');
  create index visits_note on app.visits (note);
  create index only_2025 on app.visits_2025 (kind);
  comment on table app.visits_2025 is 'attached';
  insert into app.visits select i, '2024-01-01'::date + i, case when i % 2 = 0 then 'a' else 'b' end, 'note ' || i from generate_series(1, 700) i`;

async function inSync(session: Session): Promise<boolean> {
  const [row] = await session.query<{ done: boolean }>(
    sql(`select bool_and(merge_state = 'ok') as done from londiste.table_info where local`),
  );
  return row?.done === true;
}

test('a partitioned table replicates as one, into its like and into a plain table', async () => {
  await using cluster = await freshCluster({ src: 12, dst: 18, plain: 14 });
  await using src = await cluster.databases.src.session();
  await using dst = await cluster.databases.dst.session();
  await using plain = await cluster.databases.plain.session();
  await src.script(partitioned);
  const { plan } = await applyAll(cluster, queues);
  expect(plan.warnings).toEqual([]);
  expect(stepIds(await planOf(cluster, queues))).toEqual([]);
  expect(
    await dst.query(
      sql(`select c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bound, c.reloptions as options, obj_description(c.oid) as comment
             from pg_partition_tree('app.visits') t join pg_class c on c.oid = t.relid where c.relname <> 'visits' order by 1`),
    ),
  ).toEqual([
    { name: 'visits_2024', bound: "FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')", options: null, comment: null },
    { name: 'visits_2024_a', bound: "FOR VALUES IN ('a')", options: ['fillfactor=70'], comment: null },
    { name: 'visits_2024_rest', bound: 'DEFAULT', options: null, comment: null },
    {
      name: 'visits_2025',
      bound: "FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')",
      options: null,
      comment: 'attached',
    },
  ]);

  using file = temporaryFile('trunkline.yaml', `version: 1\n${cluster.yaml}${queues}`);
  const run = startProgram(['run', '-f', file.path]);
  try {
    await waitFor('both in sync', 60_000, async () => (await inSync(dst)) && (await inSync(plain)));
    await src.script(`
      insert into app.visits (id, at, note) values (1001, '2024-05-05', 'through the parent'), (1002, '2025-05-05', null);
      insert into app.visits_2025 (id, at, note) values (1003, '2025-06-06', 'into the partition');
      update app.visits set note = 'changed' where id between 10 and 20;
      update app.visits set at = at + 366, kind = 'moved' where id = 30;
      update app.visits_2024_a set note = 'here' where id = 40;
      delete from app.visits where id between 50 and 60`);
    // A partition that comes later is captured as well, once the subscribers have room for its rows.
    for (const session of [dst, src]) {
      await session.script(
        "create table app.visits_2026 partition of app.visits for values from ('2026-01-01') to ('2027-01-01')",
      );
    }
    await src.script(`insert into app.visits (id, at, note) values (2001, '2026-01-01', 'new')`);
    const compared = await runProgram(['compare', '-f', file.path, '--json']);
    expect(compared.status, compared.stdout + compared.stderr).toBe(0);
    expect(JSON.parse(compared.stdout)).toMatchObject({ equal: true });
    expect(await plain.query(sql('select note from app.all_visits where id >= 1001 order by id'))).toEqual([
      { note: 'through the parent' },
      { note: null },
      { note: 'into the partition' },
      { note: 'new' },
    ]);
    await src.script('truncate app.visits');
    await waitFor('the truncate', 20_000, async () => {
      const counts = await Promise.all([
        dst.query<{ n: bigint }>(sql('select count(*) as n from app.visits')),
        plain.query<{ n: bigint }>(sql('select count(*) as n from app.all_visits')),
      ]);
      return counts.every(([row]) => row?.n === 0n);
    });
  } finally {
    await run.kill('SIGTERM');
  }
  expect(stepIds(await planOf(cluster, queues))).toEqual([]);

  await expect(dst.script("insert into app.visits_2025 (id, at) values (1, '2025-01-01')")).rejects.toThrow(/denied/);
  const without = queues.replace('app.visits\n', 'app.visits_2025\n');
  await expect(planOf(cluster, `${without}      - name: app.visits\n`)).rejects.toThrow(/table_partitioned/);
});
