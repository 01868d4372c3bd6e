import { decodeHandler, encodeHandler } from './handler-codec.ts';
import { nodeName, rowFilter, type TableName } from './names.ts';
import type { InstalledSchema } from './schemas.ts';
import {
  type ApplyOrder,
  type ColumnChoice,
  type ConflictPolicy,
  type CopyOptions,
  type TableSpec,
  type UserTriggers,
  wholeTable,
} from './table.ts';
import { decodePairs, type EncodedPairs, encodePairs } from './url-encoding.ts';

/**
 * What `londiste.local_add_table` is given for a table. What Londiste can say is written as it would write it. All else is
 * named under the handler `trunkline`: a Londiste worker does not know that and stops, where it would otherwise ignore it.
 */
export interface StoredTable {
  readonly attrs: string | null;
  readonly destination: TableName | null;
}

const ownHandler = 'trunkline';
const pruneKey = 'prune';
const rangesKey = 'copy_ranges';

type Pair = readonly [string, string | null];

/** With `prune`, its worker deletes what the filter does not let through, and then stores the table without it. */
export function encodeTable(spec: TableSpec, prune = false): StoredTable {
  const handler = encodeHandler(spec);
  const own = ownPairs(spec);
  if (prune) own.push([pruneKey, '1']);
  const pairs: Pair[] = [];
  if (own.length > 0) pairs.push(['handler', ownHandler]);
  if (handler !== undefined) pairs.push([own.length > 0 ? 'base' : 'handler', handler]);
  pairs.push(...own, ...copyPairs(spec.copy));
  return {
    attrs: pairs.length === 0 ? null : encodePairs(pairs),
    destination: spec.destination === spec.name ? null : spec.destination,
  };
}

function ownPairs(spec: TableSpec): Pair[] {
  const usual = wholeTable(spec.name);
  const pairs: Pair[] = [];
  if (spec.where !== undefined) pairs.push(['where', spec.where]);
  if (spec.columns !== undefined)
    pairs.push([spec.columns.kind, encodePairs(spec.columns.names.map((name) => [name, null]))]);
  if (spec.mask.length > 0)
    pairs.push(['mask', encodePairs(spec.mask.map(({ column, expression }) => [column, expression]))]);
  if (spec.conflict !== usual.conflict) pairs.push(['conflict', spec.conflict]);
  if (spec.apply !== usual.apply) pairs.push(['apply', spec.apply]);
  if (spec.userTriggers !== usual.userTriggers) pairs.push(['user_triggers', spec.userTriggers]);
  // Older releases of Londiste knew this word, newer ones pass over it.
  if (spec.copy.where !== undefined) pairs.push(['copy_condition', spec.copy.where]);
  return pairs;
}

/** In Londiste's own words, which all of its releases know, and one that they pass over. */
function copyPairs({ keepRows, from, parallel, ranges }: CopyOptions): Pair[] {
  const pairs: Pair[] = [];
  if (keepRows) pairs.push(['skip_truncate', '1']);
  if (from !== undefined) pairs.push(['copy_node', from]);
  if (parallel !== undefined) pairs.push(['max_parallel_copy', String(parallel)]);
  if (ranges !== undefined) pairs.push([rangesKey, String(ranges)]);
  return pairs;
}

/** Rows that the filter does not let through are still to be deleted. */
export function isToPrune({ attrs }: StoredTable): boolean {
  return decodePairs(attrs ?? '')?.get(pruneKey) === '1';
}

/** Whether both can be had by the same rows: the rest is only how later changes go in. */
export function holdsSameRows(left: TableSpec, right: TableSpec): boolean {
  const kinds = [left, right].map(({ handler }) => (handler?.kind === 'bulk' ? undefined : handler));
  return (
    left.destination === right.destination &&
    left.where === right.where &&
    sameParts(left.columns, right.columns) &&
    sameParts(left.mask, right.mask) &&
    sameParts(kinds[0], kinds[1])
  );
}

/** Equal in all but the first copy, which is over once it is done. Compared for every table on every node: no text is made. */
export function sameTable(left: TableSpec, right: TableSpec): boolean {
  return (
    left.destination === right.destination &&
    left.where === right.where &&
    left.conflict === right.conflict &&
    left.apply === right.apply &&
    left.userTriggers === right.userTriggers &&
    left.truncate === right.truncate &&
    sameParts(left.columns, right.columns) &&
    sameParts(left.mask, right.mask) &&
    sameHandler(left, right)
  );
}

/** How Londiste's worker is to load is its own business. */
function sameHandler({ handler: left }: TableSpec, { handler: right }: TableSpec): boolean {
  return (left?.kind === 'bulk' && right?.kind === 'bulk') || sameParts(left, right);
}

function sameParts(left: unknown, right: unknown): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}

