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
`;

test('a table without a primary key replicates by the unique key that the file names', async () => {
  await using cluster = await freshCluster({ src: 14, dst: 18 });
  await using src = await cluster.databases.src.session();
  await using dst = await cluster.databases.dst.session();
  await src.script(`
    create schema app;
    create table app.prices (note text, region text not null, article int not null, price numeric);
    create unique index on app.prices (article, region);
    create table app.rates (code text not null unique, rate numeric);
    insert into app.prices select 'n' || i, case when i % 2 = 0 then 'e,u' else '' end, i / 2, i from generate_series(1, 500) i;
    insert into app.rates select 'c' || i, i from generate_series(1, 50) i`);
  const { plan } = await applyAll(cluster, queues);
  expect(plan.warnings).toEqual([]);
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
    const compared = await runProgram(['compare', '-f', file.path, '--json']);
    expect(compared.status, compared.stderr).toBe(0);
    expect(JSON.parse(compared.stdout)).toMatchObject({ equal: true, tables: [{ rows: 479 }, { rows: 49 }] });
  } finally {
    await run.kill('SIGTERM');
  }
  expect(stepIds(await planOf(cluster, queues))).toEqual([]);
});
