/** What the exit status of every command means; `docs/reference/exit-codes.md` is the page for users. */
export const exitCodes = {
  done: 0,
  failed: 1,
  different: 2,
  consentMissing: 3,
  outdatedOrLocked: 4,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
