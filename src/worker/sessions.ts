import { becomeReplica } from '../catalog/table-sync.ts';
import type { Session } from '../db/session.ts';
import type { NodeDeps } from './deps.ts';

/** A session that writes replicated rows: the subscriber's ordinary triggers and foreign keys stay quiet. */
export async function openSubscriber(deps: NodeDeps, role: 'apply' | 'copy'): Promise<Session> {
  const session = await deps.connector(deps.database, {
    applicationName: `trunkline ${role} ${deps.node}`,
    settings: { lock_timeout: lockTimeout[role] },
    signal: deps.kill,
  });
  try {
    await becomeReplica(session);
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

// A copy that waits for its exclusive lock holds up every reader behind it, so it lets go soon and comes back.
// The replay would only look busy: as an error, the wait is seen in `status`.
const lockTimeout = { copy: '10s', apply: '30s' };
