import { tickNow } from '../catalog/pgq.ts';
import { getNodeInfo, getSubscribers, unregisterSubscriber } from '../catalog/pgq-node.ts';
import { expectDone } from '../catalog/reply.ts';
import { demoteRoot, isClosed, promoteBranch, readTicks } from '../catalog/takeover.ts';
import { ToolError } from '../model/problem.ts';
import type { MoveRoot } from '../model/step.ts';
import { subscribeAt } from './change-provider.ts';
import { placeNode } from './create-node.ts';
import type { StepDeps } from './step-deps.ts';
import { type WorkPlace, whenAt, whileStill } from './worker-wait.ts';

/**
 * The old root refuses writes and makes its last tick; when the new one has read it, it takes the writes. Until then the
 * old one can be opened again, and after that the rest can be done at any time: there are never two that take writes.
 */
export async function moveRoot(step: MoveRoot, deps: StepDeps): Promise<void> {
  const { queue, node, from, fromDatabase } = step;
  const own = await getNodeInfo(await deps.session(step.database), queue);
  if (own?.type !== 'root') await takeWrites(step, deps);
  const old = await getNodeInfo(await deps.session(fromDatabase), queue);
  if (old?.type === 'root') {
    await keepPlace(step, deps, old.worker);
    await deps.write(fromDatabase, async (session) => {
      await placeNode(session, queue, { node, location: step.location, dead: false });
      expectDone(await demoteRoot(session, queue, 3, node), demotion(step));
    });
    deps.fault(`after-demotion:${step.id}`);
  }
  const provider = step.provider === undefined ? undefined : (step.providerDatabase ?? fromDatabase);
  for (const database of new Set([provider ?? fromDatabase, fromDatabase])) {
    await deps.write(database, async (session) => {
      expectDone(await unregisterSubscriber(session, queue, node), {
        node: from,
        call: 'pgq_node.unregister_subscriber',
      });
    });
  }
}

async function takeWrites(step: MoveRoot, deps: StepDeps): Promise<void> {
  const { queue, fromDatabase } = step;
  const old = await deps.session(fromDatabase);
  // Writes go on while the new root comes near: the less is left for the time in which nobody takes any.
  if (!(await isClosed(old, queue))) await whenAt(deps, step, (await tickNow(old, queue)) ?? 0n);
  try {
    await deps.write(fromDatabase, async (session) => {
      expectDone(await demoteRoot(session, queue, 1, step.node), demotion(step));
    });
    deps.fault(`after-closing:${step.id}`);
    const last = await deps.write(fromDatabase, async (session) => {
      const reply = await demoteRoot(session, queue, 2, step.node);
      expectDone(reply, demotion(step));
      return reply.lastTick ?? 0n;
    });
    deps.fault(`after-last-tick:${step.id}`);
    await whenAt(deps, step, last);
    await promote(step, deps, last);
  } catch (error) {
    await reopenIfAlone(step, deps);
    throw error;
  }
  deps.fault(`after-promotion:${step.id}`);
}

async function promote(step: MoveRoot, deps: StepDeps, last: bigint): Promise<void> {
  const { queue, node } = step;
  await whileStill(deps, step, async (own) => {
    const closed = await isClosed(await deps.session(step.fromDatabase), queue);
    if (!closed || own.workerLastTick !== last) {
      const note = closed
        ? `${node} is at tick ${own.workerLastTick}, not at ${last}`
        : `${step.from} takes writes again`;
      throw new ToolError([{ code: 'catalog_refused', node, call: 'pgq_node.promote_branch', status: 409, note }]);
    }
    await deps.write(step.database, async (session) => {
      expectDone(await promoteBranch(session, queue), { node, call: 'pgq_node.promote_branch' });
    });
  });
}

/** The new root keeps every event from the old one's last tick on for it. */
async function keepPlace(step: MoveRoot, deps: StepDeps, worker: string): Promise<void> {
  const { queue, node, from } = step;
  const { newest = 0n } = await readTicks(await deps.session(step.fromDatabase), queue, 0n);
  await deps.write(step.database, async (session) => {
    await placeNode(session, queue, { node: from, location: step.fromLocation, dead: false });
    if ((await getSubscribers(session, queue)).has(from)) return;
    await subscribeAt(session, { queue, provider: node, node: from, worker, tick: newest });
  });
  deps.fault(`after-subscription:${step.id}`);
}

/** A failure before the new root takes writes leaves the old one as it was. */
async function reopenIfAlone(step: MoveRoot, deps: StepDeps): Promise<void> {
  const own = await getNodeInfo(await deps.session(step.database), step.queue);
  if (own === undefined || own.type === 'root') return;
  await reopenRoot({ queue: step.queue, node: step.from, database: step.fromDatabase }, deps);
}

/** A demotion has no way back but the whole way: a branch of itself for a moment, and promoted again. */
export async function reopenRoot({ queue, node, database }: WorkPlace, deps: StepDeps): Promise<void> {
  await deps.write(database, async (session) => {
    if (!(await isClosed(session, queue))) return;
    expectDone(await demoteRoot(session, queue, 3, node), { node, call: 'pgq_node.demote_root' });
    expectDone(await promoteBranch(session, queue), { node, call: 'pgq_node.promote_branch' });
  });
}

function demotion({ from }: MoveRoot) {
  return { node: from, call: 'pgq_node.demote_root' };
}
