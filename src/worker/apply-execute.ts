import {
  executeFinish,
  executeStart,
  functionExists,
  localDestination,
  localSequence,
  relationExists,
  schemaExists,
  setReplicationRole,
} from '../catalog/execute.ts';
import type { Session } from '../db/session.ts';
import type { ExecuteFile } from '../model/event.ts';
import { ToolError } from '../model/problem.ts';
import { decideExecute, type ExecuteNeed, readExecuteNeeds, replaceTags } from '../replay/execute-attributes.ts';
import type { NodeDeps } from './deps.ts';

/**
 * Runs an SQL file that came down the queue, at its place in the stream and in the transaction of its batch: once per
 * database, under this node's names, and only where what it names is there. The node's own triggers fire as for a user.
 */
export async function applyExecute(deps: NodeDeps, session: Session, file: ExecuteFile): Promise<void> {
  const needs = readExecuteNeeds(file.attributes);
  if (needs === undefined) throw refused(deps, file, 'has attributes that nobody knows');
  if (!(await executeStart(session, deps.queue, file))) {
    tell(deps, 'warn', `SQL file ${file.name} has run here before and is passed over`);
    return;
  }
  const names = new Map<string, string>();
  const met: boolean[] = [];
  for (const need of needs) {
    const own = await find(deps, session, need);
    if (typeof own === 'string') names.set(need.written, own);
    met.push(own !== undefined && own !== false);
  }
  const decision = decideExecute(met);
  if (decision === 'conflict') {
    const absent = needs.filter((_, index) => met[index] !== true).map(({ kind, written }) => `${kind} ${written}`);
    throw refused(deps, file, `needs ${absent.join(', ')}, which is not here, beside others that are`);
  }
  if (decision === 'run') await runFile(session, file.name, replaceTags(file.sql, names));
  await executeFinish(session, deps.queue, file.name);
  tell(
    deps,
    'info',
    decision === 'run' ? `SQL file ${file.name} has run` : `SQL file ${file.name} is not meant for this node`,
  );
}

async function runFile(session: Session, name: string, text: string): Promise<void> {
  await setReplicationRole(session, 'local');
  try {
    await session.script(text);
  } catch (error) {
    throw new Error(`SQL file ${name}: ${(error as Error).message}`, { cause: error });
  }
  await setReplicationRole(session, 'replica');
}

/** This node's name of the object, or whether it is there at all where only that was asked. */
function find(deps: NodeDeps, session: Session, need: ExecuteNeed): Promise<string | undefined | boolean> {
  switch (need.kind) {
    case 'local-table':
    case 'local-destination':
      return localDestination(session, deps.queue, need.name);
    case 'local-sequence':
      return localSequence(session, deps.queue, need.name);
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

function refused(deps: NodeDeps, file: ExecuteFile, detail: string): ToolError {
  return new ToolError([{ code: 'execute_refused', queue: deps.queue, node: deps.node, file: file.name, detail }]);
}

function tell(deps: NodeDeps, level: 'info' | 'warn', message: string): void {
  deps.log({ level, event: 'execute', queue: deps.queue, node: deps.node, message });
}
