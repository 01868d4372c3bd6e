import { readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';
import { quoteLiteral } from '../db/statement.ts';
import type { ExecuteFile } from '../model/event.ts';
import { decideExecute, type ExecuteNeed, readExecuteNeeds, replaceTags } from '../model/execute-attributes.ts';
import type { QueueName } from '../model/names.ts';
import {
  executeFinish,
  executeStart,
  functionExists,
  localDestination,
  localSequence,
  recordExecuted,
  relationExists,
  schemaExists,
} from './execute.ts';
import { readSettings, restoreSettings } from './session-settings.ts';
import { setReplicationRole } from './table-sync.ts';

/** `ran_before`: on this database; `not_meant`: nothing that it names is here. */
export type ExecuteOutcome = 'ran' | 'ran_before' | 'not_meant';

/** The file can't be run here, whatever is done about its SQL. */
export class ExecuteRefused extends Error {}

/** The SQL of a file failed. The cause is the server's error. */
export class ExecuteFailed extends Error {
  /** Counts from 1; undefined where the server does not say. */
  readonly line: number | undefined;

  constructor(file: string, line: number | undefined, cause: unknown) {
    const at = line === undefined ? '' : ` line ${line}`;
    super(`SQL file ${file}${at}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.line = line;
  }
}

/**
 * Runs an SQL file inside the caller's transaction, by Londiste's protocol: once per database, under this node's names,
 * and only where what it names is there. The triggers of the node fire as for a user, its capture does not.
 */
export async function executeFile(
  session: Session,
  queue: QueueName,
  file: ExecuteFile,
  { expectRoot }: { readonly expectRoot: boolean },
): Promise<ExecuteOutcome> {
  const needs = readExecuteNeeds(file.attributes);
  if (needs === undefined) throw new ExecuteRefused('has attributes that nobody knows');
  if (!(await executeStart(session, queue, file, expectRoot))) return 'ran_before';
  const names = new Map<string, string>();
  const met: boolean[] = [];
  for (const need of needs) {
    const own = await find(session, queue, need);
    if (typeof own === 'string') names.set(need.written, own);
    met.push(own !== undefined && own !== false);
  }
  const decision = decideExecute(met);
  if (decision === 'conflict') {
    const absent = needs.filter((_, index) => met[index] !== true).map(({ kind, written }) => `${kind} ${written}`);
    throw new ExecuteRefused(`needs ${absent.join(', ')}, which is not here, beside others that are`);
  }
  if (decision === 'run') await runText(session, file.name, replaceTags(file.sql, names));
  await executeFinish(session, queue, file.name);
  await recordExecuted(session, queue, file);
  return decision === 'run' ? 'ran' : 'not_meant';
}

/**
 * Inside a function the server refuses COMMIT and ROLLBACK, which would otherwise end the caller's transaction in the
 * middle of its work.
 */
async function runText(session: Session, name: string, text: string): Promise<void> {
  const before = await readSettings(session);
  if (before.replicationRole !== 'local') await setReplicationRole(session, 'local');
  const body = `begin execute ${quoteLiteral(text)}; end`;
  try {
    await session.script(`do ${quoteLiteral(body)}`);
  } catch (error) {
    if (readDriverError(error) === undefined || session.lost) throw error;
    throw new ExecuteFailed(name, lineOf(error, text), error);
  }
  await restoreSettings(session, before);
}

/** Where in the file, by the position that the server names. */
function lineOf(error: unknown, text: string): number | undefined {
  const { internalPosition, internalQuery } = error as { internalPosition?: string; internalQuery?: string };
  if (internalPosition === undefined || internalQuery !== text) return undefined;
  return [...text].slice(0, Number(internalPosition) - 1).filter((char) => char === '\n').length + 1;
}

/** This node's name of the object, or whether it is there at all where only that was asked. */
function find(session: Session, queue: QueueName, need: ExecuteNeed): Promise<string | undefined | boolean> {
  switch (need.kind) {
    case 'local-table':
    case 'local-destination':
      return localDestination(session, queue, need.name);
    case 'local-sequence':
      return localSequence(session, queue, need.name);
    case 'need-table':
      return relationExists(session, need.name, ['r', 'p']);
    case 'need-sequence':
      return relationExists(session, need.name, ['S']);
    case 'need-view':
      return relationExists(session, need.name, ['v', 'm']);
    case 'need-schema':
      return schemaExists(session, need.name);
    case 'need-function':
      return functionExists(session, need.name);
  }
}
