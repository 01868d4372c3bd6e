import { ExecuteRefused, executeFile } from '../catalog/execute-file.ts';
import type { Session } from '../db/session.ts';
import type { ExecuteFile } from '../model/event.ts';
import { assertNever } from '../model/exhaustive.ts';
import { ToolError } from '../model/problem.ts';
import type { NodeDeps } from './deps.ts';

/** Runs an SQL file that came down the queue, at its place in the stream and in the transaction of its batch. */
export async function applyExecute(deps: NodeDeps, session: Session, file: ExecuteFile): Promise<void> {
  // Rows before it may have gone through temporary tables, whose columns have types that it drops.
  await session.script('discard temp');
  const outcome = await executeFile(session, deps.queue, file, { expectRoot: false }).catch((error: unknown) => {
    if (!(error instanceof ExecuteRefused)) throw error;
    const { queue, node } = deps;
    const problem = { code: 'execute_refused', queue, node, file: file.name, detail: error.message } as const;
    throw new ToolError([problem], { cause: error });
  });
  switch (outcome) {
    case 'ran':
      return tell(deps, 'info', `SQL file ${file.name} has run`);
    case 'ran_before':
      return tell(deps, 'warn', `SQL file ${file.name} has run here before and is passed over`);
    case 'not_meant':
      return tell(deps, 'info', `SQL file ${file.name} is not meant for this node`);
    default:
      assertNever(outcome);
  }
}

function tell(deps: NodeDeps, level: 'info' | 'warn', message: string): void {
  deps.log({ level, event: 'execute', queue: deps.queue, node: deps.node, message });
}
