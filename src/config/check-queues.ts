import type { DatabaseName, NodeName } from '../model/names.ts';
import type { DesiredState } from '../model/state.ts';
import type { QueueSpec } from '../model/topology.ts';
import type { TrunklineDocument } from './document.ts';
import { nearest } from './nearest.ts';
import { at, isIncomplete, keyAt, namesUnder, type Scope } from './scope.ts';

/** Each queue has exactly one root, which reads from nobody. */
export function checkRoots(scope: Scope, state: DesiredState, document: TrunklineDocument): void {
  for (const queue of state.queues.values()) {
    const roots = [...queue.nodes.values()]
      .filter(({ placement }) => placement.role === 'root')
      .map(({ name }) => name);
    if (roots.length === 0 && !isIncomplete(scope, 'queues', queue.name, 'nodes')) reportMissing(scope, queue);
    const [, second] = roots;
    if (second !== undefined) {
      const place = at(scope, 'queues', queue.name, 'nodes', second, 'role');
      scope.problems.push({ code: 'roots_many', at: place, queue: queue.name, roots });
    }
    for (const root of roots) {
      const provider = document.queues?.[queue.name]?.nodes?.[root]?.provider;
      if (provider === undefined) continue;
      scope.problems.push({
        code: 'root_has_provider',
        at: keyAt(scope, 'queues', queue.name, 'nodes', root, 'provider'),
        queue: queue.name,
        node: root,
        provider: provider as NodeName,
      });
    }
  }
}

function reportMissing(scope: Scope, queue: QueueSpec): void {
  if (queue.nodes.size > 0) {
    scope.problems.push({ code: 'root_missing', at: keyAt(scope, 'queues', queue.name), queue: queue.name });
    return;
  }
  scope.problems.push({
    code: 'key_missing',
    at: keyAt(scope, 'queues', queue.name),
    keys: ['nodes'],
    example: 'nodes: { root1: { database: source, role: root }, leaf1: { database: copy, role: leaf } }',
  });
}

/** Each node lives on a database that is named, and on one that no other node of its queue has. */
export function checkDatabases(scope: Scope, state: DesiredState): void {
  const known = namesUnder(scope, 'databases') as DatabaseName[];
  for (const queue of state.queues.values()) {
    const nodesOf = new Map<DatabaseName, NodeName[]>();
    for (const { name: node, database } of queue.nodes.values()) {
      const place = at(scope, 'queues', queue.name, 'nodes', node, 'database');
      if (!known.includes(database)) {
        const suggestion = nearest(database, known);
        scope.problems.push({
          code: 'database_unknown',
          at: place,
          queue: queue.name,
          node,
          database,
          known,
          suggestion,
        });
        continue;
      }
      const nodes = [...(nodesOf.get(database) ?? []), node];
      nodesOf.set(database, nodes);
      if (nodes.length === 2) {
        scope.problems.push({ code: 'database_shared', at: place, queue: queue.name, database, nodes });
      }
    }
  }
}
