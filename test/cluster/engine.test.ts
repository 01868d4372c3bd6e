import { beforeEach, expect, test } from 'vitest';
import { compareOn } from '../../src/app/compare.ts';
import { statusOn } from '../../src/app/status.ts';
import { systemClock } from '../../src/app/system-clock.ts';
import { readLiveState } from '../../src/catalog/read-live-state.ts';
import { sql } from '../../src/db/statement.ts';
import type { DatabaseName, Location } from '../../src/model/names.ts';
import { unhurried } from '../../src/model/pace.ts';
import { type Problem, ToolError } from '../../src/model/problem.ts';
import type { SchemaChange } from '../../src/model/schemas.ts';
import type { LiveDatabase } from '../../src/model/state.ts';
import { paintWith } from '../../src/render/paint.ts';
import { planText } from '../../src/render/plan-text.ts';
import { planView } from '../../src/render/plan-view.ts';
import { startWorkers } from '../../src/worker/supervisor.ts';
import { databaseName } from '../support/builders.ts';
import { type Cluster, freshCluster } from '../support/cluster.ts';
import { debianServer, needDebian } from '../support/debian-server.ts';
import { applyAll, desiredOf, planOf, stepIds } from '../support/planning.ts';
import { expectEqual, waitFor } from '../support/replication.ts';

// Where the server offers the extensions the file decides, and auto takes them where the user may create them.

beforeEach(needDebian);

const file = `queues:
  replika:
    ticker: { max_lag: 100ms, idle_period: 500ms }
    nodes:
      src: { database: src, role: root }
      dst: { database: dst, role: leaf, provider: src }
    tables:
      - include: ["app.*"]
`;

const table = 'create schema app; create table app.orders (id bigserial primary key, note text)';

test('auto installs the extensions where they are offered; workers, status and compare go with them', async () => {
  await using debian = await debianServer();
  await using cluster = await freshCluster({ src: { server: debian.server }, dst: { server: debian.server } });
  await using src = await cluster.databases.src.session();
  await using dst = await cluster.databases.dst.session();
  for (const session of [src, dst]) await session.script(table);
  const desired = desiredOf(cluster, file);

  const plan = await planOf(cluster, file);
  expect(planText(planView(plan, desired), paintWith(false))).toContain(
    '+ extensions pgq 3.5, pgq_node 3.5, londiste 3.8 and schemas pgq_ext 3.1+1, trunkline 3\n',
  );
  await src.script("insert into app.orders (note) select 'copied' from generate_series(1, 100)");
  await applyAll(cluster, file);
  expect(stepIds(await planOf(cluster, file))).toEqual([]);
  const live = (await readLiveState(cluster.connector, desired)).databases.get(databaseName('src')) as LiveDatabase;
  expect(Object.fromEntries(live.schemas)).toMatchObject({
    pgq: { source: 'extension' },
    pgq_node: { source: 'extension' },
    londiste: { source: 'extension' },
    pgq_ext: { source: 'bundled' },
    trunkline: { source: 'bundled' },
  });
  // Whoever uninstalls has to know who created them.
  expect(
    await src.query(sql("select component from trunkline.component where source = 'extension' order by 1")),
  ).toEqual([{ component: 'londiste' }, { component: 'pgq' }, { component: 'pgq_node' }]);

  await using _workers = run(cluster);
  await src.script("insert into app.orders (note) values ('replayed'); delete from app.orders where id <= 10");
  await waitFor('the rows', 60_000, async () => {
    const [row] = await dst.query<{ done: boolean }>(sql('select count(*) = 91 as done from app.orders where id > 10'));
    return row?.done === true;
  });
  await expectEqual(src, 'select * from app.orders', dst, 'select * from app.orders');
  await waitFor('two nodes that are well', 30_000, async () => {
    const { queues } = await statusOn(desired, cluster, undefined);
    return queues[0]?.nodes.every(({ verdict }) => verdict === 'ok') === true;
  });
  const { location } = encoder(cluster);
  const { nodes, problems } = await compareOn(
    desired,
    { ...cluster, location },
    {
      nodes: [],
      tables: [],
      search: { limit: 10, chunkRows: 1_000, values: false },
      pace: unhurried,
      timeoutMs: 30_000,
      env: {},
      log: () => undefined,
      report: () => undefined,
      explain: (error) => error.message,
      signal: undefined,
    },
  );
  expect(problems).toEqual([]);
  expect(nodes.flatMap(({ tables }) => tables.map(({ verdict }) => verdict))).toMatchObject([
    { kind: 'equal', provider: { rows: 91n } },
  ]);
});

