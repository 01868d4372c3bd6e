import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rowFilter, tableName } from '../../../src/model/names.ts';
import { decodeTable, encodeTable } from '../../../src/model/table-codec.ts';

const orders = tableName('shop.orders');

test('a table as it is needs nothing stored', () => {
  expect(encodeTable({ name: orders, destination: orders, where: undefined })).toEqual({
    attrs: null,
    destination: null,
  });
});

test('a filter names our handler, so that a worker that does not know it stops', () => {
  const spec = { name: orders, destination: tableName('eu.orders'), where: rowFilter("region = 'eu'") };
  expect(encodeTable(spec)).toEqual({
    attrs: 'handler=trunkline&where=region+%3d+%27eu%27',
    destination: 'eu.orders',
  });
});

test.for(['handler=part', 'handler=shard%28key%3did%29', 'where=%zz', 'handler=%'])('%s is not ours', (attrs) => {
  expect(decodeTable(orders, { attrs, destination: null })).toBeUndefined();
});

test.for(['', 'handler=londiste', 'skip_truncate=1', 'copy_node=leaf1&max_parallel_copy=2'])(
  '"%s" of Londiste says nothing of rows or names',
  (attrs) => {
    expect(decodeTable(orders, { attrs, destination: null })).toEqual({
      name: orders,
      destination: orders,
      where: undefined,
    });
  },
);

test('what is written is read again', () => {
  const name = fc.string({ unit: 'binary', minLength: 1 }).map(tableName);
  const where = fc.option(fc.string({ unit: 'binary', minLength: 1 }).map(rowFilter), { nil: undefined });
  fc.assert(
    fc.property(fc.record({ name, destination: name, where }), (spec) => {
      expect(decodeTable(spec.name, encodeTable(spec))).toEqual(spec);
    }),
  );
});
