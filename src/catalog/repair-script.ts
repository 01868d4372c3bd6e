import { quoteLiteral } from '../db/statement.ts';
import type { NodeName, QueueName } from '../model/names.ts';

/** As its worker: without the right to be a replica, at least the triggers of the queues stay quiet. */
const asWorker = `
begin
    perform londiste.set_session_replication_role('replica', true);
exception when insufficient_privilege then
    perform pg_catalog.set_config('trunkline.replays', 'on', true);
end
`;

/**
 * One transaction that writes rows of a node as its worker would: the deny triggers, the user's triggers and foreign keys
 * stay quiet. The node's position is locked and must be the tick at which the rows were read: a worker that wants to go on
 * waits until the end, so that nothing replicated since is overwritten.
 */
export function repairScript(
  place: { readonly queue: QueueName; readonly node: NodeName; readonly tick: bigint },
  statements: readonly string[],
): string {
  const { queue, node, tick } = place;
  const message = `node ${node} of queue ${queue} is not at tick ${tick} any more: make the repair anew`;
  const check = `
declare v_tick bigint;
begin
    select s.last_tick_id into v_tick
      from pgq_node.local_state s
      join pgq_node.node_info i on i.queue_name = s.queue_name and i.worker_name = s.consumer_name
     where s.queue_name = ${quoteLiteral(queue)} and i.node_name = ${quoteLiteral(node)}
       for update of s;
    if v_tick is distinct from ${tick} then
        raise exception using message = ${quoteLiteral(message)}, errcode = 'object_not_in_prerequisite_state';
    end if;
end
`;
  return [
    'begin;',
    "set local client_encoding = 'UTF8';",
    "set local datestyle = 'ISO, MDY';",
    "set local intervalstyle = 'postgres';",
    `do language plpgsql ${quoteLiteral(asWorker).trimStart()};`,
    `do language plpgsql ${quoteLiteral(check).trimStart()};`,
    ...statements,
    'commit;',
    '',
  ].join('\n');
}
