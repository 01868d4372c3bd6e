import { systemClock } from '../../src/app/system-clock.ts';
import type { Session } from '../../src/db/session.ts';
import { sql } from '../../src/db/statement.ts';
import type { LogRecord } from '../../src/model/log.ts';
import { startWorkers, type Workers } from '../../src/worker/supervisor.ts';
import { nodeName } from '../support/builders.ts';
import type { Cluster } from '../support/cluster.ts';
import type { FreshDatabase } from '../support/database.ts';
import { desiredOf } from '../support/planning.ts';
import { waitFor } from '../support/replication.ts';

/** Two tables of which one refers to the other; the second brings its sequence. */
export const tables = `
  create table people (id int primary key, name text not null, score numeric, at timestamptz default now());
  create table log (id bigserial primary key, person int not null references people, what text);
`;

export const rows = `
  insert into people select i, 'name ' || i || E' \\\\ '' %&=+\\t' || chr(20013), i / 7.0 from generate_series(1, 3000) i;
  insert into log (person, what) select i, 'first' from generate_series(1, 3000, 3) i;
`;

/** Changes of every kind, after all rows are there. */
export const changes = `
  update people set score = 'NaN' where id = 7;
  update people set name = '' where id % 11 = 0;
  delete from log where person = 10;
  truncate log;
  insert into log (person, what) values (1, null), (2, '');
`;

export async function quickTicks(session: Session, queue = 'replika'): Promise<void> {
  await session.script(`
    select pgq.set_queue_config('${queue}', 'ticker_max_lag', '100 milliseconds');
    select pgq.set_queue_config('${queue}', 'ticker_idle_period', '500 milliseconds');`);
}

/** A steady load until it is stopped, which Londiste's workers can follow on a busy machine too. */
export function writing(database: FreshDatabase): AsyncDisposable & { stop(): Promise<void> } {
  const ending = new AbortController();
  const written = (async () => {
    await using session = await database.session();
    for (let round = 0; !ending.signal.aborted; round += 1) {
      await session.script(`
        update people set score = score + 1 where id % 300 = ${round % 300};
        insert into log (person, what) values (${1 + (round % 3000)}, 'round ${round}')`);
      await systemClock.sleep(20, ending.signal);
    }
  })();
  // Told to whoever stops it.
  written.catch(() => undefined);
  const stop = async () => {
    ending.abort();
    await written;
  };
  return { stop, [Symbol.asyncDispose]: stop };
}

/** Until all have what was written so far. */
export async function settled(
  provider: Session,
  subscribers: readonly Session[],
  logs: () => string,
  queue = 'replika',
): Promise<void> {
  const tick = await newTick(provider, queue);
  for (const session of subscribers) {
    await waitFor(
      () => `tick ${tick}: ${logs()}`,
      30_000,
      async () => {
        const rows = await session.query<{ at: bigint }>(
          sql('select worker_last_tick as at from pgq_node.get_node_info($1)', queue),
        );
        return (rows[0]?.at ?? 0n) >= tick;
      },
    );
  }
}

async function newTick(session: Session, queue: string): Promise<bigint> {
  for (;;) {
    await session.query(sql('select pgq.force_tick($1)', queue));
    const [row] = await session.query<{ tick: bigint | null }>(sql('select pgq.ticker($1) as tick', queue));
    if (row?.tick) return row.tick;
  }
}

export async function inSync(subscribers: readonly Session[], why: () => string): Promise<void> {
  for (const session of subscribers) {
    await waitFor(
      () => `tables in sync: ${why()}`,
      // Londiste copies by processes of its own, which a busy machine lets wait.
      150_000,
      async () => {
        const [row] = await session.query<{ ok: boolean }>(
          sql(`select bool_and(merge_state is not distinct from 'ok') as ok from londiste.table_info where local`),
        );
        return row?.ok === true;
      },
    );
  }
}

interface Running extends Workers {
  /** What the workers complained of. */
  faults(): readonly LogRecord[];
}

/** The workers of a file; with `nodes`, only theirs, and no ticker unless told. */
export function runNodes(
  cluster: Pick<Cluster<string>, 'connector' | 'yaml'>,
  file: string,
  nodes?: readonly string[],
  ticker = nodes === undefined,
): Running {
  const logs: LogRecord[] = [];
  const workers = startWorkers({
    queues: [...desiredOf(cluster, file).queues.values()],
    nodes: nodes === undefined ? undefined : new Set(nodes.map(nodeName)),
    ticker,
    connector: cluster.connector,
    clock: systemClock,
    log: (record) => logs.push(record),
    report: () => undefined,
    explain: (error) => JSON.stringify(error.problems, (_, value) => (typeof value === 'bigint' ? `${value}` : value)),
    holder: `test:${process.pid}`,
    fault: () => undefined,
  });
  return { ...workers, faults: () => logs.filter(({ level }) => level !== 'info') };
}
