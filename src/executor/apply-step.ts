import { changeSchemas } from '../catalog/install.ts';
import {
  createTrigger,
  getSeqList,
  globalAddTable,
  globalUpdateSeq,
  localAddSeq,
  localAddTable,
  localRemoveSeq,
  localRemoveTable,
  setTableAttrs,
} from '../catalog/londiste.ts';
import { unregisterSubscriber } from '../catalog/pgq-node.ts';
import { setTickerSettings } from '../catalog/queue-settings.ts';
import { expectDone } from '../catalog/reply.ts';
import { copyAgain } from '../catalog/table-sync.ts';
import type { Session } from '../db/session.ts';
import { assertNever } from '../model/exhaustive.ts';
import type { DatabaseName, NodeName } from '../model/names.ts';
import type {
  AddSequence,
  AddTable,
  ChangeTable,
  RemoveSequence,
  RemoveTable,
  RestoreTriggers,
  ResyncTable,
  SetTableOptions,
  Step,
} from '../model/step.ts';
import { changeProvider } from './change-provider.ts';
import { changeRole } from './change-role.ts';
import { createRoot, createSubscriber, removeNode, setLocation } from './create-node.ts';
import { createObject } from './create-object.ts';
import { executeSqlFile } from './execute-sql-file.ts';
import { moveRoot, reopenRoot } from './move-root.ts';
import { renameNode } from './rename-node.ts';
import { renameTable } from './rename-table.ts';
import { fenceRoot, replaceRoot } from './replace-root.ts';
import type { StepDeps } from './step-deps.ts';

/** Does one step. Each may have been done before, wholly or in part: it then does what is left. */
export async function applyStep(step: Step, deps: StepDeps): Promise<void> {
  switch (step.kind) {
    case 'install_schemas':
      await deps.retried(step.database, (session) => changeSchemas(session, step.schemas, { database: step.database }));
      return;
    case 'create_root':
      return createRoot(step, deps);
    case 'create_branch':
    case 'create_leaf':
      return createSubscriber(step, deps);
    case 'change_provider':
      return changeProvider(step, deps);
    case 'change_role':
      return changeRole(step, deps);
    case 'move_root':
      return moveRoot(step, deps);
    case 'reopen_root':
      return reopenRoot(step, deps);
    case 'replace_root':
      return replaceRoot(step, deps);
    case 'fence_root':
      return fenceRoot(step, deps);
    case 'rename_node':
      return renameNode(step, deps);
    case 'rename_table':
      return renameTable(step, deps);
    case 'remove_subscription':
      return deps.write(step.database, async (session) => {
        const reply = await unregisterSubscriber(session, step.queue, step.subscriber);
        expectDone(reply, { node: step.node, call: 'pgq_node.unregister_subscriber' });
      });
    case 'set_ticker':
      return deps.write(step.database, (session) => setTickerSettings(session, step.queue, step.to));
    case 'set_location':
      return deps.write(step.database, (session) => setLocation(session, step.queue, step.member, step.to));
    case 'create_schema':
    case 'create_type':
    case 'create_sequence':
    case 'create_table':
      return deps.write(step.database, (session) => createObject(session, step));
    case 'add_table':
      return deps.write(step.database, (session) => addTable(session, step));
    case 'change_table':
      return deps.write(step.database, (session) => changeTable(session, step));
    case 'set_table_options':
      return deps.write(step.database, (session) => setTableOptions(session, step));
    case 'resync_table':
      return deps.write(step.database, (session) => resyncTable(session, step));
    case 'remove_table':
      return deps.write(step.database, (session) => removeTable(session, step));
    case 'restore_triggers':
      return deps.write(step.database, (session) => restoreTriggers(session, step));
    case 'add_sequence':
      return addSequence(step, deps);
    case 'remove_sequence':
      return deps.write(step.database, (session) => removeSequence(session, step));
    case 'execute_file':
      return executeSqlFile(step, deps);
    case 'drop_node':
      return removeNode(step, deps);
    default:
      return assertNever(step);
  }
}

