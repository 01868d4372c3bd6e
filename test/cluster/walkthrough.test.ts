import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Session } from '../../src/db/session.ts';
import { sql } from '../../src/db/statement.ts';
import { type Cluster, freshCluster } from '../support/cluster.ts';
import { type RunningProgram, runProgram, startProgram, temporaryFile } from '../support/program.ts';
import { waitFor } from '../support/replication.ts';

// The scenario that must always work, through the program alone, step by step on one cascade.
// Step 12, a cascade without a superuser, is shown in without-superuser.test.ts and privileges.test.ts.

let cluster: Cluster<'src' | 'dst1' | 'dst2'>;
let file: ReturnType<typeof temporaryFile>;
let fileWithTarget2: ReturnType<typeof temporaryFile>;
let running: RunningProgram | undefined;

const queues = (second: string, tables: string) => `
allow: [copies-data]
queues:
  replika:
    ticker: { max_lag: 200ms }
    nodes:
      src_digoal_01: { database: src, role: root }
      dst1_digoal_01: { database: dst1, role: leaf, provider: src_digoal_01 }
${second}
    tables:
      - include: ["digoal_01.user_*"]
        nodes: { dst1_digoal_01: {} }
${tables}
`;

const target2 = `      dst2_digoal_02: { database: dst2, role: leaf, provider: src_digoal_01 }`;
const target2Tables = `
      - name: digoal_01.user_info
        nodes: { dst2_digoal_02: { target: digoal_02.user_info1, where: userid < 1000 } }
      - name: digoal_01.user_session
        nodes: { dst2_digoal_02: { target: digoal_02.user_session1, where: userid < 1000 } }`;

beforeAll(async () => {
  cluster = await freshCluster({ src: 14, dst1: { version: 18, own: true }, dst2: 18 });
  file = temporaryFile('trunkline.yaml', `version: 1\n${cluster.yaml}${queues('', '')}`);
  fileWithTarget2 = temporaryFile('trunkline.yaml', `version: 1\n${cluster.yaml}${queues(target2, target2Tables)}`);
  await Promise.all([script('src', 'source'), script('dst1', 'target1'), script('dst2', 'target2')]);
});

afterAll(async () => {
  await running?.kill('SIGKILL');
  file?.[Symbol.dispose]();
  fileWithTarget2?.[Symbol.dispose]();
  await cluster?.[Symbol.asyncDispose]();
});

async function script(database: 'src' | 'dst1' | 'dst2', name: string): Promise<void> {
  await using session = await open(database);
  await session.script(readFileSync(`examples/walkthrough/${name}.sql`, 'utf8'));
}

function open(database: 'src' | 'dst1' | 'dst2'): Promise<Session> {
  return cluster.databases[database].session();
}

const trunkline = (args: readonly string[], path = file.path) => runProgram([...args, '-f', path]);

async function startRun(path = file.path): Promise<void> {
  running = startProgram(['run', '-f', path]);
  await sleep(300);
}

async function stopRun(): Promise<void> {
  const ended = await running?.kill('SIGTERM');
  running = undefined;
  expect(ended).toMatchObject({ status: 0 });
}

/** Both kinds of load for a while, a client each. */
async function load(ms: number): Promise<void> {
  const until = performance.now() + ms;
  await Promise.all(
    ['login', 'logout'].map(async (kind) => {
      await using session = await open('src');
      for (let round = 0; performance.now() < until; round += 1) {
        const user = 1 + Math.floor(Math.random() * (round % 2 === 0 ? 1_500 : 200_000));
        await session.query(sql(`select digoal_01.f_user_${kind}($1)`, user));
        await sleep(3);
      }
    }),
  );
}

async function inSync(path = file.path): Promise<void> {
  await waitFor('every table in sync', 60_000, async () => {
    const { stdout } = await trunkline(['status', '--json'], path);
    const status = JSON.parse(stdout) as { queues: { nodes: { role: string; tables: { state: string }[] }[] }[] };
    const tables = status.queues.flatMap(({ nodes }) =>
      nodes.filter(({ role }) => role === 'leaf').flatMap((node) => node.tables),
    );
    return tables.length > 0 && tables.every(({ state }) => state === 'ok');
  });
}

interface Compared {
  readonly equal: boolean;
  readonly tables: readonly {
    readonly node: string;
    readonly table: string;
    readonly rows: number;
    readonly equal: boolean;
  }[];
  readonly sequences: readonly { readonly equal?: boolean; readonly behind?: boolean }[];
}

/** Every scenario ends with equal data. */
async function expectEqual(path = file.path): Promise<Compared> {
  const compared = await trunkline(['compare', '--json', '--timeout', '60s'], path);
  expect(compared).toMatchObject({ status: 0 });
  return JSON.parse(compared.stdout) as Compared;
}

/** What is left to plan stays so until the next apply: asked before that, and at the end. */
async function expectEqualAndDone(path = file.path): Promise<Compared> {
  const compared = await expectEqual(path);
  const again = await trunkline(['plan', '--detailed-exitcode'], path);
  expect(again).toMatchObject({ status: 0, stdout: expect.stringMatching(/^No changes/) });
  return compared;
}

