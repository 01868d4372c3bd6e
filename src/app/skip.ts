import { hostname } from 'node:os';
import { type Batch, nextBatch } from '../catalog/pgq.ts';
import { readWaitingEvents, recordSkipped } from '../catalog/skipped-events.ts';
import { copyConsumer } from '../catalog/table-sync.ts';
import { readPosition, readWorkerState, setConsumerError, type WorkerState } from '../catalog/worker-state.ts';
import type { Session } from '../db/session.ts';
import { type TableName, tableName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import { mostSkipped, type Skipped, type StuckBatch, type WaitingEvent } from '../model/skip.ts';
import { openDatabasesOf } from './databases.ts';
import { type Place, pickPlace } from './pick-places.ts';
import { readConfig } from './read-config.ts';
import { systemClock } from './system-clock.ts';
import { type ControlOptions, positionOf } from './tell-workers.ts';

/** What is to be left out of the batch that the node, or one of its tables, can not get past. */
export type SkipWhat =
  /** Nothing: it is only shown. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'events'; readonly ids: readonly bigint[] }
  | { readonly kind: 'batch' };

export interface SkipOptions extends Omit<ControlOptions, 'nodes'> {
  readonly node: string;
  /** A table that is parked; undefined: what the node itself stands at. */
  readonly table: string | undefined;
  readonly what: SkipWhat;
  readonly reason: string;
  readonly show: (batch: StuckBatch) => void;
  /** Asks a person for the name of the node; undefined where consent is given already. */
  readonly confirm: ((batch: StuckBatch, count: number) => Promise<boolean>) | undefined;
}

interface Ends {
  readonly place: Place;
  readonly provider: Session;
  readonly subscriber: Session;
  readonly consumer: string;
  readonly table: TableName | undefined;
}

/** Makes a node leave out events that it can not apply. They are kept first, with who, when and why. */
export async function skip(options: SkipOptions): Promise<Skipped> {
  const desired = await readConfig(options.files, options.env);
  const place = pickPlace('skip', desired, options);
  const { queue, node } = place;
  await using databases = await openDatabasesOf(desired, options, { start: false });
  const opening = { applicationName: 'trunkline skip', signal: options.signal };
  await using subscriber = await databases.connector(node.database, opening);
  const { worker, provider: from } = await positionOf(subscriber, place);
  const above = queue.nodes.get(from);
  if (above === undefined || above.name === node.name)
    throw new ToolError([{ code: 'skip_not_stuck', queue: queue.name, node: node.name, table: undefined }]);
  await using provider = await databases.connector(above.database, { ...opening, unchecked: true });
  const table = options.table === undefined ? undefined : tableName(options.table);
  const consumer = table === undefined ? worker : copyConsumer(worker, table);
  const ends: Ends = { place, provider, subscriber, consumer, table };
  const error = await waitForError(ends, options);
  const batch = await nextBatch(provider, queue.name, consumer, undefined);
  if (batch === undefined) throw notStuck(ends);
  const events = await readWaitingEvents(provider, batch, table, mostSkipped + 1);
  const { fromTick, toTick } = batch;
  const stuck: StuckBatch = { queue: queue.name, node: node.name, table, fromTick, toTick, error, events };
  options.show(stuck);
  const chosen = choose(stuck, options.what);
  if (chosen.length === 0) return { batch: stuck, skipped: [], outcome: { kind: 'looked' } };
  if (options.confirm !== undefined && !(await options.confirm(stuck, chosen.length)))
    throw new ToolError([{ code: 'skip_not_confirmed', node: node.name }]);
  await recordSkipped(
    provider,
    subscriber,
    batch,
    chosen.map(({ id }) => id),
    {
      queue: queue.name,
      node: node.name,
      consumer,
      client: `${hostname()}:${process.pid}`,
      reason: options.reason,
      error,
    },
  );
  // What waits for its next try tries at once.
  await setConsumerError(subscriber, queue.name, consumer, null);
  return { batch: stuck, skipped: chosen, outcome: await outcomeOf(ends, batch, options) };
}

/** While a worker tries again its error is not there for a moment. */
const retryingMs = 8_000;

async function waitForError(ends: Ends, { signal }: SkipOptions): Promise<string> {
  const { queue } = ends.place;
  const since = systemClock.now();
  for (;;) {
    const state = await readWorkerState(ends.subscriber, queue.name);
    const error = state === undefined ? undefined : errorOf(ends, state);
    if (error !== undefined) return error;
    if (systemClock.now() - since >= retryingMs) throw notStuck(ends);
    await systemClock.sleep(50, signal);
    signal.throwIfAborted();
  }
}

function errorOf({ table }: Ends, state: WorkerState): string | undefined {
  return table === undefined ? state.error : state.tables.get(table)?.error;
}

function notStuck({ place: { queue, node }, table }: Ends): ToolError {
  return new ToolError([{ code: 'skip_not_stuck', queue: queue.name, node: node.name, table }]);
}

function choose({ queue, node, events }: StuckBatch, what: SkipWhat): readonly WaitingEvent[] {
  if (what.kind === 'nothing') return [];
  if (what.kind === 'batch') {
    if (events.length <= mostSkipped) return events;
    throw new ToolError([{ code: 'skip_too_many', queue, node, most: mostSkipped }]);
  }
  const found = events.filter(({ id }) => what.ids.includes(id));
  const missing = what.ids.filter((id) => !found.some((event) => event.id === id));
  if (missing.length > 0)
    throw new ToolError(missing.map((event) => ({ code: 'skip_event_unknown', queue, node, event })));
  return found;
}

async function outcomeOf(ends: Ends, batch: Batch, { timeoutMs, signal }: SkipOptions): Promise<Skipped['outcome']> {
  const { queue } = ends.place;
  const since = systemClock.now();
  for (let error: string | undefined; ; ) {
    // The consumer of a table that came back is gone.
    const position = await readPosition(ends.subscriber, queue.name, ends.consumer);
    if (position === undefined || position >= batch.toTick) return { kind: 'passed' };
    const state = await readWorkerState(ends.subscriber, queue.name);
    error = state === undefined ? undefined : errorOf(ends, state);
    if (systemClock.now() - since >= timeoutMs)
      return error === undefined ? { kind: 'waiting' } : { kind: 'failed', error };
    await systemClock.sleep(100, signal);
    signal.throwIfAborted();
  }
}
