import { readNodeNow } from '../catalog/read-live-state.ts';
import { readTableNow, type TableNow } from '../catalog/table-now.ts';
import type { Session } from '../db/session.ts';
import { assertNever } from '../model/exhaustive.ts';
import type { TableName } from '../model/names.ts';
import { type StepChange, ToolError } from '../model/problem.ts';
import type { LiveDatabase, LiveNode, LiveState, LiveTable, TableFacts } from '../model/state.ts';
import type { Step } from '../model/step.ts';
import { isLeftAlone } from '../model/table.ts';

/** What the steps of an apply were planned from. */
export interface Basis {
  readonly live: LiveState;
  readonly describe: (step: Step) => string;
  /** The step that makes a table, by database and table. */
  readonly makers: ReadonlyMap<string, Step>;
  /** Tables that get their names by the same plan: what was seen of them went by others. */
  readonly renamed: ReadonlySet<string>;
}

export function basisOf(live: LiveState, steps: readonly Step[], describe: Basis['describe']): Basis {
  const makers = new Map<string, Step>();
  for (const step of steps) {
    const key = step.kind === 'create_table' ? placeOf(step, step.destination) : undefined;
    // Two queues may want the same table of one database: the first of them makes it.
    if (key !== undefined && !makers.has(key)) makers.set(key, step);
  }
  const renamed = steps.flatMap((step) => (step.kind === 'rename_table' ? [nameIn(step.queue, step.table)] : []));
  return { live, describe, makers, renamed: new Set(renamed) };
}

/**
 * Inside a step's own transaction: what it is about is still what the plan was made for. The databases as a whole were
 * compared before the first step; a large apply takes long, and others may work on them meanwhile. What earlier steps of the
 * same apply have made is no change.
 */
export async function requireUnchanged(session: Session, step: Step, basis: Basis): Promise<void> {
  const seen = basis.live.databases.get(step.database);
  if (seen?.kind !== 'reachable') return;
  const changes = await changesOf(session, step, seen, basis);
  if (changes.length === 0) return;
  throw new ToolError([{ code: 'step_outdated', step: basis.describe(step), database: step.database, changes }]);
}

async function changesOf(
  session: Session,
  step: Step,
  seen: LiveDatabase,
  { makers, renamed }: Basis,
): Promise<readonly StepChange[]> {
  switch (step.kind) {
    case 'create_table':
      return makers.get(placeOf(step, step.destination)) === step ? onTable(step, step.table, step.destination) : [];
    case 'add_table': {
      const { name, destination } = step.table;
      return isLeftAlone(step.table) || makers.has(placeOf(step, destination)) ? [] : onTable(step, name, destination);
    }
    case 'change_table': {
      const { name, destination } = step.to;
      return onTable(step, name, destination, { rows: !makers.has(placeOf(step, destination)) });
    }
    case 'set_table_options':
      return onTable(step, step.to.name, step.to.destination);
    case 'restore_triggers':
    case 'resync_table':
      return onTable(step, step.table.name, step.table.destination);
    case 'remove_table':
      return onTable(step, step.table, step.destination, { rows: false });
    case 'set_ticker': {
      const before = nodeIn(seen, step)?.ticker;
      if (before === undefined) return [];
      const now = (await readNodeNow(session, step.queue))?.ticker;
      return same(now, before) || same(now, step.to) ? [] : [{ kind: 'ticker_set' }];
    }
    case 'set_location': {
      const before = nodeIn(seen, step)?.members.get(step.member)?.location;
      const now = (await readNodeNow(session, step.queue))?.members.get(step.member)?.location;
      return now === before || now === step.to ? [] : [{ kind: 'location_set', member: step.member }];
    }
    case 'drop_node': {
      // Its role and its provider may have been changed by an earlier step.
      const now = await readNodeNow(session, step.queue);
      return now === undefined || now.name === step.node ? [] : [{ kind: 'node_changed', node: step.node }];
    }
    // These look at what is there themselves, and leave it or refuse.
    case 'install_schemas':
    case 'create_root':
    case 'create_branch':
    case 'create_leaf':
    case 'change_provider':
    case 'change_role':
    case 'move_root':
    case 'reopen_root':
    case 'replace_root':
    case 'fence_root':
    case 'rename_node':
    case 'rename_table':
    case 'remove_subscription':
    case 'create_schema':
    case 'create_type':
    case 'create_sequence':
    case 'add_sequence':
    case 'remove_sequence':
    case 'execute_file':
      return [];
    default:
      return assertNever(step);
  }

  async function onTable(
    { queue }: { readonly queue: LiveNode['queue'] },
    table: TableName,
    destination: TableName,
    { rows = true } = {},
  ): Promise<readonly StepChange[]> {
    if (renamed.has(nameIn(queue, table))) return [];
    const now = await readTableNow(session, queue, table, destination);
    const changes = replicationChanges(table, seen.queues.get(queue)?.tables.get(table), now.replicated);
    return rows ? [...changes, ...tableChanges(destination, seen.tables.get(destination), now.facts)] : changes;
  }
}

function tableChanges(table: TableName, before: TableFacts | undefined, now: TableNow['facts']): StepChange[] {
  if (before === undefined) return now === undefined ? [] : [{ kind: 'table_made', table }];
  if (now === undefined) return [{ kind: 'table_gone', table }];
  const columns = new Map(before.columns.map((column) => [column.name, column]));
  const left = new Set(now.columns.map(({ name }) => name));
  const moved = [
    ...now.columns.filter((column) => !same(column, columns.get(column.name))).map(({ name }) => name),
    ...[...columns.keys()].filter((name) => !left.has(name)),
  ];
  if (moved.length > 0) return [{ kind: 'columns_changed', table, columns: moved }];
  return same(now.primaryKey, before.primaryKey) ? [] : [{ kind: 'key_changed', table }];
}

/** Only what a table replicates as: its copy goes on all the time. */
function replicationChanges(
  table: TableName,
  before: LiveTable | undefined,
  now: TableNow['replicated'],
): StepChange[] {
  const was = before?.local === true ? before : undefined;
  if (was === undefined) return now === undefined ? [] : [{ kind: 'table_added', table }];
  if (now === undefined) return [{ kind: 'table_removed', table }];
  // Where another tool's handler stands, no target was read.
  const moved = was.attrs !== now.attrs || (was.spec !== undefined && was.spec.destination !== now.destination);
  return moved ? [{ kind: 'options_changed', table }] : [];
}

function placeOf({ database }: Step, table: TableName): string {
  return `${database}\n${table}`;
}

function nameIn(queue: LiveNode['queue'], table: TableName): string {
  return `${queue}\n${table}`;
}

function nodeIn(seen: LiveDatabase, { queue }: { readonly queue: LiveNode['queue'] }): LiveNode | undefined {
  return seen.queues.get(queue);
}

function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
