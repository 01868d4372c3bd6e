import type { Connector } from '../db/connector.ts';
import { readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';
import { transaction } from '../db/transaction.ts';
import type { Clock } from '../model/clock.ts';
import type { DatabaseName } from '../model/names.ts';

export interface Sessions extends AsyncDisposable {
  session(database: DatabaseName): Promise<Session>;
  write<Result>(database: DatabaseName, work: (session: Session) => Promise<Result>): Promise<Result>;
}

// A trigger is made under a lock that holds up writers who queue behind it: rather let go and come back.
const lockTimeoutMs = 3000;
const attempts = 8;
const firstWaitMs = 250;
const longestWaitMs = 8000;
const lockStates = new Set(['55P03', '40P01']);

/** One session per database, opened when first needed. No two steps use one at the same time. */
export function openSessions(options: {
  readonly connector: Connector;
  readonly applicationName: string;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
}): Sessions {
  const open = new Map<DatabaseName, Session>();

  const session = async (database: DatabaseName): Promise<Session> => {
    const known = open.get(database);
    if (known !== undefined && !known.lost) return known;
    const fresh = await options.connector(database, {
      applicationName: options.applicationName,
      settings: { lock_timeout: `${lockTimeoutMs}ms` },
    });
    open.set(database, fresh);
    return fresh;
  };

  return {
    session,
    async write(database, work) {
      for (let attempt = 1, waitMs = firstWaitMs; ; attempt += 1, waitMs = Math.min(waitMs * 2, longestWaitMs)) {
        const on = await session(database);
        try {
          return await transaction(on, () => work(on));
        } catch (error) {
          const sqlstate = readDriverError(error)?.sqlstate ?? '';
          if (!lockStates.has(sqlstate) || attempt === attempts || options.signal?.aborted === true) throw error;
        }
        await options.clock.sleep(waitMs * (0.5 + Math.random() / 2), options.signal);
      }
    },
    async [Symbol.asyncDispose]() {
      for (const one of open.values()) await one.close();
    },
  };
}
