/** How long a step may wait, and keep others waiting. */
export interface StepLimits {
  /** How long a statement waits for a lock. Writers queue up behind it meanwhile: rather let go, and come back. */
  readonly lockWaitMs: number;
  /** How often a step is tried in all, while a lock is not to be had. */
  readonly lockAttempts: number;
  /** Undefined: as long as it takes. */
  readonly statementTimeoutMs: number | undefined;
}

export const usualLimits: StepLimits = { lockWaitMs: 3000, lockAttempts: 8, statementTimeoutMs: undefined };
