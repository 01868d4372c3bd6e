import type { Connector } from '../db/connector.ts';
import { readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';
import { transaction } from '../db/transaction.ts';
import type { Clock } from '../model/clock.ts';
import type { DatabaseName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import type { StepLimits } from '../model/step-limits.ts';
import type { StepDeps } from './step-deps.ts';

export interface Sessions extends AsyncDisposable, Pick<StepDeps, 'session' | 'write' | 'retried'> {}

const firstWaitMs = 250;
const longestWaitMs = 8000;
const lockStates = new Set(['55P03', '40P01']);

/** One session per database, opened when first needed. No two steps use one at the same time. */
export function openSessions(options: {
  readonly connector: Connector;
  readonly applicationName: string;
  readonly limits: StepLimits;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
}): Sessions {
  const { lockWaitMs, lockAttempts, statementTimeoutMs } = options.limits;
  const settings = {
    lock_timeout: `${lockWaitMs}ms`,
    ...(statementTimeoutMs === undefined ? {} : { statement_timeout: `${statementTimeoutMs}ms` }),
  };
  const open = new Map<DatabaseName, Session>();

  const session = async (database: DatabaseName): Promise<Session> => {
    const known = open.get(database);
    if (known !== undefined && !known.lost) return known;
    const fresh = await options.connector(database, { applicationName: options.applicationName, settings });
    open.set(database, fresh);
    return fresh;
  };

  const retried: Sessions['retried'] = async (database, work) => {
    for (let attempt = 1, waitMs = firstWaitMs; ; attempt += 1, waitMs = Math.min(waitMs * 2, longestWaitMs)) {
      try {
        return await work(await session(database));
      } catch (error) {
        if (!isLockMissed(error) || attempt >= lockAttempts || options.signal?.aborted === true) throw error;
      }
      await options.clock.sleep(waitMs * (0.5 + Math.random() / 2), options.signal);
    }
  };

  return {
    session,
    retried,
    write: (database, work) => retried(database, (on) => transaction(on, () => work(on))),
    async [Symbol.asyncDispose]() {
      for (const one of open.values()) await one.close();
    },
  };
}

function isLockMissed(error: unknown): boolean {
  const known = readDriverError(error instanceof ToolError ? error.cause : error);
  return lockStates.has(known?.sqlstate ?? '');
}
