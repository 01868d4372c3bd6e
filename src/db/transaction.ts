import type { Session } from './session.ts';

export type TransactionMode = '' | 'isolation level repeatable read' | 'isolation level repeatable read, read only';

/** Runs `work` in one transaction: committed when it returns, rolled back when it throws. `first` is SQL that goes with the BEGIN. */
export async function transaction<Result>(
  session: Session,
  work: () => Promise<Result>,
  mode: TransactionMode = '',
  first = '',
): Promise<Result> {
  try {
    await session.script(`begin ${mode}; ${first}`);
    const result = await work();
    await session.script('commit');
    return result;
  } catch (error) {
    // A lost connection has rolled back by itself, and the first error is the one to report.
    if (!session.lost) await session.script('rollback').catch(() => undefined);
    throw error;
  }
}
