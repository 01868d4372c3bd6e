import { describe, expect, test } from 'vitest';
import { connect } from '../../../src/db/session.ts';
import { installScript } from '../../../src/db/sql-files.ts';
import { sql } from '../../../src/db/statement.ts';
import { freshDatabase } from '../../support/database.ts';
import type { ServerVersion } from '../../support/server.ts';
import { sharedServer } from '../../support/server.ts';

const versions: readonly ServerVersion[] = [12, 18];

for (const version of versions) {
  describe(`installing pgq on PostgreSQL ${version}`, () => {
    test('a database owner without other rights can, and use it', async () => {
      // Makes the roles, as an administrator would have done.
      await using roles = await freshDatabase({ version, install: ['pgq'] });
      await using database = await freshDatabase({ version, install: false });
      await using admin = await database.session();
      const owner = `owner_${database.dbname}`;
      await admin.script(
        `create role ${owner} login password 'secret'; alter database ${database.dbname} owner to ${owner}`,
      );
      const server = await sharedServer(version);
      const target = { ...server, dbname: database.dbname, user: owner, password: 'secret', ssl: false };
      {
        await using session = await connect({ ...target, connectTimeoutMs: 20_000 }, { applicationName: 'test' });
        await session.script('begin');
        for (const { text } of installScript('pgq')) await session.script(text);
        await session.script('commit');
        await session.script(`select pgq.create_queue('q'), pgq.insert_event('q', 'a', 'b')`);
        await session.script(`select pgq.force_tick('q')`);
        expect(await session.query(sql(`select pgq.ticker('q') as tick`))).toEqual([{ tick: 2n }]);
        await session.script(`select pgq.drop_queue('q')`);
        expect(await session.query(sql('select pgq.version() as v, pgq.upgrade_schema() as u'))).toEqual([
          { v: '3.5', u: 0 },
        ]);
      }
      expect(roles.version).toBe(version);
      await admin.script(`reassign owned by ${owner} to ${server.user}; drop owned by ${owner}; drop role ${owner}`);
    });

    test('dropping a queue leaves nothing of it behind', async () => {
      await using database = await freshDatabase({ version, install: ['pgq'] });
      await using session = await database.session();
      await session.script(`select pgq.create_queue('q'), pgq.register_consumer('q', 'c')`);
      await expect(session.script(`select pgq.drop_queue('q')`)).rejects.toThrow(/still has consumers: c/);
      await session.script(`select pgq.drop_queue('q', true)`);
      const left = await session.query(
        sql(`select relname::text from pg_class where relnamespace = 'pgq'::regnamespace and relname ~ '^event_[0-9]'
             union all select 'guard' from trunkline_capture.ticker_guard
             union all select co_name from pgq.consumer`),
      );
      expect(left).toEqual([]);
    });

    test('queues can be created by several sessions at once', async () => {
      await using database = await freshDatabase({ version, install: ['pgq'] });
      const sessions = await Promise.all([1, 2, 3, 4].map(() => database.session()));
      const made = await Promise.all(
        sessions.map((each, place) =>
          each.query<{ made: number }>(sql('select pgq.create_queue($1) as made', `q${place % 2}`)),
        ),
      );
      expect(made.flat().reduce((sum, row) => sum + row.made, 0)).toBe(2);
      for (const each of sessions) {
        await each.script(`select pgq.insert_event('q0', 'a', 'b'), pgq.insert_event('q1', 'a', 'b')`);
        await each.close();
      }
      await using session = await database.session();
      expect(await session.query(sql('select count(*) as n from pgq.event_template'))).toEqual([{ n: 8n }]);
    });
  });
}
