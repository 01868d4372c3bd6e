import { expect } from 'vitest';
import { systemClock } from '../../src/app/system-clock.ts';
import type { Session } from '../../src/db/session.ts';
import { sql } from '../../src/db/statement.ts';
import type { LogRecord } from '../../src/model/log.ts';
import { type TableName, tableName } from '../../src/model/names.ts';
import { type TableSpec, wholeTable } from '../../src/model/table.ts';
import { encodeTable } from '../../src/model/table-codec.ts';
import type { QueueSpec } from '../../src/model/topology.ts';
import { startWorkers, type Workers } from '../../src/worker/supervisor.ts';
import { aNode, aQueue, databaseName, nodeName, queueName, rowFilter, tickerSettings } from './builders.ts';
import { type Cluster, type ClusterDatabaseOptions, freshCluster } from './cluster.ts';
import type { ServerVersion } from './server.ts';

type TableOn = Partial<Omit<TableSpec, 'name' | 'destination' | 'where'>> & {
  readonly target?: string;
  readonly where?: string;
};

export interface ReplicationTable {
  readonly name: string;
  /** Per leaf: its name there, its filter, its options. Left out: under the same name, all rows. */
  readonly on?: Readonly<Record<string, TableOn>>;
  readonly triggerArgs?: readonly string[];
}

/** Where a node hangs; one that is not named is a leaf of the first. */
export type Shape = Readonly<Record<string, { readonly role: 'branch' | 'leaf'; readonly provider: string }>>;

/** A root and its subscribers, set up by the bundled SQL alone, to test workers without planner and executor. */
export interface Replication extends AsyncDisposable {
  readonly cluster: Cluster<string>;
  readonly queue: QueueSpec;
  readonly logs: LogRecord[];
  session(database: string): Promise<Session>;
  addTable(table: ReplicationTable): Promise<void>;
  start(nodes?: readonly string[]): Workers;
  /** The same by another description of the queue. */
  startWith(queue: QueueSpec, nodes?: readonly string[]): Workers;
  /** Until every table of the node is in sync and the leaf has every change made so far. */
  caughtUp(leaf: string, timeoutMs?: number): Promise<void>;
}

