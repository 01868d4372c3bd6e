import { beforeEach, describe, expect, test } from 'vitest';
import { uninstallOn } from '../../src/app/uninstall.ts';
import { bundledSchemas, changeSchemas, installSchemas } from '../../src/catalog/install.ts';
import type { Session } from '../../src/db/session.ts';
import { sql } from '../../src/db/statement.ts';
import { type Problem, ToolError } from '../../src/model/problem.ts';
import type { Uninstallation } from '../../src/model/uninstallation.ts';
import { paintWith } from '../../src/render/paint.ts';
import { uninstallText } from '../../src/render/uninstall-text.ts';
import { type Cluster, freshCluster } from '../support/cluster.ts';
import { debianServer, needDebian } from '../support/debian-server.ts';
import { applyAll, desiredOf } from '../support/planning.ts';

const root = `queues:
  replika:
    nodes:
      db: { database: db, role: root }
    tables:
      - include: ["app.*"]
`;
const nobody = 'queues: {}\n';
const table = 'create schema app; create table app.orders (id int primary key, note text)';

test.for([12, 14, 18] as const)('takes away what was installed, and nothing else: %i', async (version) => {
  await using cluster = await freshCluster({ db: version });
  await using session = await cluster.databases.db.session();
  await session.script(table);
  const before = await everything(session);
  await applyAll(cluster, root);
  await session.script("insert into app.orders values (1, 'kept')");

  const [inUse] = await problemsOf(uninstall(cluster));
  expect(inUse).toMatchObject({
    code: 'uninstall_in_use',
    database: 'db',
    queues: ['replika'],
    nodes: ['db of replika'],
    triggers: ['attach', 'delete', 'insert', 'truncate', 'update'].map(
      (kind) => `_londiste_replika_${kind} on app.orders`,
    ),
  });
  const shown: Uninstallation[] = [];
  expect(await uninstall(cluster, { force: true, show: (seen) => shown.push(...seen) })).toEqual(shown);

  const text = uninstallText(shown, paintWith(false));
  expect(text).toMatch(/^database db\n/);
  expect(text).toContain('    - queue replika with all its events\n');
  expect(text).toContain('    - trigger _londiste_replika_insert on app.orders\n');
  expect(text).toMatch(/ {4}- schema londiste 3\.8\+\d+: 4 tables, \d\d functions\n/);
  expect(await everything(session)).toEqual(before);
  expect(await session.query(sql('select id, note from app.orders'))).toEqual([{ id: 1, note: 'kept' }]);
  await session.script('insert into app.orders values (2)');
  expect((await session.query(sql("select from pg_roles where rolname ~ '^(pgq|londiste)_'"))).length).toBe(5);

  expect(await uninstall(cluster)).toEqual([]);
  // What is gone can come again.
  await applyAll(cluster, root);
});

describe('without any queue', () => {
  let cluster: Cluster<'db'>;
  let session: Session;
  beforeEach(async () => {
    cluster = await freshCluster({ db: 14 });
    session = await cluster.databases.db.session();
    await installSchemas(
      session,
      bundledSchemas.map(({ name }) => name),
    );
    return async () => {
      await session.close();
      await cluster[Symbol.asyncDispose]();
    };
  });

  test('it goes without force', async () => {
    expect(await uninstall(cluster)).toHaveLength(1);
    expect(await schemas(session)).toEqual([]);
  });

  test('what somebody else put into the schemas keeps them', async () => {
    await session.script(`create table pgq.mine (id int); create function londiste.mine() returns int language sql as 'select 1';
      create type trunkline.mine as enum ('a'); create sequence pgq_node.mine; create view pgq_ext.mine as select 1 as one`);
    const [problem] = await problemsOf(uninstall(cluster, { force: true }));
    expect(problem).toEqual({
      code: 'uninstall_blocked',
      database: 'db',
      objects: [
        'function londiste.mine()',
        'table pgq.mine',
        'view pgq_ext.mine',
        'sequence pgq_node.mine',
        'type trunkline.mine',
      ],
    });
    expect(await schemas(session)).toHaveLength(6);
  });

  test('what depends on them keeps them, and nothing is half gone', async () => {
    await session.script('create view public.ticks as select * from pgq.tick');
    const [problem] = await problemsOf(uninstall(cluster, { force: true }));
    expect(problem).toEqual({
      code: 'uninstall_blocked',
      database: 'db',
      objects: ['view public.ticks depends on table pgq.tick'],
    });
    expect(await schemas(session)).toHaveLength(6);
  });

  test('no consent, no step', async () => {
    const [problem] = await problemsOf(uninstall(cluster, { confirm: async () => false }));
    expect(problem).toEqual({ code: 'uninstall_not_confirmed', database: 'db' });
    expect(await schemas(session)).toHaveLength(6);
  });

  test('a queue that came after the look keeps them', async () => {
    const late = async () => {
      await session.query(sql("select pgq.create_queue('late')"));
      return true;
    };
    const [problem] = await problemsOf(uninstall(cluster, { confirm: late }));
    expect(problem).toEqual({ code: 'plan_outdated', databases: ['db'] });
    expect(await schemas(session)).toHaveLength(6);
  });
});

