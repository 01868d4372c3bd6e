import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { statusOn } from '../../src/app/status.ts';
import { sql } from '../../src/db/statement.ts';
import { type Problem, ToolError } from '../../src/model/problem.ts';
import type { Cluster } from '../support/cluster.ts';
import { applyAll, desiredOf, planOf, stepIds } from '../support/planning.ts';
import { runProgram, temporaryFile } from '../support/program.ts';
import {
  expectEqualData,
  fileOf as fileOfTwo,
  type Place,
  runWorkers,
  type Topology,
  threeDatabases,
  whenInSync,
} from '../support/topologies.ts';

/** With a table whose key has as many texts as there are time zones. */
const fileOf = (topology: Topology) => fileOfTwo(topology).replace('app.items]', 'app.items, app.slots]');

const here: Topology = { a: 'root', b: 'branch of a', c: 'leaf of a' };
const there: Topology = { b: 'root', a: 'branch of b', c: 'leaf of b' };
const without: Topology = { b: 'root', c: 'leaf of b' };

/** Nobody reaches the databases in `away`, while applications beside them still may. */
function cutOff(cluster: Cluster<Place>, away: ReadonlySet<string>) {
  const connector: typeof cluster.connector = async (database, options) => {
    if (!away.has(database)) return cluster.connector(database, options);
    throw new ToolError([{ code: 'database_unreachable', database, reason: 'refused', detail: 'cut off' }]);
  };
  return { ...cluster, connector };
}

/** Besides a key that both give: a row that is missing, one that was changed and one that both changed, one that both deleted. */
const lastOfA = `insert into app.orders values (6, 'first'), (7, 'a'); update app.orders set note = E'it''s\\na \\\\' where id = 6;
  update app.orders set note = 'late' where id in (4, 5); delete from app.orders where id = 3;
  update app.items set note = 'late' where id = 40`;

/** One that b changes too, one that is made and changed by two sessions, and one that b can not hold. */
const lastSlotsOfA = `set timezone = 'Asia/Kolkata'; update app.slots set note = 'a' where at = '2020-01-20 00:00+00';
  insert into app.slots values ('2020-01-22 00:00+00', 'first');
  set timezone = 'UTC'; update app.slots set note = 'late' where at = '2020-01-22 00:00+00';
  update app.slots set note = 'odd' where at = '2020-01-21 00:00+00'`;

async function write(cluster: Cluster<Place>, place: Place, text: string): Promise<void> {
  await using session = await cluster.databases[place].session();
  await session.script(text);
}

/** What only the old root took is told by what the new one holds, and what is missing there can be run. */
async function bringOver(cluster: Cluster<Place>, file: string): Promise<void> {
  const args = ['lost-events', 'a', '-f', file];
  await write(
    cluster,
    'b',
    `create domain app.word text check (value <> 'odd'); alter table app.slots alter note type app.word;
    select pgq.insert_event('replika', 'U:note', 'id=41&note=item+41', 'app.items', null, null, null)`,
  );
  const { status, stdout, stderr } = await runProgram([...args, '--json']);
  await write(
    cluster,
    'b',
    `alter table app.slots alter note type text; drop domain app.word; delete from pgq.event_1 where ev_type = 'U:note'`,
  );
  expect([status, stderr]).toEqual([
    2,
    expect.stringContaining(
      '11 changes, compared with b: 5 missing, 1 equal, 3 in conflict, 1 differs, 1 not compared.',
    ),
  ]);
  const document = JSON.parse(stdout) as {
    changes: { kind: string; values: { id?: string; note: string }; outcome: string; now: { note: string } | null }[];
  };
  expect(lostEventsSchema(document), JSON.stringify(lostEventsSchema.errors)).toBe(true);
  expect(document).toMatchObject({ root: 'b', replaced: { by: 'b' }, closed: true, left: 0 });
  expect(document).toMatchObject({ otherKeys: [{ table: 'app.items', node: ['id'], root: ['note'] }] });
  expect(
    document.changes.map(({ kind, values, outcome, now }) => [kind, values.id ?? values.note, outcome, now?.note]),
  ).toEqual([
    ['insert', '6', 'missing', undefined],
    ['insert', '7', 'conflict', 'b'],
    ['update', '6', 'missing', undefined],
    ['update', '4', 'missing', 'a'],
    ['update', '5', 'conflict', 'b'],
    ['delete', '3', 'equal', undefined],
    ['update', '40', 'differs', 'item 40'],
    ['update', 'a', 'conflict', 'b'],
    ['insert', 'first', 'missing', undefined],
    ['update', 'late', 'missing', undefined],
    ['update', 'odd', 'not_compared', undefined],
  ]);
  const script = await runProgram(args);
  expect(script.status).toBe(2);
  await write(cluster, 'b', script.stdout);
  await using session = await cluster.databases.b.session();
  expect(await session.query(sql('select id::int, note from app.orders where id in (4, 5, 6, 7) order by id'))).toEqual(
    [
      { id: 4, note: 'late' },
      { id: 5, note: 'b' },
      { id: 6, note: "it's\na \\" },
      { id: 7, note: 'b' },
    ],
  );
  const again = await runProgram([...args, '--table', 'app.orders', '--limit', '5']);
  expect(again.stderr).toContain(
    '5 changes, compared with b: 3 equal, 2 in conflict.\n1 more change behind the first 5',
  );
}

