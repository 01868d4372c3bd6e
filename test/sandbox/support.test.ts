import { expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { databaseName } from '../../src/model/names.ts';
import { bundledSchemas } from '../../src/model/schemas.ts';
import { freshCluster, sourceAndTargets } from '../support/cluster.ts';
import { freshDatabase } from '../support/database.ts';

const options = { applicationName: 'trunkline test' };

test.for([12, 14, 18] as const)(
  'a fresh database on version %i has what was asked for and is gone after the test',
  async (version) => {
    const db = await freshDatabase({ version });
    {
      await using session = await db.session();
      expect(Math.floor(session.serverVersion / 10_000)).toBe(version);
      const recorded = await session.query<{ component: string }>(sql('select component from trunkline.component'));
      expect(recorded.map(({ component }) => component).sort()).toEqual(bundledSchemas.map(({ name }) => name).sort());
      await session.script('create table t(a int); insert into t values (1)');
    }
    {
      await using session = await db.connector(db.name, options);
      expect(await session.query(sql('select a from t'))).toEqual([{ a: 1 }]);
      await db.drop();
    }
    await expect(db.session()).rejects.toThrow(/does not exist/);
  },
);

test('a database may have some of the schemas, or none', async () => {
  const schemasOf = async (install: boolean | readonly ['pgq']) => {
    await using db = await freshDatabase({ install });
    await using session = await db.session();
    const text = `select nspname from pg_namespace where nspname in ('pgq', 'pgq_node', 'londiste', 'trunkline')`;
    return (await session.query<{ nspname: string }>(sql(text))).map(({ nspname }) => nspname).sort();
  };
  expect(await schemasOf(true)).toEqual(['londiste', 'pgq', 'pgq_node', 'trunkline']);
  expect(await schemasOf(['pgq'])).toEqual(['pgq']);
  expect(await schemasOf(false)).toEqual([]);
});

test('a source and two targets are three databases on three major versions', async () => {
  await using cluster = await sourceAndTargets();
  const versions: number[] = [];
  for (const name of Object.keys(cluster.databases)) {
    await using session = await cluster.connector(databaseName(name), options);
    versions.push(Math.floor(session.serverVersion / 10_000));
  }
  expect(versions).toEqual([12, 18, 14]);
  expect(cluster.locations.get(databaseName('dst1'))).toBe(
    `host=127.0.0.1 port=${cluster.databases.dst1.params.port} dbname=${cluster.databases.dst1.dbname} user=postgres`,
  );
  await expect(cluster.stop('src')).rejects.toThrow(/shares its server/);
});

test('a database on a server of its own goes and comes back with its rows', async () => {
  await using cluster = await freshCluster({ dst: { version: 18, own: true } });
  {
    await using session = await cluster.databases.dst.session();
    await session.script('create table t as select 1 as a');
  }
  await cluster.stop('dst');
  await expect(cluster.databases.dst.session()).rejects.toThrow(/ECONNREFUSED/);
  await cluster.start('dst');
  await using session = await cluster.databases.dst.session();
  expect(await session.query(sql('select a from t'))).toEqual([{ a: 1 }]);
});
