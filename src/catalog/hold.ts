import type { Session } from '../db/session.ts';
import { sql } from '../db/statement.ts';
import type { NodeName, QueueName } from '../model/names.ts';

/**
 * Asks the worker of a node not to go past `tick` until `ttlMs` have passed or the hold is released. A tick before the
 * node's position makes it stand where it is. False where another holder came first.
 */
export async function setHold(
  session: Session,
  hold: {
    readonly queue: QueueName;
    readonly node: NodeName;
    readonly tick: bigint;
    readonly holder: string;
    readonly ttlMs: number;
  },
): Promise<boolean> {
  const [row] = await session.query<{ held: boolean }>(
    sql(
      `select trunkline.set_hold($1, $2, $3, $4, $5 * interval '1 millisecond') as held`,
      hold.queue,
      hold.node,
      hold.tick,
      hold.holder,
      hold.ttlMs,
    ),
  );
  return row?.held ?? false;
}

export async function releaseHold(session: Session, queue: QueueName, node: NodeName, holder: string): Promise<void> {
  await session.query(sql('select trunkline.release_hold($1, $2, $3)', queue, node, holder));
}

/** Takes away what an apply has left that was killed: it would keep the next one waiting until it expires. */
export async function dropLeftHold(session: Session, queue: QueueName, node: NodeName): Promise<void> {
  await session.query(
    sql(
      `delete from trunkline.hold h
        where h.queue_name = $1 and h.node_name = $2 and h.holder like 'trunkline apply %'
          and not exists (select from pg_catalog.pg_stat_activity a where a.application_name = h.holder::name::text)`,
      queue,
      node,
    ),
  );
}

/**
 * Asks the worker to confirm that it has read its state anew; it answers by setting `uptodate`. What it read before,
 * such as that nobody holds it, is forgotten then.
 */
export async function askForConfirmation(session: Session, queue: QueueName, worker: string): Promise<void> {
  await session.query(sql('select pgq_node.set_consumer_uptodate($1, $2, false)', queue, worker));
}
