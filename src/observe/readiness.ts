import type { NodeName } from '../model/names.ts';
import type { CascadeStatus } from '../model/status.ts';

/** Whether the nodes that a process works for are being replicated, and if not, what is in the way. */
export interface Readiness {
  readonly ready: boolean;
  readonly problems: readonly { readonly queue: string; readonly node: string; readonly code: string }[];
}

/** `nodes` undefined: the process works for all of them. Warnings, as a copy that is under way, do not count. */
export function readiness(status: CascadeStatus, nodes: ReadonlySet<NodeName> | undefined): Readiness {
  const problems = status.queues.flatMap(({ queue, nodes: all }) =>
    all
      .filter(({ node }) => nodes === undefined || nodes.has(node))
      .flatMap(({ node, findings }) =>
        findings.filter(({ severity }) => severity === 'error').map(({ code }) => ({ queue, node, code })),
      ),
  );
  return { ready: problems.length === 0, problems };
}
