import { expect, test } from 'vitest';
import { exitCodeOf } from '../../src/cli/base-command.ts';
import { sql } from '../../src/db/statement.ts';
import { openSessions } from '../../src/executor/sessions.ts';
import { databaseName } from '../../src/model/names.ts';
import { type Problem, ToolError } from '../../src/model/problem.ts';
import { freshCluster } from '../support/cluster.ts';
import { applyAll, desiredOf, planOf, stepIds } from '../support/planning.ts';

const file = (limits: string) => `${limits}
queues:
  replika:
    nodes:
      src: { database: src, role: root }
      dst: { database: dst, role: leaf }
    tables: [app.orders, app.items, app.notes]
`;

async function problemsOf(work: Promise<unknown>): Promise<readonly Problem[]> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ToolError)) throw error ?? new Error('nothing was refused');
  return error.problems;
}

test('a step whose table is changed while apply runs is not done, and the others are', async () => {
  await using cluster = await freshCluster({ src: 14, dst: 18 });
  const tables = `create schema app; create table app.orders (id int primary key, note text);
    create table app.items (id int primary key); create table app.notes (id int primary key)`;
  await using src = await cluster.databases.src.session();
  await using dst = await cluster.databases.dst.session();
  await src.script(tables);
  await dst.script(tables);

  // Somebody is in the middle of a change: what they do is not seen before they commit, and nobody may touch the table.
  await dst.script('begin; alter table app.orders add column amount int');
  const impatient = 'apply: { lock_wait: 20ms, lock_attempts: 2, statement_timeout: 77s }';
  expect(await problemsOf(applyAll(cluster, file(impatient)))).toMatchObject([
    { code: 'apply_failed', detail: expect.stringMatching(/55P03/) },
  ]);
  expect(stepIds(await planOf(cluster, file('')))).toEqual(['add_table/replika/dst/app.orders']);
  const { limits } = desiredOf(cluster, file(impatient));
  const clock = { now: () => 0, sleep: async () => undefined };
  const options = { connector: cluster.connector, applicationName: 'test', limits, clock, signal: undefined };
  await using sessions = openSessions(options);
  const session = await sessions.session(databaseName('dst'));
  expect(await session.query(sql('show statement_timeout'))).toEqual([{ statement_timeout: '77s' }]);

  let committed: Promise<void> | undefined;
  const refused = await problemsOf(
    applyAll(cluster, file(''), {
      report: (progress) => {
        if (progress.kind === 'step_started') committed = dst.script('commit');
      },
    }),
  );
  await committed;
  expect(refused).toEqual([
    {
      code: 'step_outdated',
      step: expect.stringContaining('app.orders'),
      database: 'dst',
      changes: [{ kind: 'columns_changed', table: 'app.orders', columns: ['amount'] }],
    },
  ]);
  expect(exitCodeOf(refused)).toBe(4);

  await applyAll(cluster, file(''));
  expect(stepIds(await planOf(cluster, file('')))).toEqual([]);

  // What replicates is changed by somebody else, once the look was over: here, in the place of the very first step.
  const other = file('').replace('app.orders,', '{ name: app.orders, conflict: keep },').replace('app.items, ', '');
  let meddled: Promise<void> | undefined;
  const moved = await problemsOf(
    applyAll(cluster, other, {
      report: (progress) => {
        if (progress.kind !== 'step_started' || meddled !== undefined) return;
        meddled = dst.script(
          "update londiste.table_info set table_attrs = 'conflict=log&handler=trunkline' where table_name = 'app.orders'",
        );
      },
    }),
  );
  await meddled;
  expect(moved).toMatchObject([{ code: 'step_outdated', changes: [{ kind: 'options_changed', table: 'app.orders' }] }]);
  expect(await dst.query(sql('select table_name from londiste.table_info where local order by 1'))).toEqual([
    { table_name: 'app.notes' },
    { table_name: 'app.orders' },
  ]);
});
