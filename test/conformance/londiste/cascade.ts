import type { Session } from '../../../src/db/session.ts';
import { sql } from '../../../src/db/statement.ts';
import { answer } from '../../support/call.ts';

/** Makes this database the root of a queue. */
export async function root(session: Session, queue = 'q'): Promise<void> {
  await answer(session, 'pgq_node.register_location', queue, 'root', 'dbname=root', false);
  await answer(session, 'pgq_node.register_location', queue, 'other', 'dbname=other', false);
  await answer(session, 'pgq_node.create_node', queue, 'root', 'root', 'root_w', null, null, null);
}

/** Makes this database a branch of a queue. */
export async function branch(session: Session, queue = 'q'): Promise<void> {
  await answer(session, 'pgq_node.register_location', queue, 'root', 'dbname=root', false);
  await answer(session, 'pgq_node.register_location', queue, 'branch', 'dbname=branch', false);
  await answer(session, 'pgq_node.create_node', queue, 'branch', 'branch', 'branch_w', 'root', 1, null);
}

/** Makes this database a leaf of a queue, which may merge into another. */
export async function leaf(session: Session, queue = 'q', combined: string | null = null): Promise<void> {
  await answer(session, 'pgq_node.register_location', queue, 'root', 'dbname=root', false);
  await answer(session, 'pgq_node.register_location', queue, 'leaf', 'dbname=leaf', false);
  await answer(session, 'pgq_node.create_node', queue, 'leaf', 'leaf', `${queue}_w`, 'root', 1, combined);
}

/** Turns the root of a queue in this database into a branch. */
export async function demote(session: Session, queue = 'q'): Promise<void> {
  for (const step of [1, 2, 3]) await answer(session, 'pgq_node.demote_root', queue, step, 'other');
}

/** Triggers that users' tables have, as `table: CREATE TRIGGER …`. */
export async function triggers(session: Session): Promise<unknown[]> {
  const found = await session.query(
    sql(`select format('%s: %s', tgrelid::regclass, pg_get_triggerdef(t.oid)) as trigger
           from pg_trigger t join pg_class c on c.oid = tgrelid
          where not tgisinternal and c.relnamespace <> all ('{pgq,londiste}'::regnamespace[])
            and c.relnamespace::regnamespace::text not like 'trunkline%'
          order by c.relname, tgname`),
  );
  return found.map(({ trigger }) => String(trigger).replace('CREATE TRIGGER ', ''));
}

/** Rows of table_info, as `queue table state` with what else is set. */
export async function tables(session: Session): Promise<unknown[]> {
  const found = await session.query(
    sql(`select concat_ws(' ', queue_name, table_name, case when local then coalesce(merge_state, 'to copy') else 'remote' end,
                          'attrs ' || table_attrs, 'dest ' || dest_table, 'snapshot ' || custom_snapshot,
                          'ddl ' || dropped_ddl) as info
           from londiste.table_info order by queue_name, table_name`),
  );
  return found.map(({ info }) => info);
}
