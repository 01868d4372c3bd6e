import type { DesiredState } from '../model/state.ts';
import { type KeptObject, keptKinds, type QueueSpec } from '../model/topology.ts';
import type { TrunklineDocument } from './document.ts';
import { requireOneKey } from './require-one-key.ts';
import { namesUnder, type Scope } from './scope.ts';

/** An entry of `removed` is about one thing, which the queue does not name beside it. What patterns bring along, the plan sees. */
export function checkRemoved(scope: Scope, state: DesiredState, document: TrunklineDocument): void {
  for (const queue of state.queues.values()) {
    (document.queues?.[queue.name]?.removed ?? []).forEach((entry, index) => {
      const path = ['queues', queue.name, 'removed', index];
      requireOneKey(scope, path, entry, { keys: keptKinds, example: 'table: app.audit' });
    });
    const nodes = namesUnder(scope, 'queues', queue.name, 'nodes');
    for (const one of queue.kept) {
      if (!isNamed(queue, one, nodes)) continue;
      const { kind, name } = one;
      scope.problems.push({ code: 'removed_still_named', at: one.at, queue: queue.name, kind, name });
    }
  }
}

function isNamed({ tables, sequences }: QueueSpec, { kind, name }: KeptObject, nodes: readonly string[]): boolean {
  switch (kind) {
    case 'table':
      return tables.some(({ select }) => select.kind === 'name' && select.name === name);
    case 'sequence':
      return sequences.include.includes(name);
    case 'node':
      return nodes.includes(name);
  }
}
