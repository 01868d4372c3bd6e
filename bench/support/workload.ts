import type { Session } from '../../src/db/session.ts';
import { sql } from '../../src/db/statement.ts';
import type { Pair } from './pair.ts';

/** The walk-through's load: two log tables that grow, and updates of a table of 200,000 rows. */
export const replicated = ['public.user_session', 'public.user_login_rec', 'public.user_logout_rec'] as const;

const logs = ['user_login_rec', 'user_logout_rec'] as const;

const sessionRows = 200_000;

const tables = `
  create table user_session (userid int primary key, logintime timestamp(0), login_count bigint default 0, logouttime timestamp(0),
    online_interval interval default interval '0');
  create table user_login_rec (id bigserial primary key, userid int, login_time timestamp, ip inet);
  create table user_logout_rec (id bigserial primary key, userid int, logout_time timestamp, ip inet);
  insert into user_session (userid) select generate_series(1, ${sessionRows});
  analyze;`;

// A transaction for each login and logout, as the application makes them, without its round trips.
const load = `
  create procedure load(transactions int) language plpgsql as $$
  declare
    u int;
  begin
    for i in 1..transactions loop
      u := 1 + floor(random() * ${sessionRows})::int;
      if i % 2 = 0 then
        insert into user_login_rec (userid, login_time, ip) values (u, now(), inet '127.0.0.1');
        update user_session set logintime = now(), login_count = login_count + 1 where userid = u;
      else
        insert into user_logout_rec (userid, logout_time, ip) values (u, now(), inet '127.0.0.1');
        update user_session set logouttime = now(), online_interval = now() - coalesce(logintime, now()) where userid = u;
      end if;
      commit;
    end loop;
  end $$`;

/** Both sides with the same tables and rows. */
export async function createTables(pair: Pair): Promise<void> {
  for (const database of [pair.source, pair.target]) {
    await using session = await database.session();
    await session.script(tables);
  }
  await using session = await pair.source.session();
  await session.script(load);
}

/** Two changes a transaction. */
export async function makeChanges(pair: Pair, changes: number): Promise<void> {
  await using session = await pair.source.session();
  await session.script('set synchronous_commit = off');
  await session.script(`call load(${changes / 2})`);
}

/** Where the load ends: the last row of each log table. */
export type LoadEnd = readonly { readonly table: string; readonly id: bigint }[];

export async function loadEnd(pair: Pair): Promise<LoadEnd> {
  await using source = await pair.source.session();
  const ends: { table: string; id: bigint }[] = [];
  for (const table of logs) {
    const [row] = await source.query<{ id: bigint }>(sql(`select max(id) as id from ${table}`));
    ends.push({ table, id: row?.id ?? 0n });
  }
  return ends;
}

/** Changes that have arrived: each transaction has one row in a log table. Reads all that is not committed yet. */
export async function arrived(target: Session): Promise<number> {
  const each = logs.map((table) => `coalesce((select max(id) from ${table}), 0)`);
  const [row] = await target.query<{ transactions: bigint }>(sql(`select ${each.join(' + ')} as transactions`));
  return Number(row?.transactions ?? 0n) * 2;
}

/** Costs the same however much is under way. */
export async function haveArrived(target: Session, rows: LoadEnd): Promise<boolean> {
  const each = rows.map(({ table, id }) => `exists (select from ${table} where id = ${id})`);
  const [row] = await target.query<{ there: boolean }>(sql(`select ${each.join(' and ')} as there`));
  return row?.there === true;
}

/** Throws where the two sides differ: a fast wrong answer counts for nothing. */
export async function expectSame(pair: Pair): Promise<void> {
  await using source = await pair.source.session();
  await using target = await pair.target.session();
  for (const table of replicated) {
    const text = `select count(*) as rows, sum(hashtext(t::text)::bigint) as sum from ${table} t`;
    const [left] = await source.query(sql(text));
    const [right] = await target.query(sql(text));
    if (String(left?.rows) !== String(right?.rows) || String(left?.sum) !== String(right?.sum)) {
      throw new Error(`${table} differs: ${left?.rows} rows, sum ${left?.sum} against ${right?.rows}, ${right?.sum}`);
    }
  }
}
