import type { Session } from '../../src/db/session.ts';
import { sql } from '../../src/db/statement.ts';

// What must be so after any fault, and what nobody may ever see meanwhile, asked of two tables: each writer counts in
// `journal`, and in an `account` in the same transaction.

export const oracleTables = `
  create table account (id int primary key, n int not null default 0, at timestamptz, amount float8, raw bytea);
  create table journal (id bigserial primary key, writer int not null, nr int not null);`;

// Beside them tables that may be copied again, changed in their shape and emptied, which a reader of the first two would
// take for half a batch; with a name and values that are easily got wrong.

export const sideTables = `
  create type "Mood" as enum ('so-so', 'it''s "fine"');
  create table "Stock, ""No. 1""" (id int primary key, n int, "Größe" numeric, tags text[], span tstzrange, note text, mood "Mood", doc jsonb);
  create index "Stock by n" on "Stock, ""No. 1""" (n, id);
  create table part (id bigserial primary key,
    stock int constraint part_of references "Stock, ""No. 1""" on update cascade on delete cascade);
  create table held (id int primary key, note text);`;

export const stock = '"Stock, ""No. 1"""';
/** As the files name it. */
export const stockName = 'public.Stock, "No. 1"';

/** O7: what a first copy takes down, and whether it holds. */
export function takenDown(session: Session): Promise<object[]> {
  return session.query(
    sql(
      `select pg_get_indexdef(indexrelid) as ddl, indisvalid as valid from pg_index where indrelid = any ($1::regclass[])
        union all select pg_get_constraintdef(oid), convalidated from pg_constraint where conrelid = any ($1::regclass[]) and contype = 'f'
        order by 1`,
      [stock, 'part'],
    ),
  );
}

/** O4: ticks whose event number or snapshot lies before that of the tick before, whoever made them. */
export function brokenTicks(source: Session): Promise<object[]> {
  return source.query(
    sql(
      `select tick_id from (
          select tick_id, tick_event_seq, tick_snapshot, lag(tick_event_seq) over w as seq_before, lag(tick_snapshot) over w as snapshot_before
            from pgq.tick window w as (partition by tick_queue order by tick_id)) t
        where tick_event_seq < seq_before
          or pg_catalog.txid_snapshot_xmin(tick_snapshot) < pg_catalog.txid_snapshot_xmin(snapshot_before)
          or pg_catalog.txid_snapshot_xmax(tick_snapshot) < pg_catalog.txid_snapshot_xmax(snapshot_before)`,
    ),
  );
}

const broken =
  'select writer, count(*) as rows, max(nr) as last from journal group by 1 having count(*) <> max(nr) or count(distinct nr) <> max(nr)';

/** O3: writers whose counter has a gap or a number twice. */
export function brokenCounters(target: Session): Promise<object[]> {
  return target.query(sql(broken));
}

export interface Look {
  readonly tick: bigint;
  readonly faults: readonly string[];
}

/** One look of a reader at the subscriber, which comes after the one at tick `last`. */
export async function lookOf(source: Session, target: Session, worker: string, last: bigint): Promise<Look> {
  const faults: string[] = [];
  // O2: one statement sees one state; in each, both tables have all of a transaction or nothing of it.
  const [seen] = await target.query<{ off: bigint; broken: bigint; tick: bigint }>(
    sql(
      `select (select coalesce(sum(n), 0) from account) - (select count(*) from journal) as off,
        (select count(*) from (${broken}) b) as broken,
        (select last_tick_id from pgq_node.local_state where consumer_name = $1) as tick`,
      worker,
    ),
  );
  if (seen === undefined) throw new Error('no answer');
  if (seen.off !== 0n || seen.broken !== 0n) faults.push(`half a batch at tick ${seen.tick}`);
  // O4: the position never goes back and never passes the provider.
  const [top] = await source.query<{ tick: bigint }>(
    sql(`select last_tick_id as tick from pgq.get_queue_info('replika')`),
  );
  if (seen.tick < last) faults.push(`tick ${seen.tick} after ${last}`);
  if (top === undefined || seen.tick > top.tick) faults.push(`tick ${seen.tick} past ${top?.tick}`);
  return { tick: seen.tick, faults };
}

/** O6: who reads the queue beside the worker, and what its event tables take on disk. */
export async function queueLeft(
  source: Session,
): Promise<{ readonly readers: readonly string[]; readonly bytes: bigint }> {
  const readers = await source.query<{ name: string }>(
    sql(
      `select consumer_name as name from pgq.get_consumer_info('replika') where consumer_name not like '.%' order by 1`,
    ),
  );
  const [size] = await source.query<{ bytes: bigint }>(
    sql(
      `select coalesce(sum(pg_catalog.pg_relation_size(i.inhrelid)), 0)::bigint as bytes
        from pgq.queue q join pg_catalog.pg_inherits i on i.inhparent = q.queue_data_pfx::pg_catalog.regclass
        where q.queue_name = 'replika'`,
    ),
  );
  return { readers: readers.map(({ name }) => name), bytes: size?.bytes ?? 0n };
}
