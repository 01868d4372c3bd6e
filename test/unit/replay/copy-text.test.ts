import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readQueueRows, writeCopyRow } from '../../../src/replay/copy-text.ts';

const text = fc.string({ unit: 'grapheme' });
const any = fc.option(text);

test('what is written as COPY text is read back, whatever it holds', () => {
  fc.assert(
    fc.property(text, any, any, any, any, (type, data, extra1, extra2, extra3) => {
      const line = writeCopyRow(['1', '2', type, data, extra1, extra2, extra3]);
      expect(line).not.toContain('\n');
      expect(readQueueRows(`${line}\n`)).toEqual([{ id: '1', txid: '2', type, data, extra1, extra2, extra3 }]);
    }),
  );
});

test('lines stay apart', () => {
  const lines = ['1\t2\tI\ta\\nb\tt\t\\N\t\\N', '3\t4\tD\t\\N\tt\t\\N\t\\N'];
  expect(readQueueRows(`${lines.join('\n')}\n`).map(({ id, data }) => [id, data])).toEqual([
    ['1', 'a\nb'],
    ['3', null],
  ]);
});