test('each database may say otherwise, and both kinds make one cascade', async () => {
  await using debian = await debianServer();
  await using cluster = await freshCluster({ src: { server: debian.server }, dst: { server: debian.server } });
  await using src = await cluster.databases.src.session();
  await using dst = await cluster.databases.dst.session();
  for (const session of [src, dst]) await session.script(table);
  const chosen = choosing(cluster, { src: 'bundled', dst: 'extension' });

  const { plan } = await applyAll(chosen, file);
  expect(sources(plan.steps)).toEqual({
    src: ['bundled', 'bundled', 'bundled', 'bundled', 'bundled'],
    dst: ['extension', 'bundled', 'extension', 'extension', 'bundled'],
  });
  expect(stepIds(await planOf(chosen, file))).toEqual([]);
  await using _workers = run(chosen);
  await src.script("insert into app.orders (note) values ('one'); update app.orders set id = 7");
  await waitFor('the row', 60_000, async () => {
    const rows = await dst.query(sql('select from app.orders where id = 7'));
    return rows.length === 1;
  });

  const [problem] = await problemsOf(planOf(choosing(cluster, { src: 'extension', dst: 'extension' }), file));
  expect(problem).toMatchObject({ code: 'engine_differs', database: 'src', wanted: 'extension', found: 'bundled' });
});

test('without the right to create them auto takes the bundled SQL, and extension says what is missing', async () => {
  await using debian = await debianServer();
  await using cluster = await freshCluster({ src: { server: debian.server } });
  await using src = await cluster.databases.src.session();
  await src.script(`create role builder login createrole; grant all on database ${cluster.databases.src.dbname} to builder;
    ${table}; alter schema app owner to builder; alter table app.orders owner to builder`);
  const limited = { ...cluster, yaml: cluster.yaml, connector: asUser(cluster, 'builder') };
  const root = file.replace(/ {6}dst.*\n/, '');

  const [problem] = await problemsOf(planOf({ ...limited, yaml: engine(cluster.yaml, 'src', 'extension') }, root));
  expect(problem).toMatchObject({
    code: 'extensions_unavailable',
    reason: 'no_right',
    user: 'builder',
    extensions: ['pgq', 'pgq_node', 'londiste'],
  });
  const { plan } = await applyAll(limited, root);
  expect(sources(plan.steps)).toEqual({ src: ['bundled', 'bundled', 'bundled', 'bundled', 'bundled'] });
  expect(stepIds(await planOf(limited, root))).toEqual([]);
});

test('plain SQL of another origin is left as it is, and a part of it is not built upon', async () => {
  await using debian = await debianServer();
  await using cluster = await freshCluster({
    src: { server: debian.server, install: ['pgq', 'pgq_node', 'londiste'] },
    dst: { server: debian.server, install: ['pgq'] },
  });
  for (const database of Object.values(cluster.databases)) {
    await using session = await database.session();
    await session.script(table);
  }
  const root = file.replace(/ {6}dst.*\n/, '');
  const { plan } = await applyAll(cluster, root);
  expect(plan.steps[0]).toMatchObject({ schemas: [{ name: 'pgq_ext' }, { name: 'trunkline' }] });
  expect(stepIds(await planOf(cluster, root))).toEqual([]);
  const [problem] = await problemsOf(planOf(cluster, file));
  expect(problem).toEqual({
    code: 'schemas_incomplete',
    database: 'dst',
    there: ['pgq'],
    missing: ['pgq_node', 'londiste'],
  });
});

function encoder({ locations }: AnyCluster) {
  return {
    location(name: DatabaseName): Location {
      const found = locations.get(name);
      if (found === undefined) throw new Error(name);
      return found;
    },
  };
}

type AnyCluster = Pick<Cluster<never>, 'connector' | 'locations' | 'yaml'>;

function engine(yaml: string, database: string, wanted: string): string {
  return yaml.replace(new RegExp(`^(  ${database}: .*) }$`, 'm'), `$1, engine: ${wanted} }`);
}

function choosing(cluster: AnyCluster, wanted: Readonly<Record<string, string>>): AnyCluster {
  const { connector, locations } = cluster;
  return {
    connector,
    locations,
    yaml: Object.entries(wanted).reduce((text, [name, kind]) => engine(text, name, kind), cluster.yaml),
  };
}

function asUser(cluster: AnyCluster, user: string): AnyCluster['connector'] {
  return async (name, options) => {
    const session = await cluster.connector(name, options);
    await session.script(`set session authorization ${user}`);
    return session;
  };
}

function sources(steps: readonly object[]): Readonly<Record<string, readonly string[]>> {
  const installs = steps.filter(
    (step): step is { database: string; schemas: readonly SchemaChange[] } => 'schemas' in step,
  );
  return Object.fromEntries(installs.map(({ database, schemas }) => [database, schemas.map(({ source }) => source)]));
}

async function problemsOf(planned: Promise<unknown>): Promise<readonly Problem[]> {
  const error = await planned.then(
    () => new Error('it was planned'),
    (reason: unknown) => reason,
  );
  if (error instanceof ToolError) return error.problems;
  throw error;
}

function run(cluster: AnyCluster) {
  return startWorkers({
    queues: [...desiredOf(cluster, file).queues.values()],
    nodes: undefined,
    ticker: true,
    connector: cluster.connector,
    clock: systemClock,
    log: () => undefined,
    report: () => undefined,
    explain: (error) => error.message,
    holder: `test:${process.pid}`,
    fault: () => undefined,
  });
}
