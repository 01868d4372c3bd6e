import fc from 'fast-check';
import { expect, test } from 'vitest';
import { durationText, parseDuration } from '../../../src/config/duration.ts';

test.for([
  ['500ms', 500],
  ['1s', 1000],
  ['1.5m', 90_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
] as const)('%s', ([text, ms]) => {
  expect(parseDuration(text)).toBe(ms);
});

test.for(['', '1', 's', '1 s', '-1s', '1S', '1.s', '1e3s', '1min'])('%s is no duration', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test('what is written is read back', () => {
  fc.assert(
    fc.property(fc.nat(), (ms) => {
      expect(parseDuration(durationText(ms))).toBe(ms);
    }),
  );
});
