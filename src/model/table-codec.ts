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
 * What a root's triggers get beside the queue's name. An update of a key column travels as a delete and an insert;
 * the trigger functions of the extension refuse such an update and do not know the argument.
 */
export function captureArgs(pgq: InstalledSchema['source']): readonly string[] {
  return pgq === 'bundled' ? ['key_update=split'] : [];
}
