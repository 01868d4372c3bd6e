import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { readQueueRows } from '../../src/replay/event-line.ts';
import { fetchBatch } from '../../src/worker/fetch-batch.ts';
import { freshDatabase } from '../support/database.ts';

test('a session whose rows nobody reads to the end answers the next statement', async () => {
  await using database = await freshDatabase({ install: false });
  await using session = await database.session();
  const rows = session.copyOut(`copy (select n, repeat('x', 100) from generate_series(1, 300000) n) to stdout`);
  await once(rows, 'readable');
  rows.destroy();
  expect(await session.query(sql('select 1 as one'))).toEqual([{ one: 1 }]);
});

test('lines come whole, of whatever length they are', async () => {
  await using database = await freshDatabase({ install: false });
  await using session = await database.session();
  // Around the size of what a socket gives at once, far below and far above it.
  const data = `repeat(chr(97 + n % 26), case n % 7 when 0 then 3000000 when 1 then 65536 * (n % 3) else n * 7919 % 70000 end)`;
  const events = `(select n as ev_id, 1 as ev_txid, 'I' as ev_type, ${data} as ev_data,
    null as ev_extra1, null as ev_extra2, null as ev_extra3 from generate_series(1, 60) n)`;
  const [wanted] = await session.query<{ hash: string }>(
    sql(`select md5(string_agg(ev_id || ' ' || ev_data, e'\\n' order by ev_id)) as hash from ${events} e`),
  );
  const seen: string[] = [];
  for await (const lines of fetchBatch(session, { events }, { kind: 'all' }, false)) {
    expect(lines.at(-1)).toBe(0x0a);
    for (const row of readQueueRows(Uint8Array.from(lines))) seen.push(`${row.id} ${row.data}`);
  }
  expect(createHash('md5').update(seen.join('\n')).digest('hex')).toBe(wanted?.hash);
});
