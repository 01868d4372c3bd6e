import { loadavg } from 'node:os';
import type { Figure } from './report.ts';

interface Named {
  readonly name: string;
  /** Measured in the first round alone: it is far from the others, and takes long. */
  readonly onceOnly?: boolean;
}

/** Results in the order they came, by contender. */
export type Rounds<Result> = ReadonlyMap<string, readonly Result[]>;

const rounds = Number(process.env.TRUNKLINE_BENCH_ROUNDS ?? 3);
const only = process.env.TRUNKLINE_BENCH_ONLY?.split(',');

export function isWanted(name: string): boolean {
  return only?.some((part) => name.includes(part)) ?? true;
}

/** Each contender once a round, in turns: what the machine does beside falls on all alike. */
export async function inRounds<Contender extends Named, Result>(
  all: readonly Contender[],
  once: (contender: Contender) => Promise<Result>,
): Promise<Rounds<Result>> {
  const contenders = all.filter(({ name }) => isWanted(name));
  const results = new Map<string, Result[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of contenders) {
      if (round > 0 && contender.onceOnly === true) continue;
      const result = await once(contender);
      console.log(`${contender.name}: ${JSON.stringify(result)}, load ${loadavg()[0]?.toFixed(1)}`);
      results.get(contender.name)?.push(result);
    }
  }
  return results;
}

export function figureOf<Result>(
  results: Rounds<Result>,
  { measure, unit, better }: Pick<Figure, 'measure' | 'unit' | 'better'>,
  of: (result: Result) => number,
): Figure {
  return { measure, unit, better, values: new Map([...results].map(([name, list]) => [name, list.map(of)])) };
}
