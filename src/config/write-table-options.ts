import type { CaptureOptions, RowOperation } from '../model/capture.ts';
import { type TableSpec, wholeTable } from '../model/table.ts';
import type { CopyRule, TableOptions } from '../model/topology.ts';
import type { Capture, Handler, Table } from './document.ts';

type RawOptions = Pick<
  Exclude<Table, string>,
  'where' | 'columns' | 'mask' | 'handler' | 'conflict' | 'apply' | 'user_triggers' | 'truncate' | 'copy'
>;

/** As a file says it: `resolve` reads the same out of it. Only what is said. */
export function writtenOptions(options: TableOptions): RawOptions {
  const { where, columns, mask, handler, conflict, apply, userTriggers, truncate, copy } = options;
  return {
    ...(where === undefined ? {} : { where }),
    ...(columns === undefined ? {} : { columns: { [columns.kind]: [...columns.names] } }),
    ...(mask === undefined || mask.length === 0
      ? {}
      : { mask: Object.fromEntries(mask.map(({ column, expression }) => [column, expression])) }),
    ...(handler === undefined ? {} : { handler: writtenHandler(handler) }),
    ...(conflict === undefined ? {} : { conflict }),
    ...(apply === undefined ? {} : { apply }),
    ...(userTriggers === undefined ? {} : { user_triggers: userTriggers }),
    ...(truncate === undefined ? {} : { truncate }),
    ...(copy === undefined ? {} : { copy: writtenCopy(copy) }),
  };
}

function writtenHandler(handler: NonNullable<TableOptions['handler']>): Handler {
  if (handler === 'none') return handler;
  switch (handler.kind) {
    case 'shard': {
      const { key, hash, part } = handler;
      return { shard: { key, ...(hash === undefined ? {} : { hash }), ...part } };
    }
    case 'obfuscate':
      return { obfuscate: Object.fromEntries(handler.rules.map(({ column, rule }) => [column, rule])) };
    case 'apply_function':
      return { apply_function: { name: handler.function, argument: handler.argument } };
    case 'bulk':
      return 'bulk';
    case 'virtual':
    case 'queue_table':
      return handler.kind;
  }
}

export function writtenCapture(options: CaptureOptions): Capture | undefined {
  const { ignore, when, oldRow, extra2, extra3, extra4, operations, format } = options;
  const said = {
    ...(ignore === undefined ? {} : { ignore: ignore as [string, ...string[]] }),
    ...(when === undefined ? {} : { when }),
    ...(oldRow === undefined ? {} : { old_row: oldRow }),
    ...(extra2 === undefined ? {} : { extra2 }),
    ...(extra3 === undefined ? {} : { extra3 }),
    ...(extra4 === undefined ? {} : { extra4 }),
    ...(operations === undefined ? {} : { operations: operations as [RowOperation, ...RowOperation[]] }),
    ...(format === undefined ? {} : { format }),
  };
  return Object.keys(said).length === 0 ? undefined : said;
}

function writtenCopy({ expectSync, keepRows, from, where, ranges }: CopyRule): NonNullable<RawOptions['copy']> {
  return {
    ...(expectSync === undefined ? {} : { expect_sync: expectSync }),
    ...(keepRows === undefined ? {} : { keep_rows: keepRows }),
    ...(where === undefined ? {} : { where }),
    ...(from === undefined ? {} : { from }),
    ...(ranges === undefined ? {} : { parallel: ranges }),
  };
}

/** What a table of a catalog has that is not as usual. */
export function unusualOptions(spec: TableSpec): TableOptions {
  const usual = wholeTable(spec.name);
  const { copy } = spec;
  // Which node Londiste finds by itself, no file can say.
  const from = copy.from === '?' ? undefined : copy.from;
  const copied = copy.keepRows || [copy.where, copy.ranges, from].some((said) => said !== undefined);
  return {
    where: spec.where,
    columns: spec.columns,
    mask: spec.mask,
    handler: spec.handler,
    conflict: spec.conflict === usual.conflict ? undefined : spec.conflict,
    apply: spec.apply === usual.apply ? undefined : spec.apply,
    userTriggers: spec.userTriggers === usual.userTriggers ? undefined : spec.userTriggers,
    truncate: spec.truncate === usual.truncate ? undefined : spec.truncate,
    copy: copied
      ? {
          expectSync: undefined,
          keepRows: copy.keepRows ? true : undefined,
          from,
          where: copy.where,
          ranges: copy.ranges,
        }
      : undefined,
  };
}
