import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { apply } from '../../src/app/apply.ts';
import { compare } from '../../src/app/compare.ts';
import { plan } from '../../src/app/plan.ts';
import { run } from '../../src/app/run.ts';
import { sql } from '../../src/db/statement.ts';
import type { LogRecord } from '../../src/model/log.ts';
import { unhurried } from '../../src/model/pace.ts';
import { problemSentences, problemsText } from '../../src/render/describe-problem.ts';
import { describeStep } from '../../src/render/describe-step.ts';
import { paintWith } from '../../src/render/paint.ts';
import { freshCluster } from '../support/cluster.ts';
import { waitFor } from '../support/replication.ts';

// Each example on real servers, as its page says: tables, apply, run.

interface Example {
  /** SQL by database. Each is called as the file calls it. */
  readonly before: Readonly<Record<string, string>>;
  readonly writes: Readonly<Record<string, string>>;
  /** Queries whose answer says that everything is where it belongs. */
  readonly holds: readonly (readonly [database: string, query: string, answer: string])[];
  /** How many connections "trunkline run" keeps, by database. */
  readonly keeps?: Readonly<Record<string, number>>;
}

const schemaOf = (example: string): string => readFileSync(`examples/${example}/schema.sql`, 'utf8');
const shopTables = schemaOf('one-leaf');
const plainTables = schemaOf('sharded');
const orders = `select string_agg(id::text, ',' order by id) from order_line`;

const testedElsewhere = ['ci', 'one-leaf', 'walkthrough'];

const examples: Readonly<Record<string, Example>> = {
  chain: {
    before: {
      shop: `${shopTables} insert into customer values (1, 'one'), (2, 'two')`,
      far: shopTables,
      reports: shopTables,
    },
    writes: {
      shop: `insert into order_line (customer_id, amount) values (1, 5), (2, 7); delete from order_line where id = 1`,
    },
    holds: [
      ['far', orders, '2'],
      ['reports', orders, '2'],
      ['reports', 'select count(*)::text from customer', '2'],
    ],
    keeps: { shop: 3, far: 4, reports: 2 },
  },
  deploy: {
    before: { shop: `${shopTables} insert into customer values (1, 'one')`, reports: shopTables },
    writes: { shop: 'insert into order_line (customer_id, amount) values (1, 5)' },
    holds: [['reports', orders, '1']],
  },
  merge: {
    before: {
      north: `${plainTables} insert into order_line values (1, 1, 5), (2, 1, 6)`,
      south: `${plainTables} insert into order_line values (1001, 1, 7)`,
      hq: plainTables,
    },
    writes: { north: 'delete from order_line where id = 1', south: 'insert into order_line values (1002, 1, 8)' },
    holds: [['hq', orders, '2,1001,1002']],
  },
  'filtered-table': {
    before: {
      shop: `${schemaOf('filtered-table')}
        insert into customer values (1, 'de', 'a@b', '030', '1980-05-06', false), (2, 'fr', 'c@d', '01', '1990-01-01', false)`,
      analysis: 'create table customer (id int primary key, country text not null, email text, birthday date)',
    },
    writes: {
      shop: `update customer set country = 'de' where id = 2; insert into customer values (3, 'de', 'test', null, null, true)`,
    },
    holds: [
      [
        'analysis',
        `select string_agg(concat_ws(' ', id, email = md5(case id when 1 then 'a@b' else 'c@d' end), birthday), ',' order by id) from customer`,
        '1 t 1980-01-01,2 t 1990-01-01',
      ],
    ],
  },
  sharded: {
    before: {
      shop: `${plainTables} insert into country values ('de', 'Deutschland');
        insert into customer select i, 'customer', 'de' from generate_series(1, 40) i;
        insert into order_line select i, i, 1 from generate_series(1, 40) i`,
      shard0: plainTables,
      shard1: plainTables,
    },
    writes: {
      shop: 'delete from order_line where id <= 10; insert into order_line select 100, id, 1 from customer where id = 5',
    },
    holds: [0, 1].flatMap((number) => [
      [`shard${number}`, 'select name from country', 'Deutschland'] as const,
      [
        `shard${number}`,
        `select concat(bool_and(hashint4(id) & 1 = ${number}), count(*) > 9) from customer`,
        'tt',
      ] as const,
      [
        `shard${number}`,
        `select concat(bool_and(hashint4(customer_id) & 1 = ${number}), count(*) = (select count(*) from customer where id > 10 or id = 5)) from order_line`,
        'tt',
      ] as const,
    ]),
  },
};

