import { expect, test } from 'vitest';
import { formatBytes, formatCount } from '../../../src/model/amounts.ts';
import { countOf, formatDuration } from '../../../src/render/units.ts';

test('counts are grouped by thousands, whatever their size', () => {
  expect([0, 999, 1000, 1234567.6].map(formatCount)).toEqual(['0', '999', '1,000', '1,234,568']);
  expect(formatCount(9007199254740993n)).toBe('9,007,199,254,740,993');
  expect([countOf(1, 'row'), countOf(0, 'row'), countOf(2000n, 'row')]).toEqual(['1 row', '0 rows', '2,000 rows']);
});

test('bytes go in steps of 1024 and keep three figures', () => {
  expect([0, 1023, 1024, 1536, 150 * 1024, 5 * 1024 ** 3].map(formatBytes)).toEqual([
    '0 B',
    '1023 B',
    '1.0 kB',
    '1.5 kB',
    '150 kB',
    '5.0 GB',
  ]);
});

test('durations show two units at most and never sixty of the smaller', () => {
  const cases: [number, string][] = [
    [-5, '0.0 s'],
    [400, '0.4 s'],
    [9_949, '9.9 s'],
    [9_960, '10 s'],
    [59_600, '1 min'],
    [200_000, '3 min 20 s'],
    [3_599_700, '1 h'],
    [7_500_000, '2 h 5 min'],
    [86_399_000, '1 d'],
    [4 * 86_400_000 + 3_600_000, '4 d 1 h'],
  ];
  for (const [ms, text] of cases) expect(formatDuration(ms), String(ms)).toBe(text);
});
