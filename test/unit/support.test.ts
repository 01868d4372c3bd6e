import { expect, test } from 'vitest';
import { fakeClock } from '../support/clock.ts';

test('sleepers of a fake clock wake at their moment and in order', async () => {
  const clock = fakeClock(100);
  const woken: string[] = [];
  const loop = async (name: string, everyMs: number) => {
    for (let round = 0; round < 2; round += 1) {
      await clock.sleep(everyMs);
      woken.push(`${name} ${clock.now()}`);
    }
  };
  const loops = [loop('slow', 30), loop('fast', 20)];
  await clock.advance(29);
  expect(woken).toEqual(['fast 120']);
  await clock.advance(100);
  await Promise.all(loops);
  expect(woken).toEqual(['fast 120', 'slow 130', 'fast 140', 'slow 160']);
  expect(clock.now()).toBe(229);
});

test('an aborted sleep ends at once', async () => {
  const clock = fakeClock();
  const abort = new AbortController();
  const sleep = clock.sleep(1000, abort.signal);
  expect(clock.sleepers).toBe(1);
  abort.abort();
  await sleep;
  await clock.sleep(1000, abort.signal);
  expect(clock.sleepers).toBe(0);
});
