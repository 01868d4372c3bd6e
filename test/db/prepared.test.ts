import { expect, test } from 'vitest';
import { preparedAmongMany, sql } from '../../src/db/statement.ts';
import { freshDatabase } from '../support/database.ts';

test('a session that runs any number of texts keeps some of them prepared, and those that are used', async () => {
  await using database = await freshDatabase({ install: false });
  await using session = await database.session();
  await session.script('create table item (id int)');
  const padding = 'x'.repeat(20_000);
  const run = (nr: number, table = 'item') =>
    session.run(preparedAmongMany(`insert into ${table} select $1::int /* ${nr} ${padding} */`, nr));
  const held = () =>
    session.query<{ nr: number; size: bigint }>(
      sql(`select substring(statement from '/[*] (\\d+) x')::int as nr, sum(length(statement)) over () as size
        from pg_prepared_statements where name like 'held_%' order by 1`),
    );
  // The server refuses to prepare it: then there is nothing to let go of.
  await expect(run(0, 'missing')).rejects.toThrow(/missing/);
  for (let nr = 1; nr <= 100; nr += 1) await run(nr);
  const before = await held();
  expect(before[0]?.nr).toBe(1);
  expect(Number(before[0]?.size)).toBeLessThanOrEqual(500_000);
  for (let nr = 1_000; nr < 1_700; nr += 1) await run(nr);
  const after = await held();
  expect(after[0]?.nr).toBeGreaterThan(1_000);
  expect(Number(after[0]?.size)).toBeLessThanOrEqual(500_000);
  for (const nr of [1, 1_000, 1_699]) await run(nr);
  expect(await session.query(sql('select count(*) as rows from item'))).toEqual([{ rows: 803n }]);
});
