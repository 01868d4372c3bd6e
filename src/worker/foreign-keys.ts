import { restoreForeignKey, validPendingForeignKeys } from '../catalog/table-sync.ts';
import { readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';
import type { NodeDeps } from './deps.ts';

const tryAgainMs = 60_000;

export interface PendingKeys {
  readonly deps: NodeDeps;
  readonly control: Session;
  readonly subscriber: Session;
  /** Keys that could not be made, and when they are tried again. */
  readonly refused: Map<string, number>;
}

/**
 * Keys that were taken down for first copies, or came with a table that was made, are added once both their tables are in
 * sync. A key that the rows do not meet must not stop replication: it is told, and tried again later.
 */
export async function restoreForeignKeys({ deps, control, subscriber, refused }: PendingKeys): Promise<void> {
  for (const { from_table, fkey_name } of await validPendingForeignKeys(control, deps.queue)) {
    const key = `${from_table} ${fkey_name}`;
    if ((refused.get(key) ?? 0) > deps.clock.now()) continue;
    try {
      await restoreForeignKey(subscriber, from_table, fkey_name);
    } catch (error) {
      const known = readDriverError(error);
      if (known === undefined || known.connectionLost) throw error;
      refused.set(key, deps.clock.now() + tryAgainMs);
      tell(
        deps,
        'warn',
        'foreign_key_refused',
        `foreign key ${fkey_name} of ${from_table} cannot be added: ${known.message}`,
      );
      continue;
    }
    refused.delete(key);
    tell(deps, 'info', 'foreign_key_restored', `foreign key ${fkey_name} of ${from_table} is back`);
  }
}

function tell(deps: NodeDeps, level: 'info' | 'warn', event: string, message: string): void {
  deps.log({ level, event, queue: deps.queue, node: deps.node, message });
}
