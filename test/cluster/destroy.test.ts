import { expect, test } from 'vitest';
import { destroyOn } from '../../src/app/destroy.ts';
import { sql } from '../../src/db/statement.ts';
import type { HazardKind } from '../../src/model/hazard.ts';
import type { DatabaseName } from '../../src/model/names.ts';
import { type Problem, ToolError } from '../../src/model/problem.ts';
import { problemSentences } from '../../src/render/describe-problem.ts';
import { describeStep } from '../../src/render/describe-step.ts';
import { freshCluster } from '../support/cluster.ts';
import { applyAll, desiredOf, planOf, stepIds } from '../support/planning.ts';

const text = `queues:
  replika:
    nodes:
      src: { database: src, role: root }
      mid: { database: mid, role: branch }
      far: { database: far, role: leaf, provider: mid }
    tables: [public.people]
`;
const consent: readonly HazardKind[] = ['stops-replication', 'loses-events'];

test('a cascade is taken apart from its leaves on, with consent and by name; tables of users stay', async () => {
  await using cluster = await freshCluster({ src: 14, mid: 18, far: 18 });
  for (const database of Object.values(cluster.databases)) {
    await using session = await database.session();
    await session.script('create table people (id int primary key); insert into people values (1), (2)');
  }
  const guarded = text.replace('provider: mid }', 'provider: mid, protect: true }');
  await applyAll(cluster, guarded);
  const desired = desiredOf(cluster, text);
  const asked: string[] = [];
  const destroy = (
    change: Partial<Parameters<typeof destroyOn>[2]>,
    connector = cluster.connector,
    of = desired,
  ): ReturnType<typeof destroyOn> =>
    destroyOn(
      of,
      { ...cluster, connector },
      {
        queues: ['replika'],
        nodes: [],
        env: {},
        allow: consent,
        lockTimeoutMs: 0,
        workerTimeoutMs: 30_000,
        describe: describeStep,
        explain: problemSentences,
        show: () => undefined,
        confirm: undefined,
        uninstall: false,
        report: () => undefined,
        signal: new AbortController().signal,
        ...change,
      },
    );

  expect(await problemsOf(destroy({}, cluster.connector, desiredOf(cluster, guarded)))).toMatchObject([
    { code: 'protected', node: 'far', would: 'drop', named: true },
  ]);
  // Deleting the block is not enough: the root remembers.
  expect(await problemsOf(planOf(cluster, text.replace(/ *far:.*\n/, '')))).toMatchObject([
    { code: 'protected', node: 'far', would: 'drop', named: false },
  ]);
  await applyAll(cluster, text);

  expect(await problemsOf(destroy({ queues: [] }))).toMatchObject([{ code: 'destroy_unnamed', queues: ['replika'] }]);
  expect(await problemsOf(destroy({ allow: [] }))).toMatchObject([{ code: 'consent_missing' }]);
  expect(await problemsOf(destroy({ queues: ['replica'] }))).toMatchObject([{ code: 'name_unknown', what: 'queue' }]);
  expect(await problemsOf(destroy({ nodes: ['mid'] }))).toMatchObject([
    { code: 'node_still_read', node: 'mid', readers: ['far'] },
  ]);
  const confirm = async (queue: string) => {
    asked.push(queue);
    return false;
  };
  expect(await problemsOf(destroy({ queues: [], confirm }))).toMatchObject([
    { code: 'destroy_not_confirmed', queue: 'replika' },
  ]);
  expect(asked).toEqual(['replika']);

  // Above a node that does not answer everything stays as it is.
  const half = await destroy({}, async (name, options) => {
    if (name !== 'far') return cluster.connector(name, options);
    throw notNow(name);
  });
  expect(half.plan.steps).toEqual([]);
  expect(half.plan.warnings).toMatchObject([{ code: 'node_unreachable', node: 'far' }]);

  // Ended in the middle, it goes on from there.
  const died = await problemsOf(
    destroy({}, async (name, options) => {
      if (name === 'mid' && options.applicationName.startsWith('trunkline apply')) throw notNow(name);
      return cluster.connector(name, options);
    }),
  );
  expect(died).toMatchObject([{ code: 'apply_failed' }]);
  const { plan, cleared } = await destroy({ uninstall: true });
  expect(stepIds(plan)).toEqual(['far', 'mid', 'src'].map((node) => `drop_node/replika/${node}`));
  expect([...cleared].sort()).toEqual(['far', 'mid', 'src']);

  for (const database of Object.values(cluster.databases)) {
    await using session = await database.session();
    expect(await session.query(sql('select id from people order by 1'))).toEqual([{ id: 1 }, { id: 2 }]);
    expect(await session.query(sql(`select tgname from pg_trigger where not tgisinternal`))).toEqual([]);
    expect(
      await session.query(sql(`select nspname from pg_namespace where nspname ~ 'pgq|londiste|trunkline'`)),
    ).toEqual([]);
  }
  expect((await destroy({})).plan.steps).toEqual([]);
  // What the files say is to be made again from the beginning.
  const again = await planOf(cluster, text);
  expect(stepIds(again)).toEqual(expect.arrayContaining(['create_root/replika/src', 'create_leaf/replika/far']));
});

const notNow = (database: DatabaseName) =>
  new ToolError([{ code: 'database_unreachable', database, reason: 'refused', detail: 'not now' }]);

async function problemsOf(work: Promise<unknown>): Promise<readonly Problem[]> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ToolError) return error.problems;
  throw error ?? new Error('nothing was wrong');
}
