import { nextForRestoring, takeBackForeignKey, validPendingForeignKeys } from '../catalog/table-sync.ts';
import { assertLease } from '../catalog/trunkline.ts';
import { readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';
import { transaction } from '../db/transaction.ts';
import type { NodeDeps } from './deps.ts';
import { openSubscriber } from './sessions.ts';

const lookEveryMs = 1_000;
const tryAgainMs = 60_000;
/** Rows that the key does not allow. */
const violated = '23503';

export interface ForeignKeys extends AsyncDisposable {
  /** Starts what may start, and does not wait for it. */
  look(): void;
}

interface PendingKey {
  readonly from_table: string;
  readonly fkey_name: string;
}

interface Given {
  readonly deps: NodeDeps;
  readonly control: Session;
  readonly generation: bigint;
}

/**
 * Keys that were taken down for first copies, or came with a table that was made, are added once both their tables are in
 * sync. That happens beside the replay: a key is first added for new rows alone, and those that are there are checked under
 * a lock that lets others write. Either step can be cut short, and is found in the catalog.
 */
export function startForeignKeys(given: Given): ForeignKeys {
  const { deps } = given;
  const ended = new AbortController();
  const kill = AbortSignal.any([deps.kill, deps.stop, ended.signal]);
  const jobDeps: NodeDeps = { ...deps, kill };
  /** Keys that could not be made, and when they are tried again. */
  const refused = new Map<string, number>();
  let running: Promise<void> | undefined;
  let notBefore = 0;

  function look(): void {
    if (running !== undefined || deps.clock.now() < notBefore) return;
    notBefore = deps.clock.now() + lookEveryMs;
    running = restoreAll().finally(() => {
      running = undefined;
    });
  }

  /** A key that the rows do not meet must not stop anything: it is told, and tried again later. */
  async function restoreAll(): Promise<void> {
    try {
      const pending = await validPendingForeignKeys(given.control, deps.queue);
      const keys = pending.filter((key) => (refused.get(nameOf(key)) ?? 0) <= deps.clock.now());
      if (keys.length === 0) return;
      await using session = await openSubscriber(jobDeps, 'copy');
      for (const key of keys) await restore(session, key);
    } catch (error) {
      if (kill.aborted) return;
      notBefore = deps.clock.now() + tryAgainMs;
      tell('warn', 'foreign_key_refused', `foreign keys cannot be added back: ${(error as Error).message}`);
    }
  }

  async function restore(session: Session, key: PendingKey): Promise<void> {
    const { from_table, fkey_name } = key;
    try {
      for (;;) {
        await assertLease(session, deps.queue, deps.node, given.generation);
        const next = await nextForRestoring(session, from_table, fkey_name);
        if (next === undefined) break;
        await session.script(next);
        deps.fault('foreign-key-step');
      }
    } catch (error) {
      const known = readDriverError(error);
      if (known === undefined || session.lost) throw error;
      refused.set(nameOf(key), deps.clock.now() + tryAgainMs);
      if (known.sqlstate === violated) await takeBack(session, key);
      const message = `foreign key ${fkey_name} of ${from_table} cannot be added: ${known.message}`;
      tell('warn', 'foreign_key_refused', message);
      return;
    }
    refused.delete(nameOf(key));
    tell('info', 'foreign_key_restored', `foreign key ${fkey_name} of ${from_table} is back`);
  }

  /** Otherwise it would be half there: checked for some rows, and in the way of others. */
  async function takeBack(session: Session, { from_table, fkey_name }: PendingKey): Promise<void> {
    await transaction(session, async () => {
      await assertLease(session, deps.queue, deps.node, given.generation);
      await takeBackForeignKey(session, from_table, fkey_name);
    });
  }

  function tell(level: 'info' | 'warn', event: string, message: string): void {
    deps.log({ level, event, queue: deps.queue, node: deps.node, message });
  }

  return {
    look,
    async [Symbol.asyncDispose]() {
      ended.abort();
      await running;
    },
  };
}

function nameOf({ from_table, fkey_name }: PendingKey): string {
  return `${from_table} ${fkey_name}`;
}
