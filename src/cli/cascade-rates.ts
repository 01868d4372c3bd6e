import type { CascadeStatus, NodeStatus, QueueStatus } from '../model/status.ts';
import type { CascadeRates, NodeRates } from '../render/top-text.ts';
import { slidingRates } from './sliding-rates.ts';

/** What each look adds to the last ones. */
export interface RateWatch {
  next(status: CascadeStatus, atMs: number): CascadeRates;
}

export function watchRates(): RateWatch {
  const rates = slidingRates();
  return {
    next(status, atMs) {
      const nodes = new Map<string, NodeRates>();
      const copies = new Map<string, number | undefined>();
      for (const { queue, nodes: all } of status.queues)
        for (const node of all) {
          const key = JSON.stringify([queue, node.node]);
          nodes.set(key, nodeRates(key, node, all));
          for (const { table, copy } of node.reading.kind === 'present' ? node.reading.tables : []) {
            if (copy === undefined) continue;
            const ofTable = JSON.stringify([queue, node.node, table]);
            copies.set(ofTable, rates.next(ofTable, { atMs, value: Number(copy.rowsDone) }));
          }
        }
      return {
        node: (queue, node) => nodes.get(JSON.stringify([queue, node])) ?? unknown,
        copy: (queue, node, table) => copies.get(JSON.stringify([queue, node, table])),
      };

      function nodeRates(key: string, node: NodeStatus, all: QueueStatus['nodes']): NodeRates {
        const value = counterOf(node);
        const changes = value === undefined ? undefined : rates.next(key, { atMs, value: Number(value) });
        const provider = node.provider === undefined ? node : all.find((other) => other.node === node.provider);
        const size = provider?.reading.kind === 'present' ? provider.reading.queue?.eventBytes : undefined;
        return { changes, bytes: changes === undefined || size === undefined ? undefined : changes * size };
      }
    },
  };
}

const unknown: NodeRates = { changes: undefined, bytes: undefined };

/** Of a root what is written, of a subscriber what it has finished. */
function counterOf({ role, reading, subscription }: NodeStatus): bigint | undefined {
  if (role === 'root') return reading.kind === 'present' ? reading.queue?.eventsWritten : undefined;
  return subscription === undefined || subscription === 'none' ? undefined : subscription.eventsDone;
}
