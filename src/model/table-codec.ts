import { rowFilter, type TableName } from './names.ts';
import type { InstalledSchema } from './schemas.ts';
import type { TableSpec } from './table.ts';
import { decodePairs, encodePairs } from './url-encoding.ts';

/**
 * What `londiste.local_add_table` is given for a table. A filter names the handler `trunkline`:
 * a Londiste worker does not know it and stops, where it would otherwise ignore the filter.
 */
export interface StoredTable {
  readonly attrs: string | null;
  readonly destination: TableName | null;
}

const handlerKey = 'handler';
const whereKey = 'where';
const ownHandler = 'trunkline';

export function encodeTable(spec: TableSpec): StoredTable {
  return {
    attrs:
      spec.where === undefined
        ? null
        : encodePairs([
            [handlerKey, ownHandler],
            [whereKey, spec.where],
          ]),
    destination: spec.destination === spec.name ? null : spec.destination,
  };
}

/** Undefined where `attrs` cannot be read, or asks for a handler that is not ours. */
export function decodeTable(name: TableName, stored: StoredTable): TableSpec | undefined {
  const attrs = decodePairs(stored.attrs ?? '');
  if (attrs === undefined) return undefined;
  const handler = attrs.get(handlerKey) ?? undefined;
  if (handler !== undefined && handler !== ownHandler && handler !== 'londiste') return undefined;
  const where = attrs.get(whereKey) ?? undefined;
  return { name, destination: stored.destination ?? name, where: where === undefined ? undefined : rowFilter(where) };
}

/**
 * What a root's triggers get beside the queue's name. Where the SQL is ours, each table has a trigger function of its own,
 * which costs less than one for all and lets key columns change; the extension knows neither.
 */
export function captureArgs(pgq: InstalledSchema['source']): readonly string[] {
  return pgq === 'bundled' ? [generatedCapture] : [];
}

/** Whether a trigger with these arguments does what {@link captureArgs} asked for. */
export function capturesAs(wanted: readonly string[], args: readonly string[]): boolean {
  return wanted.every((arg) => args.includes(arg) || (arg === generatedCapture && args.includes(generalCapture)));
}

const generatedCapture = 'capture=generated';
/** What a table gets whose columns the generated function can't do. */
const generalCapture = 'key_update=split';
