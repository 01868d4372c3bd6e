import {
  type CascadeStatus,
  type NodeRecords,
  type NodeStatus,
  type QueueActivity,
  type SubscriptionReading,
  type TableStatus,
  type Verdict,
  type WorkerHeartbeat,
  worstOf,
} from '../model/status.ts';
import { encodeSyncState } from '../model/sync-state-codec.ts';
import type { NodeRole } from '../model/topology.ts';
import { describeFinding } from './describe-finding.ts';

/** What `status --json` prints; `schemas/status.schema.json` describes it. */
export interface StatusDocument {
  readonly formatVersion: 1;
  readonly verdict: Verdict;
  readonly queues: readonly {
    readonly queue: string;
    readonly verdict: Verdict;
    readonly nodes: readonly NodeJson[];
  }[];
}

interface NodeJson {
  readonly node: string;
  readonly role: NodeRole;
  readonly provider: string | null;
  readonly database: string;
  readonly location: string;
  readonly verdict: Verdict;
  readonly findings: readonly { readonly severity: string; readonly code: string; readonly message: string }[];
  readonly reachable: boolean;
  readonly setUp: boolean;
  /** A root's newest tick; a subscriber's position. */
  readonly tick: number | null;
  readonly lag: LagJson | null;
  readonly paused: boolean | null;
  readonly uptodate: boolean | null;
  readonly error: string | null;
  readonly worker: WorkerJson | null;
  readonly tables: readonly TableJson[];
  readonly queue: QueueJson | null;
  readonly skipped: RecordsJson | null;
  readonly conflicts: RecordsJson | null;
  readonly olderSql: readonly { readonly schema: string; readonly installed: string; readonly current: string }[];
}

interface RecordsJson {
  readonly count: number;
  readonly more: boolean;
  readonly lastDay: number;
  readonly newest: string;
}

interface LagJson {
  readonly seconds: number;
  readonly ticks: number;
  readonly events: number;
}

interface WorkerJson {
  readonly state: string;
  readonly host: string | null;
  readonly pid: number | null;
  readonly heartbeatSeconds: number;
}

interface TableJson {
  readonly table: string;
  readonly target: string;
  readonly state: string | null;
  readonly copy: {
    readonly phase: string;
    readonly rowsDone: number;
    readonly rowsTotal: number | null;
    readonly bytesDone: number;
  } | null;
}

interface QueueJson {
  readonly secondsSinceTick: number;
  readonly eventsWaiting: number;
  readonly bytes: number;
  readonly secondsSinceRotation: number;
  readonly oldestConsumer: string | null;
}

export function statusJson(status: CascadeStatus): StatusDocument {
  const queues = status.queues.map(({ queue, nodes }) => ({
    queue,
    verdict: worstOf(nodes.map(({ verdict }) => verdict)),
    nodes: nodes.map(nodeJson),
  }));
  return { formatVersion: 1, verdict: worstOf(queues.map(({ verdict }) => verdict)), queues };
}

function nodeJson(node: NodeStatus): NodeJson {
  const { reading } = node;
  const present = reading.kind === 'present' ? reading : undefined;
  const tick = present?.queue?.newestTick ?? present?.tick;
  return {
    node: node.node,
    role: node.role,
    provider: node.provider ?? null,
    database: node.database,
    location: node.location,
    verdict: node.verdict,
    findings: node.findings.map((finding) => ({
      severity: finding.severity,
      code: finding.code,
      message: describeFinding(finding),
    })),
    reachable: reading.kind !== 'unreachable',
    setUp: present !== undefined,
    tick: tick === undefined ? null : Number(tick),
    lag: lagJson(node.subscription),
    paused: present?.paused ?? null,
    uptodate: present?.uptodate ?? null,
    error: present?.error ?? null,
    worker: present?.heartbeat === undefined ? null : workerJson(present.heartbeat),
    tables: (present?.tables ?? []).map(tableJson),
    queue: present?.queue === undefined ? null : queueJson(present.queue),
    skipped: present?.skipped === undefined ? null : recordsJson(present.skipped),
    conflicts: present?.conflicts === undefined ? null : recordsJson(present.conflicts),
    olderSql: (present?.olderSql ?? []).map(({ name, from, to }) => ({ schema: name, installed: from, current: to })),
  };
}

function lagJson(subscription: SubscriptionReading): LagJson | null {
  if (subscription === undefined || subscription === 'none') return null;
  const { lagMs, ticksBehind, eventsBehind } = subscription;
  return {
    seconds: ticksBehind === 0n ? 0 : seconds(lagMs),
    ticks: Number(ticksBehind),
    events: Number(eventsBehind),
  };
}

function workerJson({ state, host, pid, ageMs }: WorkerHeartbeat): WorkerJson {
  return { state, host: host ?? null, pid: pid ?? null, heartbeatSeconds: seconds(ageMs) };
}

function tableJson({ table, target, sync, copy }: TableStatus): TableJson {
  return {
    table,
    target,
    state: sync === undefined ? 'unknown' : encodeSyncState(sync),
    copy:
      copy === undefined
        ? null
        : {
            phase: copy.phase,
            rowsDone: Number(copy.rowsDone),
            rowsTotal: copy.rowsTotal === undefined ? null : Number(copy.rowsTotal),
            bytesDone: Number(copy.bytesDone),
          },
  };
}

function queueJson(queue: QueueActivity): QueueJson {
  return {
    secondsSinceTick: seconds(queue.sinceTickMs),
    eventsWaiting: Number(queue.eventsWaiting),
    bytes: Number(queue.bytes),
    secondsSinceRotation: seconds(queue.sinceRotationMs),
    oldestConsumer: queue.oldest?.consumer ?? null,
  };
}

function recordsJson({ count, more, lastDay, newest }: NodeRecords): RecordsJson {
  return { count, more, lastDay, newest };
}

function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}
