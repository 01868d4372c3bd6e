import type { Ailment, ConnectionLimit, DatabaseCheckup } from '../model/checkup.ts';
import { olderSchemas } from '../model/schemas.ts';
import type { LiveDatabase } from '../model/state.ts';

/** A table takes locks for itself, its key, another index and its TOAST table, where one transaction works on it. */
const locksPerTable = 4;

/** What of a database will hurt, errors first. `sessions` are what `run` opens at most of what each limit counts. */
export function judgeDatabase(
  live: LiveDatabase,
  checkup: DatabaseCheckup,
  { sessions }: { readonly sessions: Readonly<Record<ConnectionLimit['of'], number>> },
): readonly Ailment[] {
  const ailments = [...ailmentsOf(live, checkup, sessions)];
  return ailments.sort((left, right) => Number(left.severity === 'warn') - Number(right.severity === 'warn'));
}

function* ailmentsOf(
  live: LiveDatabase,
  checkup: DatabaseCheckup,
  sessions: Readonly<Record<ConnectionLimit['of'], number>>,
): Iterable<Ailment> {
  const number = (name: string) => Number(checkup.settings[name] ?? 0);
  if (checkup.inRecovery) yield { severity: 'error', code: 'standby' };
  else if (checkup.settings.default_transaction_read_only === 'on') yield { severity: 'error', code: 'read_only' };
  yield* rights(live, checkup);

  const { direct } = checkup;
  for (const { of, limit, taken } of checkup.connections) {
    const needed = direct ? sessions[of] : 2 * sessions[of];
    const free = Math.max(0, limit - taken);
    if (free < needed) yield { severity: 'warn', code: 'few_connections', of, limit, free, needed, direct };
  }
  const setting = number('max_locks_per_transaction');
  const slots = setting * (number('max_connections') + number('max_prepared_transactions'));
  if (checkup.tables * locksPerTable > slots) {
    yield { severity: 'warn', code: 'few_locks', tables: checkup.tables, slots, setting };
  }
  for (const name of ['statement_timeout', 'transaction_timeout', 'idle_session_timeout']) {
    if (number(name) > 0) yield { severity: 'warn', code: 'sessions_end', setting: name, ms: number(name) };
  }
  for (const one of checkup.transactions) yield { severity: 'warn', code: 'old_transaction', ...one };
  for (const one of checkup.prepared) yield { severity: 'warn', code: 'prepared_transaction', ...one };
  if (checkup.children.length > 0) yield { severity: 'error', code: 'captured_child', tables: checkup.children };
  const captures = [...live.queues.values()].some(({ type }) => type === 'root');
  if (captures && live.schemas.get('pgq')?.source === 'extension' && checkup.writesOtherwise.length > 0) {
    yield { severity: 'warn', code: 'values_change', settings: checkup.writesOtherwise };
  }
  if (!live.canReplicate && checkup.misfiring.length > 0) {
    yield { severity: 'error', code: 'triggers_misfire', tables: checkup.misfiring };
  }
  if (checkup.outdated.length > 0) yield { severity: 'warn', code: 'capture_outdated', tables: checkup.outdated };
  yield* olderSql(live);
}

function* rights(live: LiveDatabase, checkup: DatabaseCheckup): Iterable<Ailment> {
  if (live.superuser) return;
  const installed = live.schemas.has('pgq_node');
  if (!installed && !checkup.mayCreate) yield { severity: 'error', code: 'no_right_to_install' };
  if (installed && checkup.isWriter === false) yield { severity: 'error', code: 'not_writer' };
  if (checkup.notOwned.length > 0) yield { severity: 'warn', code: 'tables_not_owned', tables: checkup.notOwned };
}

function* olderSql({ schemas }: LiveDatabase): Iterable<Ailment> {
  const older = olderSchemas((name) => {
    const found = schemas.get(name);
    return found?.source === 'bundled' ? found.version : undefined;
  });
  if (older.length > 0) yield { severity: 'warn', code: 'sql_older', schemas: older };
}