async function insert(cluster: Cluster<Place>, place: Place, ids: readonly number[]): Promise<void> {
  await using session = await cluster.databases[place].session();
  for (const id of ids) await session.script(`insert into app.orders (id, note) values (${id}, '${place}')`);
}

/**
 * A process that reaches all but the new root takes what the old one has to a leaf: the leaf stands at the number of a tick, and
 * has applied another one under it. It is not told that it is ahead, nor goes on from there, also by a plan made before.
 */
async function expectPastRefused(cluster: Cluster<Place>, file: string): Promise<void> {
  const saved = join(dirname(file), 'change.plan');
  const planned = await runProgram(['plan', '-f', file, '--out', saved]);
  // The old root does not answer.
  expect([planned.status, planned.stdout]).toEqual([1, expect.stringContaining('provider  a -> b')]);
  {
    await using _apart = runWorkers(cutOff(cluster, new Set(['b'])), fileOf(here), ['a', 'c']);
    await using leaf = await cluster.databases.c.session();
    const taken = sql('select id::int from app.orders where id = 6');
    await expect.poll(() => leaf.query(taken), { timeout: 20_000 }).toEqual([{ id: 6 }]);
  }
  const applied = await runProgram(['apply', saved, '-f', file]);
  expect([applied.status, applied.stderr]).toEqual([1, expect.stringMatching(/tick \d+ of b is another one/)]);
  const again = await runProgram(['plan', '-f', file]);
  expect([again.status, again.stderr]).toEqual([
    1,
    expect.stringMatching(/node c of queue replika stands at tick \d+ of a, .*: a was replaced after tick \d+/),
  ]);
}

const told = () => '';

const lostEventsSchema = new Ajv({ strict: true, allowUnionTypes: true }).compile(
  JSON.parse(readFileSync('schemas/lost-events.schema.json', 'utf8')) as object,
);

/** Whoever works by the old file does nothing for the old root, and says so. */
async function expectStill(cluster: Cluster<Place>): Promise<void> {
  await using session = await cluster.databases.a.session();
  const written = async () => {
    const [row] = await session.query<{ state: string }>(
      sql(`select q.queue_event_seq::regclass || ' ' || pg_sequence_last_value(q.queue_event_seq::regclass) || ' '
        || (select max(tick_id) from pgq.tick) as state from pgq.queue q`),
    );
    return row?.state;
  };
  const before = await written();
  await using running = runWorkers(cluster, fileOf(here), ['a']);
  await expect.poll(() => running.logs.map(({ event }) => event), { timeout: 20_000 }).toContain('root_replaced');
  const status = await statusOn(desiredOf(cluster, fileOf(here)), cluster, undefined);
  const node = status.queues[0]?.nodes.find(({ node: name }) => name === 'a');
  expect(node).toMatchObject({ verdict: 'error', findings: [{ code: 'root_replaced', by: 'b' }] });
  const beat = async () => {
    const [row] = await session.query<{ at: string }>(
      sql(`select heartbeat_at::text as at from trunkline.worker_status where node_name = 'a' and state = 'replaced'`),
    );
    return row?.at;
  };
  await expect.poll(beat, { timeout: 20_000 }).toBeDefined();
  const first = await beat();
  await expect.poll(beat, { timeout: 20_000 }).not.toBe(first);
  expect(await written()).toBe(before);
}

/** The databases of the file, the first of which nobody answers for. */
function withoutA({ yaml, databases }: Cluster<Place>): string {
  return yaml.replace(databases.a.url, 'postgresql://127.0.0.1:1/a');
}

/** Ended with SIGKILL between any two of its statements, and run again each time; the new root is there then. */
async function failOver(file: string): Promise<void> {
  const args = ['-f', file, '--auto-approve', '--allow', 'moves-root,loses-events'];
  const before = readFileSync(file, 'utf8');
  const planned = await runProgram(['switchover', 'b', ...args]);
  expect([planned.status, planned.stderr]).toEqual([1, expect.stringContaining('trunkline failover b')]);
  expect(readFileSync(file, 'utf8')).toBe(before);
  const step = 'replace_root/replika/b';
  const points = [
    'after-file',
    `before:${step}`,
    `within-promotion:${step}`,
    `before-commit:${step}`,
    `after-promotion:${step}`,
  ];
  for (const fault of points) {
    const killed = await runProgram(['failover', 'b', ...args], { env: { TRUNKLINE_FAULT: fault } });
    expect([fault, killed.signal, killed.stderr]).toEqual([fault, 'SIGKILL', expect.anything()]);
  }
}

