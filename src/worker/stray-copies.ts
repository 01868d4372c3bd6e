import { readSubscribers, unregisterConsumers } from '../catalog/pgq.ts';
import { copyConsumer } from '../catalog/table-sync.ts';
import { assertLease } from '../catalog/trunkline.ts';
import { readConsumers, unregisterLocalConsumers, type WorkerState } from '../catalog/worker-state.ts';
import { transaction } from '../db/transaction.ts';
import { signOffAt } from './foreign-copies.ts';
import type { Link } from './link.ts';

/**
 * A table that was taken out while nobody worked for the node leaves its copy's consumer behind, and so may a process that
 * was replaced while it registered one: it would hold back the provider's rotation for ever.
 */
export async function signOffStrayCopies(
  { deps, provider, subscriber, generation, consumer: worker }: Link,
  readState: () => Promise<WorkerState>,
): Promise<void> {
  const { queue } = deps;
  const known = async () => [
    ...(await readConsumers(subscriber, queue)).map(({ name }) => name),
    ...(await readSubscribers(provider, queue)),
  ];
  if (straysAmong(await known(), worker, await readState()).length === 0) return;
  await transaction(subscriber, async () => {
    // While the lease is held nobody else can want one of them.
    await assertLease(subscriber, queue, deps.node, generation);
    const state = await readState();
    const local = await readConsumers(subscriber, queue);
    for (const consumer of straysAmong(await known(), worker, state)) {
      // One that read from another node than the provider is registered there.
      const from = local.find(({ name }) => name === consumer)?.provider;
      if (from !== undefined && from !== state.provider) {
        await signOffAt(deps, subscriber, from, [consumer]);
        continue;
      }
      await unregisterConsumers(provider, queue, [consumer]);
      await unregisterLocalConsumers(subscriber, queue, [consumer]);
    }
  });
}

function straysAmong(consumers: readonly string[], worker: string, { tables }: WorkerState): readonly string[] {
  const wanted = new Set(
    [...tables.values()].filter(({ sync }) => sync?.kind !== 'in_sync').map(({ name }) => copyConsumer(worker, name)),
  );
  const ofCopies = consumers.filter((consumer) => consumer.startsWith(copyConsumer(worker, '')));
  return [...new Set(ofCopies)].filter((consumer) => !wanted.has(consumer));
}
