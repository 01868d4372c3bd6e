import { getSubscribers, registerSubscriber, unregisterSubscriber } from '../catalog/pgq-node.ts';
import { readReplacedRoot } from '../catalog/replaced-root.ts';
import { expectDone } from '../catalog/reply.ts';
import { changeConsumerProvider, readTicks, readTickTime } from '../catalog/takeover.ts';
import { readLastSeen } from '../catalog/trunkline.ts';
import type { Session } from '../db/session.ts';
import type { NodeName, QueueName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import type { ChangeProvider } from '../model/step.ts';
import { placeNode } from './create-node.ts';
import type { StepDeps } from './step-deps.ts';
import { whenAt, whileStill } from './worker-wait.ts';

/**
 * The node is signed on at its new provider where it stands, then told, then signed off at the old one: it has a
 * provider that keeps its events at every moment.
 */
export async function changeProvider(step: ChangeProvider, deps: StepDeps): Promise<void> {
  const { queue, node } = step;
  for (let next = await tryNow(step, deps); next !== undefined; next = await tryNow(step, deps)) {
    await whenAt(deps, step, next, { exactly: true });
  }
  deps.fault(`after-node:${step.id}`);
  if (step.fromDatabase === undefined) return;
  await deps.write(step.fromDatabase, async (session) => {
    const reply = await unregisterSubscriber(session, queue, node);
    expectDone(reply, { node: step.from, call: 'pgq_node.unregister_subscriber' });
  });
}

/** A tick that the node has to come to first; undefined once it reads from its new provider. */
async function tryNow(step: ChangeProvider, deps: StepDeps): Promise<bigint | undefined> {
  const { queue, node, to } = step;
  return whileStill(deps, step, async (own, keepStill) => {
    if (own.provider === to) return undefined;
    const tick = own.workerLastTick;
    const provider = { queue, node: to, database: step.toDatabase };
    const session = await deps.session(step.toDatabase);
    // Let go meanwhile, the node could be ahead of a busy provider for ever.
    if (((await readTicks(session, queue, tick)).newest ?? 0n) < tick) {
      await whenAt(deps, provider, tick, { meanwhile: keepStill });
    }
    const { next } = await readTicks(session, queue, tick);
    if (next !== tick) {
      if (next === undefined || step.fromDatabase === undefined) {
        throw new ToolError([{ code: 'ticks_gone', node, tick, provider: to }]);
      }
      return next;
    }
    await requireSameTick(step, tick, deps);
    await deps.write(step.toDatabase, async (session) => {
      await placeNode(session, queue, { node, location: step.location, dead: false });
      await subscribeAt(session, { queue, provider: to, node, worker: own.worker, tick });
    });
    deps.fault(`after-provider:${step.id}`);
    await deps.write(step.database, async (session) => {
      await placeNode(session, queue, { node: to, location: step.toLocation, dead: false });
      const reply = await changeConsumerProvider(session, queue, own.worker, to);
      expectDone(reply, { node, call: 'pgq_node.change_consumer_provider' });
    });
    return undefined;
  });
}

/**
 * Numbers of ticks come again after a failover: who had read further than the new root has applied what went with the old one,
 * under numbers that the new one gives to others.
 */
async function requireSameTick(step: ChangeProvider, tick: bigint, deps: StepDeps): Promise<void> {
  const { queue, node, to: provider, from } = step;
  const { tick: seen } = await readLastSeen(await deps.session(step.database), queue, node);
  if (seen?.id !== tick) return;
  const session = await deps.session(step.toDatabase);
  const time = await readTickTime(session, queue, tick);
  if (time === undefined || seen.mark.startsWith(`${time} `)) return;
  const replaced = (await readReplacedRoot(session, queue, from))?.tick;
  throw new ToolError([{ code: 'node_past_new_root', queue, node, tick, provider, from, replaced }]);
}

/** Nobody reads by a subscription that an earlier try has left: it is made anew. */
export async function subscribeAt(
  session: Session,
  subscription: {
    readonly queue: QueueName;
    readonly provider: NodeName;
    readonly node: NodeName;
    readonly worker: string;
    readonly tick: bigint;
  },
): Promise<void> {
  const { queue, provider, node } = subscription;
  if ((await getSubscribers(session, queue)).has(node)) {
    const reply = await unregisterSubscriber(session, queue, node);
    expectDone(reply, { node: provider, call: 'pgq_node.unregister_subscriber' });
  }
  expectDone(await registerSubscriber(session, subscription), {
    node: provider,
    call: 'pgq_node.register_subscriber',
  });
}