/** The tick that the new root goes on after is one of the old root's, known by more than its number. */
async function expectRecord(cluster: Cluster<Place>): Promise<void> {
  await using on = await cluster.databases.b.session();
  await using old = await cluster.databases.a.session();
  const [record] = await on.query<{
    node_name: string;
    replaced_by: string;
    tick_id: bigint;
    mark: string;
    by: string;
  }>(
    sql(`select node_name, replaced_by, tick_id, tick_time || ' ' || tick_event_seq as mark, applied_by || ' ' || client as by
      from trunkline.replaced_root`),
  );
  const [tick] = await old.query<{ mark: string }>(
    sql(`select tick_time || ' ' || tick_event_seq as mark from pgq.tick where tick_id = $1`, record?.tick_id),
  );
  expect(record).toMatchObject({
    node_name: 'a',
    replaced_by: 'b',
    mark: tick?.mark,
    by: expect.stringMatching(/. ./),
  });
}

test('a branch takes the place of a root that does not answer, which is kept from writes when it is back', async () => {
  await using cluster = await threeDatabases();
  for (const place of ['a', 'b', 'c'] as const)
    await write(cluster, place, 'create table app.slots (at timestamptz primary key, note text)');
  await write(cluster, 'a', `insert into app.slots values ('2020-01-20 00:00+00'), ('2020-01-21 00:00+00')`);
  const away = new Set<string>();
  using after = temporaryFile('trunkline.yaml', `version: 1\n${cluster.yaml}${fileOf(there)}`);
  const seen = cutOff(cluster, away);
  const warnings = async (file: string): Promise<readonly Problem['code'][]> =>
    (await planOf(seen, file)).warnings.map(({ code }) => code);
  {
    await using _all = runWorkers(seen, fileOf(here));
    await applyAll(seen, fileOf(here));
    await insert(cluster, 'a', [1, 2, 3]);
    await whenInSync(cluster, here);
    await expectEqualData(cluster, here, new Set([1, 2, 3]), told);
  }
  {
    // The leaf stays behind the branch.
    await using _two = runWorkers(seen, fileOf(here), ['a', 'b']);
    await insert(cluster, 'a', [4, 5]);
    await expectEqualData(cluster, { a: 'root', b: 'branch of a' }, new Set([4, 5]), told);
  }
  away.add('a');
  await write(cluster, 'a', lastOfA);
  await write(cluster, 'a', lastSlotsOfA);

  const leafAsRoot: Topology = { c: 'root', a: 'branch of c', b: 'branch of c' };
  await expect(applyAll(seen, fileOf(leafAsRoot))).rejects.toMatchObject({
    problems: [
      { code: 'successor_unfit', root: 'a', reason: 'behind', others: ['b'] },
      { code: 'database_unreachable' },
    ],
  });

  {
    await using _root = runWorkers(seen, fileOf(there), ['b']);
    const steps = stepIds(await planOf(seen, fileOf(there)));
    expect(steps).toEqual(['replace_root/replika/b', 'change_provider/replika/c']);
    using config = temporaryFile('trunkline.yaml', `version: 1\n${withoutA(cluster)}${fileOf(here)}`);
    await failOver(config.path);
    expect(readFileSync(config.path, 'utf8')).toBe(
      `version: 1\n${withoutA(cluster)}${fileOf({ a: 'branch of b', b: 'root', c: 'leaf of b' })}`,
    );
    await expectRecord(cluster);
    await expectPastRefused(cluster, config.path);
    await applyAll(seen, fileOf({ b: 'root', a: 'branch of b' }));
    await using _leaf = runWorkers(seen, fileOf(there), ['c']);
    await applyAll(seen, fileOf(there));
    await insert(cluster, 'b', [7, 8]);
    await write(
      cluster,
      'b',
      `update app.orders set note = 'b' where id = 5; delete from app.orders where id = 3;
      set timezone = 'America/New_York'; update app.slots set note = 'b' where at = '2020-01-20 00:00+00'`,
    );
    await expectEqualData(cluster, without, new Set([1, 2, 4, 5, 7, 8]), told);
    expect(stepIds(await planOf(seen, fileOf(there)))).toEqual([]);
  }

  away.clear();
  await expectStill(cluster);
  expect(stepIds(await planOf(seen, fileOf(there)))).toEqual(['fence_root/replika/a']);
  expect(await warnings(fileOf(there))).toContain('dead_root_back');
  await applyAll(seen, fileOf(there));
  await expect(insert(cluster, 'a', [9])).rejects.toThrow();
  expect(stepIds(await planOf(seen, fileOf(there)))).toEqual([]);
  await bringOver(cluster, after.path);

  await applyAll(seen, fileOf(without));
  expect(await warnings(fileOf(without))).toEqual([]);
  {
    await using _all = runWorkers(seen, fileOf(there));
    await applyAll(seen, fileOf(there));
    await whenInSync(cluster, there);
    // What only the old root had is gone from it too, but for what was brought over.
    await expectEqualData(cluster, there, new Set([1, 2, 4, 5, 6, 7, 8]), told);
    const gone = await runProgram(['lost-events', 'a', '-f', after.path]);
    expect([gone.status, gone.stderr]).toEqual([1, expect.stringContaining('a branch of queue replika')]);
    expect(stepIds(await planOf(seen, fileOf(there)))).toEqual([]);
  }
});
