import { once } from 'node:events';
import { expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { freshDatabase } from '../support/database.ts';

test('a session whose rows nobody reads to the end answers the next statement', async () => {
  await using database = await freshDatabase({ install: false });
  await using session = await database.session();
  const rows = session.copyOut(`copy (select n, repeat('x', 100) from generate_series(1, 300000) n) to stdout`);
  await once(rows, 'readable');
  rows.destroy();
  expect(await session.query(sql('select 1 as one'))).toEqual([{ one: 1 }]);
});
