import { systemClock } from '../../src/app/system-clock.ts';
import { sql } from '../../src/db/statement.ts';
import type { DebianPrograms } from '../../test/support/debian-programs.ts';
import type { Pair } from './pair.ts';

/** One way to bring tables with all their rows to a target that has them empty, with default settings. */
export interface Copier {
  readonly name: string;
  readonly onceOnly: boolean;
  /** Sets up all it needs, then calls `order` and begins. */
  copy(job: CopyJob): Promise<CopyTimes>;
}

export interface CopyJob {
  readonly pair: Pair;
  readonly programs: DebianPrograms;
  readonly tables: readonly string[];
  readonly order: () => void;
}

/** By `performance.now()`. */
export interface CopyTimes {
  /** It began. */
  readonly startedAt: number;
  /** All rows are there and the keys with them. */
  readonly copiedAt: number;
  /** Changes made meanwhile are there, too, and later ones will be. */
  readonly inSyncAt: number;
}

export type CopyState = 'waiting' | 'copying' | 'copied' | 'in_sync';

/** `statesSql` gives one of {@link CopyState} for each table. */
export async function watchCopy(
  { pair: { target }, tables }: CopyJob,
  statesSql: string,
  why: () => string,
): Promise<CopyTimes> {
  await using session = await target.session();
  const since = performance.now();
  let startedAt: number | undefined;
  let copiedAt: number | undefined;
  for (;;) {
    const states = (await session.query<{ state: CopyState }>(sql(statesSql))).map(({ state }) => state);
    const now = performance.now();
    const all = (...wanted: readonly CopyState[]) =>
      states.length === tables.length && states.every((state) => wanted.includes(state));
    if (states.some((state) => state !== 'waiting')) startedAt ??= now;
    if (all('copied', 'in_sync')) copiedAt ??= now;
    if (all('in_sync')) return { startedAt: startedAt ?? now, copiedAt: copiedAt ?? now, inSyncAt: now };
    if (now - since > 600_000) throw new Error(`not copied within ten minutes: ${states.join(', ')}: ${why()}`);
    // Whoever looks takes from what is measured; the pipe, which is not looked at, loses nothing.
    await systemClock.sleep(50);
  }
}

/** The states of Londiste's catalog, which both its workers and ours keep. */
export const londisteStates = `select case
    when merge_state is null then 'waiting' when merge_state = 'in-copy' then 'copying'
    when merge_state = 'ok' then 'in_sync' else 'copied' end as state
  from londiste.table_info where local`;
