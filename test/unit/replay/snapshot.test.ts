import { expect, test } from 'vitest';
import { isPast, parseSnapshot, type Snapshot, sees } from '../../../src/replay/snapshot.ts';

function snapshot(text: string): Snapshot {
  const parsed = parseSnapshot(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

test('a snapshot sees what was over when it was taken', () => {
  const taken = snapshot('10:20:12,15');
  expect([9, 10, 12, 15, 19, 20, 21].map((txid) => sees(taken, txid))).toEqual([
    true,
    true,
    false,
    false,
    true,
    false,
    false,
  ]);
  expect(sees(snapshot('10:10:'), 10)).toBe(false);
});

test('a copy is past only when nothing of it can still be under way at the tick', () => {
  const copy = snapshot('10:20:12');
  expect(isPast(copy, snapshot('20:25:'))).toBe(true);
  expect(isPast(copy, snapshot('19:25:19'))).toBe(false);
});

test('anything else is no snapshot', () => {
  expect(['', '1:2', 'a:b:c', '1:2:3;4'].map(parseSnapshot)).toEqual([undefined, undefined, undefined, undefined]);
});
