import { readFileSync } from 'node:fs';
import { type Applied, applyOn } from '../../src/app/apply.ts';
import { pickPlaces } from '../../src/app/pick-places.ts';
import { type lookOn, lookWith, planOn, type Reachable } from '../../src/app/plan.ts';
import { load } from '../../src/config/load.ts';
import type { HazardKind } from '../../src/model/hazard.ts';
import type { Plan } from '../../src/model/plan.ts';
import type { Progress } from '../../src/model/progress.ts';
import type { DesiredState } from '../../src/model/state.ts';
import { makeResyncPlan } from '../../src/planner/resync.ts';
import { problemSentences } from '../../src/render/describe-problem.ts';
import { describeStep } from '../../src/render/describe-step.ts';

const schema = JSON.parse(readFileSync('schemas/trunkline.schema.json', 'utf8')) as object;

/** Databases, with the section of a file that names them. */
type Planned = Reachable & { readonly yaml: string };

/** What a file says: the given text, below a version and the databases of a cluster. */
export function desiredOf(cluster: { readonly yaml: string }, text: string): DesiredState {
  return load([{ file: 'trunkline.yaml', text: `version: 1\n${cluster.yaml}${text}` }], { env: {}, schema });
}

export function planOf(cluster: Planned, text: string): Promise<Plan> {
  return planOn(desiredOf(cluster, text), cluster);
}

const everything: readonly HazardKind[] = [
  'copies-data',
  'truncates-target',
  'stops-replication',
  'loses-events',
  'drops-data',
  'takes-exclusive-lock',
  'moves-root',
  'blocks-writes',
];

/** Plans and applies with consent to all. */
export function applyAll(
  cluster: Planned,
  text: string,
  options: {
    readonly report?: (progress: Progress) => void;
    readonly lockTimeoutMs?: number;
    readonly workerTimeoutMs?: number;
    readonly look?: typeof lookOn;
  } = {},
): Promise<Applied> {
  const { look } = options;
  return applyOn(desiredOf(cluster, text), cluster, {
    ...(look === undefined ? {} : { look, keepsRecord: false }),
    env: {},
    allow: everything,
    lockTimeoutMs: options.lockTimeoutMs ?? 0,
    workerTimeoutMs: options.workerTimeoutMs ?? 30_000,
    describe: describeStep,
    explain: problemSentences,
    show: () => undefined,
    confirm: undefined,
    report: options.report ?? (() => undefined),
    signal: new AbortController().signal,
  });
}

/** Has tables of a node copied again. */
export function resyncAll(
  cluster: Planned,
  text: string,
  {
    node,
    tables,
    below = false,
  }: { readonly node: string; readonly tables: readonly string[]; readonly below?: boolean },
): Promise<Applied> {
  return applyAll(cluster, text, {
    look: lookWith((seen) => {
      const places = pickPlaces(seen.desired, { queues: [], nodes: [node] });
      return makeResyncPlan({ ...seen, places, tables, below });
    }),
  });
}

export const stepIds = (plan: Plan): readonly string[] => plan.steps.map((step) => step.id);
