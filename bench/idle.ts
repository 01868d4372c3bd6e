import { loadavg } from 'node:os';
import { test } from 'vitest';
import { systemClock } from '../src/app/system-clock.ts';
import { sql } from '../src/db/statement.ts';
import type { FreshDatabase } from '../test/support/database.ts';
import { ownCascade } from './contenders/trunkline.ts';
import { freshPair } from './support/pair.ts';
import { cpuSeconds } from './support/processes.ts';
import { report } from './support/report.ts';
import { tablesInSync } from './support/tables-in-sync.ts';

// What ten nodes cost that one process works for, a root and nine leaves, while nothing happens.

const rounds = Number(process.env.TRUNKLINE_BENCH_ROUNDS ?? 1);
/** With all that is done every now and then: a root tells every four minutes how far all are. */
const seconds = Number(process.env.TRUNKLINE_BENCH_SECONDS ?? 240);

interface Cost {
  readonly process: number;
  readonly servers: number;
  readonly transactions: number;
}

test('idle', { timeout: 3_600_000 }, async () => {
  const costs: Cost[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const cost = await costOfTenNodes();
    console.log(`${JSON.stringify(cost)}, load ${loadavg()[0]?.toFixed(1)}`);
    costs.push(cost);
  }
  report('idle', 'ten nodes of one process while nothing happens', '', [
    {
      measure: 'CPU',
      unit: '% of a core',
      better: 'less',
      values: new Map([
        ['the process', costs.map(({ process: percent }) => percent)],
        ['the servers', costs.map(({ servers }) => servers)],
      ]),
    },
    {
      measure: 'transactions',
      unit: '/s',
      better: 'less',
      values: new Map([['all databases', costs.map(({ transactions }) => transactions)]]),
    },
  ]);
});

async function costOfTenNodes(): Promise<Cost> {
  await using pair = await freshPair();
  const leaves = [pair.target];
  while (leaves.length < 9) leaves.push(await pair.another(`target${leaves.length}`));
  const databases = [pair.source, ...leaves];
  for (const database of databases) {
    await using session = await database.session();
    await session.script('create table item (id int primary key, note text)');
  }
  using cascade = await ownCascade(pair.source, leaves, ['public.item']);
  const all = cascade.run(...databases.map(({ name }) => name));
  try {
    for (const leaf of leaves) await tablesInSync(leaf, () => all.output);
    // Until the last traces of the copies are past, and what runs now and then has been compiled.
    await systemClock.sleep(120_000);
    const pid = all.child.pid as number;
    const look = async () => ({
      transactions: await transactionsOf(databases),
      process: cpuSeconds([pid]),
      servers: cpuSeconds(pair.pids),
    });
    const before = await look();
    await systemClock.sleep(seconds * 1_000);
    const after = await look();
    return {
      process: ((after.process - before.process) / seconds) * 100,
      servers: ((after.servers - before.servers) / seconds) * 100,
      transactions: (after.transactions - before.transactions) / seconds,
    };
  } finally {
    await all.kill('SIGTERM');
  }
}

/** Committed ones, by the statistics of the servers, which lag by a second or so. */
async function transactionsOf(databases: readonly FreshDatabase[]): Promise<number> {
  let sum = 0;
  for (const database of databases) {
    await using session = await database.session();
    const [row] = await session.query<{ count: number }>(
      sql('select xact_commit::float8 as count from pg_stat_database where datname = current_database()'),
    );
    sum += row?.count ?? 0;
  }
  return sum;
}
