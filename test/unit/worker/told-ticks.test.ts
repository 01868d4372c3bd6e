import { expect, test } from 'vitest';
import { toldTicks } from '../../../src/worker/told-ticks.ts';
import { fakeClock } from '../../support/clock.ts';

test('a provider that tells of its ticks is asked again when it tells of one, or after some seconds', async () => {
  const clock = fakeClock();
  const ticks = toldTicks(clock);
  expect(ticks.mayHaveMore(), 'nothing is known').toBe(true);
  ticks.read(4n);
  ticks.none();
  expect(ticks.mayHaveMore(), 'nobody has told of what was read').toBe(true);
  expect(ticks.hear(5n)).toBe(true);
  expect(ticks.mayHaveMore()).toBe(true);
  ticks.read(5n);
  ticks.none();
  expect(ticks.mayHaveMore()).toBe(false);
  expect([ticks.hear(5n), ticks.hear(3n)], 'told once more, and late').toEqual([false, false]);
  await clock.advance(4_000);
  expect(ticks.mayHaveMore()).toBe(false);
  await clock.advance(1_000);
  expect(ticks.mayHaveMore(), 'a word may be lost').toBe(true);
  ticks.none();
  expect(ticks.mayHaveMore()).toBe(false);
  expect(ticks.hear(6n)).toBe(true);
  expect(ticks.mayHaveMore()).toBe(true);
});

test('where a tick came without a word, there may be more at any time, until the newest is told of again', () => {
  const ticks = toldTicks(fakeClock());
  ticks.hear(5n);
  ticks.read(5n);
  ticks.none();
  expect(ticks.mayHaveMore()).toBe(false);
  ticks.read(6n);
  ticks.none();
  expect(ticks.mayHaveMore(), 'somebody ticks who does not tell').toBe(true);
  ticks.hear(6n);
  expect(ticks.mayHaveMore(), 'the word was only late').toBe(false);
});
