import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { tryLockApply } from '../../src/catalog/apply-lock.ts';
import { sql } from '../../src/db/statement.ts';
import { queueName } from '../../src/model/names.ts';
import { type Cluster, freshCluster } from '../support/cluster.ts';
import { type ProgramResult, runProgram, temporaryFile } from '../support/program.ts';

const queues = `queues:
  replika:
    nodes:
      src: { database: src, role: root }
      dst: { database: dst, role: leaf, provider: src }
    tables:
      - include: ["app.*"]
`;
const isPlan = new Ajv({ strict: false }).compile(
  JSON.parse(readFileSync('schemas/plan.schema.json', 'utf8')) as object,
);

const isEvent = new Ajv({ strict: false }).compile(
  JSON.parse(readFileSync('schemas/apply-events.schema.json', 'utf8')) as object,
);

function eventsOf({ stdout }: ProgramResult): readonly { readonly type: string }[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => {
      const event = JSON.parse(line) as { type: string };
      expect([line, isEvent(event) ? [] : isEvent.errors]).toEqual([line, []]);
      return event;
    });
}

interface Workplace extends AsyncDisposable {
  readonly cluster: Cluster<'src' | 'dst'>;
  /** In the folder of the file. */
  readonly path: (name: string) => string;
  readonly write: (text: string) => void;
  readonly program: (...args: readonly string[]) => Promise<ProgramResult>;
}

/** A file that names two databases with a table each; the target's holds a row. */
async function workplace(): Promise<Workplace> {
  const cluster = await freshCluster({ src: 14, dst: 18 });
  for (const database of [cluster.databases.src, cluster.databases.dst]) {
    await using session = await database.session();
    await session.script(`create schema app; create table app.orders (id int primary key, note text);
      insert into app.orders values (1, 'x')`);
  }
  const file = temporaryFile('trunkline.yaml', '');
  const folder = join(file.path, '..');
  const write = (text: string) => writeFileSync(file.path, `version: 1\n${text}`);
  write(cluster.yaml + queues);
  return {
    cluster,
    path: (name) => join(folder, name),
    write,
    program: (...args) => runProgram(args, { cwd: folder }),
    async [Symbol.asyncDispose]() {
      file[Symbol.dispose]();
      await cluster[Symbol.asyncDispose]();
    },
  };
}

test('from the first plan to an empty one, with the exit codes that scripts rely on', async () => {
  await using work = await workplace();
  const { program } = work;
  const first = await program('plan');
  expect([first.status, first.stderr]).toEqual([0, '']);
  expect(first.stdout).toMatch(/^src: root of replika on database src\n {4}\+ schemas pgq 3\.5\+\d+, /);
  expect(first.stdout).toMatch(/Apply it with --allow copies-data,truncates-target\n$/);
  expect((await program('plan', '--detailed-exitcode')).status).toBe(2);

  const withoutConsent = await program('apply', '--auto-approve');
  expect(withoutConsent.status).toBe(3);
  expect(withoutConsent.stderr).toContain('--allow copies-data,truncates-target');
  const halfConsent = await program('apply', '--auto-approve', '--allow', 'copies-data');
  expect(halfConsent.status).toBe(3);
  expect(halfConsent.stderr).toContain('--allow truncates-target');
  const unasked = await program('apply', '--allow', 'copies-data,truncates-target');
  expect(unasked.status).toBe(1);
  expect(unasked.stderr).toContain('not confirmed');
  expect((await program('plan', '--detailed-exitcode')).status).toBe(2);

  const applied = await program('apply', '--auto-approve', '--allow', 'copies-data,truncates-target');
  expect([applied.status, applied.stderr]).toEqual([
    0,
    expect.stringMatching(/ {2}done {5}make src the root of replika/),
  ]);
  expect(applied.stdout).toMatch(
    /Applied\. \d+ steps done\.\n1 table to copy \(rows not counted yet, .*\): "trunkline run" does it\.\n$/,
  );
  const last = await program('plan', '--detailed-exitcode');
  expect([last.status, last.stdout]).toEqual([0, 'No changes. The databases are as the file says.\n']);
  const again = await program('apply', '--auto-approve');
  expect([again.status, again.stdout]).toEqual([0, 'No changes. The databases are as the file says.\n']);
});

