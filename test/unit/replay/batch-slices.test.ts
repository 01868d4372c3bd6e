import { expect, test } from 'vitest';
import { slicesOf } from '../../../src/replay/batch-slices.ts';

test('what is seen by one tick and not by the one before makes a slice', () => {
  expect(slicesOf(['10:20:10,15', '15:30:15', '40:40:'])).toEqual([
    ['e.ev_txid < 20 and e.ev_txid not in (10, 15)'],
    ['e.ev_txid >= 20 and e.ev_txid < 30 and e.ev_txid not in (15)', 'e.ev_txid in (10)'],
    ['e.ev_txid >= 30 and e.ev_txid < 40', 'e.ev_txid in (15)'],
    ['e.ev_txid >= 40'],
  ]);
});

test('a batch without ticks inside is one slice', () => {
  expect(slicesOf([])).toEqual([['true']]);
});

test.each([
  ['a tick that sees less than one before', ['10:20:', '10:15:']],
  ['a transaction that goes on though it was over', ['10:20:', '12:30:12']],
  ['what is no snapshot', ['10:20:', '?']],
])('%s: the batch is read in one piece', (_, cuts) => {
  expect(slicesOf(cuts)).toEqual([['true']]);
});
