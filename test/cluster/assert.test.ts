import { expect, test } from 'vitest';
import { openDatabases } from '../../src/app/databases.ts';
import { planOn } from '../../src/app/plan.ts';
import { sql } from '../../src/db/statement.ts';
import { ToolError } from '../../src/model/problem.ts';
import { freshCluster } from '../support/cluster.ts';
import { applyAll, desiredOf, planOf, stepIds } from '../support/planning.ts';

const queues = `queues:
  replika:
    nodes:
      src: { database: src, role: root }
      dst: { database: dst, role: leaf }
    assert:
      no_errors:
        sql: select count(*) < 2 from errors
        message: Mend the import errors first.
      leaf_is_there: { node: dst, sql: "select current_setting('transaction_read_only') = 'on'" }
`;

test('what does not hold stops plan and apply, and is named with its message', async () => {
  await using cluster = await freshCluster({ src: 18, dst: 14 });
  await using src = await cluster.databases.src.session();
  await src.script('create table errors (id int primary key); insert into errors values (1)');
  expect(stepIds(await planOf(cluster, queues))).toContain('create_leaf/replika/dst');
  await src.script('insert into errors values (2)');
  const problem = {
    code: 'assertion_failed',
    assertion: 'no_errors',
    database: 'src',
    answer: 'false',
    message: 'Mend the import errors first.',
    at: { line: 11 },
  };
  expect(await problemsOf(planOf(cluster, queues))).toMatchObject([problem]);
  expect(await problemsOf(applyAll(cluster, queues))).toMatchObject([problem]);
  expect(await src.query(sql(`select from pg_namespace where nspname = 'pgq'`))).toEqual([]);
  await src.script('delete from errors');
  await applyAll(cluster, queues);
  expect(stepIds(await planOf(cluster, queues))).toEqual([]);
});

test('a question can not write, not even in a second statement, and must answer in time with true or false', async () => {
  await using cluster = await freshCluster({ src: 18 });
  await using src = await cluster.databases.src.session();
  await src.script('create table t (id int primary key)');
  const down = 'postgresql://nobody@127.0.0.1:1/x';
  const text = `  down: { url: "${down}" }
assert:
  writes: { database: src, sql: insert into t values (1) returning true }
  two: { database: src, sql: "select true; commit; insert into t values (1)" }
  slow: { database: src, sql: select pg_sleep(60) is not null, timeout: 200ms }
  number: { database: src, sql: select 1 }
  nothing: { database: src, sql: select true where false }
  unknown: { database: src, sql: "select null::boolean" }
  many: { database: src, sql: "select true from generate_series(1, 3)" }
  wrong: { database: src, sql: select true from no_such_table }
  not_there: { database: down, sql: select true }
`;
  const desired = desiredOf(cluster, text);
  await using databases = await openDatabases(desired, { stateDir: 'none' });
  const problems = await problemsOf(planOn(desired, databases));
  const told = problems.map((problem) => {
    if (problem.code === 'assertion_failed') return [problem.assertion, problem.answer];
    return problem.code === 'assertion_unusable' ? [problem.assertion, problem.detail] : [problem.code];
  });
  expect(Object.fromEntries(told)).toEqual({
    writes: 'cannot execute INSERT in a read-only transaction',
    two: 'cannot insert multiple commands into a prepared statement',
    slow: 'it took longer than 0.2 seconds',
    number: 'the first column of its answer is not true or false',
    nothing: 'no row',
    unknown: 'null',
    many: 'it gives 3 rows where one is expected',
    wrong: 'relation "no_such_table" does not exist',
    not_there: 'database down does not answer',
  });
  expect(await src.query(sql('select from t'))).toEqual([]);
});

test('SQL over the rows of a table is tried on the root before anything is built on it', async () => {
  await using cluster = await freshCluster({ src: 14, dst: 18 });
  await using src = await cluster.databases.src.session();
  const columns = '(id int primary key, note text, "At" timestamptz)';
  await src.script(`create schema app; create table app."T x" ${columns};
    create table app.parted ${columns} partition by range (id)`);
  const queue = (tables: string) => `queues:
  replika:
    defaults: { create: full }
    nodes:
      src: { database: src, role: root }
      dst: { database: dst, role: leaf }
    tables:
${tables}`;
  const entry = (what: string) => queue(`      - { name: app.T x, ${what} }\n`);
  for (const [what, key, detail] of [
    ['where: nope = 1', 'where', /column "nope" does not exist/],
    ['where: "id > 5) or (true"', 'where', /syntax error/],
    ['where: "true; drop table app.parted"', 'where', /syntax error/],
    ['where: id > $1', 'where', /./],
    ['where: count(*) > 1', 'where', /aggregate functions are not allowed/],
    ['where: note', 'where', /must be type boolean/],
    ['copy: { where: no_such_function(id) }', 'copy.where', /no_such_function\(integer\) does not exist/],
    ['mask: { note: max(note) }', 'mask.note', /GROUP BY/],
    ['capture: { when: NEW.id > 5 }', 'capture.when', /missing FROM-clause entry for table "new"/],
    ['capture: { extra3: "md5(id)" }', 'capture.extra3', /md5\(integer\) does not exist/],
    [
      'handler: { shard: { key: id, hash: no_hash, number: 0, of: 2 } }',
      'handler.shard',
      /no_hash\(integer\) does not exist/,
    ],
  ] as const) {
    const told = await problemsOf(planOf(cluster, entry(what)));
    expect(told, what).toMatchObject([
      { code: 'expression_fails', table: 'app.T x', key, detail: expect.stringMatching(detail), at: { line: 12 } },
    ]);
  }
  // What only the root has fails where the rows go.
  await src.script('create function only_here(text) returns text language sql as $$ select $1 $$');
  const elsewhere = await problemsOf(planOf(cluster, entry('mask: { note: only_here(note) }')));
  expect(elsewhere).toMatchObject([
    {
      code: 'expression_fails',
      node: 'dst',
      key: 'mask.note',
      detail: expect.stringMatching(/only_here\(text\) does not exist/),
    },
  ]);
  expect(elsewhere).toHaveLength(1);
  const fine = queue(`      - include: ["app.*"]
        where: "id > 5 and \\"At\\" < now() -- and no more"
        mask: { note: "'it''s (' || row_to_json(parted)::text || ')'" }
        nodes: { dst: { where: "parted.id > 7" } }
      - name: app.T x
        capture: { when: 'coalesce("At" > now(), true)', extra2: note }
        mask: { note: '"T x".note || $x$;$x$ /* the same */' }
        nodes: { dst: { where: "\\"T x\\".id > 7 or exists (select from app.parted p where p.id = \\"T x\\".id)" } }
`);
  expect(stepIds(await planOf(cluster, fine))).toContain('add_table/replika/dst/app.T x');
});

async function problemsOf(work: Promise<unknown>): Promise<ToolError['problems']> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ToolError) return error.problems;
  throw error ?? new Error('nothing was wrong');
}
