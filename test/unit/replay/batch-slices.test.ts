import { expect, test } from 'vitest';
import { slicesOf, stretchFrom } from '../../../src/replay/batch-slices.ts';

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

const cuts = [
  { tick: 7, seq: 1_000, snapshot: '10:20:10,15' },
  { tick: 9, seq: 1_100, snapshot: '15:30:15' },
  { tick: 12, seq: 1_250, snapshot: '40:40:' },
  { tick: 13, seq: 1_900, snapshot: '50:50:' },
];

test('a stretch has the events that its first tick does not see and its last one does, in slices', () => {
  expect(stretchFrom({ cuts, newestSeq: 9_000 }, 7n, 300)).toEqual({
    fromTick: 7n,
    toTick: 12n,
    events: 250,
    slices: [
      ['e.ev_txid >= 20 and e.ev_txid < 30 and e.ev_txid not in (15)', 'e.ev_txid in (10)'],
      ['e.ev_txid >= 30 and e.ev_txid < 40', 'e.ev_txid in (15)'],
    ],
  });
});

test.each([
  ['as many as are wanted', 9_000, 7n, 250, 12n],
  ['no more than that', 9_000, 7n, 249, 9n],
  ['one tick where the next is further away', 9_000, 12n, 100, 13n],
  ['fewer towards the end, where more than twice as many must wait', 1_500, 7n, 800, 9n],
  ['none where not twice as many wait', 1_200, 7n, 800, undefined],
  ['none from the last tick that is known', 9_000, 13n, 800, undefined],
  ['none from a tick that is not known', 9_000, 8n, 800, undefined],
])('%s', (_, newestSeq, from, wanted, toTick) => {
  expect(stretchFrom({ cuts, newestSeq }, from, wanted)?.toTick).toBe(toTick);
});

test('nothing is foreseen over ticks that do not belong to one course of events', () => {
  const other = [...cuts.slice(0, 2), { tick: 12, seq: 1_250, snapshot: '20:20:' }];
  expect(stretchFrom({ cuts: other, newestSeq: 9_000 }, 7n, 300)).toBeUndefined();
});
