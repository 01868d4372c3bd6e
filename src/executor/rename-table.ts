import { relationExists } from '../catalog/execute.ts';
import { createTrigger } from '../catalog/londiste.ts';
import { tickNow } from '../catalog/pgq.ts';
import {
  addNewName,
  dropTriggers,
  forgetOldName,
  knowsBothNames,
  lockTable,
  pendingKeysOf,
  readOldName,
  renameTableItself,
  setDestination,
} from '../catalog/rename-table.ts';
import { expectDone } from '../catalog/reply.ts';
import { readTicks } from '../catalog/takeover.ts';
import type { Session } from '../db/session.ts';
import type { NodeName, TableName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import type { RenameTable, TableOnNode } from '../model/step.ts';
import { wholeTable } from '../model/table.ts';
import type { NodeRole } from '../model/topology.ts';
import type { StepDeps } from './step-deps.ts';
import { whenAt, whileStill } from './worker-wait.ts';

/**
 * Events carry the name of their table, and those of the old name are on their way for a while. So every node learns the new
 * name beside the old one before the root writes the first event under it, and forgets the old one once it is past the last.
 * A worker finds both in its list at each batch, whosever worker it is. Each part finds what a killed try has left.
 */
export async function renameTable(step: RenameTable, deps: StepDeps): Promise<void> {
  const { queue, node, database, from, table, nodes } = step;
  // From the root down: who filters rows looks at its provider's table.
  await deps.write(database, (session) => addName(session, step, { node, names: { from, to: table } }));
  for (const on of nodes) {
    // Who was told by a killed try has read its list anew since.
    if (await knowsBothNames(await deps.session(on.database), renamingOf(step))) continue;
    // A batch may be on its way in by a list that was read before.
    await whileStill(deps, { queue, ...on }, () => deps.write(on.database, (session) => addName(session, step, on)));
    deps.fault(`after-name:${step.id}/${on.node}`);
  }
  await deps.write(database, (session) => switchRoot(session, step));
  deps.fault(`after-root:${step.id}`);
  const tick = await tickAfterwards(step, deps);
  for (const on of nodes) await whenAt(deps, { queue, ...on }, tick);
  // From the leaves up: who is behind looks at its provider's table by the old name.
  for (const on of nodes.toReversed()) {
    await whileStill(deps, { queue, ...on }, () => deps.write(on.database, (session) => settle(session, step, on)));
    deps.fault(`after-node:${step.id}/${on.node}`);
  }
  await deps.write(database, async (session) => {
    // Its triggers go with the name, and the table's own are to stay: the old name leads to no table now.
    await setDestination(session, queue, from, from);
    await forgetOldName(session, renamingOf(step));
  });
}

type Names = NonNullable<TableOnNode['names']>;

async function addName(session: Session, step: RenameTable, on: Pick<TableOnNode, 'node' | 'names'>): Promise<void> {
  const old = await readOldName(session, renamingOf(step));
  if (old === undefined) return;
  if (old.local) requireSettled(step, on.node, old);
  const table = old.local && on.names !== undefined ? await tableNow(session, on.names) : undefined;
  await addNewName(session, renamingOf(step), table);
}

async function switchRoot(session: Session, step: RenameTable): Promise<void> {
  const { queue, node, from, table, triggerArgs } = step;
  const now = await tableNow(session, { from, to: table });
  await lockTable(session, now);
  await rename(session, node, now, table);
  // Who is behind still asks for the table by its old name.
  for (const name of [from, table]) await setDestination(session, queue, name, table);
  await dropTriggers(session, queue, from);
  await makeTriggers(session, step, { node, role: 'root', table, triggerArgs });
}

/** Every event of the old name lies before it. */
async function tickAfterwards({ queue, node, database }: RenameTable, deps: StepDeps): Promise<bigint> {
  const session = await deps.session(database);
  const { newest = 0n } = await readTicks(session, queue, 0n);
  const tick = (await tickNow(session, queue)) ?? 0n;
  if (tick > newest) return tick;
  throw refused(node, 'pgq.ticker', `the ticker of queue ${queue} is paused`);
}

async function settle(session: Session, step: RenameTable, on: TableOnNode): Promise<void> {
  const { queue, table } = step;
  const { node, role, names, triggerArgs } = on;
  const old = await readOldName(session, renamingOf(step));
  if (old === undefined) return;
  if (!old.local || names === undefined) return forgetOldName(session, renamingOf(step));
  requireSettled(step, node, old);
  const now = await tableNow(session, names);
  if (triggerArgs !== undefined) await lockTable(session, now);
  await forgetOldName(session, renamingOf(step));
  await rename(session, node, now, names.to);
  await setDestination(session, queue, table, names.to);
  if (triggerArgs !== undefined) await makeTriggers(session, step, { node, role, table: names.to, triggerArgs });
}

/** Somebody may have renamed it before. */
async function tableNow(session: Session, { from, to }: Names): Promise<TableName> {
  return from !== to && (await relationExists(session, from, ['r', 'p'])) ? from : to;
}

async function rename(session: Session, node: NodeName, from: TableName, to: TableName): Promise<void> {
  if (from === to) return;
  // Their definitions are kept as text.
  const [key] = await pendingKeysOf(session, from);
  if (key !== undefined)
    throw refused(node, `alter table ${from}`, `foreign key ${key} is down for a first copy, and names the table`);
  await renameTableItself(session, from, to);
}

async function makeTriggers(
  session: Session,
  { queue, table: name }: RenameTable,
  on: {
    readonly node: NodeName;
    readonly role: NodeRole;
    readonly table: TableName;
    readonly triggerArgs: readonly string[];
  },
): Promise<void> {
  const reply = await createTrigger(session, queue, wholeTable(name, on.table), on.triggerArgs, on.role);
  expectDone(reply, { node: on.node, call: `londiste.create_trigger(${on.table})` });
}

function requireSettled({ from }: RenameTable, node: NodeName, { settled }: { readonly settled: boolean }): void {
  if (!settled) throw new ToolError([{ code: 'copies_awaited', node, tables: [from] }]);
}

function refused(node: NodeName, call: string, note: string): ToolError {
  return new ToolError([{ code: 'catalog_refused', node, call, status: 409, note }]);
}

function renamingOf({ queue, from, table }: RenameTable) {
  return { queue, from, to: table };
}
