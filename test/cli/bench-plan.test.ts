import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

// The state that the benchmark of plans makes up is not typed, and only this tells that it is still one that can be planned for.
test.each([
  ['first', 121],
  ['empty', 0],
  ['one-table', 10],
])('the benchmark of plans comes to its steps: %s', (scenario, steps) => {
  const once = execFileSync(process.execPath, ['bench/support/plan-once.mjs', '10', scenario], { encoding: 'utf8' });
  expect(JSON.parse(once)).toMatchObject({ steps, drift: 0 });
});
