import { assertNever } from '../model/exhaustive.ts';
import type { NodeName } from '../model/names.ts';
import {
  changeKinds,
  type Finding,
  type NodeReading,
  type PresentNode,
  type QueueActivity,
  type Subscription,
  type SubscriptionReading,
  type TableRenaming,
  type TableStatus,
  type Verdict,
  worstOf,
} from '../model/status.ts';
import type { NodeRole } from '../model/topology.ts';

/** From where on something is worth a word. A worker of this tool reports every five seconds at the least. */
const healthLimits = {
  heartbeatMs: 10_000,
  /** A worker of Londiste is seen only when it takes a batch: it may be away for an idle period and this long. */
  seenMs: 60_000,
  lagWarnMs: 30_000,
  lagErrorMs: 600_000,
  /** Beyond the limits that the queue itself sets. */
  tickerMs: 10_000,
  rotationMs: 600_000,
  /** What was left out longer ago stays on the record, and is no news. */
  skippedMs: 86_400_000,
} as const;

export interface NodeInput {
  readonly role: NodeRole;
  readonly reading: NodeReading;
  /** Of a subscriber, at its provider. */
  readonly subscription: SubscriptionReading;
  /** Of the provider's queue; undefined where it could not be asked. */
  readonly provider: QueueActivity | undefined;
  /** Who took its place as the root while it did not answer. */
  readonly replacedBy?: NodeName | undefined;
  /** Of a root. */
  readonly renamings?: readonly TableRenaming[];
}

export interface Health {
  readonly verdict: Verdict;
  /** Errors first. */
  readonly findings: readonly Finding[];
}

/** Ok only where nothing at all speaks against it; whatever does is named. */
export function judgeNode(input: NodeInput): Health {
  const findings = [...findingsOf(input)].sort((one, other) => rank(one) - rank(other));
  return { verdict: worstOf(findings.map(({ severity }) => severity)), findings };
}

function rank({ severity }: Finding): number {
  return severity === 'error' ? 0 : 1;
}

function* findingsOf(input: NodeInput): Iterable<Finding> {
  const { reading, role } = input;
  switch (reading.kind) {
    case 'unreachable':
      yield { code: 'unreachable', severity: 'error', problem: reading.problem };
      yield* subscriptionLag(input);
      return;
    case 'not_set_up':
      yield { code: 'not_set_up', severity: 'warn' };
      return;
    case 'elsewhere':
      yield { code: 'elsewhere', severity: 'error', found: reading.found };
      return;
    case 'present':
      if (reading.type === 'root' && input.replacedBy !== undefined) {
        yield { code: 'root_replaced', severity: 'error', by: input.replacedBy };
        return;
      }
      yield* workerFindings(reading, input);
      yield* role === 'root' ? queueFindings(reading.queue) : positionFindings(reading, input);
      yield* recordFindings(reading);
      for (const table of reading.tables) yield* tableFindings(table, role);
      for (const renaming of input.renamings ?? []) yield { code: 'table_renaming', severity: 'warn', ...renaming };
      return;
    default:
      assertNever(reading);
  }
}

function* recordFindings({ skipped, olderSql: schemas }: PresentNode): Iterable<Finding> {
  if (skipped !== undefined && skipped.ageMs <= healthLimits.skippedMs) {
    yield { code: 'events_skipped', severity: 'warn', records: skipped };
  }
  if (schemas.length > 0) yield { code: 'sql_older', severity: 'warn', schemas };
}

function* workerFindings(node: PresentNode, input: NodeInput): Iterable<Finding> {
  if (node.error !== undefined) yield { code: 'worker_error', severity: 'error', message: firstLine(node.error) };
  if (node.paused) yield { code: 'paused', severity: 'warn' };
  // A root needs a ticker, which is judged by its ticks; only a subscriber needs a worker.
  if (input.role === 'root') return;
  const silent = silence(node, input);
  if (silent !== undefined) yield silent;
  else if (!node.uptodate) yield { code: 'not_uptodate', severity: 'warn' };
}

