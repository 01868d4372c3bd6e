import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rangeCondition, ranges } from '../../../src/worker/copy-ranges.ts';

test('ranges follow each other from the first block on, and the last has no end', () => {
  fc.assert(
    fc.property(fc.nat(5_000_000), fc.integer({ min: 1, max: 32 }), (blocks, streams) => {
      const cut = ranges(blocks, streams);
      expect(cut[0]?.from).toBe(0);
      expect(cut.at(-1)?.to).toBeUndefined();
      for (const [index, { to }] of cut.entries()) expect(to).toBe(cut[index + 1]?.from);
      expect(cut.length).toBeLessThanOrEqual(streams * 4);
    }),
  );
});

test.each([
  ['an empty table', 0, 4, 1],
  ['one of 31 MB', 3_968, 4, 1],
  ['one of 32 MB', 4_096, 4, 2],
  ['one of a terabyte', 134_217_728, 8, 32],
])('%s has as many ranges as are worth a transaction', (_, blocks, streams, count) => {
  expect(ranges(blocks, streams)).toHaveLength(count);
});

test('a whole table needs no condition, and the last range takes rows of blocks that came later', () => {
  expect(
    [
      { from: 0, to: undefined },
      { from: 0, to: 7 },
      { from: 7, to: undefined },
    ].map(rangeCondition),
  ).toEqual([undefined, "ctid >= '(0,0)'::tid and ctid < '(7,0)'::tid", "ctid >= '(7,0)'::tid"]);
});
