import type { Connector } from '../db/connector.ts';
import { rehearse } from '../executor/rehearse.ts';
import type { DatabaseName, NodeName, QueueName } from '../model/names.ts';
import type { Plan } from '../model/plan.ts';
import type { LiveState } from '../model/state.ts';
import type { ExecuteSqlFile } from '../model/step.ts';
import type { Rehearsal } from '../planner/add-rehearsals.ts';

interface Place {
  readonly queue: QueueName;
  readonly node: NodeName;
  readonly database: DatabaseName;
  readonly root: boolean;
}

/** Tries the SQL files of a plan on every node that has not run them, side by side, and rolls them back. */
export async function rehearseFiles(
  plan: Plan,
  live: LiveState,
  connector: Connector,
  signal: AbortSignal | undefined,
): Promise<readonly Rehearsal[]> {
  const steps = plan.steps.filter((step) => step.kind === 'execute_file');
  const places = new Map<string, { readonly place: Place; readonly steps: ExecuteSqlFile[] }>();
  for (const step of steps) {
    for (const { node, database } of step.nodes) {
      const key = `${step.queue}\n${node}`;
      const place = { queue: step.queue, node, database, root: node === step.node };
      const entry = places.get(key) ?? { place, steps: [] };
      places.set(key, entry);
      entry.steps.push(step);
    }
  }
  const results = [...places.values()].map(async ({ place, steps: files }) => {
    const outcomes = await rehearse(
      connector,
      place,
      files.map(({ file }) => file),
      signal,
    );
    const renamed = renamedOn(place, live);
    return files.flatMap((step, index): Rehearsal[] => {
      const outcome = outcomes[index];
      return outcome === undefined ? [] : [{ step, node: place.node, outcome, renamed }];
    });
  });
  return (await Promise.all(results)).flat();
}

function renamedOn({ queue, database }: Place, live: LiveState): Rehearsal['renamed'] {
  const observation = live.databases.get(database);
  const node = observation?.kind === 'reachable' ? observation.queues.get(queue) : undefined;
  return [...(node?.tables.values() ?? [])].flatMap(({ name, spec, local }) =>
    local && spec !== undefined && spec.destination !== name ? [{ table: name, here: spec.destination }] : [],
  );
}
