import { executeFile } from '../catalog/execute-file.ts';
import type { ExecuteFile } from '../model/event.ts';
import type { RehearsalOutcome } from '../model/migration.ts';
import type { NodeName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import type { ExecuteSqlFile, Step } from '../model/step.ts';
import { rehearse } from './rehearse.ts';
import type { StepDeps } from './step-deps.ts';

/**
 * Tries the file on each node that answers, behind those of the plan that come before it, then runs it on the root and puts it into the queue, in one transaction. A
 * subscriber on which it fails would stop there.
 */
export async function executeSqlFile(step: ExecuteSqlFile, deps: StepDeps): Promise<void> {
  const { queue, file } = step;
  const files = upTo(step, deps.steps);
  const tried = await Promise.all(
    step.nodes.map(async ({ node, database }) => {
      const on = { database, queue, root: node === step.node };
      const outcomes = await rehearse(deps.connector, on, files, deps.signal);
      return outcomes.flatMap((outcome) => problemsOf(step, node, outcome));
    }),
  );
  const failed = tried.flat();
  if (failed.length > 0) throw new ToolError(failed);
  deps.fault(`rehearsed:${step.id}`);
  await deps.write(step.database, async (session) => {
    await executeFile(session, queue, file, { expectRoot: true });
  });
}

/** Those before it may still be on their way to a subscriber, and it may need what they do. */
function upTo(step: ExecuteSqlFile, steps: readonly Step[]): readonly ExecuteFile[] {
  const files = steps.filter((other) => other.kind === 'execute_file' && other.queue === step.queue);
  return files
    .slice(0, files.indexOf(step) + 1)
    .flatMap((other) => (other.kind === 'execute_file' ? [other.file] : []));
}

function problemsOf({ queue, file }: ExecuteSqlFile, node: NodeName, outcome: RehearsalOutcome) {
  if (outcome.kind !== 'failed') return [];
  const { line, detail, sqlstate } = outcome;
  return [{ code: 'migration_fails', queue, node, file: file.name, line, detail, sqlstate, renamed: [] } as const];
}
