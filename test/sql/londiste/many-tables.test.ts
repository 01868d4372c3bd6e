import { expect, test } from 'vitest';
import { value } from '../../support/call.ts';
import { freshDatabase } from '../../support/database.ts';

test.each([12, 18] as const)('one table more costs no walk through the triggers of all: %i', async (version) => {
  await using db = await freshDatabase({ version });
  await using session = await db.session();
  // A session keeps the plans it made while there was little to go through.
  const first = Array.from({ length: 6 }, (_, nr) => `t${nr}`);
  const add = (table: string) =>
    `create table ${table} (id int primary key); select londiste.local_add_table('q', '${table}', array['capture=generated'], null, null)`;
  const remove = (table: string) => `select londiste.local_remove_table('q', '${table}')`;
  await session.script(`
    select pgq_node.register_location('q', 'here', 'dbname=here', false);
    select pgq_node.create_node('q', 'root', 'here', 'worker', null, null, null);
    ${first.map(add).join(';')};
    ${first.map(remove).join(';')};
    create table many (id int);
    do $$ begin for nr in 1 .. 500 loop
      execute format('create trigger %I after update on many execute function suppress_redundant_updates_trigger()', nr);
    end loop; end $$`);
  const read = () =>
    value(session, "select seq_tup_read from pg_stat_xact_sys_tables where relid = 'pg_catalog.pg_trigger'::regclass");
  await session.script('begin');
  const before = await read();
  await session.script(`${add('more')}; ${remove('more')}`);
  expect(await read()).toBe(before);
});
