import { setTableAttrs } from '../catalog/londiste.ts';
import { expectDone } from '../catalog/reply.ts';
import { withShardPart } from '../catalog/shard.ts';
import { readTargetTables } from '../catalog/target-tables.ts';
import { assertLease } from '../catalog/trunkline.ts';
import type { WorkerTable } from '../catalog/worker-state.ts';
import { quoteIdent, quoteName } from '../db/statement.ts';
import { transaction } from '../db/transaction.ts';
import { splitName } from '../model/names.ts';
import { rowCondition } from '../model/projection.ts';
import type { Link } from './link.ts';

/**
 * Deletes what a closer filter does not let through any more, and takes the request back in the same transaction. Between
 * two batches of the only one that writes here: no row of an older filter can come after.
 */
export async function pruneTable(link: Link, { spec: stored }: WorkerTable): Promise<void> {
  const { deps, subscriber, generation } = link;
  if (stored === undefined) return;
  await transaction(subscriber, async () => {
    await assertLease(subscriber, deps.queue, deps.node, generation);
    const condition = rowCondition(await withShardPart(subscriber, stored));
    const alias = quoteIdent(splitName(stored.name).name);
    const target = (await readTargetTables(subscriber, [stored.destination])).get(stored.destination);
    const only = target?.partitioned === true ? '' : 'only ';
    const deleted =
      condition === undefined
        ? 0
        : await subscriber.run({
            text: `delete from ${only}${quoteName(stored.destination)} as ${alias} where (${condition}\n) is not true`,
            values: [],
          });
    const call = `londiste.local_set_table_attrs(${stored.name})`;
    expectDone(await setTableAttrs(subscriber, deps.queue, stored, false), { node: deps.node, call });
    deps.log({
      level: 'info',
      event: 'table_pruned',
      queue: deps.queue,
      node: deps.node,
      table: stored.name,
      message: `${stored.destination}: ${deleted} rows that its filter does not let through were deleted`,
    });
  });
}
