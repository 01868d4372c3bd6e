import type { Problem } from '../model/problem.ts';
import type { DesiredState, LiveNode, LiveState } from '../model/state.ts';
import { encodeSyncState } from '../model/sync-state-codec.ts';
import type { NodeSpec, QueueSpec } from '../model/topology.ts';

/** A plan is looked at now and then, so what lasts for a moment only is not worth a word; `status` sees it sooner. */
const silentLimits = { tickerMs: 300_000, copyMs: 600_000 };

/** What stands still although nobody asked for it. No step mends that: it is told beside the plan. */
export function watch(desired: DesiredState, live: LiveState): Problem[] {
  const found: Problem[] = [];
  for (const queue of desired.queues.values()) {
    for (const spec of queue.nodes.values()) {
      const observation = live.databases.get(spec.database);
      if (observation?.kind !== 'reachable') continue;
      const node = observation.queues.get(queue.name);
      if (node?.name !== spec.name) continue;
      found.push(...watchWorker(spec, queue, node), ...watchTicker(queue, node));
      for (const [table, quietMs] of observation.quietCopies.get(queue.name) ?? []) {
        const known = node.tables.get(table);
        if (known === undefined || quietMs < silentLimits.copyMs) continue;
        const state = encodeSyncState(known.sync);
        found.push({ code: 'copy_stuck', queue: queue.name, node: node.name, table, state, quietMs });
      }
    }
  }
  return found;
}

function watchWorker(spec: NodeSpec, queue: QueueSpec, node: LiveNode): Problem[] {
  const ids = { queue: queue.name, node: spec.name };
  const [error] = node.error?.split('\n', 1) ?? [];
  return [
    ...(node.paused ? [{ code: 'worker_paused' as const, ...ids }] : []),
    ...(error === undefined ? [] : [{ code: 'worker_failing' as const, ...ids, error }]),
  ];
}

function watchTicker(queue: QueueSpec, node: LiveNode): Problem[] {
  const { sinceTickMs, ticker } = node;
  if (node.type !== 'root' || sinceTickMs === undefined || ticker === undefined) return [];
  if (sinceTickMs <= Math.max(ticker.maxLagMs, ticker.idlePeriodMs) + silentLimits.tickerMs) return [];
  return [{ code: 'ticker_quiet', queue: queue.name, node: node.name, sinceTickMs }];
}
