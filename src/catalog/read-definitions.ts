import type { Connector } from '../db/connector.ts';
import { sqlFile } from '../db/sql-files.ts';
import { sql } from '../db/statement.ts';
import type { Definitions, Site, SiteQuestion } from '../model/definition.ts';
import type { DatabaseName, SequenceName, TableName } from '../model/names.ts';

// The names of all objects come with their schema only where the path has none of theirs. The server takes what is read from its
// catalogs for much more than it is, and would compile it, which takes longer than it saves.
const settings = { search_path: 'pg_catalog', jit: 'off', lock_timeout: '3000ms' };

/** How these tables and sequences were made, in one round trip. */
export async function readDefinitions(
  connector: Connector,
  database: DatabaseName,
  { tables, sequences }: { readonly tables: readonly TableName[]; readonly sequences: readonly SequenceName[] },
  signal?: AbortSignal,
): Promise<Definitions> {
  await using session = await connector(database, { applicationName: 'trunkline look', settings, signal });
  const [row] = await session.query<{ definitions: Definitions }>(
    sql(sqlFile('queries/definitions.sql'), tables, sequences),
  );
  return row?.definitions ?? { tables: [], types: [], schemas: [], sequences: [] };
}

interface SiteRow {
  readonly schemas: readonly (readonly [name: string, mayCreate: boolean])[];
  readonly relations: readonly string[];
  readonly types: readonly (readonly [name: string, labels: readonly string[]])[];
  readonly functions: readonly string[];
  readonly collations: readonly string[];
  readonly operator_classes: readonly string[];
  readonly methods: readonly string[];
  readonly roles: readonly string[];
  readonly may_create_schemas: boolean;
  readonly has_lz4: boolean;
}

/** What a database offers to tables that are to be made there, in one round trip. */
export async function readSite(
  connector: Connector,
  database: DatabaseName,
  question: SiteQuestion,
  signal?: AbortSignal,
): Promise<Site> {
  const { schemas, types, functions, collations, operatorClasses, methods, roles } = question;
  await using session = await connector(database, { applicationName: 'trunkline look', settings, signal });
  const [row] = await session.query<SiteRow>(
    sql(sqlFile('queries/creation-site.sql'), schemas, types, functions, collations, operatorClasses, methods, roles),
  );
  if (row === undefined) throw new Error('the server says nothing about what it offers');
  return {
    schemas: new Map(row.schemas),
    relations: new Set(row.relations),
    types: new Map(row.types),
    functions: new Set(row.functions),
    collations: new Set(row.collations),
    operatorClasses: new Set(row.operator_classes),
    methods: new Set(row.methods),
    roles: new Set(row.roles),
    mayCreateSchemas: row.may_create_schemas,
    hasLz4: row.has_lz4,
  };
}
