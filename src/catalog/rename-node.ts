import type { Session } from '../db/session.ts';
import { sql } from '../db/statement.ts';
import type { NodeName, QueueName } from '../model/names.ts';

/**
 * The one thing about a node that no function of pgq_node changes. Its place under the new name must be known. Who worked for
 * the old name loses its lease, so that nothing is written by it any more.
 */
export async function renameOwnNode(
  session: Session,
  node: { readonly queue: QueueName; readonly from: NodeName; readonly to: NodeName; readonly worker: string },
): Promise<void> {
  const { queue, from, to, worker } = node;
  await session.query(
    sql(
      `update pgq_node.local_state s set consumer_name = $3, uptodate = false
         from pgq_node.node_info i
        where i.queue_name = $1 and i.node_name = $2
          and s.queue_name = i.queue_name and s.consumer_name = i.worker_name`,
      queue,
      from,
      worker,
    ),
  );
  await session.query(
    sql(
      'update pgq_node.local_state set provider_node = $3 where queue_name = $1 and provider_node = $2',
      queue,
      from,
      to,
    ),
  );
  await session.query(
    sql(
      'update pgq_node.node_info set node_name = $3, worker_name = $4 where queue_name = $1 and node_name = $2',
      queue,
      from,
      to,
      worker,
    ),
  );
  for (const table of ['lease', 'worker_status']) {
    await session.query(sql(`delete from trunkline.${table} where queue_name = $1 and node_name = $2`, queue, from));
  }
  for (const [table, column] of ownRecords) {
    await session.query(
      sql(`update trunkline.${table} set ${column} = $3 where queue_name = $1 and ${column} = $2`, queue, from, to),
    );
  }
}

const ownRecords = [
  ['skipped_event', 'node_name'],
  ['conflict', 'node_name'],
  ['replaced_root', 'replaced_by'],
] as const;
