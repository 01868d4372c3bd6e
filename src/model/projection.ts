import { splitName, type TableName } from './names.ts';
import type { Obfuscation, TableSpec } from './table.ts';

/** How one column of a node's table comes from the provider's row. */
export interface ProjectedColumn {
  /** On the node, and on the provider where `expression` is undefined. */
  readonly name: string;
  /** SQL over the provider's row. */
  readonly expression: string | undefined;
  /** Columns of the provider that it reads. */
  readonly needs: readonly string[];
}

/**
 * What a table's rows are made of, in the order of the node's columns: the one answer that copy, replay and compare share.
 * `source` are the provider's columns, `target` those of the node that can be written.
 */
export function projectColumns(
  spec: TableSpec,
  source: readonly string[],
  target: readonly string[],
): readonly ProjectedColumn[] {
  const masks = masksOf(spec);
  const given = new Set(source);
  return target.flatMap((name): ProjectedColumn[] => {
    const expression = masks.get(name);
    if (expression !== undefined) return [{ name, expression, needs: mentioned(expression, source, spec.name) }];
    return given.has(name) && isChosen(spec, name) ? [{ name, expression: undefined, needs: [name] }] : [];
  });
}

/** Whether a provider's column comes to the node as it is. */
export function isChosen(spec: TableSpec, column: string): boolean {
  const { columns, handler } = spec;
  if (handler?.kind === 'obfuscate' && ruleOf(handler.rules, column) === 'skip') return false;
  if (columns === undefined) return true;
  return columns.names.includes(column) === (columns.kind === 'include');
}

/** Columns that hold something else than the provider's value, with the SQL that makes it. */
export function masksOf({ mask, handler }: TableSpec): ReadonlyMap<string, string> {
  const masks = new Map<string, string>();
  for (const { column, rule } of handler?.kind === 'obfuscate' ? handler.rules : []) {
    const expression = obfuscated(column, rule);
    if (expression !== undefined) masks.set(column, expression);
  }
  for (const { column, expression } of mask) masks.set(column, expression);
  return masks;
}

/** True where every column comes as it is. */
export function isPlain({ columns, mask, handler }: TableSpec): boolean {
  return columns === undefined && mask.length === 0 && handler?.kind !== 'obfuscate';
}

function ruleOf(rules: readonly { readonly column: string; readonly rule: Obfuscation }[], column: string) {
  return rules.find((rule) => rule.column === column)?.rule;
}

/** The same value gives the same hash on every node and every version, so that joins still meet. */
function obfuscated(column: string, rule: Obfuscation): string | undefined {
  const value = quoted(column);
  const md5 = `pg_catalog.md5(${value}::text)`;
  switch (rule) {
    case 'keep':
    case 'skip':
      return undefined;
    case 'bool':
      return `case when ${value} is not null then true end`;
    case 'hash32':
      return `('x' || pg_catalog.substr(${md5}, 1, 8))::bit(32)::integer`;
    case 'hash64':
      return `('x' || pg_catalog.substr(${md5}, 1, 16))::bit(64)::bigint`;
    case 'hash':
      return md5;
  }
}

/** Which rows the node holds: its filter, and its part of a sharded table. Undefined is all. */
export function rowCondition({ where, handler }: TableSpec): string | undefined {
  // A filter may end in a comment, hence the line feed.
  const conditions = where === undefined ? [] : [`(${where}\n)`];
  if (handler?.kind === 'shard' && handler.part !== undefined) {
    const { number, of } = handler.part;
    conditions.push(`(${handler.hash ?? usualHash}(${quoted(handler.key)}) & ${of - 1}) = ${number}`);
  }
  return conditions.length === 0 ? undefined : conditions.join(' and ');
}

/** What Londiste's worker is set to where nobody says otherwise. */
const usualHash = 'partconf.get_hash_raw';

/**
 * Columns that an expression may read: those whose names stand in it, in whatever place. Where the table itself is named,
 * as in `row_to_json(orders)`, that is all of them.
 */
export function mentioned(expression: string, columns: readonly string[], table: TableName): readonly string[] {
  const holds = (name: string) => {
    const word = name.replaceAll('"', '""').replace(/[^\w]/gu, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
    return new RegExp(`(?<!\\w)${word}(?!\\w)`, 'iu').test(expression);
  };
  return holds(splitName(table).name) ? columns : columns.filter(holds);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
