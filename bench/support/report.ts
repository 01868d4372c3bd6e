import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { median } from '../median.ts';
import { barChart } from './bar-chart.ts';

/** One thing measured, for each contender in each round. */
export interface Figure {
  readonly measure: string;
  readonly unit: string;
  readonly better: 'more' | 'less';
  readonly values: ReadonlyMap<string, readonly number[]>;
}

/** A table for whoever waits, JSON for programs, a picture for readers. */
export function report(name: string, workload: string, ours: string, figures: readonly Figure[]): void {
  const rows = figures.flatMap((figure) =>
    [...figure.values].map(([contender, values]) => ({
      measure: figure.measure,
      unit: figure.unit,
      contender,
      median: rounded(median(values)),
      min: rounded(Math.min(...values)),
      max: rounded(Math.max(...values)),
      ...ratioTo(figure, ours, contender),
    })),
  );
  const text = {
    workload,
    rounds: Math.max(...figures.flatMap(({ values }) => [...values.values()].map(({ length }) => length))),
    cores: cpus().length,
    loadAverage: loadavg().map(rounded),
    rows,
  };
  mkdirSync('bench/results', { recursive: true });
  writeFileSync(`bench/results/${name}.json`, `${JSON.stringify(text, undefined, 2)}\n`);
  writeFileSync(`bench/results/${name}.svg`, barChart(`${name}: ${workload}`, figures));
  console.log(
    rows
      .map(({ measure, contender, median: middle, min, unit, oursAgainstIt }) =>
        [
          measure.padEnd(32),
          contender.padEnd(28),
          `median ${middle} ${unit}`.padEnd(28),
          `min ${min}`.padEnd(16),
          oursAgainstIt === undefined
            ? ''
            : `ours is ${oursAgainstIt.median} times as good, at least ${oursAgainstIt.min}`,
        ].join(' '),
      )
      .join('\n'),
  );
}

/** A ratio of one round compares neighbours in time, so it is steadier than the figures. */
function ratioTo(
  figure: Figure,
  ours: string,
  contender: string,
): { readonly oursAgainstIt?: { readonly median: number; readonly min: number } } {
  const mine = figure.values.get(ours);
  if (mine === undefined || contender === ours) return {};
  const ratios = (figure.values.get(contender) ?? []).map((value, round) => {
    const own = mine[round] ?? Number.NaN;
    return figure.better === 'more' ? own / value : value / own;
  });
  return { oursAgainstIt: { median: rounded(median(ratios)), min: rounded(Math.min(...ratios)) } };
}

function rounded(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Math.round(value * 100) / 100;
}
