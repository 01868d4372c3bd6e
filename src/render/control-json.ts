import type { Awaited, RetriedTable, ToldWorkers } from '../model/control.ts';
import { problemJson } from './describe-problem.ts';

/** What `pause --json` and `resume --json` print; `schemas/workers.schema.json` describes it. */
export function workersJson({ nodes, problems }: ToldWorkers, tables: readonly RetriedTable[] = []) {
  return {
    formatVersion: 1,
    nodes: nodes.map(({ tick, ...told }) => ({ ...told, tick: Number(tick) })),
    tables: tables.map(({ outcome, ...place }) => ({
      ...place,
      outcome: outcome.kind,
      error: outcome.kind === 'failed' ? outcome.error : null,
    })),
    problems: problems.map(problemJson),
  };
}

/** What `wait --json` prints; `schemas/wait.schema.json` describes it. */
export function waitJson({ nodes, problems }: Awaited) {
  return {
    formatVersion: 1,
    reached: nodes.every(({ reached }) => reached),
    nodes: nodes.map(({ tick, until, ...awaited }) => ({
      ...awaited,
      until: Number(until),
      tick: tick === undefined ? null : Number(tick),
    })),
    problems: problems.map(problemJson),
  };
}
