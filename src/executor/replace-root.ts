import { getNodeInfo, type NodeInfo } from '../catalog/pgq-node.ts';
import { recordReplacedRoot } from '../catalog/replaced-root.ts';
import { expectDone } from '../catalog/reply.ts';
import { demoteRoot, isClosed, promoteBranch } from '../catalog/takeover.ts';
import { ToolError } from '../model/problem.ts';
import type { FenceRoot, ReplaceRoot } from '../model/step.ts';
import { placeNode } from './create-node.ts';
import type { StepDeps } from './step-deps.ts';
import { whileStill } from './worker-wait.ts';

/**
 * The branch takes writes, and tells all others in the same transaction that the old root is given up: by that word it is
 * known should it come back. Who reads from the old root gets another provider by steps of its own.
 */
export async function replaceRoot(step: ReplaceRoot, deps: StepDeps): Promise<void> {
  const { queue, node, from } = step;
  await whileStill(deps, step, async (own) => {
    if (own.type === 'root') return;
    await requireFurthest(step, own, deps);
    await deps.write(step.database, async (session) => {
      expectDone(await promoteBranch(session, queue), { node, call: 'pgq_node.promote_branch' });
      deps.fault(`within-promotion:${step.id}`);
      await recordReplacedRoot(session, { queue, node: from, by: node, tick: own.workerLastTick }, deps.author);
      await placeNode(session, queue, { node: from, location: step.fromLocation, dead: true });
      deps.fault(`before-commit:${step.id}`);
    });
  });
  deps.fault(`after-promotion:${step.id}`);
}

/** Since the plan was made a node may have read what the old root still had for it. */
async function requireFurthest(step: ReplaceRoot, own: NodeInfo, deps: StepDeps): Promise<void> {
  const { queue, node, from: root } = step;
  for (const other of step.others) {
    const info = await getNodeInfo(await deps.session(other.database), queue);
    if (info === undefined || info.workerLastTick <= own.workerLastTick) continue;
    throw new ToolError([{ code: 'successor_unfit', queue, node, root, reason: 'behind', others: [other.node] }]);
  }
}

/** Only its first step: what it has taken since stays in its queue, to be looked at. */
export async function fenceRoot({ queue, node, root, database }: FenceRoot, deps: StepDeps): Promise<void> {
  await deps.write(database, async (session) => {
    if (await isClosed(session, queue)) return;
    expectDone(await demoteRoot(session, queue, 1, root), { node, call: 'pgq_node.demote_root' });
  });
}
