import type { NodeName, QueueName } from './names.ts';

/** What a worker counts while it works; each only grows for as long as the process lives. */
export const tallied = ['batches', 'events', 'failures'] as const;
export type Tallied = (typeof tallied)[number];

/** Told by a worker, for whoever watches the process. */
export type Count = (queue: QueueName, node: NodeName, what: Tallied, by: number) => void;

export interface NodeTally extends Readonly<Record<Tallied, number>> {
  readonly queue: QueueName;
  readonly node: NodeName;
}

/** The counters of one process. */
export interface Tallies {
  readonly count: Count;
  read(): readonly NodeTally[];
}

export function startTallies(): Tallies {
  const nodes = new Map<string, NodeTally & Record<Tallied, number>>();
  return {
    count(queue, node, what, by) {
      const key = JSON.stringify([queue, node]);
      const tally = nodes.get(key) ?? { queue, node, batches: 0, events: 0, failures: 0 };
      nodes.set(key, tally);
      tally[what] += by;
    },
    read: () => [...nodes.values()].map((tally) => ({ ...tally })),
  };
}
