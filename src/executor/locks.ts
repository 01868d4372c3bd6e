import { applyLockHolder, tryLockApply } from '../catalog/apply-lock.ts';
import type { Connector } from '../db/connector.ts';
import type { Session } from '../db/session.ts';
import type { Clock } from '../model/clock.ts';
import type { DatabaseName, QueueName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';

export interface ApplyLocks extends AsyncDisposable {
  /** The session that holds the locks of a root database; it also writes the log there. */
  sessionOn(database: DatabaseName): Session | undefined;
  /** True once one of them was lost: then nothing new may be begun. */
  lost(): boolean;
}

interface LockOptions {
  readonly roots: ReadonlyMap<QueueName, DatabaseName>;
  /** The roots that give their place up: an apply of the files as they were would lock there. */
  readonly oldRoots?: readonly (readonly [QueueName, DatabaseName])[];
  readonly connector: Connector;
  readonly applicationName: string;
  readonly lockTimeoutMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
}

const pollMs = 250;

/** The lock of every queue, or none. Throws `apply_locked` when somebody else keeps one longer than the time allowed. */
export async function takeApplyLocks(options: LockOptions): Promise<ApplyLocks> {
  const { connector, applicationName, clock } = options;
  const sessions = new Map<DatabaseName, Session>();
  const close = async () => {
    for (const session of sessions.values()) await session.close();
  };
  const places = [...options.roots, ...(options.oldRoots ?? [])].sort((left, right) =>
    left.join('\n') < right.join('\n') ? -1 : 1,
  );
  const deadline = clock.now() + options.lockTimeoutMs;
  try {
    // Always in the same order: two applies of the same queues then can't wait for each other.
    for (const [queue, database] of places) {
      const session = sessions.get(database) ?? (await connector(database, { applicationName }));
      sessions.set(database, session);
      await lockQueue(session, queue, deadline, options);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    sessionOn: (database) => sessions.get(database),
    lost: () => [...sessions.values()].some((session) => session.lost),
    [Symbol.asyncDispose]: close,
  };
}

async function lockQueue(session: Session, queue: QueueName, deadline: number, options: LockOptions): Promise<void> {
  const { clock, signal } = options;
  while (!(await tryLockApply(session, queue))) {
    if (clock.now() >= deadline) {
      const holder = await applyLockHolder(session, queue);
      if (holder === undefined) continue;
      const from = holder.address === undefined ? '' : ` from ${holder.address}`;
      throw new ToolError([
        {
          code: 'apply_locked',
          holder: `${holder.application} (user ${holder.user}${from}, server process ${holder.pid})`,
          since: holder.since,
        },
      ]);
    }
    await clock.sleep(pollMs, signal);
    signal?.throwIfAborted();
  }
}
