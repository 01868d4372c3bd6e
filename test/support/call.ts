import type { Session } from '../../src/db/session.ts';
import { sql } from '../../src/db/statement.ts';

/** What a function of the bundled schemas gives, as `select * from` it. */
export function rows<Row extends object = Record<string, unknown>>(
  session: Session,
  name: string,
  ...args: readonly unknown[]
): Promise<Row[]> {
  return session.query<Row>(
    sql(`select * from ${name}(${args.map((_, index) => `$${index + 1}`).join(', ')})`, ...args),
  );
}

/** The one row of a function. */
export async function row(session: Session, name: string, ...args: readonly unknown[]) {
  const [first] = await rows(session, name, ...args);
  return first ?? {};
}

/** The code and note of a function, such as `200 Ok`. */
export async function answer(session: Session, name: string, ...args: readonly unknown[]): Promise<string> {
  const { ret_code, ret_note } = await row(session, name, ...args);
  return `${ret_code} ${ret_note}`;
}

/** The only value of the only row. */
export async function value(session: Session, text: string, ...values: readonly unknown[]): Promise<unknown> {
  const [first] = await session.query(sql(text, ...values));
  return Object.values(first ?? {})[0];
}

/** Events of all queues, oldest first, each as `type|data|extra1|extra2`. */
export async function events(session: Session): Promise<unknown[]> {
  const found = await session.query(
    sql(`select concat_ws('|', ev_type, ev_data, coalesce(ev_extra1, '-'), coalesce(ev_extra2, '-')) as event
           from pgq.event_template order by ev_id`),
  );
  return found.map(({ event }) => event);
}

/** True while a backend waits for a lock, seen within a second. */
export async function waits(watcher: Session, backendPid: number): Promise<boolean> {
  const text = 'select wait_event_type from pg_stat_activity where pid = $1';
  for (let round = 0; round < 40; round++) {
    if ((await value(watcher, text, backendPid)) === 'Lock') return true;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return false;
}
