import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodePairs, decodeText, encodePairs } from '../../../src/model/url-encoding.ts';

test('a row is written as PgQ writes it', () => {
  const row = [
    ['id', '1'],
    ['some text', 'a+b=c & d%'],
    ['note', null],
    ['empty', ''],
    ['plain', 'a.b-c_d'],
    ['others', "!'()*~"],
    ['name', '张三'],
  ] as const;
  expect(encodePairs(row)).toBe(
    'id=1&some+text=a%2bb%3dc+%26+d%25&note&empty=&plain=a.b-c_d&others=%21%27%28%29%2a%7e&name=%e5%bc%a0%e4%b8%89',
  );
});

test.for([
  ['', []],
  ['a=1', [['a', '1']]],
  ['a', [['a', null]]],
  ['a=', [['a', '']]],
  ['a=1=2', [['a', '1=2']]],
  ['a+b=%C3%A4%c3%a4+', [['a b', 'ää ']]],
] as const)('%s is read', ([text, pairs]) => {
  expect([...(decodePairs(text) ?? [])]).toEqual(pairs);
});

test.for(['a=%', 'a=%zz', 'a=%e5', '%ff'])('%s is not of this form', (text) => {
  expect(decodePairs(text)).toBeUndefined();
  expect(() => decodeText(text)).toThrow(URIError);
});

test('what is written is read again', () => {
  // Half a surrogate pair has no UTF-8, and no database holds one.
  const text = fc.string({ unit: 'binary' });
  const pairs = fc.uniqueArray(fc.tuple(text, fc.option(text)), { selector: ([key]) => key });
  fc.assert(
    fc.property(pairs, (given) => {
      fc.pre(!(given.length === 1 && given[0]?.[0] === '' && given[0][1] === null));
      const written = encodePairs(given);
      expect(written).toMatch(/^[A-Za-z0-9_.%+=&-]*$/);
      expect([...(decodePairs(written) ?? [])]).toEqual(given);
    }),
  );
});