test('no example is left out', () => {
  const folders = readdirSync('examples', { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const names = folders.map(({ name }) => name).sort();
  expect([...Object.keys(examples), ...testedElsewhere].sort()).toEqual(names);
});

test.each(Object.entries(examples))('example %s brings the rows where its page says', async (name, example) => {
  await using cluster = await freshCluster(Object.fromEntries(Object.keys(example.before).map((one) => [one, 18])));
  const env = Object.fromEntries(
    Object.entries(cluster.databases).map(([database, { url }]) => [`${database.toUpperCase()}_URL`, url]),
  );
  const open = (database: string) => {
    const found = cluster.databases[database];
    if (found === undefined) throw new Error(database);
    return found.session();
  };
  const script = async (texts: Readonly<Record<string, string>>) => {
    for (const [database, text] of Object.entries(texts)) {
      await using session = await open(database);
      await session.script(text);
    }
  };
  const answer = async (database: string, query: string) => {
    await using session = await open(database);
    return (await session.query<{ answer: string | null }>(sql(`select (${query}) as answer`)))[0]?.answer;
  };

  await script(example.before);
  const files = [`examples/${name}/trunkline.yaml`];
  const common = { files, env, report: () => undefined };
  await apply({
    ...common,
    planFile: undefined,
    allow: ['copies-data'],
    lockTimeoutMs: 0,
    workerTimeoutMs: 30_000,
    describe: describeStep,
    explain: problemSentences,
    show: () => undefined,
    confirm: undefined,
    signal: new AbortController().signal,
  });
  const ending = new AbortController();
  const logs: LogRecord[] = [];
  const running = run({
    ...common,
    queues: [],
    nodes: [],
    role: 'all',
    log: (record) => logs.push(record),
    explain: (error) => problemsText(error.problems, paintWith(false)),
    http: undefined,
    statusDocument: () => undefined,
    onReload: () => undefined,
    signal: ending.signal,
  });
  try {
    await script(example.writes);
    for (const [database, query, expected] of example.holds) {
      const why = () => `${query} to be ${expected} on ${database}: ${logs.map(({ message }) => message).join('; ')}`;
      await waitFor(why, 60_000, async () => (await answer(database, query)) === expected);
    }
    for (const [database, kept] of Object.entries(example.keeps ?? {})) {
      const sessions = `select count(*)::text from pg_stat_activity
        where datname = current_database() and application_name like 'trunkline %' and pid <> pg_backend_pid()`;
      const why = () => `${kept} connections on ${database}`;
      await waitFor(why, 30_000, async () => (await answer(database, sessions)) === String(kept));
    }
    const { plan: after } = await plan({ ...common, signal: ending.signal });
    expect([after.steps, after.warnings]).toEqual([[], []]);
    const { nodes, problems } = await compare({
      ...common,
      nodes: [],
      tables: [],
      search: { limit: 0, values: false, chunkRows: 1_000 },
      pace: unhurried,
      timeoutMs: 30_000,
      resume: false,
      log: () => undefined,
      explain: ({ message }) => message,
      signal: ending.signal,
    });
    const verdicts = nodes.flatMap(({ tables }) => tables.map(({ verdict }) => verdict.kind));
    expect({ problems, unequal: verdicts.filter((kind) => kind !== 'equal') }).toEqual({ problems: [], unequal: [] });
  } finally {
    ending.abort();
    await running;
  }
  expect(logs.filter(({ level }) => level !== 'info')).toEqual([]);
});
