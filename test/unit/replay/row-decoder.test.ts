import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodePairs } from '../../../src/model/url-encoding.ts';
import { readLine } from '../../../src/replay/copy-text.ts';
import {
  decodeRow,
  lineBound,
  MalformedRow,
  type RowFormat,
  type RowLayout,
  readLayout,
} from '../../../src/replay/row-decoder.ts';
import { copyField } from '../../support/copy-line.ts';

type Pairs = readonly (readonly [string, string | null])[];

const row = fc.uniqueArray(
  fc.tuple(fc.string({ unit: 'grapheme', minLength: 1 }), fc.option(fc.string({ unit: 'grapheme' }))),
  { selector: ([name]) => name, minLength: 1 },
);

/** Decodes an event as it stands between others in a line; undefined where the layout does not fit. */
function decode(format: RowFormat, data: string, known?: RowLayout) {
  const before = 'x\t';
  const bytes = Buffer.from(`${before}${copyField(data)}\tmore\n`);
  const to = bytes.length - 6;
  const layout = known ?? readLayout(format, bytes, before.length, to);
  const columns = layout.columns.length;
  const bound = lineBound(to - before.length, columns);
  const sink = { lines: new Uint8Array(bound), starts: new Int32Array(columns + 1) };
  const end = decodeRow(format, layout, bytes, before.length, to, sink, 0);
  if (end < 0) return undefined;
  expect(end).toBeLessThanOrEqual(bound);
  expect(sink.starts[columns]).toBe(end);
  const values = readLine(sink.lines.subarray(0, end));
  return { layout, pairs: layout.columns.map((name, position) => [name, values[position]]) };
}

const asJson = (pairs: Pairs, space = '') =>
  `{${pairs.map(([name, value]) => `${JSON.stringify(name)}:${space}${JSON.stringify(value)}`).join(`,${space}`)}}`;

test('url-encoded rows come back as they were, NULL apart from empty', () => {
  fc.assert(
    fc.property(row, (pairs) => {
      expect(decode('url', encodePairs(pairs))?.pairs).toEqual(pairs);
    }),
  );
});

test('JSON rows come back as they were, with spaces or without', () => {
  fc.assert(
    fc.property(row, fc.constantFrom('', ' '), (pairs, space) => {
      expect(decode('json', asJson(pairs, space))?.pairs).toEqual(pairs);
    }),
  );
});

test('a layout reads the other rows of its kind, and no row of another', () => {
  const format = fc.constantFrom<RowFormat>('json', 'url');
  fc.assert(
    fc.property(
      format,
      row,
      fc.array(fc.option(fc.string({ unit: 'grapheme' }))),
      row,
      (kind, first, values, other) => {
        const write = (pairs: Pairs) => (kind === 'json' ? asJson(pairs) : encodePairs(pairs));
        const layout = decode(kind, write(first))?.layout;
        const second = first.map(([name], index) => [name, values[index] ?? null] as const);
        expect(decode(kind, write(second), layout)?.pairs).toEqual(second);
        const names = (pairs: Pairs) => JSON.stringify(pairs.map(([name]) => name));
        if (names(other) !== names(first)) expect(decode(kind, write(other), layout)).toBeUndefined();
      },
    ),
  );
});

test('JSON numbers keep every digit, booleans become what PostgreSQL reads, nested values stay text', () => {
  const nested =
    '{"a":9223372036854775807,"b":true,"c":false,"d":1.10,"e":{"x":"}\\n"},"f":[1,"]\\""],"g":null,"h":-1e5}';
  expect(decode('json', nested)?.pairs).toEqual([
    ['a', '9223372036854775807'],
    ['b', 't'],
    ['c', 'f'],
    ['d', '1.10'],
    ['e', '{"x":"}\\n"}'],
    ['f', '[1,"]\\""]'],
    ['g', null],
    ['h', '-1e5'],
  ]);
});

test('escapes of JSON become what they stand for', () => {
  expect(decode('json', '{"a":"\\u0041\\u00e9\\u4e2d\\ud83d\\ude00\\u0009\\/","b":"\\\\n"}')?.pairs).toEqual([
    ['a', 'Aé中😀\t/'],
    ['b', '\\n'],
  ]);
});

test.each<[string, RowFormat, string]>([
  ['a string that does not end', 'json', '{"a":"unfinished'],
  ['a value that does not end', 'json', '{"a":[1,2'],
  ['no object', 'json', '[1]'],
  ['an unknown escape', 'json', '{"a":"\\x"}'],
  ['a cut off code', 'json', '{"a":"\\u12"}'],
  ['a % without digits', 'url', 'a=%4'],
  ['a % before other letters', 'url', 'a=%zz&b=1'],
])('%s is refused', (_, format, data) => {
  expect(() => decode(format, data)).toThrow(MalformedRow);
});

test('an event cut off anywhere is refused or has another layout, and never reads on', () => {
  const whole = '{"id":1,"name":"a\\"b\\u0041","note":{"x":[1,"y"]}}';
  const layout = decode('json', whole)?.layout;
  for (let length = 1; length < whole.length; length += 1) {
    let read: unknown;
    try {
      read = decode('json', whole.slice(0, length), layout);
    } catch (error) {
      expect(error).toBeInstanceOf(MalformedRow);
    }
    expect(read).toBeUndefined();
  }
});
