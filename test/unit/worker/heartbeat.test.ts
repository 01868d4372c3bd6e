import { expect, test } from 'vitest';
import type { LastSeen } from '../../../src/catalog/trunkline.ts';
import type { Session } from '../../../src/db/session.ts';
import type { Statement } from '../../../src/db/statement.ts';
import type { NodeDeps } from '../../../src/worker/deps.ts';
import { startHeartbeat } from '../../../src/worker/heartbeat.ts';
import { nodeName, queueName } from '../../support/builders.ts';
import { fakeClock } from '../../support/clock.ts';

const neverSeen: LastSeen = {
  provider: undefined,
  subscription: undefined,
  tick: undefined,
  servers: { provider: undefined, own: undefined },
};

test('the session of the lock is never silent for long, and a report that says the same again waits for five seconds', async () => {
  const clock = fakeClock(300);
  /** When something was reported, and the word for it. */
  const reports: [number, unknown][] = [];
  const control = {
    lost: false,
    query: async ({ values }: Statement) => {
      reports.push([clock.now(), values[5]]);
      return [];
    },
  } as unknown as Session;
  const deps = { queue: queueName('q'), node: nodeName('n'), holder: 'here:1', clock, count: () => undefined };
  const heartbeat = startHeartbeat(deps as unknown as NodeDeps, control, neverSeen);
  const asked: number[] = [];
  /** What a worker does that has nothing to read: it looks at its node each full second. */
  async function idle(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      await clock.advance(1_000 - (clock.now() % 1_000));
      heartbeat.spoke();
      asked.push(clock.now());
    }
    await clock.advance(500);
  }
  function longestSilence(): number {
    const said = [...asked, ...reports.map(([at]) => at)].sort((one, other) => one - other);
    return Math.max(...said.map((at, index) => at - (said[index - 1] ?? at)));
  }

  heartbeat.state('idle');
  await idle(16);
  const [first, ...others] = reports;
  expect(first).toEqual([300, 'starting']);
  expect(others.map(([, word]) => word)).toEqual(['idle', 'idle', 'idle', 'idle']);
  for (const [index, [at]] of others.slice(1).entries()) expect(at - (others[index]?.[0] ?? 0)).toBeLessThan(5_100);

  reports.length = 0;
  heartbeat.state('replaying');
  await idle(1);
  heartbeat.applied(7, { id: 3n, mark: 'then' });
  await idle(1);
  expect(
    reports.map(([, word]) => word),
    'each change within a second',
  ).toEqual(['replaying', 'replaying']);

  reports.length = 0;
  await clock.advance(10_000);
  expect(reports.length, 'who applies a batch for long says so each second').toBeGreaterThanOrEqual(9);
  expect(longestSilence()).toBeLessThan(1_300);

  await heartbeat[Symbol.asyncDispose]();
  expect(reports.at(-1)?.[1]).toBe('stopped');
});