function silence({ heartbeat, uptodate }: PresentNode, { subscription, provider }: NodeInput): Finding | undefined {
  if (heartbeat !== undefined && heartbeat.state !== 'stopped') {
    if (heartbeat.ageMs <= healthLimits.heartbeatMs) return undefined;
  }
  // Another tool's worker leaves no heartbeat, but has confirmed its state, and takes batches.
  if (heartbeat === undefined && uptodate && isSubscription(subscription) && provider !== undefined) {
    if (subscription.sinceSeenMs <= provider.idlePeriodMs + healthLimits.seenMs) return undefined;
  }
  return { code: 'worker_silent', severity: 'error', sinceMs: heartbeat?.ageMs };
}

function* positionFindings(node: PresentNode, input: NodeInput): Iterable<Finding> {
  const { subscription, provider } = input;
  if (subscription === undefined) {
    yield { code: 'provider_unknown', severity: 'warn' };
    return;
  }
  if (subscription === 'none') {
    yield { code: 'not_subscribed', severity: 'error' };
    return;
  }
  if (provider !== undefined && node.tick > provider.newestTick) {
    yield {
      code: 'ahead_of_provider',
      severity: 'error',
      tick: node.tick,
      newestTick: provider.newestTick,
    };
  }
  if (node.tick < subscription.tick) {
    yield { code: 'behind_subscription', severity: 'error', tick: node.tick, subscription: subscription.tick };
  }
  yield* subscriptionLag(input);
}

function* subscriptionLag({ subscription }: NodeInput): Iterable<Finding> {
  if (!isSubscription(subscription)) return;
  const { lagMs, ticksBehind: ticks, eventsBehind: events } = subscription;
  // At the newest tick its age is the ticker's business.
  if (ticks === 0n || lagMs <= healthLimits.lagWarnMs) return;
  yield { code: 'lagging', severity: lagMs > healthLimits.lagErrorMs ? 'error' : 'warn', lagMs, ticks, events };
}

function* queueFindings(queue: QueueActivity | undefined): Iterable<Finding> {
  if (queue === undefined) return;
  const { sinceTickMs: sinceMs, eventsWaiting } = queue;
  if (queue.tickerPaused) yield { code: 'ticker_paused', severity: 'error' };
  else if (sinceMs > tickDueMs(queue)) yield { code: 'ticker_silent', severity: 'error', sinceMs, eventsWaiting };
  const { sinceRotationMs, rotationPeriodMs: periodMs, bytes, oldest, heldBy } = queue;
  if (periodMs > 0 && sinceRotationMs > 2 * periodMs + healthLimits.rotationMs) {
    yield {
      code: 'rotation_stuck',
      severity: 'warn',
      sinceMs: sinceRotationMs,
      periodMs,
      bytes,
      consumer: oldest?.consumer,
      tick: oldest?.tick,
      heldBy,
    };
  }
}

function tickDueMs({ eventsWaiting, maxLagMs, idlePeriodMs }: QueueActivity): number {
  return (eventsWaiting > 0n ? maxLagMs : Math.max(maxLagMs, idlePeriodMs)) + healthLimits.tickerMs;
}

function* tableFindings(table: TableStatus, role: NodeRole): Iterable<Finding> {
  const { table: name, target, sync } = table;
  if (!table.exists) {
    yield { code: 'table_gone', severity: 'error', table: name, target };
    return;
  }
  if (table.error !== undefined) {
    yield { code: 'table_parked', severity: 'error', table: name, message: firstLine(table.error) };
  } else if (sync?.kind !== 'in_sync') {
    // A copy that is under way is no fault, but the table is not there yet either.
    yield { code: 'table_not_in_sync', severity: sync === undefined ? 'error' : 'warn', table: name, sync };
  }
  if (table.disabledTriggers.length > 0) {
    yield { code: 'trigger_disabled', severity: 'error', table: name, triggers: table.disabledTriggers };
  }
  const changes = changeKinds.filter((kind) => !table.watched.includes(kind));
  if (changes.length === 0) return;
  if (role === 'root') yield { code: 'not_captured', severity: 'error', table: name, changes };
  else yield { code: 'not_denied', severity: 'warn', table: name, changes };
}

function isSubscription(reading: SubscriptionReading): reading is Subscription {
  return reading !== undefined && reading !== 'none';
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
