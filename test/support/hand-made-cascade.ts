import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '../../src/db/session.ts';
import { quoteName, sql } from '../../src/db/statement.ts';
import { transaction } from '../../src/db/transaction.ts';
import type { Clock } from '../../src/model/clock.ts';
import { databaseName, nodeName, queueName, tableName } from '../../src/model/names.ts';
import { type Cluster, freshCluster } from './cluster.ts';
import type { ServerVersion } from './server.ts';

/** Time as it passes. */
export const realClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined),
};

/** A root `src_node` and a leaf `dst_node`, made with the functions a person would call, so that a test sees each step. */
export interface HandMadeCascade extends AsyncDisposable {
  readonly cluster: Cluster<'src' | 'dst'>;
  readonly queue: ReturnType<typeof queueName>;
  readonly names: {
    readonly src: ReturnType<typeof databaseName>;
    readonly dst: ReturnType<typeof databaseName>;
    readonly root: ReturnType<typeof nodeName>;
    readonly leaf: ReturnType<typeof nodeName>;
    readonly worker: string;
  };
  readonly src: Session;
  /** May write to the leaf's tables. */
  readonly dst: Session;
  /** Makes the table known on both sides, in state ok; the tables must be there. Rows are the test's business. */
  addTable(name: string, options?: { readonly target?: string; readonly attrs?: string }): Promise<void>;
  addSequence(name: string): Promise<void>;
  /** A tick now, whether one is due or not. */
  tick(): Promise<bigint>;
  /** Moves the leaf's position and its subscription to the newest tick, as if all had been applied. */
  catchUp(): Promise<bigint>;
}

export async function handMadeCascade(
  versions: { readonly src: ServerVersion; readonly dst: ServerVersion } = { src: 12, dst: 18 },
): Promise<HandMadeCascade> {
  const cluster = await freshCluster({
    src: { version: versions.src, install: true },
    dst: { version: versions.dst, install: true },
  });
  const src = await cluster.databases.src.session();
  const dst = await cluster.databases.dst.session();
  // The leaf's own tables refuse changes made by anybody else.
  await dst.script(`set session_replication_role = 'replica'`);
  const queue = queueName('replika');
  const names = {
    src: databaseName('src'),
    dst: databaseName('dst'),
    root: nodeName('src_node'),
    leaf: nodeName('dst_node'),
    worker: 'dst_node.worker',
  };
  const call = async (session: Session, text: string, ...values: unknown[]) => {
    const [row] = await session.query<{ ret_code: number; ret_note: string }>(sql(`select * from ${text}`, ...values));
    if ((row?.ret_code ?? 500) >= 300) throw new Error(`${text}: ${row?.ret_code} ${row?.ret_note}`);
  };
  await call(src, `pgq_node.register_location($1, 'src_node', 'dbname=src', false)`, queue);
  await call(src, `pgq_node.create_node($1, 'root', 'src_node', 'src_node.worker', null, null, null)`, queue);
  await call(src, `pgq_node.register_location($1, 'dst_node', 'dbname=dst', false)`, queue);
  await call(src, `pgq_node.register_subscriber($1, 'dst_node', 'dst_node.worker', null)`, queue);
  const [watermark] = await src.query<{ tick: bigint }>(
    sql(`select last_tick as tick from pgq.get_consumer_info($1, 'dst_node.worker')`, queue),
  );
  for (const node of ['src_node', 'dst_node']) {
    await call(dst, `pgq_node.register_location($1, $2, 'dbname=x', false)`, queue, node);
  }
  await call(
    dst,
    `pgq_node.create_node($1, 'leaf', 'dst_node', 'dst_node.worker', 'src_node', $2, null)`,
    queue,
    watermark?.tick,
  );
  const tick = async (): Promise<bigint> => {
    await src.query(sql('select pgq.force_tick($1)', queue));
    const [row] = await src.query<{ tick: bigint }>(sql('select pgq.ticker($1) as tick', queue));
    if (row === undefined) throw new Error('no tick');
    return row.tick;
  };
  return {
    cluster,
    queue,
    names,
    src,
    dst,
    async addTable(name, options = {}) {
      const root = `londiste.local_add_table($1, $2, array['tgflags=Q'], null, null)`;
      await call(src, root, queue, name);
      await call(dst, 'londiste.global_add_table($1, $2)', queue, name);
      const leaf = `londiste.local_add_table($1, $2, array['expect_sync'], $3, $4)`;
      await call(dst, leaf, queue, name, options.attrs ?? null, options.target ?? null);
    },
    async addSequence(name) {
      await call(src, 'londiste.local_add_seq($1, $2)', queue, name);
      const [row] = await src.query<{ last_value: bigint }>(
        sql('select last_value from londiste.get_seq_list($1) where seq_name = $2', queue, name),
      );
      await call(dst, 'londiste.global_update_seq($1, $2, $3)', queue, name, row?.last_value);
      await call(dst, 'londiste.local_add_seq($1, $2)', queue, name);
    },
    tick,
    async catchUp() {
      const newest = await tick();
      await src.query(sql('select pgq.register_consumer_at($1, $2, $3)', queue, names.worker, newest));
      await dst.query(sql('select pgq_node.set_consumer_completed($1, $2, $3)', queue, names.worker, newest));
      return newest;
    },
    async [Symbol.asyncDispose]() {
      await src.close();
      await dst.close();
      await cluster[Symbol.asyncDispose]();
    },
  };
}

