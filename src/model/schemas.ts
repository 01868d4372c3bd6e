export type SchemaName = 'pgq' | 'pgq_ext' | 'pgq_node' | 'londiste' | 'trunkline';

/** Whose code the queue runs on: ours, or the original extensions where the server offers them. */
export const engines = ['auto', 'bundled', 'extension'] as const;
export type Engine = (typeof engines)[number];

/** `foreign`: the schema is there, but neither an extension nor Trunkline's installer put it there. */
export interface InstalledSchema {
  readonly source: 'bundled' | 'extension' | 'foreign';
  readonly version: string;
}

/** An extension that the server has ready and the database has not. */
export interface OfferedExtension {
  readonly version: string;
  /** By this user. */
  readonly creatable: boolean;
}

/** One of our schemas as a database has it. */
export interface InstalledVersion {
  readonly name: SchemaName;
  readonly version: string;
}

/** One schema that an installation makes; with `from`, one of ours that it brings up to date. */
export interface SchemaChange {
  readonly name: SchemaName;
  readonly version: string;
  readonly source: 'bundled' | 'extension';
  readonly from?: string;
}

/**
 * What every node needs, in the order it is installed. A version is that of the original, then a plus sign and the
 * revision of our SQL for it; `trunkline` has no original.
 */
export const bundledSchemas: readonly { readonly name: SchemaName; readonly version: string }[] = [
  { name: 'pgq', version: '3.5+9' },
  { name: 'pgq_ext', version: '3.1+1' },
  { name: 'pgq_node', version: '3.5+1' },
  { name: 'londiste', version: '3.8+5' },
  { name: 'trunkline', version: '3' },
];

/** One of our schemas whose SQL is older than what this release brings. */
export interface OlderSchema {
  readonly name: SchemaName;
  readonly from: string;
  readonly to: string;
}

export function olderSchemas(versionOf: (name: SchemaName) => string | undefined): readonly OlderSchema[] {
  return bundledSchemas.flatMap(({ name, version: to }) => {
    const from = versionOf(name);
    return from !== undefined && compareVersions(from, to) < 0 ? [{ name, from, to }] : [];
  });
}

/** These call each other, so a database has all of them from one source. */
export const engineSchemas: readonly SchemaName[] = ['pgq', 'pgq_node', 'londiste'];

/** `3.5` of `3.5+1`: what `version()` says. */
export function originalVersion(version: string): string {
  return version.replace(/\+.*/, '');
}

/** Below zero where `left` is the older one. A version without a revision comes before its first. */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [left, right].map(numbersOf) as [readonly number[], readonly number[]];
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Four numbers of the original, then the revision. */
function numbersOf(version: string): readonly number[] {
  const [original = '', revision = '0'] = version.split('+');
  const numbers = original.split('.').map(numberOf);
  return [...numbers, 0, 0, 0, 0].slice(0, 4).concat(numberOf(revision));
}

function numberOf(text: string): number {
  const number = Number.parseInt(text, 10);
  return Number.isNaN(number) ? 0 : number;
}
