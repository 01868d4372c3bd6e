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
  readonly additionalProperties?: boolean | SchemaPart;
  readonly items?: SchemaPart;
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
export function describeFound(value: unknown, secret: boolean, source?: string): string | undefined {
  if (value === undefined || value === null) return 'empty';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  switch (typeof value) {
    case 'object':
      return Object.keys(value).length === 0 ? 'an empty mapping' : 'a mapping';
    case 'string':
      if (value === '') return 'an empty text';
      return secret ? undefined : `the text ${JSON.stringify(shorten(value))}`;
    case 'boolean':
      return secret ? 'true or false' : (source ?? String(value));
    default:
      return secret ? 'a number' : `the number ${source ?? String(value)}`;
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
    const words = schema.enum.map((word) => (typeof word === 'number' ? `the number ${word}` : String(word)));
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

function isDuration(schema: SchemaPart): boolean {
  return schema.pattern?.includes('ms|s|m|h|d') === true;
}

/** What the user may have meant, as it would be written. */
export function suggestionFor(found: unknown, schema: SchemaPart): string | undefined {
  const types = [schema.type].flat();
  if (typeof found === 'string') {
    if (types.includes('integer') && /^\d+$/.test(found)) return `${found} without quotes`;
    if (types.includes('boolean') && /^(yes|on|y)$/i.test(found)) return 'true';
    if (types.includes('boolean') && /^(no|off|n)$/i.test(found)) return 'false';
    const words = schema.enum ?? schema.anyOf?.flatMap((alternative) => alternative.enum ?? []);
    if (words !== undefined)
      return nearest(
        found,
        words.filter((word) => typeof word === 'string'),
      );
    if (schema.type === 'array') return inline([found]);
  }
  const amount = typeof found === 'string' || typeof found === 'number' ? String(found) : '';
  return isDuration(schema) && /^\d*[1-9]\d*$/.test(amount) ? `${amount}s` : undefined;
}

/** In the form of one line of YAML. */
export function inline(value: unknown): string {
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

type WholeSchema = SchemaPart & { readonly definitions?: Readonly<Record<string, SchemaPart>> };

/** Mappings of the file that have a key of this name, such as `queues.<name>.ticker`. */
export function mappingsWith(key: string, schema: WholeSchema): readonly string[] {
  const found: string[] = [];
  const visit = (raw: SchemaPart, path: string): void => {
    const part = raw.$ref === undefined ? raw : schema.definitions?.[raw.$ref.replace('#/definitions/', '')];
    if (part === undefined) return;
    if (part.properties !== undefined && Object.hasOwn(part.properties, key))
      found.push(path === '' ? 'the top' : path);
    for (const [name, inner] of Object.entries(part.properties ?? {}))
      visit(inner, path === '' ? name : `${path}.${name}`);
    if (typeof part.additionalProperties === 'object') visit(part.additionalProperties, `${path}.<name>`);
    if (part.items !== undefined) visit(part.items, `${path}[]`);
    for (const alternative of part.anyOf ?? []) visit(alternative, path);
  };
  visit(schema, '');
  return found;
}
