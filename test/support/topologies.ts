import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { systemClock } from '../../src/app/system-clock.ts';
import type { Session } from '../../src/db/session.ts';
import { sql } from '../../src/db/statement.ts';
import type { LogRecord } from '../../src/model/log.ts';
import { nodeName } from '../../src/model/names.ts';
import { startWorkers, type Workers } from '../../src/worker/supervisor.ts';
import { type Cluster, freshCluster } from './cluster.ts';
import { desiredOf } from './planning.ts';

export type Place = 'a' | 'b' | 'c';

/** One node a database, called like it: `root`, or what it reads from. */
export type Topology = Readonly<Partial<Record<Place, 'root' | `branch of ${Place}` | `leaf of ${Place}`>>>;

export const rootOf = (topology: Topology): Place =>
  (Object.keys(topology) as Place[]).find((name) => topology[name] === 'root') ?? 'a';

export function fileOf(topology: Topology): string {
  const nodes = Object.entries(topology).map(([name, text]) => {
    const [role, , provider] = text.split(' ');
    return `      ${name}: { database: ${name}, role: ${role}${provider === undefined ? '' : `, provider: ${provider}`} }\n`;
  });
  return `queues:
  replika:
    ticker: { max_lag: 50ms, idle_period: 500ms }
    nodes:
${nodes.join('')}    tables: [app.orders, app.items]
`;
}

export async function threeDatabases(): Promise<Cluster<Place>> {
  const cluster = await freshCluster({ a: 14, b: 18, c: 14 });
  for (const database of Object.values(cluster.databases)) {
    await using session = await database.session();
    await session.script(`create schema app;
      create table app.orders (id bigint primary key, note text, n int not null default 0);
      create table app.items (id bigint primary key, note text);
      insert into app.items select n, 'item ' || n from generate_series(1, 50) n`);
  }
  return cluster;
}

export interface Running extends AsyncDisposable {
  readonly logs: readonly LogRecord[];
}

/** What `trunkline run` does with the file; with `before`, once it has read that one, and then the other. */
export function runWorkers(
  cluster: Pick<Cluster<string>, 'connector' | 'yaml'>,
  text: string,
  nodes?: readonly Place[],
  before = text,
): Running {
  const logs: LogRecord[] = [];
  const earlier = desiredOf(cluster, before).queues;
  const queues = [...desiredOf(cluster, text).queues.values()].map((queue) => ({
    ...queue,
    nodes: new Map([...(earlier.get(queue.name)?.nodes ?? []), ...queue.nodes]),
  }));
  const workers: Workers = startWorkers({
    queues,
    nodes: nodes === undefined ? undefined : new Set(nodes.map(nodeName)),
    ticker: true,
    connector: cluster.connector,
    clock: systemClock,
    log: (record) => logs.push(record),
    report: () => undefined,
    explain: (error) => error.problems.map(({ code }) => code).join(', '),
    holder: `test:${process.pid}`,
    fault: () => undefined,
  });
  return { logs, [Symbol.asyncDispose]: () => workers.stop(2_000) };
}

/** Writes at the root, and follows it when it moves. What the database has confirmed is never to be missed. */
export interface Writer extends AsyncDisposable {
  readonly confirmed: ReadonlySet<number>;
  /** Where a write may be taken. */
  at(...places: readonly Place[]): void;
}

export function startWriter(cluster: Cluster<Place>): Writer {
  const confirmed = new Set<number>();
  let places: readonly Place[] = [];
  let writing = true;
  const loop = (async () => {
    const sessions = new Map<Place, Session>();
    for (let id = 1; writing; id += 1) {
      for (const place of places) {
        const session = sessions.get(place) ?? (await cluster.databases[place].session());
        sessions.set(place, session);
        try {
          await session.script(`begin; insert into app.orders (id, note) values (${id}, '${place}');
            update app.orders set n = n + 1 where id = ${Math.max(1, id - 5)}; commit`);
          confirmed.add(id);
          break;
        } catch {
          await session.script('rollback');
        }
      }
      await sleep(15);
    }
    for (const session of sessions.values()) await session.close();
  })();
  return {
    confirmed,
    at(...wanted) {
      places = wanted;
    },
    async [Symbol.asyncDispose]() {
      writing = false;
      await loop;
    },
  };
}

/** Until the first copies of every subscriber are over. */
export async function whenInSync(cluster: Cluster<Place>, topology: Topology): Promise<void> {
  for (const place of Object.keys(topology) as Place[]) {
    await using session = await cluster.databases[place].session();
    const unsettled = sql(
      `select table_name, merge_state from londiste.table_info where local and merge_state is distinct from 'ok'`,
    );
    await expect.poll(() => session.query(unsettled), { timeout: 120_000, interval: 200 }).toEqual([]);
  }
}

/** Until every node of the topology holds what its root holds, which holds all that was confirmed. */
export async function expectEqualData(
  cluster: Cluster<Place>,
  topology: Topology,
  confirmed: ReadonlySet<number>,
  told: () => string,
): Promise<void> {
  const read = async <Row extends object>(place: Place, text: string) => {
    await using session = await cluster.databases[place].session();
    return await session.query<Row>(sql(text));
  };
  // All rows in one line: who waits for them asks for them often.
  const digest = `select md5(string_agg(o::text, ';' order by id)) as orders,
    (select md5(string_agg(i::text, ';' order by id)) from app.items i) as items from app.orders o`;
  const root = rootOf(topology);
  const source = await read(root, digest);
  const ids = new Set((await read<{ id: bigint }>(root, 'select id from app.orders')).map(({ id }) => Number(id)));
  expect([...confirmed].filter((id) => !ids.has(id))).toEqual([]);
  for (const place of Object.keys(topology) as Place[]) {
    await expect
      .poll(() => read(place, digest), { timeout: 60_000, interval: 100, message: `${place}: ${told()}` })
      .toEqual(source);
  }
}
