import {
  getSeqList,
  getTableList,
  globalAddTable,
  globalUpdateSeq,
  localAddSeq,
  localAddTable,
} from '../catalog/londiste.ts';
import {
  createSubscriberNode,
  dropNode,
  getQueueLocations,
  type NodeInfo,
  registerLocation,
} from '../catalog/pgq-node.ts';
import { expectDone } from '../catalog/reply.ts';
import { foreignConsumers, unsettledTables } from '../catalog/takeover.ts';
import type { Session } from '../db/session.ts';
import { ToolError } from '../model/problem.ts';
import type { ChangeRole } from '../model/step.ts';
import type { StepDeps } from './step-deps.ts';
import { type WorkPlace, whileStill } from './worker-wait.ts';

/**
 * No call turns a leaf into a branch or back: the node is taken apart and made anew in one transaction, at the tick where
 * it stands, with tables that are in sync. Its subscription at the provider stays as it is.
 */
export async function changeRole(step: ChangeRole, deps: StepDeps): Promise<void> {
  await whenSettled(step, deps);
  await whileStill(deps, step, async (own) => {
    if (own.type === step.to) return;
    await deps.write(step.database, (session) => makeAnew(session, step, own));
  });
}

/** A copy that was just made is told from later changes for a while yet. The time counts from the last one that was done. */
export async function whenSettled({ queue, node, database }: WorkPlace, deps: StepDeps): Promise<void> {
  const session = await deps.session(database);
  let since = deps.clock.now();
  let left: number | undefined;
  for (;;) {
    const tables = await unsettledTables(session, queue);
    if (tables.length === 0) return;
    if (tables.length !== left) since = deps.clock.now();
    left = tables.length;
    if (deps.clock.now() - since >= deps.workerTimeoutMs)
      throw new ToolError([{ code: 'copies_awaited', node, tables }]);
    await deps.clock.sleep(250, deps.signal);
    deps.signal?.throwIfAborted();
  }
}

async function makeAnew(session: Session, step: ChangeRole, own: NodeInfo): Promise<void> {
  const { queue, node, to } = step;
  const call = (name: string) => ({ node, call: name });
  await requireQuiet(session, step);
  const locations = await getQueueLocations(session, queue);
  const tables = await getTableList(session, queue);
  const sequences = await getSeqList(session, queue);
  expectDone(await dropNode(session, queue, node), call('pgq_node.drop_node'));
  for (const place of locations) {
    expectDone(await registerLocation(session, queue, place), call('pgq_node.register_location'));
  }
  const made = await createSubscriberNode(session, {
    queue,
    type: to,
    node,
    worker: own.worker,
    provider: own.provider ?? node,
    globalWatermark: own.workerLastTick,
    mergesInto: step.mergesInto,
  });
  expectDone(made, call('pgq_node.create_node'));
  const specs = new Map(step.tables.map((table) => [table.name, table]));
  const captures = new Map(step.captures.map(({ table, args }) => [table, args]));
  for (const { name, local } of tables) {
    expectDone(await globalAddTable(session, queue, name), call(`londiste.global_add_table(${name})`));
    const spec = local ? specs.get(name) : undefined;
    if (spec === undefined) continue;
    const args = [...(captures.get(name) ?? []), ...step.triggerArgs, 'expect_sync'];
    expectDone(await localAddTable(session, queue, spec, args), call(`londiste.local_add_table(${name})`));
  }
  for (const { name, lastValue, local } of sequences) {
    const updated = await globalUpdateSeq(session, queue, name, lastValue);
    expectDone(updated, call(`londiste.global_update_seq(${name})`));
    if (local) expectDone(await localAddSeq(session, queue, name), call(`londiste.local_add_seq(${name})`));
  }
}

/** What a copy or a reader of the queue still needs would be gone. */
async function requireQuiet(session: Session, { queue, node, to }: ChangeRole): Promise<void> {
  const tables = await unsettledTables(session, queue);
  if (tables.length > 0) throw new ToolError([{ code: 'copies_awaited', node, tables }]);
  const consumers = to === 'leaf' ? await foreignConsumers(session, queue) : [];
  if (consumers.length > 0) throw new ToolError([{ code: 'queue_in_use', node, consumers }]);
}