/** Undefined where `attrs` cannot be read, or asks for what is not known here. */
export function decodeTable(name: TableName, stored: StoredTable): TableSpec | undefined {
  const attrs = decodePairs(stored.attrs ?? '');
  if (attrs === undefined) return undefined;
  const named = attrs.get('handler') ?? attrs.get('handlers') ?? undefined;
  const ours = named === ownHandler;
  if (ours && [...attrs.keys()].some((key) => !knownKeys.has(key))) return undefined;
  const handler = decodeHandler((ours ? attrs.get('base') : named) ?? 'londiste');
  const words = wordsOf(attrs);
  const columns = columnsOf(attrs);
  const mask = decodePairs(attrs.get('mask') ?? '');
  const copy = copyOf(attrs);
  if (
    handler === undefined ||
    words === undefined ||
    columns === 'unreadable' ||
    mask === undefined ||
    copy === undefined
  )
    return undefined;
  const where = attrs.get('where') ?? undefined;
  return {
    name,
    destination: stored.destination ?? name,
    where: where === undefined ? undefined : rowFilter(where),
    columns,
    mask: [...mask].map(([column, expression]) => ({ column, expression: expression ?? '' })),
    ...handler,
    ...words,
    copy,
  };
}

const knownKeys: ReadonlySet<string> = new Set([
  'handler',
  'base',
  'where',
  'include',
  'exclude',
  'mask',
  'conflict',
  'apply',
  'user_triggers',
  'copy_condition',
  'skip_truncate',
  'copy_node',
  'max_parallel_copy',
  rangesKey,
  pruneKey,
]);

function wordsOf(attrs: EncodedPairs): Pick<TableSpec, 'conflict' | 'apply' | 'userTriggers'> | undefined {
  const conflict = attrs.get('conflict') ?? 'error';
  const apply = attrs.get('apply') ?? 'set_based';
  const userTriggers = attrs.get('user_triggers') ?? 'replica';
  if (!isOneOf(conflictPolicies, conflict) || !isOneOf(applyOrders, apply) || !isOneOf(triggerPolicies, userTriggers)) {
    return undefined;
  }
  return { conflict, apply, userTriggers };
}

const conflictPolicies: readonly ConflictPolicy[] = ['error', 'insert_or_update', 'keep', 'log'];
const applyOrders: readonly ApplyOrder[] = ['set_based', 'ordered'];
const triggerPolicies: readonly UserTriggers[] = ['replica', 'fire'];

function isOneOf<Word extends string>(words: readonly Word[], text: string): text is Word {
  return (words as readonly string[]).includes(text);
}

function columnsOf(attrs: EncodedPairs): ColumnChoice | undefined | 'unreadable' {
  for (const kind of ['include', 'exclude'] as const) {
    const text = attrs.get(kind);
    if (text === undefined || text === null) continue;
    const names = decodePairs(text);
    return names === undefined ? 'unreadable' : { kind, names: [...names.keys()] };
  }
  return undefined;
}

function copyOf(attrs: EncodedPairs): CopyOptions | undefined {
  const where = attrs.get('copy_condition') ?? undefined;
  const from = attrs.get('copy_node') ?? undefined;
  const parallel = attrs.get('max_parallel_copy') ?? undefined;
  const ranges = attrs.get(rangesKey) ?? undefined;
  if ([parallel, ranges].some((count) => count !== undefined && !/^\d{1,9}$/.test(count))) return undefined;
  return {
    where: where === undefined ? undefined : rowFilter(where),
    keepRows: attrs.get('skip_truncate') === '1',
    from: from === undefined || from === '?' ? from : nodeName(from),
    parallel: parallel === undefined ? undefined : Number(parallel),
    ranges: ranges === undefined ? undefined : Number(ranges),
  };
}

/**
 * What a root's triggers get beside the queue's name. Where the SQL is ours, each table has a trigger function of its own,
 * which costs less than one for all and lets key columns change; the extension knows neither.
 */
export function captureArgs(pgq: InstalledSchema['source']): readonly string[] {
  return pgq === 'bundled' ? [generatedCapture] : [];
}

/** Makes a trigger tell of its table by this name, whichever partition it fires for. */
export function nameInEvents(table: TableName): string {
  return `ev_extra1='${table.replaceAll("'", "''")}'`;
}

/** Makes a trigger tell rows apart by these columns. */
export function keyInEvents(columns: readonly string[]): string {
  return `pkey=${columns.join(',')}`;
}

/** Whether a trigger with these arguments does what {@link captureArgs} asked for. */
export function capturesAs(wanted: readonly string[], args: readonly string[]): boolean {
  return wanted.every((arg) => args.includes(arg) || (arg === generatedCapture && args.includes(generalCapture)));
}

const generatedCapture = 'capture=generated';
/** What a table gets whose columns the generated function can't do. */
const generalCapture = 'key_update=split';
