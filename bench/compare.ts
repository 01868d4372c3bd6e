import { spawn } from 'node:child_process';
import { test } from 'vitest';
import { systemClock } from '../src/app/system-clock.ts';
import { debianPrograms } from '../test/support/debian-programs.ts';
import { runProgram } from '../test/support/program.ts';
import { ownCascade } from './contenders/trunkline.ts';
import { figureOf, inRounds } from './support/in-rounds.ts';
import { freshPair, type Pair } from './support/pair.ts';
import { cpuSeconds } from './support/processes.ts';
import { report } from './support/report.ts';
import { tablesInSync } from './support/tables-in-sync.ts';

// How fast a large table is compared with its copy, and found to differ in one row, beside two psql that sum up hashes at once.

const rows = Math.round(5_000_000 * Number(process.env.TRUNKLINE_BENCH_SCALE ?? 1));
const table = 'public.compared';

interface Result {
  readonly perSecond: number;
  readonly cpuPerRow: number;
}

interface Contender {
  readonly name: string;
  readonly compare: (bench: Bench) => Promise<void>;
}

interface Bench {
  readonly pair: Pair;
  /** Ends with its status and what it said. */
  readonly trunkline: (
    ...args: readonly string[]
  ) => Promise<{ readonly status: number | null; readonly text: string }>;
}

const trunkline: Contender = {
  name: 'trunkline',
  async compare({ trunkline: compare }) {
    const { status, text } = await compare();
    if (status !== 0) throw new Error(text);
  },
};

const trunklineWhole: Contender = {
  name: 'trunkline one snapshot',
  async compare({ trunkline: compare }) {
    const { status, text } = await compare('--max-snapshot', '1h');
    if (status !== 0) throw new Error(text);
  },
};

const trunklineDifferent: Contender = {
  name: 'trunkline one row differs',
  async compare({ pair, trunkline: compare }) {
    await using target = await pair.target.session();
    const change = (text: string) =>
      target.script(`set session_replication_role = replica; update ${table} set ${text} where id = ${rows / 2}`);
    await change(`note = note || '+'`);
    const { status, text } = await compare();
    await change(`note = left(note, -1)`);
    if (status !== 2) throw new Error(text);
  },
};

/** The same sum, over the rows as the server prints them: what a person would write. */
const psql: Contender = {
  name: 'psql md5',
  async compare({ pair }) {
    const query = `select count(*), sum(('x' || substr(md5(t::text), 1, 16))::bit(64)::bigint) from ${table} t`;
    const [left, right] = await Promise.all([psqlSays(pair.source.url, query), psqlSays(pair.target.url, query)]);
    if (left === '' || left !== right) throw new Error(`${left} beside ${right}`);
  },
};

test('compare', { timeout: 7_200_000 }, async () => {
  await using pair = await freshPair();
  await using _programs = debianPrograms([pair.source, pair.target]);
  await createTable(pair);
  using cascade = await ownCascade(pair.source, [pair.target], [table]);
  const workers = cascade.run('source', 'target');
  try {
    await tablesInSync(pair.target, () => workers.output);
    await using source = await pair.source.session();
    await using target = await pair.target.session();
    for (const session of [source, target]) {
      await session.script('vacuum analyze');
      await session.script('checkpoint');
    }
    const bench: Bench = {
      pair,
      trunkline: async (...args) => {
        const { status, stdout, stderr } = await runProgram(['compare', '-f', cascade.file, ...args]);
        return { status, text: `${stdout}\n${stderr}` };
      },
    };
    const results = await inRounds([trunkline, trunklineWhole, trunklineDifferent, psql], (one) => once(one, bench));
    report('compare', `a table of ${rows / 1e6} million rows of five columns`, trunkline.name, [
      figureOf(
        results,
        { measure: 'from start to outcome', unit: 'rows/s', better: 'more' },
        (result) => result.perSecond,
      ),
      figureOf(
        results,
        { measure: 'CPU of all processes', unit: 'µs/row', better: 'less' },
        (result) => result.cpuPerRow,
      ),
    ]);
  } finally {
    await workers.kill('SIGTERM');
  }
});

async function once({ compare }: Contender, bench: Bench): Promise<Result> {
  await systemClock.sleep(500);
  const cpu = cpuSeconds([process.pid]);
  const startedAt = performance.now();
  await compare(bench);
  return {
    perSecond: (rows / (performance.now() - startedAt)) * 1_000,
    cpuPerRow: ((cpuSeconds([process.pid]) - cpu) / rows) * 1e6,
  };
}

async function createTable({ source, target }: Pair): Promise<void> {
  const create = `create table ${table} (id bigint primary key, userid int, login_time timestamp, amount numeric, note text)`;
  await using left = await source.session();
  await using right = await target.session();
  await right.script(create);
  await left.script(`${create};
    insert into ${table}
    select i, i % 200000, timestamp '2026-01-01' + i * interval '1 s', i / 100.0, 'row number ' || i
    from generate_series(1, ${rows}) i; analyze ${table}`);
}

function psqlSays(url: string, query: string): Promise<string> {
  const child = spawn('psql', ['-XAt', url, '-c', query], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve(said));
  });
}