test('a saved plan runs without a question, once; it is refused when the databases or the file moved on', async () => {
  await using work = await workplace();
  const { program, path } = work;
  expect((await program('plan', '--out', path('one.plan'))).status).toBe(0);
  const text = readFileSync(path('one.plan'), 'utf8');
  expect(isPlan(JSON.parse(text)) ? [] : isPlan.errors).toEqual([]);
  const printed = await program('plan', '--json');
  expect(JSON.parse(printed.stdout)).toEqual(JSON.parse(text));

  const allow = ['--allow', 'copies-data,truncates-target'];
  work.write(work.cluster.yaml + queues.replace('nodes:', 'ticker: { max_lag: 2s }\n    nodes:'));
  const otherFile = await program('apply', path('one.plan'), ...allow);
  expect([otherFile.status, otherFile.stderr]).toEqual([4, expect.stringContaining('the plan no longer fits: ')]);
  work.write(work.cluster.yaml + queues);
  {
    await using dst = await work.cluster.databases.dst.session();
    await dst.script('alter table app.orders add column extra text');
  }
  const moved = await program('apply', path('one.plan'), ...allow);
  expect([moved.status, moved.stderr]).toEqual([4, expect.stringContaining('the plan no longer fits: dst changed')]);

  expect((await program('plan', '--out', path('two.plan'))).status).toBe(0);
  expect((await program('apply', path('two.plan'))).status).toBe(3);
  expect((await program('apply', path('two.plan'), ...allow)).status).toBe(0);
  expect((await program('apply', path('two.plan'), ...allow)).status).toBe(4);
  expect((await program('plan', '--detailed-exitcode')).status).toBe(0);

  // Also one that held nothing does not stand for a file with something to do; one of a part still does for that part.
  expect((await program('plan', '--out', path('empty.plan'))).status).toBe(0);
  work.write(work.cluster.yaml + queues.replace('nodes:', 'ticker: { max_lag: 2s }\n    nodes:'));
  const more = await program('apply', path('empty.plan'));
  expect([more.status, more.stderr]).toEqual([4, expect.stringContaining('the plan no longer fits: src changed')]);
  expect((await program('plan', '--target', 'dst', '--out', path('part.plan'))).status).toBe(0);
  const part = await program('apply', path('part.plan'));
  expect([part.status, part.stdout]).toEqual([0, expect.stringContaining('Left out on request: 1 step')]);

  const missing = await program('apply', path('none.plan'));
  expect([missing.status, missing.stderr]).toEqual([1, expect.stringContaining('none.plan cannot be read')]);
  writeFileSync(path('bad.plan'), '{}');
  const bad = await program('apply', path('bad.plan'));
  expect([bad.status, bad.stderr]).toEqual([1, expect.stringContaining('it holds no plan')]);
});

test('with --json standard output is JSON alone, and the rest goes to standard error', async () => {
  await using work = await workplace();
  const plan = await work.program('plan', '--json');
  expect(JSON.parse(plan.stdout)).toMatchObject({ formatVersion: 1, summary: { copy: 1 } });
  const refused = await work.program('apply', '--json', '--auto-approve');
  expect([refused.status, eventsOf(refused)]).toMatchObject([
    3,
    [
      { type: 'version', format: '1.0' },
      { type: 'planned' },
      { type: 'problems', problems: [{ code: 'consent_missing' }] },
    ],
  ]);
  const applied = await work.program('apply', '--json', '--auto-approve', '--allow', 'copies-data,truncates-target');
  const events = eventsOf(applied);
  expect(events[0]).toMatchObject({ type: 'version' });
  expect(events.filter(({ type }) => type === 'apply_complete').length).toBe(
    events.filter(({ type }) => type === 'apply_start').length,
  );
  expect(events.at(-1)).toMatchObject({
    type: 'summary',
    done: expect.arrayContaining(['create_root/replika/src', 'add_table/replika/dst/app.orders']),
    tablesToCopy: 1,
  });
  expect(applied.stderr).toContain('Plan: ');

  const destroyed = await work.program(
    ...['destroy', 'replika', '--json', '--auto-approve', '--uninstall'],
    ...['--allow', 'stops-replication,loses-events'],
  );
  const gone = eventsOf(destroyed);
  expect(gone.map(({ type }) => type)).toEqual(expect.arrayContaining(['version', 'planned', 'apply_complete']));
  expect(gone.at(-1)).toMatchObject({
    type: 'summary',
    done: expect.arrayContaining(['drop_node/replika/dst', 'drop_node/replika/src']),
    cleared: ['src', 'dst'],
  });
  expect(destroyed.status, destroyed.stderr).toBe(0);
});