/** Every database that a step writes to or reads from. */
export function databasesOf(step: Step): ReadonlySet<DatabaseName> {
  switch (step.kind) {
    case 'create_branch':
    case 'create_leaf':
      return new Set([step.database, step.providerDatabase, step.rootDatabase]);
    case 'change_provider':
      return new Set([step.database, step.fromDatabase, step.toDatabase].filter((name) => name !== undefined));
    case 'move_root':
      return new Set([step.database, step.fromDatabase, step.providerDatabase].filter((name) => name !== undefined));
    case 'rename_node':
      return new Set([
        step.database,
        step.rootDatabase,
        ...(step.providerDatabase === undefined ? [] : [step.providerDatabase]),
        ...step.subscribers.map(({ database }) => database),
      ]);
    case 'rename_table':
      return new Set([step.database, ...step.nodes.map(({ database }) => database)]);
    case 'replace_root':
      return new Set([step.database, ...step.others.map(({ database }) => database)]);
    case 'drop_node':
      return new Set([step.database, step.providerDatabase, step.rootDatabase].filter((name) => name !== undefined));
    case 'add_sequence':
      return new Set([step.database, step.rootDatabase]);
    case 'execute_file':
      return new Set(step.nodes.map(({ database }) => database));
    default:
      return new Set([step.database]);
  }
}

async function addTable(session: Session, step: AddTable): Promise<void> {
  const { queue, node, table } = step;
  // The root's word of the table comes by the queue too, but only once the node's worker has read it.
  if (step.role !== 'root') {
    const call = `londiste.global_add_table(${table.name})`;
    expectDone(await globalAddTable(session, queue, table.name), { node, call });
  }
  expectDone(await localAddTable(session, queue, table, step.triggerArgs), call(node, 'local_add_table', table.name));
}

async function changeTable(session: Session, step: ChangeTable): Promise<void> {
  const { queue, node, to } = step;
  // Sequences that the table owns go with it, and are to stay.
  const before = (await getSeqList(session, queue)).filter((sequence) => sequence.local);
  expectDone(await localRemoveTable(session, queue, to.name), call(node, 'local_remove_table', to.name), [400]);
  expectDone(await globalAddTable(session, queue, to.name), call(node, 'global_add_table', to.name));
  expectDone(await localAddTable(session, queue, to, step.triggerArgs), call(node, 'local_add_table', to.name));
  const after = new Map((await getSeqList(session, queue)).map((sequence) => [sequence.name, sequence]));
  for (const { name, lastValue } of before) {
    if (after.get(name)?.local) continue;
    expectDone(await globalUpdateSeq(session, queue, name, lastValue), call(node, 'global_update_seq', name));
    expectDone(await localAddSeq(session, queue, name), call(node, 'local_add_seq', name));
  }
}

/** All in one transaction: the copies agree on who empties the table by the states of all of them. */
async function resyncTable(session: Session, { queue, table, merged }: ResyncTable): Promise<void> {
  await copyAgain(session, queue, table.name);
  for (const other of merged) await copyAgain(session, other.queue, other.table);
}

async function setTableOptions(session: Session, { queue, node, to, prune }: SetTableOptions): Promise<void> {
  const reply = await setTableAttrs(session, queue, to, prune);
  expectDone(reply, call(node, 'local_set_table_attrs', to.name));
}

/** 400: not known, or not replicated here any more. */
async function removeTable(session: Session, { queue, node, table }: RemoveTable): Promise<void> {
  expectDone(await localRemoveTable(session, queue, table), call(node, 'local_remove_table', table), [400]);
}

async function restoreTriggers(session: Session, step: RestoreTriggers): Promise<void> {
  const { queue, node, table, triggerArgs, role } = step;
  const reply = await createTrigger(session, queue, table, triggerArgs, role);
  expectDone(reply, call(node, 'create_trigger', table.destination));
}

async function addSequence(step: AddSequence, { write, session }: StepDeps): Promise<void> {
  const { queue, node, sequence } = step;
  const known =
    step.role === 'root'
      ? undefined
      : (await getSeqList(await session(step.rootDatabase), queue)).find(({ name }) => name === sequence);
  await write(step.database, async (on) => {
    if (known !== undefined) {
      const reply = await globalUpdateSeq(on, queue, sequence, known.lastValue);
      expectDone(reply, call(node, 'global_update_seq', sequence));
    }
    expectDone(await localAddSeq(on, queue, sequence), call(node, 'local_add_seq', sequence));
  });
}

/** 400 and 404: gone already, perhaps together with the table that owns it. */
async function removeSequence(session: Session, { queue, node, sequence }: RemoveSequence): Promise<void> {
  const reply = await localRemoveSeq(session, queue, sequence);
  expectDone(reply, call(node, 'local_remove_seq', sequence), [400, 404]);
}

function call(node: NodeName, name: string, subject: string) {
  return { node, call: `londiste.${name}(${subject})` };
}
