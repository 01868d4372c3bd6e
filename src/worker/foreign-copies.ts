import { unregisterConsumers } from '../catalog/pgq.ts';
import { copyConsumer, setTableState } from '../catalog/table-sync.ts';
import { assertLease } from '../catalog/trunkline.ts';
import { readConsumers, unregisterLocalConsumers, type WorkerState } from '../catalog/worker-state.ts';
import type { Session } from '../db/session.ts';
import { transaction } from '../db/transaction.ts';
import type { NodeName } from '../model/names.ts';
import type { NodeDeps } from './deps.ts';
import type { Round } from './round.ts';

/**
 * A copy is told apart from later events by transaction numbers of the database it was read from. When the node reads
 * from another one now, tables whose copy still needs them are copied again.
 */
export async function dropForeignCopies(round: Round, state: WorkerState): Promise<void> {
  const { deps, control, generation, heartbeat } = round;
  const before = heartbeat.last.provider;
  if (before === undefined || before === state.provider) return;
  const tables = [...state.tables.values()].filter(
    ({ sync, snapshot }) => snapshot !== undefined || (sync?.kind !== 'in_sync' && sync?.kind !== 'missing'),
  );
  if (tables.length > 0) {
    await transaction(control, async () => {
      await assertLease(control, deps.queue, deps.node, generation);
      for (const { name, sync } of tables) {
        // One that has indexes taken down must stay in a state that may.
        const begun = sync?.kind === 'in_copy' || sync?.kind === 'catching_up';
        await setTableState(control, deps.queue, name, { kind: begun ? 'in_copy' : 'missing' }, undefined);
      }
    });
    deps.log({
      level: 'warn',
      event: 'copies_restarted',
      queue: deps.queue,
      node: deps.node,
      message: `reads from ${state.provider} instead of ${before}: ${tables.map(({ name }) => name).join(', ')} will be copied again`,
    });
  }
  await signOff(round, state.worker);
}

async function signOff({ deps, control }: Round, worker: string): Promise<void> {
  const consumers = (await readConsumers(control, deps.queue)).filter(({ name }) =>
    name.startsWith(copyConsumer(worker, '')),
  );
  for (const provider of new Set(consumers.map((consumer) => consumer.provider))) {
    const names = consumers.flatMap((consumer) => (consumer.provider === provider ? [consumer.name] : []));
    await signOffAt(deps, control, provider, names);
  }
}

/** Consumers of copies that ended would hold back a node's rotation for ever. */
export async function signOffAt(
  deps: NodeDeps,
  subscriber: Session,
  provider: NodeName,
  consumers: readonly string[],
): Promise<void> {
  const database = deps.databaseOf(provider);
  try {
    if (database === undefined) throw new Error('the file does not name it');
    await using session = await deps.connector(database, {
      applicationName: `trunkline reader ${deps.node}`,
      signal: deps.kill,
    });
    await unregisterConsumers(session, deps.queue, consumers);
  } catch (error) {
    if (deps.stop.aborted) return;
    deps.log({
      level: 'warn',
      event: 'consumers_left',
      queue: deps.queue,
      node: deps.node,
      message: `${provider} could not be told that ${consumers.join(', ')} ended there: ${(error as Error).message}; unregister them by hand`,
    });
  }
  await unregisterLocalConsumers(subscriber, deps.queue, consumers);
}
