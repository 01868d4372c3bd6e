import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import type { SchemaName } from '../../src/model/schemas.ts';
import { freshDatabase } from '../support/database.ts';
import type { ServerVersion } from '../support/server.ts';

/** What programs written for the original schemas may rely on, as `test/data/catalog.sql` sees it there. */
interface Catalog {
  readonly schemas: Readonly<
    Record<
      string,
      {
        readonly functions: Readonly<Record<string, Record<string, unknown>>>;
        readonly tables: Readonly<Record<string, { readonly triggers: readonly { readonly name: string }[] }>>;
      }
    >
  >;
  readonly roles: Readonly<Record<string, unknown>>;
}

const expected: Catalog = JSON.parse(readFileSync('test/data/catalog.json', 'utf8'));
const text = readFileSync('test/data/catalog.sql', 'utf8');
const versions: readonly ServerVersion[] = [12, 14, 18];
const names: readonly SchemaName[] = ['pgq', 'pgq_ext', 'pgq_node', 'londiste'];
const schemas = names.filter((schema) => existsSync(`sql/${schema}/install.list`));

/** A schema without the language of its functions, which is ours to choose, and without a trigger that is ours alone (ADR 10). */
function comparable(catalog: Catalog, schema: string) {
  const { functions, tables, ...rest } = catalog.schemas[schema]!;
  return {
    ...rest,
    tables: Object.fromEntries(
      Object.entries(tables).map(([name, { triggers, ...facts }]) => [
        name,
        { ...facts, triggers: triggers.filter((trigger) => trigger.name !== 'trunkline_capture_current') },
      ]),
    ),
    functions: Object.fromEntries(
      Object.entries(functions).map(([name, { language: _language, ...facts }]) => [name, facts]),
    ),
  };
}

for (const version of versions) {
  describe(`on PostgreSQL ${version}`, async () => {
    await using database = await freshDatabase({ version, install: schemas });
    await using session = await database.session();
    const [row] = await session.query<{ jsonb_pretty: string }>(sql(text));
    const actual: Catalog = JSON.parse(row!.jsonb_pretty);

    test.each(schemas)('schema %s is what the original is', (schema) => {
      expect(comparable(actual, schema)).toEqual(comparable(expected, schema));
    });

    test('the roles are those of the originals', () => {
      expect(expected.roles).toMatchObject(actual.roles);
    });
  });
}
