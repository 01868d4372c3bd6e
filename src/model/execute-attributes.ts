import { sequenceName, tableName } from './names.ts';
import { decodePairs, encodePairs } from './url-encoding.ts';

/** One object that an SQL file names in its `--*--` lines, and what it asks of it. */
export interface ExecuteNeed {
  readonly kind: NeedKind;
  /** As it was written; `@name@` in the SQL stands for it. */
  readonly written: string;
  /** With its schema; a function with the number of its arguments, as `schema.name(2)`. */
  readonly name: string;
}

const kinds = [
  'local-table',
  'local-sequence',
  'local-destination',
  'need-table',
  'need-sequence',
  'need-view',
  'need-schema',
  'need-function',
] as const;

export type NeedKind = (typeof kinds)[number];

/** Reads the attributes of an EXECUTE event; undefined for a key that no release of Londiste writes. */
export function readExecuteNeeds(attributes: string): readonly ExecuteNeed[] | undefined {
  const pairs = decodePairs(attributes);
  if (pairs === undefined) return undefined;
  const needs: ExecuteNeed[] = [];
  for (const [key, value] of pairs) {
    const kind = kinds.find((known) => known === key);
    if (kind === undefined) return undefined;
    for (const part of (value ?? '').split(',')) {
      const written = part.trim();
      if (written !== '') needs.push({ kind, written, name: normalized(kind, written) });
    }
  }
  return needs;
}

function normalized(kind: NeedKind, written: string): string {
  switch (kind) {
    case 'local-sequence':
    case 'need-sequence':
      return sequenceName(written);
    case 'need-schema':
      return written;
    case 'need-function':
      return tableName(written.endsWith(')') ? written : `${written}(0)`);
    default:
      return tableName(written);
  }
}

export type ExecuteHeader =
  | { readonly kind: 'read'; readonly attributes: string }
  | { readonly kind: 'unknown_key'; readonly key: string; readonly line: number };

/** The `--*--` lines before the first statement of an SQL file, as the attributes that travel with it. Lines count from 1. */
export function readExecuteHeader(text: string): ExecuteHeader {
  const values = new Map<string, string[]>();
  let continued: string | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const [, meta] = /^--\*--\s*(.*?)\s*$/.exec(line) ?? [];
    if (meta === undefined) {
      if (line.trim() !== '' && !line.startsWith('--')) break;
      continue;
    }
    const [, written, after] = /^([\w-]+)\s*:\s*(.*)$/.exec(meta) ?? [];
    const key: string | undefined = written?.toLowerCase() ?? continued;
    if (key === undefined || !kinds.some((known) => known === key)) {
      return { kind: 'unknown_key', key: written ?? meta, line: index + 1 };
    }
    const rest = (after ?? meta).split(',').map((part) => part.trim());
    continued = rest.at(-1) === '' ? key : undefined;
    values.set(key, [...(values.get(key) ?? []), ...rest.filter((part) => part !== '')]);
  }
  return { kind: 'read', attributes: encodePairs([...values].map(([key, parts]) => [key, parts.join(',')])) };
}

/** As they are written in the lines: `Local-Table`. */
export const executeKeys: readonly string[] = kinds.map((kind) =>
  kind.replace(/(^|-)(.)/g, (_, dash: string, letter: string) => dash + letter.toUpperCase()),
);

/** Without needs a file runs everywhere; with them where all are met. Some met and some not is nobody's intention. */
export function decideExecute(met: readonly boolean[]): 'run' | 'skip' | 'conflict' {
  const count = met.filter(Boolean).length;
  if (count === met.length) return 'run';
  return count === 0 ? 'skip' : 'conflict';
}

/** Puts this node's own names, already quoted, in the place of the tags. */
export function replaceTags(text: string, names: ReadonlyMap<string, string>): string {
  let replaced = text;
  for (const [written, quoted] of names) replaced = replaced.replaceAll(`@${written}@`, () => quoted);
  return replaced;
}
