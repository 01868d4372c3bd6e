import { copyConsumer } from '../catalog/table-sync.ts';
import { readWorkerState, setConsumerError, type WorkerState, type WorkerTable } from '../catalog/worker-state.ts';
import type { Session } from '../db/session.ts';
import type { RetriedTable } from '../model/control.ts';
import { type TableName, tableName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import { openDatabasesOf } from './databases.ts';
import { type Place, pickPlaces } from './pick-places.ts';
import { readConfig } from './read-config.ts';
import { systemClock } from './system-clock.ts';
import { type ControlOptions, isSilent, positionOf } from './tell-workers.ts';

export interface RetryOptions extends ControlOptions {
  readonly tables: readonly string[];
}

/** Asks for another try of parked tables at once, and tells what came of it. Without nodes: wherever they are parked. */
export async function retryTables(options: RetryOptions): Promise<readonly RetriedTable[]> {
  const desired = await readConfig(options.files, options.env);
  const places = pickPlaces(desired, options);
  const wanted = options.tables.map(tableName);
  await using databases = await openDatabasesOf(desired, options, { start: false });
  const known = new Set<TableName>();
  const retried = await Promise.all(
    places.map(async (place) => {
      const { database } = place.node;
      await using session = await databases.connector(database, {
        applicationName: 'trunkline control',
        signal: options.signal,
      });
      const state = await stateOf(session, place);
      for (const table of state.tables.keys()) known.add(table);
      // A first copy that gets on needs nobody's word.
      const parked = wanted.filter((table) => state.tables.get(table)?.error !== undefined);
      const found: RetriedTable[] = [];
      for (const table of parked) {
        await setConsumerError(session, place.queue.name, copyConsumer(state.worker, table), null);
        const outcome = await outcomeOf(session, place, table, options);
        found.push({ queue: place.queue.name, node: place.node.name, table, outcome });
      }
      return found;
    }),
  );
  const unknown = wanted.filter((table) => !known.has(table));
  if (unknown.length === 0) return retried.flat();
  throw new ToolError(unknown.map((name) => ({ code: 'name_unknown', what: 'table', name, known: [...known] })));
}

async function stateOf(session: Session, place: Place): Promise<WorkerState> {
  await positionOf(session, place);
  const state = await readWorkerState(session, place.queue.name);
  if (state !== undefined) return state;
  throw new ToolError([{ code: 'node_not_set_up', queue: place.queue.name, node: place.node.name }]);
}

const patienceMs = 3_000;

async function outcomeOf(
  session: Session,
  place: Place,
  table: TableName,
  { timeoutMs, signal }: RetryOptions,
): Promise<RetriedTable['outcome']> {
  const since = systemClock.now();
  for (;;) {
    const outcome = judge((await stateOf(session, place)).tables.get(table));
    const waited = systemClock.now() - since;
    if (outcome.kind !== 'catching_up' || waited >= timeoutMs) return outcome;
    if (waited >= patienceMs && isSilent(await positionOf(session, place))) return { kind: 'no_worker' };
    await systemClock.sleep(100, signal);
    signal.throwIfAborted();
  }
}

function judge(table: WorkerTable | undefined): RetriedTable['outcome'] {
  if (table?.error !== undefined) return { kind: 'failed', error: table.error };
  return table?.sync?.kind === 'in_sync' ? { kind: 'in_sync' } : { kind: 'catching_up' };
}
