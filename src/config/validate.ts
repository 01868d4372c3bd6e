import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { Problem } from '../model/problem.ts';
import type { TrunklineDocument } from './document.ts';
import { nearest } from './nearest.ts';
import type { Parsed } from './parse.ts';
import { keyOriginOf, originOf, type Path, type Place, placeAt, pointerOf } from './place.ts';
import {
  describeExpected,
  describeFound,
  holdsSecret,
  inline,
  mappingsWith,
  type SchemaPart,
  suggestionFor,
} from './schema-words.ts';

export interface Validated {
  /** What is left when everything that does not fit is taken away; undefined where nothing is. */
  readonly document: TrunklineDocument | undefined;
  /** Pointers of what was taken away. */
  readonly removed: ReadonlySet<string>;
  readonly problems: readonly Problem[];
}

/**
 * Checks a parsed file against the schema. What does not fit is told and taken away, so that the checks after this one
 * can look at the rest: a user sees everything in one run.
 */
export function validate(parsed: Parsed, schema: object): Validated {
  const check = compiled(schema);
  const removed = new Set(parsed.faulty);
  const problems: Problem[] = [];
  let value = structuredCopy(parsed.value);
  for (const pointer of parsed.faulty) value = without(value, pathOf(pointer, value));
  // Each round takes something away, and what is taken away can leave a mapping that lacks a key.
  for (let round = 0; value !== undefined && !check(value); round += 1) {
    if (round > maxRounds) throw new Error('the schema check does not come to an end');
    const faults = meantFaults(check.errors ?? []);
    const coerced = coerceFromEnvironment(value, faults, parsed.places);
    if (coerced) continue;
    // Before anything is taken away: a list that goes would make its items look like keys.
    for (const { fault, path } of faults.map((fault) => ({ fault, path: faultPath(fault, value) }))) {
      const pointer = pointerOf(path);
      const known = [...removed].some((gone) => gone === pointer || gone.startsWith(`${pointer}/`));
      if (!known || fault.keyword === 'additionalProperties') {
        const problem = problemOf(fault, path, parsed.places, schema);
        if (problem !== undefined) problems.push(problem);
      }
      const target = fault.keyword === 'required' ? path.slice(0, -1) : path;
      removed.add(pointerOf(target));
      value = without(value, target);
    }
  }
  return { document: value as TrunklineDocument | undefined, removed, problems };
}

const maxRounds = 100;

const validators = new WeakMap<object, ValidateFunction>();

function compiled(schema: object): ValidateFunction {
  const known = validators.get(schema);
  if (known !== undefined) return known;
  const made = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true }).compile(schema);
  validators.set(schema, made);
  return made;
}

type Fault = ErrorObject;

/**
 * Of alternatives, the checker tells the faults of each. The user meant the one whose type fits what is written; where
 * none does, one fault stands for all.
 */
function meantFaults(errors: readonly Fault[]): readonly Fault[] {
  const branching = new Map(errors.filter(({ keyword }) => keyword === 'anyOf').map((e) => [e.instancePath, e]));
  const kept = errors.filter((error) => {
    if (error.keyword === 'anyOf') return false;
    const branch = branching.get(error.instancePath);
    // A word that is none of the words: the other alternatives are worth telling too.
    return branch === undefined || (typeFits(error) && error.keyword !== 'enum');
  });
  for (const [path, error] of branching) {
    if (!kept.some(({ instancePath }) => instancePath === path || instancePath.startsWith(`${path}/`)))
      kept.push(error);
  }
  // One fault for each place: a wrong type explains a failed pattern.
  const first = new Map<string, Fault>();
  for (const fault of kept) {
    const key = `${fault.instancePath} ${fault.params.additionalProperty ?? fault.params.missingProperty ?? ''}`;
    if (!first.has(key) || fault.keyword === 'type') first.set(key, fault);
  }
  return [...first.values()];
}

