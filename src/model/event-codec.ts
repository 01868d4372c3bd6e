import type { ControlEvent, QueueRow } from './event.ts';

/** Op and key columns out of an event's type. `keyText` is as it stands there, for names with a comma. */
export interface RowType {
  readonly op: 'I' | 'U' | 'D';
  readonly format: 'url' | 'json' | 'sql';
  /** Undefined where the format does not say; for `url` split at commas. */
  readonly key: readonly string[] | undefined;
  readonly keyText: string | undefined;
}

const jsonOps: Readonly<Record<string, 'I' | 'U' | 'D'>> = { INSERT: 'I', UPDATE: 'U', DELETE: 'D' };

/** Undefined for an event that changes no row. */
export function decodeRowType(type: string): RowType | undefined {
  const op = type[0];
  if (op === '{') return decodeJsonType(type);
  if (op !== 'I' && op !== 'U' && op !== 'D') return undefined;
  if (type.length === 1) return { op, format: 'sql', key: undefined, keyText: undefined };
  if (type[1] !== ':') return undefined;
  const keyText = type.slice(2);
  return { op, format: 'url', key: keyText === '' ? undefined : keyText.split(','), keyText };
}

function decodeJsonType(type: string): RowType | undefined {
  const parsed = JSON.parse(type) as { op?: string; pkey?: readonly string[] };
  const op = jsonOps[parsed.op ?? ''];
  if (op === undefined) return undefined;
  const key = parsed.pkey !== undefined && parsed.pkey.length > 0 ? parsed.pkey : undefined;
  return { op, format: 'json', key, keyText: key?.join(',') };
}

export function decodeControlEvent(row: QueueRow): ControlEvent {
  const data = row.data ?? '';
  const extra1 = row.extra1 ?? '';
  switch (row.type) {
    case 'R':
      return { kind: 'truncate', table: extra1 };
    case 'EXECUTE':
      return { kind: 'execute', file: { name: extra1, sql: data, attributes: row.extra2 ?? '' } };
    case 'londiste.add-table':
      return { kind: 'table_added', table: data };
    case 'londiste.remove-table':
      return { kind: 'table_removed', table: data, txid: Number(row.txid) };
    case 'londiste.update-seq':
      return { kind: 'sequence_updated', sequence: extra1, value: data };
    case 'londiste.remove-seq':
      return { kind: 'sequence_removed', sequence: data };
    case 'pgq.location-info':
      return { kind: 'location', node: data, location: row.extra2, dead: row.extra3 === 'true' };
    case 'pgq.unregister-location':
      return { kind: 'location_removed', node: data };
    case 'pgq.global-watermark':
      return { kind: 'global_watermark', tick: data };
    case 'pgq.tick-id':
      return { kind: 'partition_tick', queue: extra1, tick: data };
    default:
      return isJsonTruncate(row.type) ? { kind: 'truncate', table: extra1 } : { kind: 'unknown', row };
  }
}

function isJsonTruncate(type: string): boolean {
  return type.startsWith('{') && (JSON.parse(type) as { op?: string }).op === 'TRUNCATE';
}
