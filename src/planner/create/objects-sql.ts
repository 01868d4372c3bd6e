import type { SchemaDefinition, SequenceDefinition, TypeDefinition } from '../../model/definition.ts';
import { type SequenceName, splitName, tableName } from '../../model/names.ts';
import { qualifiedSql, quoteIfNeeded, quoteText } from '../quote-ident.ts';
import { grantsSql, type Roles } from './grants.ts';

/** What the statements may do on the node they are for. */
export interface Means {
  readonly major: number;
  /** Only a superuser can give away what it makes, without belonging to who gets it. */
  readonly superuser: boolean;
  readonly roles: Roles;
}

export function ownerSql(what: string, owner: string, { superuser, roles }: Means): string[] {
  return superuser && roles.has(owner) ? [`ALTER ${what} OWNER TO ${quoteIfNeeded(owner)};`] : [];
}

export function commentSql(on: string, comment: string | undefined): string[] {
  return comment === undefined ? [] : [`COMMENT ON ${on} IS ${quoteText(comment)};`];
}

export function schemaSql(name: string, source: SchemaDefinition | undefined, means: Means): string[] {
  const schema = `SCHEMA ${quoteIfNeeded(name)}`;
  const create = `CREATE ${schema};`;
  if (source === undefined) return [create];
  return [
    create,
    ...ownerSql(schema, source.owner, means),
    ...commentSql(schema, source.comment),
    ...grantsSql(source.grants, schema, means.roles, means),
  ];
}

export function typeSql(type: TypeDefinition, means: Means): string[] {
  const name = qualifiedSql(tableName(type.name));
  const word = type.kind === 'domain' ? 'DOMAIN' : 'TYPE';
  return [
    createType(type, name),
    ...ownerSql(`${word} ${name}`, type.owner, means),
    ...commentSql(`${word} ${name}`, type.comment),
  ];
}

function createType(type: TypeDefinition, name: string): string {
  if (type.kind === 'enum') return `CREATE TYPE ${name} AS ENUM (${(type.labels ?? []).map(quoteText).join(', ')});`;
  if (type.kind === 'composite') {
    const attributes = (type.attributes ?? []).map((part) => `  ${quoteIfNeeded(part.name)} ${part.type}`);
    return `CREATE TYPE ${name} AS (\n${attributes.join(',\n')}\n);`;
  }
  const parts = [
    type.collation === undefined ? '' : ` COLLATE ${collationSql(type.collation)}`,
    type.default === undefined ? '' : ` DEFAULT ${type.default}`,
    type.notNull ? ' NOT NULL' : '',
    ...(type.constraints ?? []).map((check) => `\n  CONSTRAINT ${quoteIfNeeded(check.name)} ${check.sql}`),
  ];
  return `CREATE DOMAIN ${name} AS ${type.base}${parts.join('')};`;
}

export function collationSql([schema, name]: readonly [schema: string, name: string]): string {
  return `${quoteIfNeeded(schema)}.${quoteIfNeeded(name)}`;
}

export function sequenceSql(sequence: SequenceDefinition, name: SequenceName): string {
  return `CREATE SEQUENCE ${qualifiedSql(name)} AS ${sequence.type}${sequenceOptions(sequence)};`;
}

/** What differs from what the server takes by itself. */
export function sequenceOptions({ type, increment, min, max, start, cache, cycle }: SequenceDefinition): string {
  const down = increment.startsWith('-');
  const [lowest, highest] = down ? [smallestOf[type], '-1'] : ['1', largestOf[type]];
  return [
    increment === '1' ? '' : ` INCREMENT BY ${increment}`,
    min === lowest ? '' : ` MINVALUE ${min}`,
    max === highest ? '' : ` MAXVALUE ${max}`,
    start === (down ? max : min) ? '' : ` START WITH ${start}`,
    cache === '1' ? '' : ` CACHE ${cache}`,
    cycle ? ' CYCLE' : '',
  ].join('');
}

const largestOf: Readonly<Record<string, string>> = {
  smallint: '32767',
  integer: '2147483647',
  bigint: '9223372036854775807',
};

const smallestOf: Readonly<Record<string, string>> = {
  smallint: '-32768',
  integer: '-2147483648',
  bigint: '-9223372036854775808',
};

/** Everything about a sequence but its making. */
export function sequenceRestSql(sequence: SequenceDefinition, name: SequenceName, means: Means): string[] {
  const on = `SEQUENCE ${qualifiedSql(name)}`;
  return [...commentSql(on, sequence.comment), ...grantsSql(sequence.grants, on, means.roles, means)];
}

export function schemaOf(name: string): string {
  return splitName(tableName(name)).schema;
}
