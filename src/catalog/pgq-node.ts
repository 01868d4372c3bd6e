import type { Session } from '../db/session.ts';
import { sql } from '../db/statement.ts';
import { type Location, location, type NodeName, nodeName, type QueueName } from '../model/names.ts';
import { callForReply, type Reply } from './reply.ts';

export interface NodeInfo {
  readonly type: 'root' | 'branch' | 'leaf';
  readonly name: NodeName;
  readonly provider: NodeName | undefined;
  readonly worker: string;
  readonly workerLastTick: bigint;
}

/** Undefined where the database holds no node of the queue. */
export async function getNodeInfo(session: Session, queue: QueueName): Promise<NodeInfo | undefined> {
  const reply = await callForReply<{
    node_type: NodeInfo['type'];
    node_name: string;
    provider_node: string | null;
    worker_name: string;
    worker_last_tick: bigint;
  }>(
    session,
    sql(
      `select ret_code, ret_note, node_type, node_name, provider_node, worker_name, worker_last_tick
         from pgq_node.get_node_info($1)`,
      queue,
    ),
  );
  if (reply.status === 404) return undefined;
  const { row } = reply;
  return {
    type: row.node_type,
    name: nodeName(row.node_name),
    provider: row.provider_node === null ? undefined : nodeName(row.provider_node),
    worker: row.worker_name,
    workerLastTick: row.worker_last_tick,
  };
}

export interface QueueLocation {
  readonly node: NodeName;
  readonly location: Location;
  readonly dead: boolean;
}

export async function getQueueLocations(session: Session, queue: QueueName): Promise<readonly QueueLocation[]> {
  const rows = await session.query<{ node_name: string; node_location: string; dead: boolean }>(
    sql('select node_name, node_location, dead from pgq_node.get_queue_locations($1)', queue),
  );
  return rows.map((row) => ({
    node: nodeName(row.node_name),
    location: location(row.node_location),
    dead: row.dead,
  }));
}

export function registerLocation(
  session: Session,
  queue: QueueName,
  { node, location, dead }: QueueLocation,
): Promise<Reply> {
  return callForReply(
    session,
    sql('select ret_code, ret_note from pgq_node.register_location($1, $2, $3, $4)', queue, node, location, dead),
  );
}

export function unregisterLocation(session: Session, queue: QueueName, node: NodeName): Promise<Reply> {
  return callForReply(session, sql('select ret_code, ret_note from pgq_node.unregister_location($1, $2)', queue, node));
}

export function createRootNode(session: Session, queue: QueueName, node: NodeName, worker: string): Promise<Reply> {
  return callForReply(
    session,
    sql(
      `select ret_code, ret_note
         from pgq_node.create_node($1, 'root', $2, $3, null, null, null)`,
      queue,
      node,
      worker,
    ),
  );
}

/** `globalWatermark` is the tick that the node starts from: the first one in a branch's own queue. */
export function createSubscriberNode(
  session: Session,
  node: {
    readonly queue: QueueName;
    readonly type: 'branch' | 'leaf';
    readonly node: NodeName;
    readonly worker: string;
    readonly provider: NodeName;
    readonly globalWatermark: bigint;
    readonly mergesInto: QueueName | undefined;
  },
): Promise<Reply> {
  return callForReply(
    session,
    sql(
      'select ret_code, ret_note from pgq_node.create_node($1, $2, $3, $4, $5, $6, $7)',
      node.queue,
      node.type,
      node.node,
      node.worker,
      node.provider,
      node.globalWatermark,
      node.mergesInto ?? null,
    ),
  );
}

export function dropNode(session: Session, queue: QueueName, node: NodeName): Promise<Reply> {
  return callForReply(session, sql('select ret_code, ret_note from pgq_node.drop_node($1, $2)', queue, node));
}

export async function getSubscribers(session: Session, queue: QueueName): Promise<ReadonlyMap<NodeName, string>> {
  const rows = await session.query<{ node_name: string; worker_name: string }>(
    sql('select node_name, worker_name from pgq_node.get_subscriber_info($1)', queue),
  );
  return new Map(rows.map((row) => [nodeName(row.node_name), row.worker_name]));
}

/** `tick` undefined starts the worker at the global watermark, which is given back. */
export async function registerSubscriber(
  session: Session,
  subscriber: {
    readonly queue: QueueName;
    readonly node: NodeName;
    readonly worker: string;
    readonly tick: bigint | undefined;
  },
): Promise<Reply & { readonly globalWatermark: bigint }> {
  const { queue, node, worker, tick } = subscriber;
  const { row, ...reply } = await callForReply<{ global_watermark: bigint }>(
    session,
    sql(
      'select ret_code, ret_note, global_watermark from pgq_node.register_subscriber($1, $2, $3, $4)',
      queue,
      node,
      worker,
      tick ?? null,
    ),
  );
  return { ...reply, globalWatermark: row.global_watermark };
}

export function unregisterSubscriber(session: Session, queue: QueueName, node: NodeName): Promise<Reply> {
  return callForReply(
    session,
    sql('select ret_code, ret_note from pgq_node.unregister_subscriber($1, $2)', queue, node),
  );
}
