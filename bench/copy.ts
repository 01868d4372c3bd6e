import { test } from 'vitest';
import { systemClock } from '../src/app/system-clock.ts';
import { sql } from '../src/db/statement.ts';
import { debianPrograms } from '../test/support/debian-programs.ts';
import { slonyInstalled } from './contenders/slony.ts';
import { londisteCopy, londisteParallelCopy } from './copiers/londiste.ts';
import { nativeCopy } from './copiers/native.ts';
import { pipeCopy } from './copiers/pipe.ts';
import { slonyCopy } from './copiers/slony.ts';
import { trunklineCopy, trunklineStreamsCopy } from './copiers/trunkline.ts';
import type { Copier } from './support/copier.ts';
import { figureOf, inRounds } from './support/in-rounds.ts';
import { freshPair, type Pair } from './support/pair.ts';
import { cpuSeconds } from './support/processes.ts';
import { report } from './support/report.ts';

// How fast tables come to a new node, with their keys: one large one, and four side by side.

const scale = Number(process.env.TRUNKLINE_BENCH_SCALE ?? 1);
const sizes = { one: [2_000_000], four: [2_000_000, 1_500_000, 1_000_000, 500_000] };

const copiers = [
  trunklineCopy,
  trunklineStreamsCopy,
  pipeCopy,
  nativeCopy,
  londisteCopy,
  londisteParallelCopy,
  ...(slonyInstalled() ? [slonyCopy] : []),
];

interface Result {
  readonly perSecond: number;
  readonly seconds: number;
  readonly cpuPerRow: number;
}

test('copy', { timeout: 7_200_000 }, async () => {
  const figures = [];
  for (const [name, rows] of Object.entries(sizes)) {
    const given = rows.map((count) => Math.round(count * scale));
    // With one table it makes no difference how many go at once; with four, all cores are busy without streams of one.
    const left = name === 'one' ? londisteParallelCopy : trunklineStreamsCopy;
    const wanted = copiers.filter((copier) => copier !== left);
    const results = await inRounds(wanted, (copier) => once(copier, given));
    const title = `${name} table${rows.length === 1 ? '' : 's'}, ${given.reduce((sum, count) => sum + count, 0) / 1e6} million rows`;
    figures.push(
      figureOf(
        results,
        { measure: `${title}: from begin to keys`, unit: 'rows/s', better: 'more' },
        (result) => result.perSecond,
      ),
      figureOf(
        results,
        { measure: `${title}: from order to in sync`, unit: 's', better: 'less' },
        (result) => result.seconds,
      ),
      figureOf(
        results,
        { measure: `${title}: CPU of all processes`, unit: 'µs/row', better: 'less' },
        (result) => result.cpuPerRow,
      ),
    );
  }
  report('copy', 'first copies, all defaults', trunklineCopy.name, figures);
});

async function once(copier: Copier, rows: readonly number[]): Promise<Result> {
  await using pair = await freshPair();
  await using programs = debianPrograms([pair.source, pair.target]);
  const tables = await createTables(pair, rows);
  const total = rows.reduce((sum, count) => sum + count, 0);
  let ordered = { at: 0, cpu: 0 };
  const order = () => {
    // Whatever the copier starts is a child of this process, as the servers are.
    ordered = { at: performance.now(), cpu: cpuSeconds([process.pid]) };
  };
  const times = await copier.copy({ pair, programs, tables, order });
  const cpu = cpuSeconds([process.pid]) - ordered.cpu;
  await expectAll(pair, tables);
  return {
    perSecond: (total / (times.copiedAt - times.startedAt)) * 1_000,
    seconds: (times.inSyncAt - ordered.at) / 1_000,
    cpuPerRow: (cpu / total) * 1e6,
  };
}

async function createTables(pair: Pair, rows: readonly number[]): Promise<readonly string[]> {
  await using source = await pair.source.session();
  await using target = await pair.target.session();
  const tables = rows.map((_, index) => `public.copied_${index + 1}`);
  for (const [index, table] of tables.entries()) {
    const create = `create table ${table} (id bigserial, userid int, login_time timestamp, ip inet, note text)`;
    const addKey = `alter table ${table} add primary key (id)`;
    await target.script(`${create}; ${addKey}`);
    await source.script(`${create};
      insert into ${table} (userid, login_time, ip, note)
      select i % 200000, timestamp '2026-01-01' + i * interval '1 s', inet '10.0.0.1' + i, 'row number ' || i
      from generate_series(1, ${rows[index]}) i;
      ${addKey}`);
  }
  // What loading left to do is not part of copying.
  await source.script('vacuum analyze');
  await systemClock.sleep(500);
  for (const session of [source, target]) await session.script('checkpoint');
  return tables;
}

/** A fast copy of something else counts for nothing. */
async function expectAll({ source, target }: Pair, tables: readonly string[]): Promise<void> {
  await using left = await source.session();
  await using right = await target.session();
  for (const table of tables) {
    const text = `select count(*) as rows, sum(hashtext(t::text)::bigint)::text as sum,
      (select count(*) from pg_index where indrelid = '${table}'::regclass and indisprimary) as keys from ${table} t`;
    const [wanted] = await left.query(sql(text));
    const [there] = await right.query(sql(text));
    if (JSON.stringify(there, asText) !== JSON.stringify(wanted, asText)) throw new Error(`${table} differs`);
  }
}

function asText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
