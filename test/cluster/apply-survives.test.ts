import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { Session } from '../../src/db/session.ts';
import { sql } from '../../src/db/statement.ts';
import type { StepKind } from '../../src/model/step.ts';
import { type Cluster, freshCluster } from '../support/cluster.ts';
import { applyAll } from '../support/planning.ts';
import { runProgram, temporaryFile } from '../support/program.ts';

// The built program is ended with SIGKILL at a step of each kind, one after the other, and run again each time: it must
// come to what an apply that was left alone comes to.

type Name = 'src' | 'mid' | 'dst';

const before = `queues:
  replika:
    nodes:
      src: { database: src, role: root }
      dst: { database: dst, role: leaf, provider: src }
    tables:
      - app.filtered
      - app.handled
      - app.gone
      - app.untriggered
  third:
    nodes:
      src3: { database: src, role: root }
      dst3: { database: dst, role: leaf }
`;

const after = `queues:
  replika:
    ticker: { max_lag: 3s }
    nodes:
      src: { database: src, role: root }
      mid: { database: mid, role: branch, provider: src }
      dst: { database: dst, role: leaf, provider: src }
    tables:
      - { name: app.filtered, where: id < 10 }
      - { name: app.handled, conflict: keep }
      - app.untriggered
      - { name: shop.sale, create: full }
    migrations: { dir: migrations }
  second:
    nodes:
      dst2: { database: dst, role: root }
      mid2: { database: mid, role: leaf }
    tables: [app.of_second]
  third:
    nodes:
      src3: { database: src, role: root }
allow: [copies-data, truncates-target, drops-data, stops-replication, loses-events, takes-exclusive-lock]
`;

/** Every kind of step is in the plan between the two. */
async function start(): Promise<Cluster<Name>> {
  const cluster = await freshCluster({ src: 14, mid: 18, dst: 18 });
  for (const database of Object.values(cluster.databases)) {
    await using session = await database.session();
    await session.script(`create schema app;
      create table app.filtered (id bigint primary key, note text);
      create table app.handled (id int primary key, note text);
      create table app.gone (id bigserial primary key);
      create table app.untriggered (id int primary key);
      create table app.of_second (id bigserial primary key)`);
  }
  await using src = await cluster.databases.src.session();
  await src.script(`create schema shop; create type shop.state as enum ('new', 'paid'); create sequence shop.numbers;
    create table shop.sale (id bigserial primary key, number bigint default nextval('shop.numbers'), state shop.state)`);
  await applyAll(cluster, before);
  await src.script(`drop trigger _londiste_replika_insert on app.untriggered;
    update pgq_node.node_location set node_location = 'host=elsewhere' where node_name = 'dst'`);
  return cluster;
}

const catalogs = `select json_build_object(
  'nodes', (select json_agg(json_build_array(queue_name, node_type, node_name, worker_name) order by 1::text, node_name) from pgq_node.node_info),
  'members', (select json_agg(json_build_array(queue_name, node_name, dead) order by queue_name, node_name) from pgq_node.node_location),
  'state', (select json_agg(json_build_array(queue_name, consumer_name, provider_node) order by queue_name, consumer_name)
              from pgq_node.local_state),
  'subscribers', (select json_agg(json_build_array(queue_name, subscriber_node, worker_name) order by queue_name, subscriber_node)
                    from pgq_node.subscriber_info),
  'consumers', (select json_agg(co_name order by co_name) from pgq.consumer),
  'tables', (select json_agg(json_build_array(queue_name, table_name, merge_state, table_attrs, dest_table) order by queue_name, table_name)
               from londiste.table_info where local),
  'sequences', (select json_agg(json_build_array(queue_name, seq_name, local) order by queue_name, seq_name)
                  from londiste.seq_info where local),
  'executed', (select json_agg(json_build_array(queue_name, execute_file) order by execute_file) from londiste.applied_execute),
  'relations', (select json_agg(json_build_array(relname, relkind) order by relname)
                  from pg_class where relnamespace in (to_regnamespace('shop'), to_regnamespace('app'))),
  'triggers', (select json_agg(json_build_array(tgrelid::regclass::text, tgname, tgenabled, encode(tgargs, 'escape'))
                      order by tgrelid::regclass::text, tgname)
                 from pg_trigger where tgname like '\\\\_londiste%' and not tgisinternal)) as seen`;

