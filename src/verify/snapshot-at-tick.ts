import { readNodePosition } from '../catalog/compare-reads.ts';
import { makeTick } from '../catalog/pgq.ts';
import {
  currentSnapshot,
  exportSnapshot,
  importSnapshot,
  lockTicks,
  queueIsExtension,
  snapshotOfTick,
  ticksWithProvider,
} from '../catalog/tick-snapshot.ts';
import { readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';
import { transaction } from '../db/transaction.ts';
import type { QueueName } from '../model/names.ts';

const readOnly = 'begin isolation level repeatable read, read only';

/** A tick that found itself overtaken, or a lock that was not to be had: a new transaction may fare better. */
const tryAgain = new Set(['40001', '55P03']);

/**
 * Opens a transaction on each reader that sees exactly what lies before a tick. A branch's rows and its position change
 * together, so there it is the tick of whatever moment it is read at; elsewhere one is made.
 */
export async function openAtTick(
  ticker: Session,
  readers: readonly Session[],
  queue: QueueName,
): Promise<bigint | undefined> {
  if (!(await ticksWithProvider(ticker, queue))) return await openAtNewTick(ticker, readers, queue);
  await openNow(readers);
  const [first] = readers;
  return first === undefined ? undefined : (await readNodePosition(first, queue))?.tick;
}

/**
 * Opens a transaction on each reader that sees exactly what lies before a new tick, without a lock on any table of the
 * user: in a REPEATABLE READ transaction the snapshot that a tick records is the transaction's own, and the readers
 * share it. Undefined where another tick came in between.
 */
async function openAtNewTick(
  ticker: Session,
  readers: readonly Session[],
  queue: QueueName,
): Promise<bigint | undefined> {
  const extension = await queueIsExtension(ticker);
  await closeSnapshots(readers);
  try {
    const made = await transaction(
      ticker,
      async () => {
        if (extension) await lockTicks(ticker);
        const id = await exportSnapshot(ticker);
        await Promise.all(readers.map((reader) => openShared(reader, id)));
        const tick = await makeTick(ticker, queue);
        return tick === undefined ? undefined : { tick, seen: await snapshotOfTick(ticker, queue, tick) };
      },
      'isolation level repeatable read',
    );
    if (made === undefined) return undefined;
    const seen = await Promise.all(readers.map(currentSnapshot));
    return seen.every((snapshot) => snapshot === made.seen) ? made.tick : undefined;
  } catch (error) {
    if (tryAgain.has(readDriverError(error)?.sqlstate ?? '')) return undefined;
    throw error;
  }
}

/** One snapshot of now for all readers of a database. */
export async function openNow(readers: readonly Session[]): Promise<void> {
  await closeSnapshots(readers);
  const [first, ...others] = readers;
  if (first === undefined) return;
  await first.script(readOnly);
  const id = await exportSnapshot(first);
  await Promise.all(others.map((reader) => openShared(reader, id)));
}

/** Also where none is open: the server then only remarks on it. */
export async function closeSnapshots(readers: readonly Session[]): Promise<void> {
  await Promise.all(readers.map((reader) => reader.script('rollback')));
}

async function openShared(reader: Session, id: string): Promise<void> {
  await reader.script(readOnly);
  await importSnapshot(reader, id);
}
