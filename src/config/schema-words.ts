import { nearest } from './nearest.ts';
import type { Path } from './place.ts';

/** The parts of JSON Schema that the file's schema uses. */
export interface SchemaPart {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly anyOf?: readonly SchemaPart[];
  readonly enum?: readonly unknown[];
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaPart>>;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly minItems?: number;
  readonly minProperties?: number;
}

/** A password stands there, or may. */
export function holdsSecret(path: Path): boolean {
  return path[0] === 'databases' && (path[2] === 'password' || path[2] === 'url' || path.length < 3);
}

const shownAtMost = 60;

/** What the user wrote, short enough for a message. Of a secret only its kind is told, and of a text not even that. */
export function describeFound(value: unknown, secret: boolean): string | undefined {
  if (value === undefined || value === null) return 'empty';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  switch (typeof value) {
    case 'object':
      return Object.keys(value).length === 0 ? 'an empty mapping' : 'a mapping';
    case 'string':
      if (value === '') return 'an empty text';
      return secret ? undefined : `the text ${JSON.stringify(shorten(value))}`;
    case 'boolean':
      return secret ? 'true or false' : String(value);
    default:
      return secret ? 'a number' : `the number ${String(value)}`;
  }
}

export function describeExpected(schema: SchemaPart, found: unknown): string {
  const kind = kindOf(schema);
  const bare = typeof found === 'number' || typeof found === 'boolean';
  if (bare && kind.startsWith('text') && schema.anyOf === undefined) return 'text: put it in quotes';
  const example = schema.enum === undefined ? schema.examples?.[0] : undefined;
  return example === undefined ? kind : `${kind}, for example ${inline(example)}`;
}

function kindOf(schema: SchemaPart): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map(kindOf).join(', or ');
  if (schema.enum !== undefined) {
    const words = schema.enum.map(String);
    return words.length === 1 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
  }
  if (isDuration(schema)) return 'a time with its unit (ms, s, m, h or d)';
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? []);
  if (types.includes('integer')) return `a whole number from ${schema.minimum} to ${schema.maximum}`;
  if (types.includes('boolean')) return 'true or false';
  if (types.includes('array')) return schema.minItems === undefined ? 'a list' : 'a list with at least one item';
  if (types.includes('object')) {
    return schema.minProperties === undefined ? 'a mapping' : 'a mapping with at least one key';
  }
  return schema.minLength === undefined ? 'text' : 'text that is not empty';
}

export function isDuration(schema: SchemaPart): boolean {
  return schema.pattern?.includes('ms|s|m|h|d') === true;
}

/** What the user may have meant, as it would be written. */
export function suggestionFor(found: unknown, schema: SchemaPart): string | undefined {
  if (typeof found === 'string') {
    const words = schema.enum ?? schema.anyOf?.flatMap((alternative) => alternative.enum ?? []);
    if (words !== undefined) return nearest(found, words.map(String));
    if (schema.type === 'array') return inline([found]);
  }
  return isDuration(schema) && /^\d+$/.test(String(found)) ? `${String(found)}s` : undefined;
}

/** In the form of one line of YAML. */
function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const pairs = Object.entries(value).map(([key, item]) => `${key}: ${inline(item)}`);
    return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
  }
  return typeof value === 'string' && !/^\w[\w.:/ '<=*-]*$/.test(value) ? JSON.stringify(value) : String(value);
}

function shorten(text: string): string {
  return text.length <= shownAtMost ? text : `${text.slice(0, shownAtMost)}…`;
}
