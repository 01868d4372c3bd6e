import { setMaxListeners } from 'node:events';
import type { Connector } from '../db/connector.ts';
import type { Clock } from '../model/clock.ts';
import type { Log } from '../model/log.ts';
import type { DatabaseName, NodeName, QueueName } from '../model/names.ts';
import type { ToolError } from '../model/problem.ts';
import type { Report } from '../model/progress.ts';
import type { Count } from '../model/tally.ts';
import type { NodeSpec, QueueSpec } from '../model/topology.ts';
import { type NodeDeps, nodeView } from './deps.ts';
import { trackFailures } from './failures.ts';
import { successorFinder } from './find-successor.ts';
import { replayNode } from './replay-node.ts';
import { isNotThere } from './round.ts';
import { tickQueue } from './ticker.ts';

export interface WorkersInput {
  readonly queues: readonly QueueSpec[];
  /** Undefined: every node of the queues. */
  readonly nodes: ReadonlySet<NodeName> | undefined;
  /** Whether to tick and maintain the queues that the nodes keep. */
  readonly ticker: boolean;
  /** Whether to replay and copy for them; true unless told. */
  readonly replay?: boolean;
  /** Where a node lives now, where that may change while the loops run; by the queues above unless told. */
  readonly databaseOf?: (queue: QueueName, node: NodeName) => DatabaseName | undefined;
  /** Whether its nodes are to be let go once they are dropped; otherwise they are waited for to be set up. */
  readonly leaving?: () => boolean;
  readonly connector: Connector;
  readonly clock: Clock;
  readonly log: Log;
  readonly report: Report;
  readonly explain: (error: ToolError) => string;
  readonly count?: Count | undefined;
  readonly holder: string;
  /** How often a provider is told what is not needed any more; undefined: every ten seconds. */
  readonly watermarkEveryMs?: number;
  readonly fault: (point: string) => void;
}

export interface Workers extends AsyncDisposable {
  /** Resolves when every loop has ended. */
  readonly ended: Promise<void>;
  /** Batches in hand are finished, at most this long; then connections are cut, and what was not committed is redone later. */
  stop(graceMs: number): Promise<void>;
}

/** Starts the loops of all nodes asked for; each goes on by itself, whatever happens to the others. */
export function startWorkers(input: WorkersInput): Workers {
  const stopping = new AbortController();
  const killing = new AbortController();
  // Every session and every wait of every node listens to these.
  setMaxListeners(0, stopping.signal, killing.signal);
  const loops: Promise<void>[] = [];
  for (const queue of input.queues) {
    for (const node of queue.nodes.values()) {
      if (input.nodes !== undefined && !input.nodes.has(node.name)) continue;
      const deps = depsOf(
        { ...input, connector: plainly(input.connector) },
        queue,
        node,
        stopping.signal,
        killing.signal,
      );
      if (input.replay !== false) loops.push(keepGoing(deps, replayNode));
      if (input.ticker) {
        const { maxLagMs } = queue.ticker;
        const quickMs = Math.min(500, Math.max(5, maxLagMs / 4));
        const options = {
          quickMs,
          leastMs: Math.min(500, maxLagMs + 1),
          patientMs: Math.max(100, maxLagMs),
          idleMs: Math.max(250, quickMs),
          maintainEveryMs: 15_000,
        };
        loops.push(keepGoing(deps, (mine, failures) => tickQueue(mine, options, () => failures.over())));
      }
    }
  }
  const ended = Promise.all(loops).then(() => undefined);

  async function stop(graceMs: number): Promise<void> {
    stopping.abort();
    const timer = setTimeout(() => killing.abort(), graceMs);
    await ended;
    clearTimeout(timer);
  }

  return { ended, stop, [Symbol.asyncDispose]: () => stop(5_000) };
}

/** Runs a loop again whenever it ends, with growing waits while it fails. Never rejects. */
async function keepGoing(
  deps: NodeDeps,
  loop: (deps: NodeDeps, failures: ReturnType<typeof trackFailures>) => Promise<void>,
): Promise<void> {
  const failures = trackFailures(deps);
  while (!deps.stop.aborted) {
    try {
      await loop(deps, failures);
    } catch (error) {
      if (deps.stop.aborted) return;
      if (deps.leaving() && isNotThere(error)) return deps.leave();
      await deps.clock.sleep(failures.add(error), deps.stop);
    }
  }
}

/**
 * Reads of the catalogs of thousands of tables look dear to the planner, and compiling them takes ten times as long as running
 * them.
 */
function plainly(connector: Connector): Connector {
  return (database, options) => connector(database, { ...options, settings: { jit: 'off', ...options.settings } });
}

function depsOf(
  input: WorkersInput,
  queue: QueueSpec,
  node: NodeSpec,
  stopping: AbortSignal,
  kill: AbortSignal,
): NodeDeps {
  const name: QueueName = queue.name;
  const left = new AbortController();
  const stop = AbortSignal.any([stopping, left.signal]);
  setMaxListeners(0, stop);
  return {
    queue: name,
    node: node.name,
    database: node.database,
    databaseOf: (other) => input.databaseOf?.(name, other) ?? queue.nodes.get(other)?.database,
    others: [...queue.nodes.keys()].filter((other) => other !== node.name),
    successor: successorFinder(),
    leaving: () => input.leaving?.() ?? false,
    leave() {
      if (left.signal.aborted) return;
      const message = `${node.name} is no node of ${name} any more: nothing is left to do for it`;
      input.log({ level: 'info', event: 'worker_ended', queue: name, node: node.name, message });
      left.abort();
    },
    parallelCopies: node.parallelCopies,
    onError: node.onError,
    foreignEvents: node.foreignEvents,
    view: input.replay === false ? undefined : nodeView(input.clock),
    connector: input.connector,
    clock: input.clock,
    log: input.log,
    report: input.report,
    explain: input.explain,
    count: (what, by) => input.count?.(name, node.name, what, by),
    holder: input.holder,
    watermarkEveryMs: input.watermarkEveryMs ?? 10_000,
    stop,
    kill,
    fault: input.fault,
  };
}
