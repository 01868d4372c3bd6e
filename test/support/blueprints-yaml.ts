import { parse } from 'yaml';
import type {
  ColumnDefinition,
  ConstraintDefinition,
  Definitions,
  IndexDefinition,
  SequenceDefinition,
  Site,
  TableDefinition,
  TypeDefinition,
} from '../../src/model/definition.ts';
import { databaseName, sequenceName, tableName } from '../../src/model/names.ts';
import type { Blueprints } from '../../src/planner/create/plot.ts';

// What is read for tables that are to be made, written for people: what a case does not name has an everyday value.

type TableYaml = Partial<Omit<TableDefinition, 'name' | 'columns' | 'constraints' | 'indexes' | 'sequences'>> & {
  /** `bigint!` is NOT NULL; what follows `=` is the default. */
  readonly columns: Readonly<Record<string, string | (Partial<ColumnDefinition> & { readonly type: string })>>;
  readonly constraints?: Readonly<Record<string, Partial<ConstraintDefinition> & { readonly sql: string }>>;
  readonly indexes?: Readonly<Record<string, Partial<IndexDefinition> & { readonly sql: string }>>;
  readonly sequences?: Readonly<Record<string, Partial<SequenceDefinition>>>;
};

interface BlueprintsYaml {
  readonly definitions: Readonly<
    Record<
      string,
      {
        readonly tables?: Readonly<Record<string, TableYaml>>;
        readonly types?: Readonly<Record<string, Partial<TypeDefinition>>>;
        readonly schemas?: Definitions['schemas'];
        readonly sequences?: Readonly<Record<string, Partial<SequenceDefinition>>>;
      }
    >
  >;
  readonly sites: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export function blueprintsFromYaml(text: string): Blueprints {
  const yaml = parse(text) as BlueprintsYaml;
  return {
    definitions: new Map(
      Object.entries(yaml.definitions).map(([name, { tables, types, schemas, sequences }]) => [
        databaseName(name),
        {
          tables: Object.entries(tables ?? {}).map(([table, given]) => tableOf(table, given)),
          types: Object.entries(types ?? {}).map(([type, given]) => ({
            typeName: type,
            name: type,
            kind: 'enum',
            owner: 'postgres',
            notNull: false,
            needs: [],
            calls: [],
            ...given,
          })),
          schemas: schemas ?? [],
          sequences: sequencesOf(sequences),
        },
      ]),
    ),
    sites: new Map(Object.entries(yaml.sites).map(([name, site]) => [databaseName(name), siteOf(site)])),
  };
}

function tableOf(text: string, yaml: TableYaml): TableDefinition {
  const name = tableName(text);
  return {
    root: name,
    kind: 'r',
    unlogged: false,
    owner: 'postgres',
    replicaIdentityIndex: false,
    rowSecurity: false,
    forceRowSecurity: false,
    grants: [],
    policies: [],
    calls: [],
    ...yaml,
    name,
    columns: Object.entries(yaml.columns).map(([column, given]) => columnOf(column, given)),
    constraints: Object.entries(yaml.constraints ?? {}).map(([constraint, given]) => ({
      name: constraint,
      kind: given.sql.startsWith('PRIMARY') ? 'p' : given.sql.startsWith('FOREIGN') ? 'f' : 'c',
      columns: [],
      validated: true,
      ...given,
    })),
    indexes: Object.entries(yaml.indexes ?? {}).map(([index, given]) => ({
      name: index,
      unique: false,
      columns: [],
      clustered: false,
      ...given,
    })),
    sequences: sequencesOf(yaml.sequences),
  };
}

function sequencesOf(yaml: Readonly<Record<string, Partial<SequenceDefinition>>> | undefined): SequenceDefinition[] {
  return Object.entries(yaml ?? {}).map(([sequence, given]) => ({
    name: sequenceName(sequence),
    nameSql: `'${sequence}'`,
    identity: false,
    type: 'bigint',
    start: '1',
    increment: '1',
    min: '1',
    max: '9223372036854775807',
    cache: '1',
    cycle: false,
    owner: 'postgres',
    ...given,
  }));
}

function columnOf(
  name: string,
  given: string | (Partial<ColumnDefinition> & { readonly type: string }),
): ColumnDefinition {
  if (typeof given !== 'string') {
    return { name, typeName: given.type.replace(/\(.*|\[\]$/, ''), notNull: false, ...given };
  }
  const [, type = '', notNull, value] = /^([^!=]+?)(!?)(?:=(.*))?$/.exec(given) ?? [];
  return {
    name,
    type,
    typeName: type.replace(/\(.*|\[\]$/, ''),
    notNull: notNull === '!',
    ...(value === undefined ? {} : { default: value }),
  };
}

/** Every name that a case speaks of is there, unless it is under `lacks`. */
function siteOf(yaml: Readonly<Record<string, unknown>>): Site {
  const lacks = new Set((yaml.lacks as readonly string[] | undefined) ?? []);
  const all = { has: (name: string) => !lacks.has(name) } as ReadonlySet<string>;
  const types = {
    get: (name: string) =>
      lacks.has(name) ? undefined : ((yaml.types as Record<string, string[]> | undefined)?.[name] ?? []),
  } as ReadonlyMap<string, readonly string[]>;
  return {
    schemas: new Map(Object.entries((yaml.schemas as Record<string, boolean> | undefined) ?? { app: true })),
    relations: new Set((yaml.relations as readonly string[] | undefined) ?? []),
    types,
    functions: all,
    collations: all,
    operatorClasses: all,
    methods: all,
    roles: all,
    mayCreateSchemas: (yaml.mayCreateSchemas as boolean | undefined) ?? true,
    hasLz4: true,
  };
}
