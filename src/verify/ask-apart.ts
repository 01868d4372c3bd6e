import { readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';

/**
 * What the server answers for each of some things that it is asked about together, inside a transaction; undefined for those
 * with a value that it can not read, which would keep all others from their answer.
 */
export async function askApart<Thing, Answer>(
  session: Session,
  things: readonly Thing[],
  ask: (things: readonly Thing[]) => Promise<readonly Answer[]>,
): Promise<readonly (Answer | undefined)[]> {
  if (things.length === 0) return [];
  const answers = await unlessUnreadable(session, () => ask(things));
  if (answers !== undefined) return answers;
  if (things.length === 1) return [undefined];
  const half = Math.ceil(things.length / 2);
  return [
    ...(await askApart(session, things.slice(0, half), ask)),
    ...(await askApart(session, things.slice(half), ask)),
  ];
}

async function unlessUnreadable<Result>(session: Session, ask: () => Promise<Result>): Promise<Result | undefined> {
  await session.script('savepoint ask_apart');
  try {
    const answer = await ask();
    await session.script('release savepoint ask_apart');
    return answer;
  } catch (error) {
    if (!/^2[23]/.test(readDriverError(error)?.sqlstate ?? '')) throw error;
    await session.script('rollback to savepoint ask_apart; release savepoint ask_apart');
    return undefined;
  }
}
