import { expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { freshDatabase } from '../support/database.ts';

test.for([12, 14, 18] as const)(
  'a fresh database on version %i answers and is gone after the test',
  async (version) => {
    const db = await freshDatabase({ version, install: false });
    {
      await using session = await db.session();
      expect(Math.floor(session.serverVersion / 10_000)).toBe(version);
      await session.script('create table t(a int); insert into t values (1)');
    }
    {
      await using session = await db.connector(db.name, { applicationName: 'x' });
      expect(await session.query(sql('select a from t'))).toEqual([{ a: 1 }]);
      await db.drop();
    }
    await expect(db.session()).rejects.toThrow(/does not exist/);
  },
);
