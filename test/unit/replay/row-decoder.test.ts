import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodePairs } from '../../../src/model/url-encoding.ts';
import { decodeJsonRow, decodeUrlRow, emptyShape } from '../../../src/replay/row-decoder.ts';

const row = fc.uniqueArray(
  fc.tuple(fc.string({ unit: 'grapheme', minLength: 1 }), fc.option(fc.string({ unit: 'grapheme' }))),
  {
    selector: ([name]) => name,
    minLength: 1,
  },
);

function asPairs(shape: ReturnType<typeof emptyShape>, values: readonly (string | null | undefined)[]) {
  return shape.columns.map((name, position) => [name, values[position]]);
}

test('url-encoded rows come back as they were, NULL apart from empty', () => {
  fc.assert(
    fc.property(row, (pairs) => {
      const shape = emptyShape();
      expect(asPairs(shape, decodeUrlRow(encodePairs(pairs), shape))).toEqual(pairs);
    }),
  );
});

test('JSON rows come back as they were', () => {
  fc.assert(
    fc.property(row, (pairs) => {
      const shape = emptyShape();
      const text = `{${pairs.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;
      expect(asPairs(shape, decodeJsonRow(text, shape))).toEqual(pairs);
    }),
  );
});

test('JSON numbers keep every digit, booleans become what PostgreSQL reads, nested values stay text', () => {
  const shape = emptyShape();
  const values = decodeJsonRow(
    '{"a":9223372036854775807,"b":true,"c":false,"d":1.10,"e":{"x":"}"},"f":[1,"]"],"g":null}',
    shape,
  );
  expect(asPairs(shape, values)).toEqual([
    ['a', '9223372036854775807'],
    ['b', 't'],
    ['c', 'f'],
    ['d', '1.10'],
    ['e', '{"x":"}"}'],
    ['f', '[1,"]"]'],
    ['g', null],
  ]);
});

test('a row with other columns, or in another order, keeps each value with its column', () => {
  const shape = emptyShape();
  decodeUrlRow('id=1&name=a&note', shape);
  expect(decodeUrlRow('name=b&id=2', shape)).toEqual(['2', 'b']);
  const added = decodeUrlRow('id=3&extra=x', shape);
  expect(shape.columns).toEqual(['id', 'name', 'note', 'extra']);
  expect(added[3]).toBe('x');
  expect(added[1]).toBeUndefined();
});

test('an event cut off in the middle is refused', () => {
  expect(() => decodeJsonRow('{"a":"unfinished', emptyShape())).toThrow(SyntaxError);
});
