import type { SequenceName, TableName } from './names.ts';

/** How much of a table is made on a node that lacks it. */
export const createModes = ['none', 'minimal', 'full'] as const;
export type CreateMode = (typeof createModes)[number];

/** How the tables and sequences of one database were made, read for those that are to be made elsewhere. A field that is absent says "nothing special". */
export interface Definitions {
  /** Each table, then its partitions, parents first. */
  readonly tables: readonly TableDefinition[];
  readonly types: readonly TypeDefinition[];
  readonly schemas: readonly SchemaDefinition[];
  /** Those that were asked for by their own names. */
  readonly sequences: readonly SequenceDefinition[];
}

export interface Grant {
  /** Absent: PUBLIC. */
  readonly role?: string;
  readonly privileges: readonly string[];
  readonly grantable: boolean;
}

export interface SchemaDefinition {
  readonly name: string;
  readonly owner: string;
  readonly comment?: string;
  readonly grants: readonly Grant[];
}

export interface TableDefinition {
  /** The table that was asked for: its own name, or that of the table whose partition it is. */
  readonly root: TableName;
  readonly name: TableName;
  /** As `relkind`: a plain, a partitioned, a foreign table. */
  readonly kind: 'r' | 'p' | 'f';
  readonly parent?: TableName;
  /** `FOR VALUES …` of a partition. */
  readonly bound?: string;
  readonly partitionBy?: string;
  /** Parents by plain inheritance. */
  readonly inherits?: readonly TableName[];
  readonly unlogged: boolean;
  readonly owner: string;
  /** Access method other than heap. */
  readonly method?: string;
  /** `fillfactor=80` */
  readonly options?: readonly string[];
  readonly toastOptions?: readonly string[];
  /** NOTHING, FULL or, with `replicaIdentityIndex`, the name of an index. */
  readonly replicaIdentity?: string;
  readonly replicaIdentityIndex: boolean;
  readonly rowSecurity: boolean;
  readonly forceRowSecurity: boolean;
  readonly comment?: string;
  readonly columns: readonly ColumnDefinition[];
  readonly constraints: readonly ConstraintDefinition[];
  /** Those that belong to no constraint. */
  readonly indexes: readonly IndexDefinition[];
  /** Owned by its columns, or called by its defaults. */
  readonly sequences: readonly SequenceDefinition[];
  readonly grants: readonly Grant[];
  readonly policies: readonly PolicyDefinition[];
  readonly calls: readonly FunctionCall[];
}

export interface ColumnDefinition {
  readonly name: string;
  readonly type: string;
  /** Without length, and without the brackets of an array. */
  readonly typeName: string;
  readonly notNull: boolean;
  /** Of a generated column, its expression. */
  readonly default?: string;
  /** Stored or virtual. */
  readonly generated?: 's' | 'v';
  /** Always, or by default. */
  readonly identity?: 'a' | 'd';
  /** Where it is not that of the type: schema and name. */
  readonly collation?: readonly [schema: string, name: string];
  readonly storage?: string;
  readonly compression?: string;
  readonly statistics?: number;
  readonly options?: readonly string[];
  readonly comment?: string;
  readonly grants?: readonly Grant[];
}

export interface ConstraintDefinition {
  readonly name: string;
  /** As `contype`: primary key, unique, exclusion, check, foreign key. */
  readonly kind: 'p' | 'u' | 'x' | 'c' | 'f';
  readonly sql: string;
  readonly columns: readonly string[];
  readonly validated: boolean;
  /** Of a foreign key: the other table, and how it stands in `sql`. */
  readonly references?: TableName;
  readonly referencesSql?: string;
  readonly referencesColumns?: readonly string[];
  /** Of its index. */
  readonly options?: readonly string[];
  readonly clustered?: boolean;
  readonly comment?: string;
}

export interface IndexDefinition {
  readonly name: string;
  readonly unique: boolean;
  /** From `USING` on. */
  readonly sql: string;
  readonly columns: readonly string[];
  /** `gin public.gin_trgm_ops`, where it is not the default of the server. */
  readonly operatorClasses?: readonly string[];
  readonly clustered: boolean;
  readonly comment?: string;
}

export interface SequenceDefinition {
  readonly name: SequenceName;
  /** As the argument of nextval stands in a default. */
  readonly nameSql: string;
  /** The column that owns it. */
  readonly column?: string;
  readonly identity: boolean;
  readonly type: string;
  readonly start: string;
  readonly increment: string;
  readonly min: string;
  readonly max: string;
  readonly cache: string;
  readonly cycle: boolean;
  readonly owner: string;
  readonly comment?: string;
  readonly grants?: readonly Grant[];
}

export interface PolicyDefinition {
  readonly name: string;
  readonly permissive: boolean;
  readonly command: string;
  /** Empty: PUBLIC. */
  readonly roles: readonly string[];
  readonly using?: string;
  readonly check?: string;
}

/** A function that an expression calls; of the server's own the bare name, of others with the arguments. */
export interface FunctionCall {
  /** `the default of code` */
  readonly part: string;
  readonly name: string;
  readonly builtIn: boolean;
}

export interface TypeDefinition {
  readonly typeName: string;
  /** Raw `schema.type`. */
  readonly name: string;
  readonly kind: 'enum' | 'domain' | 'composite' | 'row' | 'other';
  readonly extension?: readonly [name: string, schema: string];
  readonly owner: string;
  readonly comment?: string;
  readonly labels?: readonly string[];
  readonly base?: string;
  readonly default?: string;
  readonly notNull: boolean;
  readonly collation?: readonly [schema: string, name: string];
  readonly constraints?: readonly { readonly name: string; readonly sql: string }[];
  readonly attributes?: readonly { readonly name: string; readonly type: string }[];
  /** Names of the types it is made of. */
  readonly needs: readonly string[];
  readonly calls: readonly string[];
}

/** What has to be known about a database before tables can be made there. */
export interface SiteQuestion {
  readonly schemas: readonly string[];
  readonly types: readonly string[];
  readonly functions: readonly string[];
  readonly collations: readonly string[];
  readonly operatorClasses: readonly string[];
  readonly methods: readonly string[];
  readonly roles: readonly string[];
}

/** The answer: of what was asked for, what is there. */
export interface Site {
  /** With the right to create in it. */
  readonly schemas: ReadonlyMap<string, boolean>;
  /** All of those schemas, raw `schema.name`. */
  readonly relations: ReadonlySet<string>;
  /** With the labels of an enum. */
  readonly types: ReadonlyMap<string, readonly string[]>;
  readonly functions: ReadonlySet<string>;
  readonly collations: ReadonlySet<string>;
  readonly operatorClasses: ReadonlySet<string>;
  readonly methods: ReadonlySet<string>;
  readonly roles: ReadonlySet<string>;
  readonly mayCreateSchemas: boolean;
  readonly hasLz4: boolean;
}
