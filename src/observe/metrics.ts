import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { CascadeStatus, NodeStatus, PresentNode, QueueActivity, Verdict } from '../model/status.ts';
import { encodeSyncState } from '../model/sync-state-codec.ts';
import type { NodeTally } from '../model/tally.ts';

export const metricsContentType = Registry.PROMETHEUS_CONTENT_TYPE;

/** Memory, CPU, event loop and handles of this process. */
export function startProcessMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** Built anew for each scrape: a node that left the file, or a state that no table is in, leaves no series behind. */
export async function metricsText(
  status: CascadeStatus,
  tallies: readonly NodeTally[],
  processMetrics: Registry,
): Promise<string> {
  const registry = new Registry();
  const set = gauges(registry);
  for (const { queue, nodes } of status.queues) for (const node of nodes) nodeMetrics(set, queue, node);
  tallyMetrics(registry, tallies);
  return Registry.merge([registry, processMetrics]).metrics();
}

type Labels = Readonly<Record<string, string>>;
type Set = (name: string, help: string, labels: Labels, value: number | bigint | undefined) => void;

/** A gauge is made when its first value comes: one that has none is not shown at all, which is not the same as 0. */
function gauges(registry: Registry): Set {
  const made = new Map<string, Gauge>();
  return (name, help, labels, value) => {
    if (value === undefined) return;
    let gauge = made.get(name);
    if (gauge === undefined) {
      gauge = new Gauge({ name, help, labelNames: Object.keys(labels), registers: [registry] });
      made.set(name, gauge);
    }
    gauge.set(labels, Number(value));
  };
}

const verdicts: readonly Verdict[] = ['ok', 'warn', 'error'];

function nodeMetrics(set: Set, queue: string, status: NodeStatus): void {
  const labels = { queue, node: status.node };
  for (const verdict of verdicts) {
    const help = 'Verdict of `trunkline status` on the node: 1 for the one that holds.';
    set('londiste_node_status', help, { ...labels, verdict }, status.verdict === verdict ? 1 : 0);
  }
  const byCode = new Map<string, number>();
  for (const { code, severity } of status.findings) {
    const key = JSON.stringify([code, severity]);
    byCode.set(key, (byCode.get(key) ?? 0) + 1);
  }
  for (const [key, count] of byCode) {
    const [code = '', severity = ''] = JSON.parse(key) as string[];
    set('londiste_node_findings', 'What `trunkline status` finds on the node.', { ...labels, code, severity }, count);
  }
  const { reading, subscription } = status;
  set('londiste_node_up', 'Whether the database of the node answers.', labels, reading.kind === 'unreachable' ? 0 : 1);
  if (subscription !== undefined && subscription !== 'none') {
    set(
      'pgq_consumer_lag_seconds',
      'Age of the data that the node holds for certain.',
      labels,
      subscription.lagMs / 1000,
    );
    set(
      'pgq_consumer_pending_ticks',
      'Ticks at the provider that the node has not finished.',
      labels,
      subscription.ticksBehind,
    );
    set(
      'pgq_consumer_pending_events',
      'Events in those ticks, by the event counter.',
      labels,
      subscription.eventsBehind,
    );
    const seen = subscription.sinceSeenMs / 1000;
    set('pgq_consumer_last_seen_seconds', "Since the node's worker last took a batch.", labels, seen);
  }
  if (reading.kind === 'present') presentMetrics(set, labels, reading);
}

function presentMetrics(set: Set, labels: Labels, node: PresentNode): void {
  // A root's own record of it is written now and then.
  const tick = node.type === 'root' ? (node.queue?.newestTick ?? node.tick) : node.tick;
  set('londiste_node_last_tick_id', 'Position of the node, in ticks of its queue.', labels, tick);
  set('londiste_node_paused', 'Whether the worker of the node is told to pause.', labels, node.paused ? 1 : 0);
  set('londiste_worker_error', 'Whether the worker of the node complains of an error.', labels, node.error ? 1 : 0);
  const age = node.heartbeat && node.heartbeat.ageMs / 1000;
  set('londiste_worker_heartbeat_age_seconds', 'Since the worker of the node last reported.', labels, age);
  const states = new Map<string, number>();
  for (const { sync, copy, table } of node.tables) {
    const state = sync === undefined ? 'unknown' : (encodeSyncState(sync)?.split(':')[0] ?? 'missing');
    states.set(state, (states.get(state) ?? 0) + 1);
    if (copy === undefined) continue;
    const ofTable = { ...labels, table };
    set('londiste_copy_rows', 'Rows that a running first copy has brought.', ofTable, copy.rowsDone);
    set('londiste_copy_expected_rows', 'Rows that it is expected to bring, by statistics.', ofTable, copy.rowsTotal);
    set('londiste_copy_bytes', 'Bytes that a running first copy has brought.', ofTable, copy.bytesDone);
  }
  for (const [state, count] of states) {
    set('londiste_tables', 'Tables of the node, by state.', { ...labels, state }, count);
  }
  const skipped = node.skipped?.lastDay ?? 0;
  set('londiste_skipped_events_last_day', 'Events that the node left out in the last day.', labels, skipped);
  const conflicts = node.conflicts?.lastDay ?? 0;
  set('londiste_conflicts_last_day', 'Conflicts that the node kept a record of in the last day.', labels, conflicts);
  if (node.queue !== undefined) queueMetrics(set, labels, node.queue);
}

function queueMetrics(set: Set, labels: Labels, queue: QueueActivity): void {
  set('pgq_queue_last_tick_id', 'Newest tick of the queue.', labels, queue.newestTick);
  set('pgq_queue_ticker_lag_seconds', 'Since the newest tick was made.', labels, queue.sinceTickMs / 1000);
  set('pgq_queue_pending_events', 'Events since the newest tick, by the event counter.', labels, queue.eventsWaiting);
  set('pgq_queue_size_bytes', 'Event tables of the queue on disk.', labels, queue.bytes);
  const rotated = queue.sinceRotationMs / 1000;
  set('pgq_queue_rotation_age_seconds', 'Since the event tables were last rotated.', labels, rotated);
  const { oldest } = queue;
  const who = { ...labels, consumer: oldest?.consumer ?? '' };
  const lag = oldest && oldest.lagMs / 1000;
  set('pgq_queue_oldest_consumer_lag_seconds', 'Of the consumer that rotation waits for.', who, lag);
}

function tallyMetrics(registry: Registry, tallies: readonly NodeTally[]): void {
  const labelNames = ['queue', 'node'];
  const counter = (name: string, help: string) => new Counter({ name, help, labelNames, registers: [registry] });
  const batches = counter('londiste_batches_applied_total', 'Batches that this process applied.');
  const events = counter('londiste_events_applied_total', 'Events that this process applied.');
  const failures = counter(
    'londiste_worker_failures_total',
    'Errors after which a worker of this process tried again.',
  );
  for (const { queue, node, ...tally } of tallies) {
    batches.inc({ queue, node }, tally.batches);
    events.inc({ queue, node }, tally.events);
    failures.inc({ queue, node }, tally.failures);
  }
}
