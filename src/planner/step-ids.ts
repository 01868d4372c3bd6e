import type { DatabaseName, NodeName, QueueName, SequenceName, TableName } from '../model/names.ts';
import type { StepKind } from '../model/step.ts';

/** The same change has the same id in every plan. A step may name the id of one that turns out not to be needed. */
export const stepId = {
  install: (database: DatabaseName) => idOf('install_schemas', database),
  createRoot: (queue: QueueName, node: NodeName) => idOf('create_root', queue, node),
  createBranch: (queue: QueueName, node: NodeName) => idOf('create_branch', queue, node),
  createLeaf: (queue: QueueName, node: NodeName) => idOf('create_leaf', queue, node),
  changeProvider: (queue: QueueName, node: NodeName) => idOf('change_provider', queue, node),
  changeRole: (queue: QueueName, node: NodeName) => idOf('change_role', queue, node),
  moveRoot: (queue: QueueName, node: NodeName) => idOf('move_root', queue, node),
  reopenRoot: (queue: QueueName, node: NodeName) => idOf('reopen_root', queue, node),
  replaceRoot: (queue: QueueName, node: NodeName) => idOf('replace_root', queue, node),
  fenceRoot: (queue: QueueName, node: NodeName) => idOf('fence_root', queue, node),
  renameTable: (queue: QueueName, table: TableName) => idOf('rename_table', queue, table),
  renameNode: (queue: QueueName, node: NodeName) => idOf('rename_node', queue, node),
  removeSubscription: (queue: QueueName, node: NodeName, subscriber: NodeName) =>
    idOf('remove_subscription', queue, node, subscriber),
  setTicker: (queue: QueueName, node: NodeName) => idOf('set_ticker', queue, node),
  setLocation: (queue: QueueName, node: NodeName, member: NodeName) => idOf('set_location', queue, node, member),
  createSchema: (queue: QueueName, node: NodeName, schema: string) => idOf('create_schema', queue, node, schema),
  createType: (queue: QueueName, node: NodeName, type: string) => idOf('create_type', queue, node, type),
  createSequence: (queue: QueueName, node: NodeName, sequence: SequenceName) =>
    idOf('create_sequence', queue, node, sequence),
  createTable: (queue: QueueName, node: NodeName, table: TableName) => idOf('create_table', queue, node, table),
  addTable: (queue: QueueName, node: NodeName, table: TableName) => idOf('add_table', queue, node, table),
  changeTable: (queue: QueueName, node: NodeName, table: TableName) => idOf('change_table', queue, node, table),
  setTableOptions: (queue: QueueName, node: NodeName, table: TableName) =>
    idOf('set_table_options', queue, node, table),
  resyncTable: (queue: QueueName, node: NodeName, table: TableName) => idOf('resync_table', queue, node, table),
  removeTable: (queue: QueueName, node: NodeName, table: TableName) => idOf('remove_table', queue, node, table),
  restoreTriggers: (queue: QueueName, node: NodeName, table: TableName) => idOf('restore_triggers', queue, node, table),
  addSequence: (queue: QueueName, node: NodeName, sequence: SequenceName) =>
    idOf('add_sequence', queue, node, sequence),
  removeSequence: (queue: QueueName, node: NodeName, sequence: SequenceName) =>
    idOf('remove_sequence', queue, node, sequence),
  executeFile: (queue: QueueName, file: string) => `execute_file/${queue}/${file}`,
  dropNode: (queue: QueueName, node: NodeName) => idOf('drop_node', queue, node),
};

function idOf(kind: StepKind, ...names: readonly string[]): string {
  return [kind, ...names].join('/');
}

/** Whatever it is that gives the root's place to the node. */
export function rootIds(queue: QueueName, root: NodeName): readonly string[] {
  return [stepId.moveRoot(queue, root), stepId.replaceRoot(queue, root)];
}
