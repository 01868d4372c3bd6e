import { type CaptureOptions, rowOperations } from '../model/capture.ts';
import { nodeName, rowFilter } from '../model/names.ts';
import type { ColumnChoice, ObfuscationRule, ShardHandler } from '../model/table.ts';
import type { CopyRule, TableOptions } from '../model/topology.ts';
import type { Capture, Columns, Copy, Handler, Mask, Table } from './document.ts';
import type { Path } from './place.ts';
import { wholeNumber } from './resolve-database.ts';
import { keyAt, reportValue, type Scope } from './scope.ts';

/** What an entry of `tables` says of a table, and what one of its nodes may say in its place. */
type RawOptions = Pick<
  Exclude<Table, string>,
  'where' | 'columns' | 'mask' | 'handler' | 'conflict' | 'apply' | 'user_triggers' | 'truncate' | 'copy'
>;

export function tableOptions(scope: Scope, path: Path, raw: RawOptions): TableOptions {
  return {
    where: raw.where === undefined ? undefined : rowFilter(raw.where),
    columns: columnsOf(scope, [...path, 'columns'], raw.columns),
    mask: maskOf(raw.mask),
    handler: handlerOf(scope, [...path, 'handler'], raw.handler),
    conflict: raw.conflict,
    apply: raw.apply,
    userTriggers: raw.user_triggers,
    truncate: raw.truncate,
    copy: copyOf(scope, [...path, 'copy'], raw.copy),
  };
}

/** In one order, so that the same choice is the same however it is written. */
function columnsOf(scope: Scope, path: Path, raw: Columns | undefined): ColumnChoice | undefined {
  if (raw === undefined) return undefined;
  if (raw.include !== undefined && raw.exclude !== undefined) conflicting(scope, path, ['include', 'exclude']);
  return raw.include === undefined
    ? { kind: 'exclude', names: sortedNames(raw.exclude ?? []) }
    : { kind: 'include', names: sortedNames(raw.include) };
}

function sortedNames(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}

function maskOf(raw: Mask | undefined): TableOptions['mask'] {
  if (raw === undefined) return undefined;
  return Object.entries(raw)
    .map(([column, expression]) => ({ column, expression }))
    .sort((left, right) => (left.column < right.column ? -1 : 1));
}

function handlerOf(scope: Scope, path: Path, raw: Handler | undefined): TableOptions['handler'] {
  if (raw === undefined) return undefined;
  if (raw === 'none') return raw;
  if (typeof raw === 'string') return raw === 'bulk' ? { kind: 'bulk', method: undefined } : { kind: raw };
  const kinds = Object.keys(raw);
  if (kinds.length > 1) conflicting(scope, path, kinds);
  if (raw.shard !== undefined) return shardOf(scope, [...path, 'shard'], raw.shard);
  if (raw.apply_function !== undefined) {
    return { kind: 'apply_function', function: raw.apply_function.name, argument: raw.apply_function.argument ?? '' };
  }
  const rules = Object.entries(raw.obfuscate ?? {}).map(([column, rule]): ObfuscationRule => ({ column, rule }));
  return { kind: 'obfuscate', rules: rules.sort((left, right) => (left.column < right.column ? -1 : 1)) };
}

function shardOf(
  scope: Scope,
  path: Path,
  raw: NonNullable<Exclude<Handler, string>['shard']>,
): ShardHandler | undefined {
  const { key, hash } = raw;
  if (raw.number === undefined && raw.of === undefined) return { kind: 'shard', key, hash, part: undefined };
  const given = raw.number === undefined ? 'of' : 'number';
  if (raw.number === undefined || raw.of === undefined) {
    const expected = 'number and of together, or neither';
    reportValue(scope, [...path, given], raw[given] ?? '', expected);
    return undefined;
  }
  const of = wholeNumber(scope, [...path, 'of'], raw.of, 1);
  const number = wholeNumber(scope, [...path, 'number'], raw.number, 0);
  if ((of & (of - 1)) !== 0) reportValue(scope, [...path, 'of'], raw.of, 'a power of two, for example 4');
  else if (number >= of) reportValue(scope, [...path, 'number'], raw.number, `a number from 0 to ${of - 1}`);
  return { kind: 'shard', key, hash, part: { number, of } };
}

function copyOf(scope: Scope, path: Path, raw: Copy | undefined): CopyRule | undefined {
  if (raw === undefined) return undefined;
  const expectSync = flagOf(scope, [...path, 'expect_sync'], raw.expect_sync);
  const others = (['keep_rows', 'where', 'from', 'parallel'] as const).filter((key) => raw[key] !== undefined);
  if (expectSync === true && others.length > 0) conflicting(scope, path, ['expect_sync', ...others]);
  return {
    expectSync,
    keepRows: flagOf(scope, [...path, 'keep_rows'], raw.keep_rows),
    from: raw.from === undefined ? undefined : nodeName(raw.from),
    where: raw.where === undefined ? undefined : rowFilter(raw.where),
    ranges: raw.parallel === undefined ? undefined : wholeNumber(scope, [...path, 'parallel'], raw.parallel, 1),
  };
}

export function captureOf(scope: Scope, path: Path, raw: Capture | undefined): CaptureOptions | undefined {
  if (raw === undefined) return undefined;
  if (raw.old_row !== undefined && raw.extra2 !== undefined) conflicting(scope, path, ['old_row', 'extra2']);
  const { operations } = raw;
  return {
    ignore: raw.ignore === undefined ? undefined : sortedNames(raw.ignore),
    when: raw.when,
    oldRow: flagOf(scope, [...path, 'old_row'], raw.old_row),
    extra2: raw.extra2,
    extra3: raw.extra3,
    extra4: raw.extra4,
    operations: operations && rowOperations.filter((operation) => operations.includes(operation)),
    format: raw.format,
  };
}

function flagOf(scope: Scope, path: Path, raw: boolean | string | undefined): boolean | undefined {
  if (typeof raw !== 'string') return raw;
  reportValue(scope, path, raw, 'true or false');
  return undefined;
}

/** Every one after the first is one too many. */
export function conflicting(scope: Scope, path: Path, keys: readonly string[]): void {
  const [kept = '', ...others] = keys;
  for (const key of others) {
    const first = keyAt(scope, ...path, kept);
    scope.problems.push({ code: 'keys_conflict', at: keyAt(scope, ...path, key), keys: [kept], first });
  }
}
