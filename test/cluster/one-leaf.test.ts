import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { freshCluster } from '../support/cluster.ts';
import { runProgram, startProgram } from '../support/program.ts';
import { waitFor } from '../support/replication.ts';

test('the smallest example does what its page says', async () => {
  await using cluster = await freshCluster({ shop: 14, reports: 18 });
  const env = { SHOP_URL: cluster.databases.shop.url, REPORTS_URL: cluster.databases.reports.url };
  const trunkline = (...args: readonly string[]) =>
    runProgram([...args, '-f', 'examples/one-leaf/trunkline.yaml'], { env });
  for (const name of ['shop', 'reports'] as const) {
    await using session = await cluster.databases[name].session();
    await session.script(readFileSync('examples/one-leaf/schema.sql', 'utf8'));
  }
  await using shop = await cluster.databases.shop.session();
  await shop.script(`
    insert into customer select i, 'customer ' || i, 'de' from generate_series(1, 100) i;
    insert into order_line (customer_id, amount) select 1 + i % 100, i / 7.0 from generate_series(1, 1000) i`);

  expect(await trunkline('plan')).toMatchObject({ status: 0, stdout: expect.stringContaining('--allow copies-data') });
  expect(await trunkline('apply', '--auto-approve')).toMatchObject({ status: 3 });
  expect(await trunkline('apply', '--auto-approve', '--allow', 'copies-data')).toMatchObject({ status: 0 });
  const run = startProgram(['run', '-f', 'examples/one-leaf/trunkline.yaml'], { env });
  try {
    await waitFor('everything in sync', 30_000, async () => (await trunkline('status', '--check')).status === 0);
    await shop.script(`delete from order_line where id % 2 = 0; update customer set country = 'fr' where id < 10`);
    const compared = await trunkline('compare', '--json');
    expect(compared.status).toBe(0);
    expect(JSON.parse(compared.stdout)).toMatchObject({
      equal: true,
      tables: [
        { table: 'public.customer', rows: 100 },
        { table: 'public.order_line', rows: 500 },
      ],
      sequences: [{ sequence: 'public.order_line_id_seq' }],
    });
    expect(await trunkline('plan', '--detailed-exitcode')).toMatchObject({ status: 0 });
  } finally {
    expect(await run.kill('SIGTERM')).toMatchObject({ status: 0 });
  }
});
