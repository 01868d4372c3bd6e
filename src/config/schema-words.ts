import type { Path } from './place.ts';

/** The parts of JSON Schema that the file's schema uses. */
export interface SchemaPart {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
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

/** What the user wrote, short enough for a message. */
export function describeFound(value: unknown): string {
  if (value === undefined || value === null) return 'empty';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  switch (typeof value) {
    case 'object':
      return Object.keys(value).length === 0 ? 'an empty mapping' : 'a mapping';
    case 'string':
      return value === '' ? 'an empty text' : `the text ${JSON.stringify(shorten(value))}`;
    case 'boolean':
      return String(value);
    default:
      return `the number ${String(value)}`;
  }
}

export function describeExpected(schema: SchemaPart): string {
  const [example] = schema.examples ?? [];
  return `${kindOf(schema)}${example === undefined || schema.enum !== undefined ? '' : `, for example ${inline(example)}`}`;
}

function kindOf(schema: SchemaPart): string {
  if (schema.enum !== undefined) {
    return schema.enum.length === 1 ? String(schema.enum[0]) : `one of ${schema.enum.map(String).join(', ')}`;
  }
  if (schema.pattern?.includes('ms|s|m|h|d')) return 'a time with its unit (ms, s, m, h or d)';
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? []);
  if (types.includes('integer')) return `a whole number from ${schema.minimum} to ${schema.maximum}`;
  if (types.includes('boolean')) return 'true or false';
  if (types.includes('array')) return schema.minItems === undefined ? 'a list' : 'a list with at least one item';
  if (types.includes('object')) {
    return schema.minProperties === undefined ? 'a mapping' : 'a mapping with at least one key';
  }
  if (types.includes('string')) return 'text that is not empty';
  return 'text or a mapping';
}

/** In the form of one line of YAML. */
function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const pairs = Object.entries(value).map(([key, item]) => `${key}: ${inline(item)}`);
    return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
  }
  return typeof value === 'string' && !/^[\w.@:/$ {}'<=*-]+$/.test(value) ? JSON.stringify(value) : String(value);
}

function shorten(text: string): string {
  return text.length <= shownAtMost ? text : `${text.slice(0, shownAtMost)}…`;
}