function typeFits(error: Fault): boolean {
  const { type } = (error.parentSchema ?? {}) as SchemaPart;
  const types = typeof type === 'string' ? [type] : (type ?? []);
  return types.some((name) => name === jsonType(error.data) || (name === 'integer' && Number.isInteger(error.data)));
}

function jsonType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value;
}

/** `port: ${PORT}` is text that means a number. */
function coerceFromEnvironment(value: unknown, faults: readonly Fault[], places: Place): boolean {
  let changed = false;
  for (const { instancePath, data, parentSchema } of faults) {
    if (typeof data !== 'string' || placeAt(places, pathOf(instancePath, value))?.fromEnvironment !== true) continue;
    const types = (parentSchema as SchemaPart).type ?? [];
    const meant =
      types.includes('integer') && /^-?\d{1,15}$/.test(data)
        ? Number(data)
        : types.includes('boolean') && /^(true|false)$/.test(data)
          ? data === 'true'
          : undefined;
    if (meant === undefined) continue;
    assign(value, pathOf(instancePath, value), meant);
    changed = true;
  }
  return changed;
}

function problemOf(fault: Fault, path: Path, places: Place, whole: object): Problem | undefined {
  const schema = (fault.parentSchema ?? {}) as SchemaPart;
  switch (fault.keyword) {
    case 'additionalProperties': {
      const key = String(path.at(-1));
      const known = Object.keys(schema.properties ?? {});
      const elsewhere = mappingsWith(key, whole);
      const at = keyOriginOf(places, path);
      return { code: 'key_unknown', at, key, suggestion: nearest(key, known), elsewhere, known };
    }
    case 'required': {
      const key = String(path.at(-1));
      const example = schema.properties?.[key]?.examples?.[0];
      return {
        code: 'key_missing',
        at: keyOriginOf(places, path.slice(0, -1)),
        keys: [key],
        example: example === undefined ? undefined : `${key}: ${inline(example)}`,
      };
    }
    default: {
      const secret = holdsSecret(path) || placeAt(places, path)?.fromEnvironment === true;
      return {
        code: 'value_invalid',
        at: originOf(places, path),
        found: describeFound(fault.data, secret, placeAt(places, path)?.source),
        expected: describeExpected(schema, fault.data),
        suggestion: secret ? undefined : suggestionFor(fault.data, schema),
      };
    }
  }
}

/** Where the fault lies; for a key too many or too few, the path of that key. */
function faultPath(fault: Fault, value: unknown): Path {
  const path = pathOf(fault.instancePath, value);
  const key = fault.params.additionalProperty ?? fault.params.missingProperty;
  return typeof key === 'string' ? [...path, key] : path;
}

function stepsOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** A pointer does not tell the item `0` of a list from the key "0" of a mapping; the value does. */
function pathOf(pointer: string, value: unknown): Path {
  const path: (string | number)[] = [];
  let current = value;
  for (const step of stepsOf(pointer)) {
    path.push(Array.isArray(current) ? Number(step) : step);
    current = (current as Record<string, unknown> | undefined)?.[step];
  }
  return path;
}

type Container = Record<string | number, unknown>;

function assign(value: unknown, path: Path, meant: unknown): void {
  let current = value as Container;
  for (const step of path.slice(0, -1)) current = current[step] as Container;
  current[path.at(-1) ?? ''] = meant;
}

/** Stands where an entry of `tables` was taken away, so that those behind it keep their places. */
const removedEntry = '(removed)';

function without(value: unknown, path: Path): unknown {
  const last = path.at(-1);
  if (last === undefined) return undefined;
  if (typeof last === 'number' && path.at(-2) !== 'tables') return without(value, path.slice(0, -1));
  let current = value as Container | undefined;
  for (const step of path.slice(0, -1)) current = current?.[step] as Container | undefined;
  if (typeof current !== 'object' || current === null) return value;
  if (typeof last === 'number') current[last] = removedEntry;
  else delete current[last];
  return value;
}

function structuredCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structuredCopy);
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = Object.create(null);
  for (const [key, item] of Object.entries(value)) copy[key] = structuredCopy(item);
  return copy;
}
