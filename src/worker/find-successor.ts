import { readSuccessor } from '../catalog/takeover.ts';
import type { NodeName } from '../model/names.ts';
import type { NodeDeps } from './deps.ts';

const askAgainMs = 60_000;
/** It may be made a node of the new root, and a root again. */
const replacedAgainMs = 5_000;

/**
 * Finds the node that has replaced a root while it did not answer, by the word of the others: its own catalog can not
 * know. Who can not be asked says nothing. Only the first answer is waited for: after that the last one holds until there
 * is another, so that nobody who does not answer keeps a ticker waiting.
 */
export function successorFinder(): NodeDeps['successor'] {
  let answer: { readonly node: NodeName | undefined; readonly until: number } | undefined;
  let asking: Promise<void> | undefined;
  return async (deps) => {
    if (asking === undefined && (answer === undefined || deps.clock.now() >= answer.until)) {
      asking = askOthers(deps).then((node) => {
        answer = { node, until: deps.clock.now() + (node === undefined ? askAgainMs : replacedAgainMs) };
        asking = undefined;
      });
    }
    if (answer === undefined) await asking;
    return answer?.node;
  };
}

async function askOthers(deps: NodeDeps): Promise<NodeName | undefined> {
  const answers = await Promise.all(deps.others.map((other) => askOne(deps, other)));
  return answers.find((name) => name !== undefined);
}

async function askOne(deps: NodeDeps, other: NodeName): Promise<NodeName | undefined> {
  const database = deps.databaseOf(other);
  if (database === undefined || database === deps.database) return undefined;
  try {
    await using session = await deps.connector(database, {
      applicationName: `trunkline worker ${deps.node}`,
      signal: AbortSignal.any([deps.stop, deps.kill]),
    });
    return await readSuccessor(session, deps.queue, deps.node);
  } catch {
    // Whatever keeps it from answering, as no schemas there yet: it says nothing.
    return undefined;
  }
}