describe('extensions', () => {
  beforeEach(needDebian);

  test('that the installer created go, also with queues when told', async () => {
    await using debian = await debianServer();
    await using cluster = await freshCluster({ db: { server: debian.server } });
    await using session = await cluster.databases.db.session();
    await session.script(table);
    const before = await everything(session);
    await applyAll(cluster, root);
    expect(await uninstall(cluster, { force: true })).toMatchObject([
      { schemas: expect.arrayContaining([expect.objectContaining({ name: 'londiste', source: 'extension' })]) },
    ]);
    expect(await everything(session)).toEqual(before);
  });

  test('that were there before stay', async () => {
    await using debian = await debianServer();
    await using cluster = await freshCluster({ db: { server: debian.server, install: 'extensions' } });
    await using session = await cluster.databases.db.session();
    const before = await everything(session);
    await changeSchemas(session, [
      { name: 'pgq_ext', version: '3.1+1', source: 'bundled' },
      { name: 'trunkline', version: '1', source: 'bundled' },
    ]);
    expect(await uninstall(cluster)).toMatchObject([{ schemas: [{ name: 'trunkline' }, { name: 'pgq_ext' }] }]);
    expect(await everything(session)).toEqual(before);
  });
});

function uninstall(cluster: Cluster<'db'>, change: Partial<Parameters<typeof uninstallOn>[2]> = {}) {
  return uninstallOn(desiredOf(cluster, nobody), cluster, {
    names: ['db'],
    force: false,
    show: () => undefined,
    confirm: undefined,
    signal: undefined,
    ...change,
  });
}

async function problemsOf(work: Promise<unknown>): Promise<readonly Problem[]> {
  const error = await work.then(
    () => new Error('it went through'),
    (reason: unknown) => reason,
  );
  if (error instanceof ToolError) return error.problems;
  throw error;
}

/** Everything in the database that is not the server's own. */
async function everything(session: Session): Promise<readonly string[]> {
  const rows = await session.query<{ object: string }>(
    sql(`select distinct pg_describe_object(classid, objid, 0) as object
           from pg_depend
          where refclassid = 'pg_namespace'::regclass
            and refobjid not in (select oid from pg_namespace where nspname ~ '^(pg_|information_schema)')
          union all
         select 'schema ' || nspname from pg_namespace where nspname !~ '^pg_(toast_)?temp'
          union all
         select 'extension ' || extname from pg_extension
          union all
         select format('trigger %s on %s', tgname, tgrelid::regclass) from pg_trigger where not tgisinternal
          order by 1`),
  );
  return rows.map(({ object }) => object);
}

async function schemas(session: Session): Promise<readonly string[]> {
  const rows = await session.query<{ nspname: string }>(
    sql("select nspname from pg_namespace where nspname ~ '^(pgq|londiste|trunkline)' order by 1"),
  );
  return rows.map(({ nspname }) => nspname);
}