export interface StandInWorker extends AsyncDisposable {
  /** Batches applied so far. */
  readonly batches: number;
}

/** Does what a worker must, and no more: applies one batch at a time, confirms, and heeds a hold. */
export async function standInWorker(
  cascade: HandMadeCascade,
  options: {
    /** Looks at holds only after this many batches, as if it had read its state long ago. */
    readonly heedlessBatches?: number;
  } = {},
): Promise<StandInWorker> {
  const { queue, names } = cascade;
  const src = await cascade.cluster.databases.src.session();
  const dst = await cascade.cluster.databases.dst.session();
  await dst.script(`set session_replication_role = 'replica'`);
  const stop = new AbortController();
  let batches = 0;

  const round = async (): Promise<boolean> => {
    await dst.query(
      sql(`select trunkline.report_status($1, $2, 'stand-in', 1, 'localhost', 'running')`, queue, names.leaf),
    );
    const [state] = await dst.query<{ tick: bigint; paused: boolean; uptodate: boolean; hold: bigint | null }>(
      sql(
        `select last_tick_id as tick, paused, uptodate, trunkline.get_hold(queue_name, $2) as hold
          from pgq_node.local_state where queue_name = $1`,
        queue,
        names.leaf,
      ),
    );
    if (state === undefined) throw new Error('no state');
    if (!state.uptodate) {
      await dst.query(sql('select pgq_node.set_consumer_uptodate($1, $2, true)', queue, names.worker));
    }
    const heeds = batches >= (options.heedlessBatches ?? 0);
    if (state.paused || (heeds && state.hold !== null && state.hold <= state.tick)) return false;
    const [batch] = await src.query<{ id: bigint; to: bigint }>(
      sql(
        'select batch_id as id, cur_tick_id as to from pgq.next_batch_info($1, $2) where batch_id is not null',
        queue,
        names.worker,
      ),
    );
    if (batch === undefined || (heeds && state.hold !== null && batch.to > state.hold)) return false;
    const events = await src.query<{ ev_type: string; ev_data: string; ev_extra1: string }>(
      sql('select ev_type, ev_data, ev_extra1 from pgq.get_batch_events($1)', batch.id),
    );
    await transaction(dst, async () => {
      for (const event of events) await apply(dst, event);
      await dst.query(sql('select pgq_node.set_consumer_completed($1, $2, $3)', queue, names.worker, batch.to));
    });
    await src.query(sql('select pgq.finish_batch($1)', batch.id));
    batches += 1;
    return true;
  };
  const running = (async () => {
    while (!stop.signal.aborted) if (!(await round())) await sleep(20);
  })();
  return {
    get batches() {
      return batches;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await src.close();
      await dst.close();
    },
  };
}

async function apply(dst: Session, event: { ev_type: string; ev_data: string; ev_extra1: string }): Promise<void> {
  if (!['I', 'U', 'D'].includes(event.ev_type)) return;
  const [row] = await dst.query<{ name: string }>(
    sql(
      'select coalesce(dest_table, table_name) as name from londiste.table_info where table_name = $1',
      event.ev_extra1,
    ),
  );
  if (row === undefined) return;
  const table = quoteName(tableName(row.name));
  if (event.ev_type === 'I') await dst.script(`insert into ${table} ${event.ev_data}`);
  else if (event.ev_type === 'U') await dst.script(`update only ${table} set ${event.ev_data}`);
  else await dst.script(`delete from only ${table} where ${event.ev_data}`);
}
