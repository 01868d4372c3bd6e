import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { readQueueRows } from '../../src/replay/event-line.ts';
import { CopyMeter } from '../../src/worker/copy-pipe.ts';
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
  await using session = await database.connector(database.name, { applicationName: 'test', relays: true });
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

// Without `relays` its bytes are read as those of TLS are.
test.each([true, false])(
  'rows handed on from one session to another arrive as they were (relays: %s)',
  async (relays) => {
    await using database = await freshDatabase({ install: false });
    await using from = await database.connector(database.name, { applicationName: 'test', relays });
    await using to = await database.session();
    const never = new AbortController().signal;
    // Heads of messages are cut in all places; some rows are longer than what is read at once, and one comes alone.
    const note = `repeat(chr(97 + n % 26), case n % 5003 when 0 then 700000 else n * 7919 % 200 end)`;
    await from.script(`create table source as select n, ${note} as note from generate_series(1, 40000) n;
    create table target (n int primary key check (n > 0), note text)`);
    const sum = (table: string) =>
      to.query(sql(`select count(*) as n, md5(string_agg(n || note, ',' order by n)) as hash from ${table}`));
    for (const format of ['format text', 'format binary']) {
      const meter = new CopyMeter();
      const into = `copy target (n, note) from stdin (${format})`;
      await meter.pipe(from, to, { out: `copy source (n, note) to stdout (${format})`, into }, never);
      expect(meter.rows).toBe(40_000);
      expect(await sum('target')).toEqual(await sum('source'));
      // The last piece was lent as well: what comes after it must not be mixed up with it.
      expect(await from.query(sql('select 1 as one'))).toEqual([{ one: 1 }]);
      await to.script('truncate target');
      await meter.pipe(from, to, { out: `copy (select 7, 'x') to stdout (${format})`, into }, never);
      expect(await to.query(sql('select * from target'))).toEqual([{ n: 7, note: 'x' }]);
      await to.script('truncate target');
      await meter.pipe(from, to, { out: `copy (select 7, 'x' where false) to stdout (${format})`, into }, never);
      expect(await sum('target')).toEqual([{ n: 0n, hash: null }]);
    }

    // The end that errs says why, and the subscriber's goes on.
    const fails = async (out: string, into: string, signal = never) => {
      await using provider = await database.connector(database.name, { applicationName: 'test', relays });
      const moving = new CopyMeter().pipe(provider, to, { out, into }, signal);
      const error = await moving.catch((reason: Error) => reason);
      expect(provider.lost).toBe(true);
      expect(await sum('target')).toEqual([{ n: 0n, hash: null }]);
      return String(error);
    };
    const all = 'copy source (n, note) to stdout';
    const target = 'copy target (n, note) from stdin';
    expect(await fails('copy nothing to stdout', target)).toMatch(/relation "nothing" does not exist/);
    expect(await fails(all, 'copy nothing from stdin')).toMatch(/relation "nothing" does not exist/);
    expect(await fails('copy (select n, 1 / (n - 39999) from source) to stdout', target)).toMatch(/division by zero/);
    expect(await fails('copy (select 20000 - n, note from source) to stdout', target)).toMatch(
      /violates check constraint/,
    );
    expect(await fails(all, target, AbortSignal.abort())).toMatch(/AbortError/);
    expect(
      await fails('copy (select n, pg_sleep(0.01) from source) to stdout', target, AbortSignal.timeout(300)),
    ).toMatch(/AbortError/);
  },
);