test('no password is printed, saved, or put into a catalog', async () => {
  await using work = await workplace();
  const { cluster, program, path } = work;
  const password = cluster.databases.src.params.password?.reveal() ?? '';
  expect(password.length).toBeGreaterThan(3);
  const outputs = [
    await program('plan', '--json', '--out', path('a.plan')),
    await program('apply', '--auto-approve', '--allow', 'copies-data,truncates-target'),
  ].map(({ stdout, stderr }) => stdout + stderr);
  await using src = await cluster.databases.src.session();
  const kept = await src.query(
    sql('select l::text from pgq_node.node_location l union all select p::text from trunkline.plan_log p'),
  );
  const everything = [...outputs, readFileSync(path('a.plan'), 'utf8'), JSON.stringify(kept)].join('\n');
  expect(everything).toContain(`dbname=${cluster.databases.src.dbname}`);
  expect(everything).not.toContain(password);
});

test('while somebody else applies, apply ends with 4 and says who', async () => {
  await using work = await workplace();
  await using src = await work.cluster.databases.src.session();
  expect(await tryLockApply(src, queueName('replika'))).toBe(true);
  const locked = await work.program('apply', '--auto-approve', '--allow', 'copies-data,truncates-target');
  expect([locked.status, locked.stderr]).toEqual([
    4,
    expect.stringMatching(/somebody else is applying: trunkline test \(user .*server process \d+\), since 20/),
  ]);
  const waiting = work.program(
    'apply',
    '--auto-approve',
    '--allow',
    'copies-data,truncates-target',
    '--lock-timeout',
    '60',
  );
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await src.close();
  expect((await waiting).status).toBe(0);
});

test('a database that does not answer is named with the reason, and the status is 1', async () => {
  await using work = await workplace();
  const { cluster, program, write } = work;
  const { src, dst } = cluster.databases;
  const badPassword = cluster.yaml.replace(src.url, src.url.replace(/:[^:@/]+@/, ':wrong@'));
  write(badPassword + queues);
  const login = await program('plan');
  expect(login.status).toBe(1);
  expect(login.stdout).toMatch(/^No changes where a look was possible; 1 node could not be looked at\.\n$/);
  expect(login.stderr).toMatch(/database src refuses the login: .*password authentication failed/);
  expect(login.stderr).not.toContain('wrong@');

  write(cluster.yaml.replace(`/${dst.dbname}`, '/no_such_database') + queues);
  const missing = await program('plan', '--detailed-exitcode');
  expect([missing.status, missing.stderr]).toEqual([1, expect.stringContaining('database dst does not exist')]);

  write(cluster.yaml.replace(dst.url, 'postgresql://nobody@127.0.0.1:1/x') + queues);
  const down = await program('apply', '--auto-approve', '--allow', 'copies-data,truncates-target');
  expect([down.status, down.stderr]).toEqual([1, expect.stringContaining('database dst cannot be reached')]);
  expect(down.stdout).toContain('Left out: 1 node that could not be looked at.');
  expect(down.stdout).toContain('Applied.');
});

test('what forbids a change is told before anything is touched', async () => {
  await using work = await workplace();
  {
    await using dst = await work.cluster.databases.dst.session();
    await dst.script('alter table app.orders drop column note');
  }
  for (const command of [['plan'], ['apply', '--auto-approve', '--allow', 'copies-data,truncates-target']]) {
    const result = await work.program(...command);
    expect([result.status, result.stdout]).toEqual([1, '']);
    expect(result.stderr).toContain('note text is missing');
  }
  await using src = await work.cluster.databases.src.session();
  expect(await src.query(sql("select from pg_namespace where nspname ~ '^(pgq|londiste|trunkline)'"))).toEqual([]);
});

test('sql prints the script of one schema, or of all', async () => {
  const all = await runProgram(['sql']);
  expect([all.status, all.stderr]).toEqual([0, '']);
  for (const schema of ['pgq', 'pgq_ext', 'pgq_node', 'londiste', 'trunkline']) {
    expect(all.stdout).toContain(`create schema ${schema};`);
  }
  expect(all.stdout.trimEnd().endsWith('commit;')).toBe(true);
  const one = await runProgram(['sql', '--schema', 'pgq_node']);
  expect(one.stdout).toContain('create schema pgq_node;');
  expect(one.stdout).not.toContain('create schema londiste;');
  expect((await runProgram(['sql', '--schema', 'pg'])).status).toBe(1);
});
