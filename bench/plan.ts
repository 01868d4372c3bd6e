import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { type Figure, report } from './support/report.ts';

// What a plan costs, and how that grows: a root and nine leaves with 100 to 10,000 tables of eight columns. Live state is made
// up, so that the planner alone is measured; each plan has a process of its own, whose memory includes that state.

const rounds = Number(process.env.TRUNKLINE_BENCH_ROUNDS ?? 3);
const sizes = [100, 1_000, 10_000];
const scenarios = [
  ['first', 'the first plan'],
  ['empty', 'an empty plan'],
  ['one-table', 'a plan that adds one table'],
] as const;

interface Once {
  readonly steps: number;
  readonly drift: number;
  readonly ms: number;
  readonly memoryMb: number;
}

function planOnce(tables: number, scenario: string): Once {
  return JSON.parse(
    execFileSync(process.execPath, ['bench/support/plan-once.mjs', String(tables), scenario], { encoding: 'utf8' }),
  );
}

test('plan', { timeout: 1_800_000 }, () => {
  const figures = scenarios.flatMap(([scenario, title]): Figure[] => {
    const times = new Map<string, number[]>();
    const memory = new Map<string, number[]>();
    for (const tables of sizes) {
      const runs = Array.from({ length: rounds }, () => planOnce(tables, scenario));
      const steps = { first: tables * 10 + 21, empty: 0, 'one-table': 10 }[scenario];
      expect(runs.map((run) => [run.steps, run.drift])).toEqual(runs.map(() => [steps, 0]));
      const label = `${tables} tables × 10 nodes`;
      times.set(
        label,
        runs.map(({ ms }) => ms),
      );
      memory.set(
        label,
        runs.map(({ memoryMb }) => memoryMb),
      );
    }
    return [
      { measure: `${title}, processor time`, unit: 'ms', better: 'less', values: times },
      { measure: `${title}, memory`, unit: 'MB', better: 'less', values: memory },
    ];
  });
  // Sizes of one thing are no contenders: none is compared with another.
  report('plan', 'planning alone, on a state that was made up', '', figures);
});
