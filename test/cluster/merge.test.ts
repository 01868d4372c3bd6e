import { expect, test } from 'vitest';
import { systemClock } from '../../src/app/system-clock.ts';
import { copyAgain } from '../../src/catalog/table-sync.ts';
import type { Session } from '../../src/db/session.ts';
import { sql } from '../../src/db/statement.ts';
import type { LogRecord } from '../../src/model/log.ts';
import { tableName } from '../../src/model/names.ts';
import { unhurried } from '../../src/model/pace.ts';
import type { NodeSpec } from '../../src/model/topology.ts';
import { compareNode } from '../../src/verify/compare-node.ts';
import { startWorkers } from '../../src/worker/supervisor.ts';
import { aNode, aQueue, databaseName, nodeName, queueName, tickerSettings } from '../support/builders.ts';
import { freshCluster } from '../support/cluster.ts';
import { expectEqual, waitFor } from '../support/replication.ts';

const table = 'create table accounts (id int primary key, owner text, balance numeric default 0)';
const parts = ['p1', 'p2'] as const;

test('two roots are merged into one queue, which has a leaf, and a branch whose leaves wait for it', async () => {
  await using cluster = await freshCluster({
    p1: { version: 14, install: true },
    p2: { version: 18, install: true },
    full: { version: 18, install: true },
    second: { version: 14, install: true },
    copy: { version: 12, install: true },
  });
  const sessions = Object.fromEntries(
    await Promise.all(
      Object.entries(cluster.databases).map(async ([name, database]) => [name, await database.session()] as const),
    ),
  ) as Record<keyof typeof cluster.databases, Session>;
  const { p1, p2, full, second, copy } = sessions;
  for (const session of Object.values(sessions)) await session.script(table);
  await p1.script(`insert into accounts select i, 'p1', i from generate_series(1, 999, 2) i`);
  await p2.script(`insert into accounts select i, 'p2', i from generate_series(2, 1000, 2) i`);

  const nodes = new Map<string, NodeSpec[]>();
  const setUp = async (
    queue: string,
    node: string,
    database: keyof typeof sessions,
    type: 'root' | 'branch' | 'leaf',
    provider?: readonly [string, keyof typeof sessions],
    combined?: string,
  ) => {
    const spec = aNode({
      name: nodeName(node),
      database: databaseName(database),
      ...(provider === undefined ? {} : { provider: nodeName(provider[0]) }),
    });
    nodes.set(queue, [...(nodes.get(queue) ?? []), spec]);
    const own = sessions[database];
    const locate = (session: Session, name: string) =>
      session.query(sql(`select pgq_node.register_location($1, $2, 'dbname=' || $2, false)`, queue, name));
    await locate(own, node);
    let watermark: bigint | null = null;
    if (provider !== undefined) {
      await locate(own, provider[0]);
      await locate(sessions[provider[1]], node);
      const [row] = await sessions[provider[1]].query<{ wm: bigint }>(
        sql(
          `select global_watermark as wm from pgq_node.register_subscriber($1, $2, $2 || '.worker', null)`,
          queue,
          node,
        ),
      );
      watermark = row?.wm ?? null;
    }
    const [made] = await own.query(
      sql(
        `select ret_code, ret_note from pgq_node.create_node($1, $2, $3, $3 || '.worker', $4, $5, $6)`,
        ...[queue, type, node, provider?.[0] ?? null, watermark, combined ?? null],
      ),
    );
    expect(made).toMatchObject({ ret_code: 200 });
  };
  const addTable = async (session: Session, queue: string, ...args: string[]) => {
    await session.query(sql(`select londiste.global_add_table($1, 'public.accounts')`, queue));
    const [added] = await session.query(
      sql(`select ret_code, ret_note from londiste.local_add_table($1, 'public.accounts', $2)`, queue, args),
    );
    expect(added).toMatchObject({ ret_code: 200 });
  };
  await setUp('combined', 'full', 'full', 'root');
  await setUp('combined', 'second', 'second', 'branch', ['full', 'full']);
  await setUp('combined', 'copy', 'copy', 'leaf', ['second', 'second']);
  for (const part of parts) {
    await setUp(part, part, part, 'root');
    await addTable(sessions[part], part);
    await setUp(part, `full_${part}`, 'full', 'leaf', [part, part], 'combined');
    await setUp(part, `second_${part}`, 'second', 'leaf', [part, part], 'combined');
  }
  for (const [name, session] of [
    ['full', full],
    ['second', second],
  ] as const) {
    for (const part of parts) await session.query(sql(`select londiste.global_add_table($1, 'public.accounts')`, part));
    if (name === 'full') await addTable(session, 'p1', 'merge_all');
  }
  for (const session of [second, copy]) await addTable(session, 'combined');
  for (const [queue, session] of [
    ['p1', p1],
    ['p2', p2],
    ['combined', full],
  ] as const)
    await session.script(`select pgq.set_queue_config('${queue}', 'ticker_max_lag', '100 milliseconds')`);

  const logs: LogRecord[] = [];
  await using workers = startWorkers({
    queues: [...nodes].map(([name, specs]) =>
      aQueue({ name: queueName(name), nodes: specs, ticker: tickerSettings({ maxLagMs: 100 }) }),
    ),
    nodes: undefined,
    ticker: true,
    connector: cluster.connector,
    clock: systemClock,
    log: (record) => logs.push(record),
    report: () => undefined,
    explain: (error) => JSON.stringify(error.problems, (_, value) => (typeof value === 'bigint' ? `${value}` : value)),
    holder: `test:${process.pid}`,
    watermarkEveryMs: 500,
    fault: () => undefined,
  });
  const why = (what: string) => () =>
    `${what}: ${JSON.stringify(logs.filter(({ level }) => level !== 'info').map(({ node, message }) => `${node}: ${message}`))}`;
  const holds = (session: Session, query: string, count: number) =>
    waitFor(why(`${count} of ${query}`), 120_000, async () => {
      const rows = await session.query(sql(query));
      return rows.length === count;
    });
  for (const session of [full, second, copy]) await holds(session, 'select from accounts', 1000);
  await holds(full, `select from londiste.table_info where merge_state = 'ok'`, 3);

  await p1.script(`update accounts set balance = balance + 0.5; delete from accounts where id = 11`);
  await p2.script(
    `update accounts set owner = E'p2\\t2' where id % 4 = 0; insert into accounts values (2000, 'p2', 'NaN')`,
  );
  for (const session of [full, second, copy]) {
    await holds(session, `select from accounts where balance % 1 = 0.5`, 499);
    await holds(session, `select from accounts where owner <> 'p1' and owner <> 'p2'`, 250);
    await holds(session, 'select from accounts where id = 2000', 1);
    await expectEqual(full, 'select * from accounts', session, 'select * from accounts');
  }
  await expectEqual(p1, 'select * from accounts', full, `select * from accounts where owner = 'p1'`);
  await expectEqual(p2, 'select * from accounts', full, `select * from accounts where owner <> 'p1'`);
  // The combined queue holds what its branch holds; what is about the parts' own queues is not in it.
  const events = `select ev_id, ev_type, ev_data, ev_extra1, ev_time from pgq.event_template t
    where tableoid::regclass::text like (select queue_data_pfx || '%' from pgq.queue where queue_name = 'combined')
      and ev_type not like 'pgq.%'`;
  await expectEqual(full, events, second, events);
  // Only the combined queue's own table was added to it.
  expect(await full.query(sql(`select from (${events}) e where ev_type like 'londiste.%'`))).toHaveLength(1);
  // Copied again, the table is emptied once, and filled from both.
  await full.script(`begin; select londiste.set_session_replication_role('replica', true);
    delete from accounts where id % 10 < 2; insert into accounts values (-1, 'nobody')`);
  for (const part of parts) await copyAgain(full, queueName(part), tableName('public.accounts'));
  await full.script('commit');
  await holds(full, `select from londiste.table_info where merge_state = 'ok'`, 3);
  await expectEqual(p1, 'select * from accounts', full, `select * from accounts where owner = 'p1'`);
  await expectEqual(p2, 'select * from accounts', full, `select * from accounts where owner <> 'p1'`);
  // Each is compared and repaired by what its own provider has: what the other brought is no difference.
  await full.script(`begin; select londiste.set_session_replication_role('replica', true);
    delete from accounts where id = 21; update accounts set owner = 'p0' where id = 23; commit`);
  const compared = (part: (typeof parts)[number], repair?: 'apply') =>
    compareNode(
      {
        queue: queueName(part),
        node: nodeName(`full_${part}`),
        database: databaseName('full'),
        provider: nodeName(part),
        providerDatabase: databaseName(part),
        tables: undefined,
        parallel: 1,
        search: { limit: 10, chunkRows: 100, values: false },
        pace: { ...unhurried, wholeBytes: 0, firstChunkRows: 2 },
        ...(repair === undefined ? {} : { repair }),
      },
      {
        connector: cluster.connector,
        clock: systemClock,
        report: () => undefined,
        signal: undefined,
        holder: 'test',
        timeoutMs: 60_000,
        ensureWorker: () => Promise.reject(new Error('a worker runs already')),
      },
    );
  const verdict = async (part: (typeof parts)[number], repair?: 'apply') =>
    (await compared(part, repair)).compared.tables[0]?.verdict;
  expect(await verdict('p2')).toMatchObject({ kind: 'equal', provider: { rows: 501n }, subscriber: { rows: 501n } });
  expect(await verdict('p1', 'apply')).toMatchObject({
    kind: 'different',
    provider: { rows: 499n },
    subscriber: { rows: 498n },
    rows: {
      key: ['id'],
      rows: expect.arrayContaining([
        { kind: 'missing', key: ['21'] },
        { kind: 'different', key: ['23'], columns: [{ column: 'owner', values: undefined }] },
      ]),
      more: false,
    },
  });
  expect(await verdict('p1')).toMatchObject({ kind: 'equal' });
  // A leaf that waits has come as far as the combined queue says, and its provider may go on.
  for (const part of parts) {
    await waitFor(why(`second_${part} to keep up`), 60_000, async () => {
      const [row] = await second.query<{ at: bigint }>(
        sql('select last_tick_id as at from pgq_node.local_state where queue_name = $1', part),
      );
      const rows = await sessions[part].query(
        sql(`select from pgq.get_consumer_info($1, $2) where last_tick >= $3`, part, `second_${part}.worker`, row?.at),
      );
      return (row?.at ?? 0n) > 3n && rows.length === 1;
    });
  }
  await workers.stop(5_000);
  expect(logs.filter(({ level }) => level === 'error')).toEqual([]);
  for (const session of Object.values(sessions)) await session.close();
});
