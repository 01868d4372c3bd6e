import type { AssertionSpec } from '../model/assertion.ts';
import { databaseName, type QueueName, queueName } from '../model/names.ts';
import type { QueueSpec } from '../model/topology.ts';
import type { TrunklineDocument } from './document.ts';
import { nearest } from './nearest.ts';
import type { Path } from './place.ts';
import { longestWaitMs, readTime } from './read-time.ts';
import { at, keyAt, namesUnder, type Scope } from './scope.ts';

const defaultTimeout = '10s';

/** Those at the top of the file, then those of each queue, whose nodes are turned into databases. */
export function resolveAssertions(
  scope: Scope,
  document: TrunklineDocument,
  queues: ReadonlyMap<QueueName, QueueSpec>,
): readonly AssertionSpec[] {
  const found: AssertionSpec[] = [];
  for (const [name, raw] of Object.entries(document.assert ?? {})) {
    const path = ['assert', name];
    const known = namesUnder(scope, 'databases');
    if (!known.includes(raw.database))
      reportTarget(scope, [...path, 'database'], name, 'database', raw.database, known);
    found.push({ ...question(scope, path, raw), name, queue: undefined, database: databaseName(raw.database) });
  }
  for (const [queue, { assert }] of Object.entries(document.queues ?? {})) {
    const nodes = [...(queues.get(queueName(queue))?.nodes.values() ?? [])];
    for (const [name, raw] of Object.entries(assert ?? {})) {
      const path = ['queues', queue, 'assert', name];
      const node = nodes.find((one) =>
        raw.node === undefined ? one.placement.role === 'root' : one.name === raw.node,
      );
      const known = namesUnder(scope, 'queues', queue, 'nodes');
      if (raw.node !== undefined && !known.includes(raw.node)) {
        reportTarget(scope, [...path, 'node'], name, 'node', raw.node, known);
      }
      // A queue without a root, or with a faulty node, is told elsewhere.
      if (node === undefined) continue;
      found.push({ ...question(scope, path, raw), name, queue: queueName(queue), database: node.database });
    }
  }
  return found;
}

interface RawQuestion {
  readonly sql: string;
  readonly message?: string;
  readonly timeout?: string;
}

function question(scope: Scope, path: readonly string[], { sql, message, timeout = defaultTimeout }: RawQuestion) {
  const timeoutMs = readTime(scope, [...path, 'timeout'], timeout, {
    longestMs: longestWaitMs,
    example: defaultTimeout,
  });
  return { sql, message, timeoutMs: timeoutMs ?? 1, at: keyAt(scope, ...path) };
}

function reportTarget(
  scope: Scope,
  path: Path,
  assertion: string,
  what: 'database' | 'node',
  name: string,
  known: readonly string[],
): void {
  scope.problems.push({
    code: 'assertion_target_unknown',
    at: at(scope, ...path),
    assertion,
    what,
    name,
    known,
    suggestion: nearest(name, known),
  });
}
