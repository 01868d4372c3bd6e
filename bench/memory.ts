import { loadavg } from 'node:os';
import { test } from 'vitest';
import { sql } from '../src/db/statement.ts';
import { waitFor } from '../test/support/replication.ts';
import { ownCascade } from './contenders/trunkline.ts';
import { freshPair, type Pair } from './support/pair.ts';
import { peakMegabytes } from './support/processes.ts';
import { report } from './support/report.ts';
import { tablesInSync } from './support/tables-in-sync.ts';

// The most memory that the process of a leaf ever held, whatever waits for it.

const rounds = Number(process.env.TRUNKLINE_BENCH_ROUNDS ?? 2);

const loads: readonly (readonly [string, string])[] = [
  ['a million changes that waited', 'call many(1000000)'],
  ['one transaction of two million rows', 'insert into item select i, i::text from generate_series(1, 2000000) i'],
  ['one value of 200 MB', `insert into item values (1, repeat('x', 200000000))`],
];

const tables = `create table item (id int primary key, note text)`;
const many = `create procedure many(changes int) language plpgsql as $$
  begin
    for i in 1..changes loop
      insert into item values (i, i::text);
      if i % 10 = 0 then commit; end if;
    end loop;
  end $$`;

test('memory', { timeout: 7_200_000 }, async () => {
  const peaks = new Map<string, number[]>(loads.map(([name]) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, load] of loads) {
      const peak = await peakOf(load);
      console.log(`${name}: ${peak.toFixed(0)} MB, load ${loadavg()[0]?.toFixed(1)}`);
      peaks.get(name)?.push(peak);
    }
  }
  report('memory', 'the process of one leaf', '', [
    { measure: 'peak memory of the process', unit: 'MB', better: 'less', values: peaks },
  ]);
});

async function peakOf(load: string): Promise<number> {
  await using pair = await freshPair();
  await createTables(pair);
  using cascade = await ownCascade(pair.source, [pair.target], ['public.item']);
  const source = cascade.run('source');
  let target = cascade.run('target');
  try {
    await tablesInSync(pair.target, () => target.output);
    await target.kill('SIGTERM');
    await using from = await pair.source.session();
    await from.script('set synchronous_commit = off');
    await from.script(load);
    target = cascade.run('target');
    await using to = await pair.target.session();
    const count = sql('select count(*) as rows from item');
    const [wanted] = await from.query<{ rows: bigint }>(count);
    await waitFor(
      () => `the rows: ${target.output}`,
      600_000,
      async () => (await to.query<{ rows: bigint }>(count))[0]?.rows === wanted?.rows,
    );
    return peakMegabytes([target.child.pid as number]);
  } finally {
    for (const program of [target, source]) await program.kill('SIGTERM');
  }
}

async function createTables(pair: Pair): Promise<void> {
  for (const database of [pair.source, pair.target]) {
    await using session = await database.session();
    await session.script(tables);
  }
  await using session = await pair.source.session();
  await session.script(many);
}
