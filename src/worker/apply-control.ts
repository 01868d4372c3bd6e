import { setGlobalWatermark, setPartitionWatermark } from '../catalog/own-queue.ts';
import { recordForeign } from '../catalog/skipped-events.ts';
import {
  globalAddTable,
  globalRemoveSequence,
  globalRemoveTable,
  globalUpdateSequence,
  isSequenceReplicated,
  readTableState,
} from '../catalog/table-sync.ts';
import { registerLocation, unregisterLocation, type WorkerState } from '../catalog/worker-state.ts';
import type { Session } from '../db/session.ts';
import type { ControlEvent, QueueRow } from '../model/event.ts';
import { assertNever } from '../model/exhaustive.ts';
import { tableName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import { parseSnapshot, sees } from '../replay/snapshot.ts';
import { applyExecute } from './apply-execute.ts';
import type { NodeDeps } from './deps.ts';

/** What a subscriber does with events that change no row, inside the batch's transaction. */
export async function applyControl(
  deps: NodeDeps,
  session: Session,
  { role, worker }: Pick<WorkerState, 'role' | 'worker'>,
  event: ControlEvent,
  tick: bigint,
): Promise<void> {
  const { queue } = deps;
  switch (event.kind) {
    case 'table_added':
      return globalAddTable(session, queue, event.table);
    case 'table_removed': {
      // Added here after that removal: its copy is on its way, or is ahead of the queue and has seen the removal.
      const table = await readTableState(session, queue, tableName(event.table));
      if (table !== undefined && table.state !== 'ok') return;
      const copied = table?.snapshot == null ? undefined : parseSnapshot(table.snapshot);
      if (copied !== undefined && sees(copied, event.txid)) return;
      return globalRemoveTable(session, queue, event.table);
    }
    case 'sequence_updated':
      return globalUpdateSequence(session, queue, event.sequence, BigInt(event.value));
    case 'sequence_removed':
      // Whether it came back since can't be told from here; a plan takes out what is left.
      if (await isSequenceReplicated(session, queue, event.sequence)) return;
      return globalRemoveSequence(session, queue, event.sequence);
    case 'location':
      return registerLocation(session, queue, event.node, event.location, event.dead);
    case 'location_removed':
      return unregisterLocation(session, queue, event.node);
    case 'global_watermark':
      // A leaf keeps no queue, so the watermark says nothing to it.
      if (role.kind === 'branch') await setGlobalWatermark(session, queue, BigInt(event.tick));
      return;
    case 'partition_tick':
      if (role.kind === 'branch') await setPartitionWatermark(session, queue, event.queue, BigInt(event.tick));
      return;
    // Handled where rows are.
    case 'truncate':
      return;
    case 'execute':
      return applyExecute(deps, session, event.file);
    case 'unknown':
      return passForeign(deps, session, event.row, { worker, tick });
  }
}

/** Of a kind that nobody knows: by the node's policy. */
async function passForeign(
  deps: NodeDeps,
  session: Session,
  row: QueueRow,
  { worker, tick }: { readonly worker: string; readonly tick: bigint },
): Promise<void> {
  const { queue, node, foreignEvents } = deps;
  switch (foreignEvents) {
    case 'stop':
      throw new ToolError([{ code: 'event_unknown', queue, node, eventType: row.type }]);
    case 'skip':
      return;
    case 'park': {
      const reason = `foreign_events: ${foreignEvents}`;
      return recordForeign(
        session,
        row,
        { queue, node, consumer: worker, client: deps.holder, reason, error: null },
        tick,
      );
    }
    default:
      return assertNever(foreignEvents);
  }
}
