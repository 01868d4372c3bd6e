import { cascadeIsThere } from '../catalog/execute.ts';
import { ExecuteFailed, ExecuteRefused, executeFile } from '../catalog/execute-file.ts';
import { type Footprint, type RelationPrint, readFootprint, readLocks } from '../catalog/footprint.ts';
import type { Connector } from '../db/connector.ts';
import { readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';
import type { ExecuteFile } from '../model/event.ts';
import type { RehearsalOutcome, RehearsedEffects } from '../model/migration.ts';
import type { DatabaseName, QueueName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';

/** A rehearsal must not hold up anybody for long: it holds the locks that the file takes, until it is rolled back. */
const settings = { lock_timeout: '2s', statement_timeout: '20s' };
const applicationName = 'trunkline rehearsal';

/**
 * Runs files one after the other on a node, in one transaction that is rolled back, up to the first that fails. The
 * result has one outcome per file.
 */
export async function rehearse(
  connector: Connector,
  on: { readonly database: DatabaseName; readonly queue: QueueName; readonly root: boolean },
  files: readonly ExecuteFile[],
  signal: AbortSignal | undefined,
): Promise<readonly RehearsalOutcome[]> {
  const outcomes: RehearsalOutcome[] = [];
  try {
    await using session = await connector(on.database, { applicationName, settings, signal });
    if (!(await cascadeIsThere(session, on.queue))) {
      return files.map(() => ({
        kind: 'not_tried',
        detail: 'the node is not there yet; apply tries it before it runs',
      }));
    }
    await session.script('begin');
    let before = await readFootprint(session);
    for (const file of files) {
      const outcome = await tryOne(session, on, file, before);
      outcomes.push(outcome.result);
      if (outcome.after === undefined) break;
      before = outcome.after;
    }
    await session.script('rollback');
  } catch (error) {
    signal?.throwIfAborted();
    outcomes.push({ kind: 'not_tried', detail: reasonOf(error) });
  }
  const left = files.slice(outcomes.length);
  return [...outcomes, ...left.map(() => ({ kind: 'not_tried', detail: 'an earlier file did not pass' }) as const)];
}

function reasonOf(error: unknown): string {
  if (error instanceof ToolError) return 'its database does not answer';
  const known = readDriverError(error);
  if (known === undefined) throw error;
  return known.message;
}

/** Lock and statement timeouts say nothing about the file. */
const notTheFile = new Set(['55P03', '57014', '40P01']);

async function tryOne(
  session: Session,
  { queue, root }: { readonly queue: QueueName; readonly root: boolean },
  file: ExecuteFile,
  before: Footprint,
): Promise<{ readonly result: RehearsalOutcome; readonly after: Footprint | undefined }> {
  try {
    const outcome = await executeFile(session, queue, file, { expectRoot: root });
    if (outcome !== 'ran') return { result: { kind: 'not_meant' }, after: before };
    const after = await readFootprint(session);
    return { result: { kind: 'ran', effects: await effectsOf(session, before, after) }, after };
  } catch (error) {
    if (error instanceof ExecuteRefused) {
      return {
        result: { kind: 'failed', detail: error.message, sqlstate: undefined, line: undefined },
        after: undefined,
      };
    }
    if (!(error instanceof ExecuteFailed)) throw error;
    const cause = readDriverError(error.cause);
    const detail = cause?.message ?? error.message;
    if (cause?.sqlstate !== undefined && notTheFile.has(cause.sqlstate)) {
      return { result: { kind: 'not_tried', detail }, after: undefined };
    }
    return { result: { kind: 'failed', detail, sqlstate: cause?.sqlstate, line: error.line }, after: undefined };
  }
}

/** Only of what was there before: nobody waits for a table that the file itself has made. */
async function effectsOf(session: Session, before: Footprint, after: Footprint): Promise<RehearsedEffects> {
  const locks = await readLocks(session);
  const tables = [...before].map(([oid, was]) => ({ oid, was, is: after.get(oid) }));
  const gone = ({ was, is }: { was: RelationPrint; is: RelationPrint | undefined }) =>
    is === undefined || is.droppedColumns > was.droppedColumns || is.deleted > was.deleted || isEmptied(was, is);
  const names = (found: typeof tables) => found.map(({ was }) => was.name).sort();
  return {
    dropped: names(tables.filter(gone)),
    rewritten: names(
      tables.filter(({ was, is }) => is !== undefined && is.storage !== was.storage && !isEmptied(was, is)),
    ),
    locked: names(tables.filter(({ oid }) => locks.exclusive.has(oid))),
    writesBlocked: names(tables.filter(({ oid }) => locks.writes.has(oid) && !locks.exclusive.has(oid))),
  };
}

function isEmptied(was: RelationPrint, is: RelationPrint): boolean {
  return is.storage !== was.storage && was.bytes > 0 && is.bytes === 0;
}
