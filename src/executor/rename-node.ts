import { getNodeInfo, getSubscribers, unregisterLocation, unregisterSubscriber } from '../catalog/pgq-node.ts';
import { renameOwnNode } from '../catalog/rename-node.ts';
import { expectDone } from '../catalog/reply.ts';
import { changeConsumerProvider, consumersReading } from '../catalog/takeover.ts';
import { ToolError } from '../model/problem.ts';
import type { RenameNode } from '../model/step.ts';
import { subscribeAt } from './change-provider.ts';
import { whenSettled } from './change-role.ts';
import { placeNode } from './create-node.ts';
import type { StepDeps } from './step-deps.ts';
import { whileStill } from './worker-wait.ts';

/**
 * Everybody who has to do with the node learns its new name first, and forgets the old one last. In between the node itself is
 * renamed while its worker stands still; its provider keeps its events all the time. Each part finds what a killed try has left.
 */
export async function renameNode(step: RenameNode, deps: StepDeps): Promise<void> {
  const { queue, node, from, location } = step;
  const around = [step.rootDatabase, step.providerDatabase, ...step.subscribers.map(({ database }) => database)];
  for (const database of new Set([...around, step.database])) {
    if (database === undefined) continue;
    await deps.write(database, (session) => placeNode(session, queue, { node, location, dead: false }));
  }
  deps.fault(`after-places:${step.id}`);
  await renameItself(step, deps);
  deps.fault(`after-node:${step.id}`);
  for (const subscriber of step.subscribers) {
    await deps.write(subscriber.database, async (session) => {
      for (const consumer of await consumersReading(session, queue, from)) {
        const reply = await changeConsumerProvider(session, queue, consumer, node);
        expectDone(reply, { node: subscriber.node, call: 'pgq_node.change_consumer_provider' });
      }
    });
  }
  const { provider, providerDatabase } = step;
  if (provider !== undefined && providerDatabase !== undefined) {
    await deps.write(providerDatabase, async (session) => {
      const reply = await unregisterSubscriber(session, queue, from);
      expectDone(reply, { node: provider, call: 'pgq_node.unregister_subscriber' });
    });
  }
  deps.fault(`after-subscribers:${step.id}`);
  // Said last, as the root's word travels on to all others: by then nobody reads from the old name any more.
  await deps.write(step.rootDatabase, async (session) => {
    const reply = await unregisterLocation(session, queue, from);
    expectDone(reply, { node, call: 'pgq_node.unregister_location' });
  });
}

async function renameItself(step: RenameNode, deps: StepDeps): Promise<void> {
  const { queue, node, from, worker, provider, providerDatabase, database } = step;
  const found = await getNodeInfo(await deps.session(database), queue);
  if (found?.name === node) return;
  if (found?.name !== from) {
    const note =
      found === undefined ? 'the database holds no node of the queue' : `the database holds node ${found.name}`;
    throw new ToolError([{ code: 'catalog_refused', node: from, call: 'pgq_node.get_node_info', status: 404, note }]);
  }
  const place = { queue, node: from, database };
  // The consumers of copies are called after the worker.
  if (found.type !== 'root') await whenSettled(place, deps);
  await whileStill(deps, place, async (own) => {
    if (provider !== undefined && providerDatabase !== undefined) {
      await deps.write(providerDatabase, async (session) => {
        // A worker that keeps its name has one position only: it goes over to the new subscription.
        if ((await getSubscribers(session, queue)).get(from) === worker) {
          const reply = await unregisterSubscriber(session, queue, from);
          expectDone(reply, { node: provider, call: 'pgq_node.unregister_subscriber' });
        }
        await subscribeAt(session, { queue, provider, node, worker, tick: own.workerLastTick });
      });
      deps.fault(`after-provider:${step.id}`);
    }
    await deps.write(database, (session) => renameOwnNode(session, { queue, from, to: node, worker }));
  });
}
