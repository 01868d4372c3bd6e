import { getSeqList, getTableList, globalAddTable, globalUpdateSeq } from '../catalog/londiste.ts';
import { tickNow } from '../catalog/pgq.ts';
import {
  createRootNode,
  createSubscriberNode,
  dropNode,
  getNodeInfo,
  getQueueLocations,
  getSubscribers,
  type NodeInfo,
  type QueueLocation,
  registerLocation,
  registerSubscriber,
  unregisterLocation,
  unregisterSubscriber,
} from '../catalog/pgq-node.ts';
import { forgetApplied } from '../catalog/plan-log.ts';
import { expectDone } from '../catalog/reply.ts';
import type { Session } from '../db/session.ts';
import type { Location, NodeName, QueueName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import type { CreateBranch, CreateLeaf, CreateRoot, DropNode } from '../model/step.ts';
import type { StepDeps } from './step-deps.ts';

export async function createRoot(step: CreateRoot, { write }: StepDeps): Promise<void> {
  const { queue, node, worker, location } = step;
  await write(step.database, async (session) => {
    const own = await getNodeInfo(session, queue);
    if (own !== undefined) {
      expectNode(own, node, 'root');
      return;
    }
    await placeNode(session, queue, { node, location, dead: false });
    expectDone(await createRootNode(session, queue, node, worker), { node, call: 'pgq_node.create_node' });
  });
}

/**
 * Three databases, three transactions, each of which finds what an earlier try has left. The node itself comes last:
 * once it is there, the rest is too.
 */
export async function createSubscriber(
  step: CreateBranch | CreateLeaf,
  { write, session, fault }: StepDeps,
): Promise<void> {
  const { queue, node, worker, provider } = step;
  const place = { node, location: step.location, dead: false };
  const locations = await write(step.rootDatabase, async (root) => {
    await placeNode(root, queue, place);
    return getQueueLocations(root, queue);
  });
  fault(`after-root:${step.id}`);

  const own = await getNodeInfo(await session(step.database), queue);
  const type = step.kind === 'create_branch' ? 'branch' : 'leaf';
  // One that is to change its role gets its subscription back first.
  if (own !== undefined) expectNode(own, node, step.existing ? own.type : type);
  // A new node has no table yet, so nothing before this moment is of use to it: neither a backlog, nor the word that an
  // earlier node of its name has left.
  const start = own?.workerLastTick ?? (await tickNow(await session(step.providerDatabase), queue));
  const fromProvider = await write(step.providerDatabase, async (on) => {
    if (step.providerDatabase !== step.rootDatabase) await placeNode(on, queue, place);
    const watermark = await subscribe(on, step, own, start);
    return { watermark, tables: await getTableList(on, queue), sequences: await getSeqList(on, queue) };
  });
  fault(`after-provider:${step.id}`);

  await write(step.database, async (on) => {
    for (const known of locations) await placeNode(on, queue, known);
    if (own === undefined) {
      const globalWatermark = fromProvider.watermark;
      const mergesInto = step.kind === 'create_leaf' ? step.mergesInto : undefined;
      const reply = await createSubscriberNode(on, {
        queue,
        type,
        node,
        worker,
        provider,
        globalWatermark,
        mergesInto,
      });
      expectDone(reply, { node, call: 'pgq_node.create_node' });
    }
    for (const table of fromProvider.tables) {
      if (!table.local) continue;
      expectDone(await globalAddTable(on, queue, table.name), {
        node,
        call: `londiste.global_add_table(${table.name})`,
      });
    }
    for (const sequence of fromProvider.sequences) {
      const reply = await globalUpdateSeq(on, queue, sequence.name, sequence.lastValue);
      expectDone(reply, { node, call: `londiste.global_update_seq(${sequence.name})` });
    }
  });
}

/** Gives the tick that a new node starts from. */
async function subscribe(
  session: Session,
  step: CreateBranch | CreateLeaf,
  own: NodeInfo | undefined,
  start: bigint | undefined,
): Promise<bigint> {
  const { queue, node, worker, provider } = step;
  const context = { node: provider, call: 'pgq_node.register_subscriber' };
  const subscribed = (await getSubscribers(session, queue)).has(node);
  if (own !== undefined) {
    if (!subscribed) {
      expectDone(await registerSubscriber(session, { queue, node, worker, tick: start }), context);
    }
    return own.workerLastTick;
  }
  // Left by a try that came no further, or by a node of this name that is gone: nobody reads from that position.
  if (subscribed) {
    expectDone(await unregisterSubscriber(session, queue, node), {
      ...context,
      call: 'pgq_node.unregister_subscriber',
    });
  }
  const reply = await registerSubscriber(session, { queue, node, worker, tick: start });
  expectDone(reply, context);
  return start ?? reply.globalWatermark;
}

/** The node's own database comes last: as long as the node is there, a new plan finds it and goes on. */
export async function removeNode(step: DropNode, { write, fault }: StepDeps): Promise<void> {
  const { queue, node } = step;
  const others = new Set([step.rootDatabase, step.providerDatabase].filter((name) => name !== undefined));
  for (const database of others) {
    await write(database, async (session) => {
      expectDone(await unregisterLocation(session, queue, node), { node, call: 'pgq_node.unregister_location' });
    });
    fault(`after-root:${step.id}`);
  }
  await write(step.database, async (session) => {
    expectDone(await dropNode(session, queue, node), { node, call: 'pgq_node.drop_node' });
    // What was applied is no measure for a queue that is taken apart.
    if (step.rootDatabase === undefined) await forgetApplied(session, queue);
  });
}

export async function setLocation(
  session: Session,
  queue: QueueName,
  member: NodeName,
  location: Location,
): Promise<void> {
  await placeNode(session, queue, { node: member, location, dead: false });
}

/** A root tells every place on through the queue, so nothing is said that is known. */
export async function placeNode(session: Session, queue: QueueName, place: QueueLocation): Promise<void> {
  const known = (await getQueueLocations(session, queue)).find((other) => other.node === place.node);
  if (known !== undefined && known.location === place.location && known.dead === place.dead) return;
  expectDone(await registerLocation(session, queue, place), { node: place.node, call: 'pgq_node.register_location' });
}

function expectNode(own: NodeInfo, name: NodeName, type: NodeInfo['type']): void {
  if (own.name === name && own.type === type) return;
  const note = `the database holds node ${own.name}, a ${own.type}`;
  throw new ToolError([{ code: 'catalog_refused', node: name, call: 'pgq_node.get_node_info', status: 401, note }]);
}
