import { expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { value } from '../support/call.ts';
import { engineDatabase, onBoth } from '../support/engines.ts';

onBoth((_originals, ours) => {
  // Two groups stay off: the volatility is that of the originals, and names that went through quote_fqname are taken
  // for text from outside.
  test('plpgsql_check finds nothing in our functions', async () => {
    await using database = await engineDatabase(ours);
    await using session = await database.session();
    await session.script(`create extension plpgsql_check;
      create view checked as
      select p.oid,
             case when p.prorettype = 'trigger'::regtype
                  then coalesce((select min(tgrelid) from pg_trigger where tgfoid = p.oid), 'londiste.table_info'::regclass) else 0 end as relation
        from pg_proc p join pg_language l on l.oid = p.prolang and l.lanname = 'plpgsql'
       where p.pronamespace::regnamespace::text ~ '^(pgq|pgq_ext|pgq_node|londiste|trunkline|trunkline_capture)$'`);
    expect(await value(session, 'select count(*) from checked')).toBeGreaterThan(130n);
    const found = await session.query<{ message: string }>(
      sql(`select format('%s line %s: %s %s', p.oid::regprocedure, c.lineno, c.level, c.message) as message
             from checked p
             cross join lateral plpgsql_check_function_tb(
                      p.oid, p.relation, extra_warnings => true) c
            order by 1`),
    );
    expect(found.map(({ message }) => message)).toEqual([]);
  });
});
