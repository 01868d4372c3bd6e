import { type HandlerSpec, type Obfuscation, obfuscations, type TruncatePolicy } from './table.ts';
import { decodePairs, type EncodedPairs, encodePairs } from './url-encoding.ts';

/** A handler as Londiste writes it: `name` or `name(key=value&…)`. Arguments that only we know make its workers stop. */
export interface StoredHandler {
  readonly handler: HandlerSpec | undefined;
  readonly truncate: TruncatePolicy;
}

const ignoreTruncate = 'ignore_truncate';

export function encodeHandler({ handler, truncate }: StoredHandler): string | undefined {
  const rest = truncate === 'ignore' ? [[ignoreTruncate, '1'] as const] : [];
  switch (handler?.kind) {
    case undefined:
      return truncate === 'ignore' ? written('londiste', rest) : undefined;
    case 'shard': {
      const { key, hash, part } = handler;
      return written('shard', [
        ['key', key],
        ...(hash === undefined ? [] : [['hash', hash] as const]),
        ...(part === undefined ? [] : [['number', String(part.number)] as const, ['of', String(part.of)] as const]),
        ...rest,
      ]);
    }
    case 'queue_table':
      return written('qtable', rest);
    case 'virtual':
      return written('vtable', rest);
    case 'bulk':
      return written('bulk', [
        ...(handler.method === undefined ? [] : [['method', String(handler.method)] as const]),
        ...rest,
      ]);
    case 'obfuscate':
      return written('obfuscate', [
        ...handler.rules.map(({ column, rule }) => [`${rulePrefix}${column}`, rule] as const),
        ...rest,
      ]);
    case 'apply_function':
      return written('applyfn', [['func_name', handler.function], ['func_conf', handler.argument], ...rest]);
  }
}

const rulePrefix = 'column.';

function written(name: string, args: readonly (readonly [string, string])[]): string {
  return args.length === 0 ? name : `${name}(${encodePairs(args)})`;
}

/** Undefined for a handler that is not known here, or is asked for what we can not do. */
export function decodeHandler(text: string): StoredHandler | undefined {
  const parts = /^([^(]*)(?:\((.*)\))?$/s.exec(text);
  // Londiste takes commas too; one that belongs to a value is written %2c.
  const args = decodePairs((parts?.[2] ?? '').replaceAll(',', '&'));
  if (parts === null || args === undefined) return undefined;
  const wanted = new Map(args);
  const truncate = truncateOf(wanted);
  wanted.delete(ignoreTruncate);
  const handler = truncate === undefined ? undefined : handlerOf(parts[1] ?? '', wanted);
  return truncate === undefined || handler === undefined
    ? undefined
    : { handler: handler === 'none' ? undefined : handler, truncate };
}

function truncateOf(args: EncodedPairs): TruncatePolicy | undefined {
  if (!args.has(ignoreTruncate)) return 'apply';
  const value = args.get(ignoreTruncate);
  if (value === '0') return 'apply';
  return value === '1' ? 'ignore' : undefined;
}

/** Every argument must be understood: one that is passed over would be a promise not kept. */
function handlerOf(name: string, args: Map<string, string | null>): HandlerSpec | 'none' | undefined {
  switch (name) {
    case 'londiste':
      return args.size === 0 ? 'none' : undefined;
    case 'shard':
    case 'part':
      return shardOf(args);
    case 'qtable':
      return args.size === 0 ? { kind: 'queue_table' } : undefined;
    case 'vtable':
    case 'fake_local':
      return args.size === 0 ? { kind: 'virtual' } : undefined;
    case 'bulk': {
      const method = takeNumber(args, 'method');
      return args.size === 0 ? { kind: 'bulk', method } : undefined;
    }
    case 'obfuscate':
      return obfuscationOf(args);
    case 'applyfn': {
      const called = args.get('func_name');
      const argument = args.get('func_conf') ?? '';
      args.delete('func_name');
      args.delete('func_conf');
      return args.size > 0 || !called ? undefined : { kind: 'apply_function', function: called, argument };
    }
    default:
      return undefined;
  }
}

function shardOf(args: Map<string, string | null>): HandlerSpec | undefined {
  const key = args.get('key') ?? args.get('hash_key');
  const hash = args.get('hash') ?? undefined;
  for (const known of ['key', 'hash_key', 'hash']) args.delete(known);
  const number = takeNumber(args, 'number');
  const of = takeNumber(args, 'of');
  if (typeof key !== 'string' || args.size > 0 || (number === undefined) !== (of === undefined)) return undefined;
  return { kind: 'shard', key, hash, part: number === undefined || of === undefined ? undefined : { number, of } };
}

/** Without rules the map stands in the settings of a Londiste worker, which nobody else can read. */
function obfuscationOf(args: Map<string, string | null>): HandlerSpec | undefined {
  const rules = [...args].map(([key, rule]) => ({ column: key.slice(rulePrefix.length), key, rule }));
  const known = rules.every(
    ({ key, rule }) => key.startsWith(rulePrefix) && (obfuscations as readonly (string | null)[]).includes(rule),
  );
  if (!known || rules.length === 0) return undefined;
  return { kind: 'obfuscate', rules: rules.map(({ column, rule }) => ({ column, rule: rule as Obfuscation })) };
}

/** Takes an argument out; one that is no whole number stays, and so is not understood. */
function takeNumber(args: Map<string, string | null>, name: string): number | undefined {
  const text = args.get(name);
  if (typeof text !== 'string' || !/^\d{1,9}$/.test(text)) return undefined;
  args.delete(name);
  return Number(text);
}
