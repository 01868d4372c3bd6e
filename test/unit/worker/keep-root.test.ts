import { expect, test } from 'vitest';
import { isToTell } from '../../../src/worker/keep-root.ts';

const minute = 60_000;

test.each([
  ['nothing has moved', 0n, 60 * minute, false],
  ['an idle minute: its own tick, and that of the last word', 2n, minute, false],
  ['a few idle minutes', 5n, 4 * minute, true],
  ['events', 60n, minute, true],
  ['a queue that hardly ever ticks', 1n, 9 * minute, false],
  ['a queue that hardly ever ticks, later', 1n, 10 * minute, true],
])('a root tells how far all nodes have come: %s', (_, moved, sinceMs, told) => {
  expect(isToTell({ local: 100n + moved, global: 100n }, sinceMs)).toBe(told);
});
