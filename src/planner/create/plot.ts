import type {
  Definitions,
  SchemaDefinition,
  SequenceDefinition,
  Site,
  TableDefinition,
  TypeDefinition,
} from '../../model/definition.ts';
import type { DatabaseName, SequenceName, TableName } from '../../model/names.ts';
import { type Roles, rolesOf } from './grants.ts';

/** What was read for what is to be made: how the roots have them, what the nodes offer. */
export interface Blueprints {
  readonly definitions: ReadonlyMap<DatabaseName, Definitions>;
  readonly sites: ReadonlyMap<DatabaseName, Site>;
}

export const noBlueprints: Blueprints = { definitions: new Map(), sites: new Map() };

/** The definitions of one root, to look things up in. */
export interface Source {
  /** Each table with its partitions. */
  readonly tables: ReadonlyMap<TableName, readonly TableDefinition[]>;
  /** By `typeName`. */
  readonly types: ReadonlyMap<string, TypeDefinition>;
  readonly schemas: ReadonlyMap<string, SchemaDefinition>;
  /** Those that come with no table. */
  readonly sequences: ReadonlyMap<SequenceName, SequenceDefinition>;
}

/** One database where tables are made, and what this plan has given it so far. */
export interface Plot {
  readonly site: Site;
  readonly roles: Roles;
  /** Names of relations that are there, or will be. */
  readonly taken: Set<string>;
  /** Steps that make a schema, a type or a sequence, by what they make. */
  readonly made: Map<string, string>;
}

export interface Ground {
  readonly sources: ReadonlyMap<DatabaseName, Source>;
  readonly plots: ReadonlyMap<DatabaseName, Plot>;
}

export function openGround({ definitions, sites }: Blueprints): Ground {
  return {
    sources: new Map([...definitions].map(([name, all]) => [name, sourceOf(all)])),
    plots: new Map([...sites].map(([name, site]) => [name, plotOf(site)])),
  };
}

function sourceOf({ tables, types, schemas, sequences }: Definitions): Source {
  const byRoot = new Map<TableName, TableDefinition[]>();
  for (const table of tables) {
    const found = byRoot.get(table.root);
    if (found === undefined) byRoot.set(table.root, [table]);
    else found.push(table);
  }
  return {
    tables: byRoot,
    types: new Map(types.map((type) => [type.typeName, type])),
    schemas: new Map(schemas.map((schema) => [schema.name, schema])),
    sequences: new Map(sequences.map((sequence) => [sequence.name, sequence])),
  };
}

function plotOf(site: Site): Plot {
  return { site, roles: rolesOf(site.roles), taken: new Set(site.relations), made: new Map() };
}