describe.sequential('the walk-through', () => {
  test('1 to 3: what has a key is planned, what has none is named with what can be done', async () => {
    const plan = await trunkline(['plan', '--detailed-exitcode']);
    expect(plan.status).toBe(2);
    expect(plan.stdout).toMatch(/table digoal_01\.user_info/);
    expect(plan.stderr).toMatch(/user_login_rec .* has no primary key/);
    expect(plan.stderr).toMatch(/ALTER TABLE digoal_01\.user_logout_rec ADD COLUMN id bigserial PRIMARY KEY/);
    expect(await trunkline(['apply', '--auto-approve'])).toMatchObject({ status: 0 });
    await script('src', 'source-keys');
    expect(await trunkline(['apply', '--auto-approve'])).toMatchObject({ status: 0 });
    await using target = await open('dst1');
    const schemas = await target.query<{ nspname: string }>(
      sql(`select nspname from pg_namespace where nspname in ('pgq', 'pgq_ext', 'pgq_node', 'londiste') order by 1`),
    );
    expect(schemas.map(({ nspname }) => nspname)).toEqual(['londiste', 'pgq', 'pgq_ext', 'pgq_node']);
  });

  test('4 and 5: copies run under load, every table reaches ok, all four are equal, sequences are not behind', async () => {
    await startRun();
    await load(4_000);
    await inSync();
    const { tables, sequences } = await expectEqual();
    expect(tables.map(({ table, equal }) => [table, equal]).sort()).toEqual([
      ['digoal_01.user_info', true],
      ['digoal_01.user_login_rec', true],
      ['digoal_01.user_logout_rec', true],
      ['digoal_01.user_session', true],
    ]);
    expect(tables[0]?.rows).toBe(200_000);
    expect(sequences).toHaveLength(2);
  });

  test('6: a target that was away during load catches up by itself', async () => {
    await cluster.stop('dst1');
    await load(2_000);
    await cluster.start('dst1');
    await load(500);
    await expectEqual();
  });

  test('7: truncates arrive', async () => {
    await using source = await open('src');
    await source.script('truncate digoal_01.user_login_rec, digoal_01.user_logout_rec');
    const { tables } = await expectEqual();
    expect(tables.filter(({ rows }) => rows === 0)).toHaveLength(2);
  });

  test('8: ticker and workers all stopped during load, started again', async () => {
    await stopRun();
    await load(2_000);
    await startRun();
    await load(500);
    await expectEqualAndDone();
  });

  test('9: target 2 joins late, under other names, with a filter', async () => {
    const path = fileWithTarget2.path;
    const applied = await trunkline(['apply', '--auto-approve'], path);
    expect(applied).toMatchObject({ status: 0 });
    await stopRun();
    await startRun(path);
    await load(2_000);
    await inSync(path);
    const before = await expectEqual(path);
    expect(
      before.tables.filter(({ node }) => node === 'dst2_digoal_02').map(({ table, rows }) => [table, rows]),
    ).toEqual([
      ['digoal_01.user_info', 999],
      ['digoal_01.user_session', 999],
    ]);
    await using source = await open('src');
    await source.script(`
      update digoal_01.user_info set userid = 300000 where userid = 5;
      update digoal_01.user_info set userid = 7 - 100 where userid = 150000`);
    const after = await expectEqual(path);
    expect(
      after.tables.find(({ node, table }) => node === 'dst2_digoal_02' && table === 'digoal_01.user_info')?.rows,
    ).toBe(999);
    await using target = await open('dst2');
    const moved = await target.query(
      sql('select userid from digoal_02.user_info1 where userid in (-93, 5) order by 1'),
    );
    expect(moved).toEqual([{ userid: -93 }]);
  });

  test('10: a SQL file adds columns at one place of the stream, under the names of each node', async () => {
    const { path } = fileWithTarget2;
    const folder = join(dirname(path), 'migrations');
    mkdirSync(folder);
    writeFileSync(
      join(folder, '0001_c1.sql'),
      `--*-- Local-Table: digoal_01.user_info, digoal_01.user_session
alter table @digoal_01.user_info@ add column c1 int;
alter table @digoal_01.user_session@ add column c1 int;
`,
    );
    writeFileSync(path, `${readFileSync(path, 'utf8')}\n    migrations: { dir: migrations }\n`);
    const consent = ['--auto-approve', '--allow', 'takes-exclusive-lock'];
    const [applied] = await Promise.all([trunkline(['apply', ...consent], path), load(3_000)]);
    expect(applied).toMatchObject({ status: 0 });
    await using source = await open('src');
    await source.script(`update digoal_01.user_info set c1 = userid where userid < 100;
      update digoal_01.user_session set c1 = -userid where userid < 100`);
    await expectEqual(path);
    await using target = await open('dst2');
    const [filled] = await target.query(
      sql(`select (select count(*) from digoal_02.user_info1 where c1 = userid) as info,
        (select count(*) from digoal_02.user_session1 where c1 = -userid) as session`),
    );
    expect(filled).toEqual({ info: 99n, session: 99n });
  });

  test('11: a leaf refuses local writes, replication is let through', async () => {
    await using target = await open('dst2');
    await expect(target.script(`update digoal_02.user_info1 set email = 'mine'`)).rejects.toThrow(/replika/);
    await load(500);
    await expectEqualAndDone(fileWithTarget2.path);
    await stopRun();
  });
});
