import { registerConsumerAt } from '../catalog/pgq.ts';
import { copyConsumer, moveTableStates } from '../catalog/table-sync.ts';
import { assertLease } from '../catalog/trunkline.ts';
import { registerLocalConsumers, setConsumerError, type WorkerState } from '../catalog/worker-state.ts';
import { readDriverError } from '../db/driver-errors.ts';
import { transaction } from '../db/transaction.ts';
import { type TableName, tableName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import { ApplyFailed } from './apply-batch.ts';
import type { Link } from './link.ts';

/** A table that can not go on as it is, and why. */
interface Culprit {
  readonly table: TableName;
  readonly cause: unknown;
}

/** The tables to blame for an error that waiting will not mend; empty where there are none, or where it may pass. */
export function culpritsOf(error: unknown, state: WorkerState): readonly Culprit[] {
  if (error instanceof ApplyFailed) return mayPass(error.cause) ? [] : [{ table: error.table, cause: error }];
  if (error instanceof ToolError) {
    const gone = error.problems.flatMap((problem) => (problem.code === 'table_gone' ? [problem] : []));
    if (gone.length < error.problems.length) return [];
    return gone.map((problem) => ({ table: problem.table, cause: new ToolError([problem]) }));
  }
  // A constraint that waits for the end of the transaction names its table.
  const said = readDriverError(error);
  if (said?.table === undefined || said.transient) return [];
  const destination = tableName(`${said.schema}.${said.table}`);
  return [...state.tables.values()]
    .filter(({ sync, spec }) => sync?.kind === 'in_sync' && spec?.destination === destination)
    .map(({ name }) => ({ table: name, cause: error }));
}

/** What neither the server nor the connection said is about the event itself: it will be the same next time. */
export function mayPass(cause: unknown): boolean {
  return readDriverError(cause)?.transient ?? false;
}

/**
 * Takes tables out of the way of the others. Each gets a consumer of its own at the node's position, which holds its
 * events, and the state of a copy that catches up: so the same loop tries it again, and hands it over when it can.
 */
export async function parkTables(link: Link, state: WorkerState, culprits: readonly Culprit[]): Promise<void> {
  const { deps, provider, subscriber, generation } = link;
  for (const { table, cause } of culprits) {
    const consumer = copyConsumer(state.worker, table);
    const message = cause instanceof ToolError ? deps.explain(cause) : (cause as Error).message;
    const parked = await transaction(subscriber, async () => {
      // Before the provider, whose queue would be held back by the consumer of a process that works for nobody any more.
      await assertLease(subscriber, deps.queue, deps.node, generation);
      const move = { from: 'in_sync', to: { kind: 'catching_up' } } as const;
      const wanted = [{ name: table, snapshot: state.tables.get(table)?.snapshot }];
      // Sent back to its copy meanwhile, or taken out: it is in nobody's way any more.
      if ((await moveTableStates(subscriber, deps.queue, move, wanted)).length === 0) return false;
      await registerConsumerAt(provider, deps.queue, consumer, state.position);
      const from = { provider: state.provider, tick: state.position };
      await registerLocalConsumers(subscriber, deps.queue, [consumer], from);
      await setConsumerError(subscriber, deps.queue, consumer, message);
      return true;
    });
    if (!parked) continue;
    deps.fault('parked');
    deps.log({
      level: 'error',
      event: 'table_parked',
      queue: deps.queue,
      node: deps.node,
      table,
      sqlstate: (readDriverError(cause) ?? readDriverError((cause as Error).cause))?.sqlstate,
      message: `table ${table} is parked at tick ${state.position}, the others go on: ${message}`,
    });
  }
}