export async function replication(
  databases: Readonly<Record<string, ServerVersion | ClusterDatabaseOptions>>,
  tables: string,
  shape: Shape = {},
): Promise<Replication> {
  const cluster = await freshCluster(
    Object.fromEntries(
      Object.entries(databases).map(([name, value]) => [
        name,
        { ...(typeof value === 'number' ? { version: value } : value), install: true },
      ]),
    ),
  );
  const [root = '', ...leaves] = Object.keys(databases);
  const queue = aQueue({
    name: queueName('replika'),
    ticker: tickerSettings({ maxLagMs: 100, maxCount: 200 }),
    nodes: [
      aNode({ name: nodeName(root), database: databaseName(root) }),
      ...leaves.map((leaf) =>
        aNode({
          name: nodeName(leaf),
          database: databaseName(leaf),
          provider: nodeName(shape[leaf]?.provider ?? root),
        }),
      ),
    ],
  });
  const session = async (database: string) => {
    const found = cluster.databases[database];
    if (found === undefined) throw new Error(database);
    return found.session();
  };
  for (const name of Object.keys(databases)) {
    await using db = await session(name);
    await db.script(tables);
  }
  await setUp(cluster, queue, root, leaves, shape);
  const logs: LogRecord[] = [];
  const told = () =>
    logs
      .filter(({ level }) => level !== 'info')
      .map(({ message }) => message)
      .join('; ');
  const running: Workers[] = [];

  const startWith = (described: QueueSpec, nodes?: readonly string[]): Workers => {
    const workers = startWorkers({
      queues: [described],
      nodes: nodes === undefined ? undefined : new Set(nodes.map(nodeName)),
      ticker: true,
      connector: cluster.connector,
      clock: systemClock,
      log: (record) => logs.push(record),
      report: () => undefined,
      explain: (error) =>
        JSON.stringify(error.problems, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
      holder: `test:${process.pid}`,
      watermarkEveryMs: 500,
      fault: () => undefined,
    });
    running.push(workers);
    return workers;
  };

  return {
    cluster,
    queue,
    logs,
    session,
    async addTable(table) {
      for (const [index, name] of [root, ...leaves].entries()) {
        await using db = await session(name);
        await addTable(db, table, name, index === 0 || shape[name]?.role === 'branch', index === 0);
      }
    },
    start: (nodes) => startWith(queue, nodes),
    startWith,
    async caughtUp(leaf, timeoutMs = 30_000) {
      await using source = await session(root);
      await using target = await session(leaf);
      await waitFor(
        () => `tables of ${leaf} in sync; ${told()}`,
        timeoutMs,
        async () => {
          const rows = await target.query<{ state: string }>(
            sql('select merge_state as state from londiste.table_info where local'),
          );
          return rows.every(({ state }) => state === 'ok');
        },
      );
      // A tick made now is after every change made before. The ticker that runs may be quicker; then another is made.
      let tick: bigint | undefined;
      while (tick === undefined) {
        await source.query(sql(`select pgq.force_tick('replika')`));
        const [row] = await source.query<{ tick: bigint | null }>(sql(`select pgq.ticker('replika') as tick`));
        tick = row?.tick ?? undefined;
      }
      const wanted = tick;
      await waitFor(
        () => `${leaf} at tick ${wanted}; ${told()}`,
        timeoutMs,
        async () => {
          const [row] = await target.query<{ at: bigint }>(
            sql(`select last_tick_id as at from pgq_node.local_state where consumer_name = $1`, `${leaf}.worker`),
          );
          return row !== undefined && row.at >= wanted;
        },
      );
    },
    async [Symbol.asyncDispose]() {
      for (const workers of running) await workers.stop(1_000);
      await cluster[Symbol.asyncDispose]();
    },
  };
}

async function setUp(
  cluster: Cluster<string>,
  queue: QueueSpec,
  root: string,
  subscribers: readonly string[],
  shape: Shape,
): Promise<void> {
  await using source = (await cluster.databases[root]?.session()) as Session;
  await source.script(`
    select pgq_node.register_location('replika', '${root}', 'dbname=${root}', false);
    select pgq_node.create_node('replika', 'root', '${root}', '${root}.worker', null, null, null);
    select pgq.set_queue_config('replika', 'ticker_max_lag', '${queue.ticker.maxLagMs} milliseconds');
    select pgq.set_queue_config('replika', 'ticker_max_count', '${queue.ticker.maxCount}');`);
  for (const node of subscribers) {
    const { role, provider } = shape[node] ?? { role: 'leaf', provider: root };
    await source.query(sql(`select pgq_node.register_location('replika', $1, 'dbname=' || $1, false)`, node));
    await using above = (await cluster.databases[provider]?.session()) as Session;
    await above.query(sql(`select pgq_node.register_location('replika', $1, 'dbname=' || $1, false)`, node));
    const [row] = await above.query<{ wm: bigint }>(
      sql(
        `select global_watermark as wm from pgq_node.register_subscriber('replika', $1, $1 || '.worker', null)`,
        node,
      ),
    );
    await using target = (await cluster.databases[node]?.session()) as Session;
    for (const known of [root, ...subscribers])
      await target.query(sql(`select pgq_node.register_location('replika', $1, 'dbname=' || $1, false)`, known));
    await target.script(
      `select pgq_node.create_node('replika', '${role}', '${node}', '${node}.worker', '${provider}', ${row?.wm}, null);`,
    );
  }
}

async function addTable(
  db: Session,
  table: ReplicationTable,
  node: string,
  keepsQueue: boolean,
  isRoot: boolean,
): Promise<void> {
  const name: TableName = tableName(table.name);
  const { target, where, ...options } = table.on?.[node] ?? {};
  const spec = {
    ...wholeTable(name, target === undefined ? name : tableName(target)),
    where: where === undefined ? undefined : rowFilter(where),
    ...options,
  };
  const stored = encodeTable(spec);
  if (!isRoot) await db.query(sql('select londiste.global_add_table($1, $2)', 'replika', name));
  const [reply] = await db.query<{ ret_code: number; ret_note: string }>(
    sql(
      'select * from londiste.local_add_table($1, $2, $3, $4, $5)',
      'replika',
      name,
      keepsQueue ? (table.triggerArgs ?? ['capture=generated']) : [],
      stored.attrs,
      stored.destination,
    ),
  );
  expect(reply).toMatchObject({ ret_code: 200 });
}

export async function waitFor(
  what: string | (() => string),
  timeoutMs: number,
  condition: () => Promise<boolean>,
): Promise<void> {
  const until = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > until) {
      throw new Error(`waited ${timeoutMs} ms for: ${typeof what === 'string' ? what : what()}`);
    }
    await systemClock.sleep(50);
  }
}

/** Both tables' rows as text, sorted: equal where the tables are. */
export async function expectEqual(
  source: Session,
  sourceQuery: string,
  target: Session,
  targetQuery: string,
): Promise<void> {
  const read = async (session: Session, query: string) =>
    (await session.query<{ line: string }>(sql(`select q::text as line from (${query}) q order by 1`))).map(
      ({ line }) => line,
    );
  expect(await read(target, targetQuery)).toEqual(await read(source, sourceQuery));
}