async function seen(cluster: Cluster<Name>): Promise<unknown> {
  const look = async (session: Session) => (await session.query(sql(catalogs)))[0];
  const found: Record<string, unknown> = {};
  for (const [name, database] of Object.entries(cluster.databases)) {
    await using session = await database.session();
    found[name] = await look(session);
  }
  return found;
}

interface Todo {
  readonly id: string;
  readonly kind: StepKind;
}

/** Places between the transactions of one step. */
const others: Readonly<Partial<Record<StepKind, readonly string[]>>> = {
  create_branch: ['after-root', 'after-provider'],
  create_leaf: ['after-root', 'after-provider'],
  drop_node: ['after-root'],
  execute_file: ['rehearsed'],
};

function placesIn(steps: readonly Todo[]) {
  return steps.flatMap(({ id, kind }) =>
    [...(others[kind] ?? []), 'after'].map((place) => ({ kind, place, point: `${place}:${id}` })),
  );
}

const allPlaces = [
  'after add_sequence',
  'after add_table',
  'after change_table',
  'after create_branch',
  'after create_leaf',
  'after create_root',
  'after create_schema',
  'after create_sequence',
  'after create_table',
  'after create_type',
  'after drop_node',
  'after execute_file',
  'after install_schemas',
  'after remove_sequence',
  'after remove_table',
  'after restore_triggers',
  'after set_location',
  'after set_table_options',
  'after set_ticker',
  'after-provider create_branch',
  'after-provider create_leaf',
  'after-root create_branch',
  'after-root create_leaf',
  'after-root drop_node',
  'rehearsed execute_file',
];

// Some twenty-five runs of the program take their time on a busy machine.
test('apply comes to the same end after a SIGKILL at a step of each kind', { timeout: 600_000 }, async () => {
  const run = async (killed: Set<string> | undefined) => {
    await using cluster = await start();
    using file = temporaryFile('trunkline.yaml', `version: 1\n${cluster.yaml}${after}`);
    const folder = join(dirname(file.path), 'migrations');
    mkdirSync(folder);
    writeFileSync(join(folder, '1.sql'), 'alter table app.handled add column more int;');
    const trunkline = (args: readonly string[], points: readonly string[] = []) =>
      runProgram([...args, '-f', file.path], { env: { TRUNKLINE_FAULT: points.join('\n') } });
    const plan = async () => (JSON.parse((await trunkline(['plan', '--json'])).stdout) as { steps: Todo[] }).steps;

    const left = killed === undefined ? [] : placesIn(await plan());
    for (;;) {
      const points = left.filter(({ kind, place }) => killed?.has(`${place} ${kind}`) === false);
      const { status, signal, stderr } = await trunkline(
        ['apply', '--auto-approve', '--lock-timeout', '30'],
        points.map(({ point }) => point),
      );
      if (signal !== 'SIGKILL') {
        expect([status, stderr]).toEqual([0, expect.anything()]);
        break;
      }
      const fired = points.find(({ point }) => stderr.includes(`fault: ${point}\n`));
      expect(fired, stderr).toBeDefined();
      killed?.add(`${fired?.place} ${fired?.kind}`);
    }
    expect(await plan()).toEqual([]);
    return await seen(cluster);
  };
  const killed = new Set<string>();
  const expected = await run(undefined);
  // Steps go side by side: one may be done already when the point of another ends the program. Then it has another round.
  for (let round = 0; round < 3 && killed.size < allPlaces.length; round += 1) {
    expect(await run(killed)).toEqual(expected);
  }
  expect([...killed].sort()).toEqual(allPlaces);
});
