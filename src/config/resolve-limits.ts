import { type StepLimits, usualLimits } from '../model/step-limits.ts';
import type { TrunklineDocument } from './document.ts';
import { durationText } from './duration.ts';
import { longestWaitMs, readTime } from './read-time.ts';
import { wholeNumber } from './resolve-database.ts';
import type { Scope } from './scope.ts';

export function resolveLimits(scope: Scope, { apply = {} }: TrunklineDocument): StepLimits {
  const { lock_wait, lock_attempts, statement_timeout } = apply;
  return {
    lockWaitMs: time('lock_wait', lock_wait) ?? usualLimits.lockWaitMs,
    lockAttempts:
      lock_attempts === undefined
        ? usualLimits.lockAttempts
        : wholeNumber(scope, ['apply', 'lock_attempts'], lock_attempts, usualLimits.lockAttempts),
    statementTimeoutMs: time('statement_timeout', statement_timeout) ?? usualLimits.statementTimeoutMs,
  };

  function time(key: string, raw: string | undefined): number | undefined {
    return raw === undefined
      ? undefined
      : readTime(scope, ['apply', key], raw, { longestMs: longestWaitMs, example: '3s' });
  }
}

/** Only what differs from the usual: an older release that reads the record of an apply does not know the rest. */
export function writtenLimits({
  lockWaitMs,
  lockAttempts,
  statementTimeoutMs,
}: StepLimits): Pick<TrunklineDocument, 'apply'> {
  const apply = {
    ...(lockWaitMs === usualLimits.lockWaitMs ? {} : { lock_wait: durationText(lockWaitMs) }),
    ...(lockAttempts === usualLimits.lockAttempts ? {} : { lock_attempts: lockAttempts }),
    ...(statementTimeoutMs === undefined ? {} : { statement_timeout: durationText(statementTimeoutMs) }),
  };
  return Object.keys(apply).length === 0 ? {} : { apply };
}
