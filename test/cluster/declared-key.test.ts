import { expect, test } from 'vitest';
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
    tables:
      - name: app.prices
        key: [article, region]
        create: full
      - name: app.rates
        key: [code]
        create: minimal
      - name: app.readings
        key: all_columns
        create: full
`;

test('a table without a primary key replicates by the unique key that the file names, or by its whole rows', async () => {
  await using cluster = await freshCluster({ src: 14, dst: 18 });
  await using src = await cluster.databases.src.session();
  await using dst = await cluster.databases.dst.session();
  await src.script(`
    create schema app;
    create table app.prices (note text, region text not null, article int not null, price numeric);
    create unique index on app.prices (article, region);
    create table app.rates (code text not null unique, rate numeric);
    create table app.readings (at int, place text, doc json, value float8, size numeric);
    insert into app.readings select i / 2, nullif('p' || i % 3, 'p0'), '{"a": 1}', i / 7.0, 1.50 from generate_series(1, 600) i;
    insert into app.readings select * from app.readings where at < 250;
    insert into app.prices select 'n' || i, case when i % 2 = 0 then 'e,u' else '' end, i / 2, i from generate_series(1, 500) i;
    insert into app.rates select 'c' || i, i from generate_series(1, 50) i`);
  const { plan } = await applyAll(cluster, queues);
  expect(plan.warnings).toMatchObject([{ code: 'key_whole_row', table: 'app.readings' }]);
  expect(stepIds(await planOf(cluster, queues))).toEqual([]);

  using file = temporaryFile('trunkline.yaml', `version: 1\n${cluster.yaml}${queues}`);
  const run = startProgram(['run', '-f', file.path]);
  try {
    await waitFor('everything in sync', 60_000, async () => {
      const [row] = await dst.query<{ done: boolean }>(
        sql(`select bool_and(merge_state = 'ok') as done from londiste.table_info where local`),
      );
      return row?.done === true;
    });
    await src.script(`
      update app.prices set price = price + 0.5, note = null where article < 20;
      update app.prices set region = 'moved' where article = 30 and region = '';
      delete from app.prices where article between 40 and 50;
      insert into app.prices values (null, 'new', 1000, null);
      update app.rates set code = code || '!' where rate > 40;
      delete from app.rates where rate = 1`);
    // Of equal rows one is changed and the other is not; nulls, and types that know no equality, tell rows apart like the rest.
    const one = (condition: string) =>
      `ctid = (select min(ctid) from app.readings where ${condition} group by place having count(*) = 2 limit 1)`;
    await src.script(`
      update app.readings set value = 'NaN', doc = '{"a":1}' where ${one("at = 20 and place = 'p1'")};
      update app.readings set size = 1.5 where ${one('at = 30 and place is null')};
      update app.readings set place = place where at = 40;
      delete from app.readings where ${one("at = 50 and place = 'p2'")};
      delete from app.readings where at = 60;
      insert into app.readings values (null, null, null, null, null), (null, null, null, null, null), (1, 'gone', null, 1, 1);
      delete from app.readings where place = 'gone'`);
    await src.script('update app.readings set at = -at where at between 100 and 220');
    const rows = sql('select r::text as line, count(*) as times from app.readings r group by 1 order by 1');
    const source = await src.query(rows);
    await expect.poll(() => dst.query(rows), { timeout: 20_000 }).toEqual(source);
    const compared = await runProgram(['compare', '-f', file.path, '--json']);
    expect(compared.status, compared.stderr).toBe(0);
    expect(JSON.parse(compared.stdout)).toMatchObject({ equal: true, tables: [{ rows: 479 }, { rows: 49 }, {}] });
    // One too few of equal rows is noticed.
    await dst.script(
      `set session_replication_role = replica; delete from app.readings where ctid = (select min(ctid) from app.readings where at = -110)`,
    );
    const differs = await runProgram(['compare', '-f', file.path, '--table', 'app.readings']);
    expect(differs.status).toBe(2);
    expect(differs.stdout).toContain('no key tells its rows apart');
  } finally {
    await run.kill('SIGTERM');
  }
  expect(stepIds(await planOf(cluster, queues))).toEqual([]);
});
