import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nodeName, rowFilter, tableName } from '../../../src/model/names.ts';
import {
  type HandlerSpec,
  type ObfuscationRule,
  obfuscations,
  type TableSpec,
  usualCopy,
  wholeTable,
} from '../../../src/model/table.ts';
import { decodeTable, encodeTable, sameTable } from '../../../src/model/table-codec.ts';

const orders = tableName('shop.orders');
const whole = wholeTable(orders);
const attrsOf = (change: Partial<TableSpec>) => encodeTable({ ...whole, ...change }).attrs;
const read = (attrs: string) => decodeTable(orders, { attrs, destination: null });

test('a table as it is needs nothing stored', () => {
  expect(encodeTable(whole)).toEqual({ attrs: null, destination: null });
});

test('a filter names our handler, so that a worker that does not know it stops', () => {
  const spec = { ...whole, destination: tableName('eu.orders'), where: rowFilter("region = 'eu'") };
  expect(encodeTable(spec)).toEqual({
    attrs: 'handler=trunkline&where=region+%3d+%27eu%27',
    destination: 'eu.orders',
  });
});

test.for<[Partial<TableSpec>, string]>([
  [{ handler: { kind: 'shard', key: 'id', hash: undefined, part: undefined } }, 'handler=shard%28key%3did%29'],
  [{ handler: { kind: 'virtual' } }, 'handler=vtable'],
  [{ truncate: 'ignore' }, 'handler=londiste%28ignore_truncate%3d1%29'],
  [{ copy: { ...usualCopy, keepRows: true, from: '?' } }, 'skip_truncate=1&copy_node=%3f'],
])('what Londiste can say is written as it would: %j', ([change, attrs]) => {
  expect(attrsOf(change)).toBe(attrs);
});

test.for<[Partial<TableSpec>, string]>([
  [{ conflict: 'log' }, 'handler=trunkline&conflict=log'],
  [{ copy: { ...usualCopy, where: rowFilter('id > 1') } }, 'handler=trunkline&copy_condition=id+%3e+1'],
  [{ columns: { kind: 'exclude', names: ['a,b', 'c'] } }, 'handler=trunkline&exclude=a%252cb%26c'],
  [{ mask: [{ column: 'email', expression: "'x'" }] }, 'handler=trunkline&mask=email%3d%2527x%2527'],
  [
    { apply: 'ordered', handler: { kind: 'bulk', method: 0 } },
    'handler=trunkline&base=bulk%28method%3d0%29&apply=ordered',
  ],
])('what only we know stops a worker of Londiste: %j', ([change, attrs]) => {
  expect(attrsOf(change)).toBe(attrs);
});

test.for([
  'handler=shard',
  'handler=shard%28key%3did%26disable_replay%3d1%29',
  'handler=obfuscate',
  'handler=dispatch%28x%3dy%29',
  'handler=londiste%28encoding%3dlatin1%29',
  'handler=trunkline&later=1',
  'handler=trunkline&conflict=perhaps',
  'handler=trunkline&mask=%25',
  'max_parallel_copy=many',
  'where=%zz',
  'handler=%',
])('%s can not be promised', (attrs) => {
  expect(read(attrs)).toBeUndefined();
});

test.for(['', 'handler=londiste', 'handlers=londiste', 'handler=londiste%28ignore_truncate%3d0%29'])(
  '"%s" of Londiste says nothing of rows or names',
  (attrs) => {
    expect(read(attrs)).toEqual(whole);
  },
);

test.for<[string, Partial<TableSpec>]>([
  ['skip_truncate=1', { copy: { ...usualCopy, keepRows: true } }],
  ['copy_node=leaf1&max_parallel_copy=2', { copy: { ...usualCopy, from: nodeName('leaf1'), parallel: 2 } }],
  ['copy_condition=id+%3c+9', { copy: { ...usualCopy, where: rowFilter('id < 9') } }],
  ['handler=part%28hash_key%3did%29', { handler: { kind: 'shard', key: 'id', hash: undefined, part: undefined } }],
  ['handler=fake_local', { handler: { kind: 'virtual' } }],
  ['handler=applyfn%28func_name%3df%2cfunc_conf%3da%252cb%29', { handler: applyFunction('f', 'a,b') }],
])('%s of Londiste is read', ([attrs, change]) => {
  expect(read(attrs)).toEqual({ ...whole, ...change });
});

function applyFunction(name: string, argument: string): HandlerSpec {
  return { kind: 'apply_function', function: name, argument };
}

test('a table is the same as another where all but its first copy is', () => {
  expect(sameTable(whole, { ...whole })).toBe(true);
  expect(sameTable(whole, { ...whole, conflict: 'keep' })).toBe(false);
  expect(sameTable(whole, { ...whole, destination: tableName('shop.o') })).toBe(false);
  expect(sameTable(whole, { ...whole, mask: [{ column: 'email', expression: 'null' }] })).toBe(false);
  expect(sameTable(whole, { ...whole, copy: { ...usualCopy, keepRows: true } })).toBe(true);
});

const text = fc.string({ unit: 'binary', minLength: 1 });
const anyFilter = fc.option(text.map(rowFilter), { nil: undefined });
const names = fc.uniqueArray(text, { minLength: 1 });
const anyCount = fc.nat({ max: 999_999_999 });

const anyHandler: fc.Arbitrary<HandlerSpec> = fc.oneof(
  fc.record({
    kind: fc.constant('shard' as const),
    key: text,
    hash: fc.option(text, { nil: undefined }),
    part: fc.option(fc.record({ number: anyCount, of: anyCount }), { nil: undefined }),
  }),
  fc.constantFrom<HandlerSpec>({ kind: 'queue_table' }, { kind: 'virtual' }),
  fc.record({ kind: fc.constant('bulk' as const), method: fc.option(anyCount, { nil: undefined }) }),
  fc.record({
    kind: fc.constant('obfuscate' as const),
    rules: fc.uniqueArray(fc.record<ObfuscationRule>({ column: text, rule: fc.constantFrom(...obfuscations) }), {
      minLength: 1,
      selector: ({ column }) => column,
    }),
  }),
  fc.record({ kind: fc.constant('apply_function' as const), function: text, argument: fc.string({ unit: 'binary' }) }),
);

const anyTable: fc.Arbitrary<TableSpec> = fc.record({
  name: text.map(tableName),
  destination: text.map(tableName),
  where: anyFilter,
  columns: fc.option(fc.record({ kind: fc.constantFrom('include' as const, 'exclude' as const), names }), {
    nil: undefined,
  }),
  mask: fc.uniqueArray(fc.record({ column: text, expression: text }), { selector: ({ column }) => column }),
  handler: fc.option(anyHandler, { nil: undefined }),
  conflict: fc.constantFrom('error', 'insert_or_update', 'keep', 'log'),
  apply: fc.constantFrom('set_based', 'ordered'),
  userTriggers: fc.constantFrom('replica', 'fire'),
  truncate: fc.constantFrom('apply', 'ignore'),
  copy: fc.record({
    where: anyFilter,
    keepRows: fc.boolean(),
    from: fc.option(fc.oneof(fc.constant('?' as const), text.map(nodeName)), { nil: undefined }),
    parallel: fc.option(anyCount, { nil: undefined }),
    ranges: fc.option(anyCount, { nil: undefined }),
  }),
});

test('what is written is read again', () => {
  fc.assert(
    fc.property(anyTable, (spec) => {
      expect(decodeTable(spec.name, encodeTable(spec))).toEqual(spec);
    }),
  );
});
