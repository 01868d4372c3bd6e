import { once } from 'node:events';
import {
  currentEventTable,
  enterBranchQueue,
  insertPartitionTick,
  keepTick,
  passTransactionNumber,
  readWatermarks,
} from '../catalog/own-queue.ts';
import type { Batch } from '../catalog/pgq.ts';
import type { NodeRole, WorkerState } from '../catalog/worker-state.ts';
import type { Session } from '../db/session.ts';
import { quoteName } from '../db/statement.ts';
import { type QueueName, tableName } from '../model/names.ts';
import {
  branchColumns,
  linesForBranch,
  linesForMerge,
  mergeColumns,
  withGlobalWatermark,
} from '../replay/queue-lines.ts';
import { RoleChanged } from './role-changed.ts';

/** Writes a batch's events into another queue of the node's database, in the transaction that applies them. */
export interface Keeper {
  /** First thing in the transaction. */
  begin(): Promise<void>;
  /** Whole lines as they were fetched; they are its own from then on. True once they are to be written. */
  add(lines: Uint8Array): boolean;
  /** While nothing else is written: what fails then is its own fault. */
  flush(): Promise<void>;
  /** When all is written but the position. */
  finish(batch: Batch): Promise<void>;
}

interface KeeperDeps {
  readonly queue: QueueName;
  readonly node: string;
  readonly subscriber: Session;
  /** Another session of the same database, outside the transaction. */
  readonly control: Session;
}

/** Undefined for a node whose events end here. */
export function keeperFor(
  role: NodeRole,
  deps: KeeperDeps,
): ((state: Pick<WorkerState, 'syncWatermark'>) => Keeper) | undefined {
  switch (role.kind) {
    case 'branch':
      return ({ syncWatermark }) => branchKeeper(deps, { ownWatermark: syncWatermark !== undefined });
    case 'merging':
      return () => mergeKeeper(deps, role.into);
    case 'root':
    case 'leaf':
    case 'waiting':
      return undefined;
  }
}

/**
 * A branch has the events and ticks of its provider under their own numbers, so that whoever reads here may read there
 * instead. Each batch is one tick: what one transaction writes can not be told apart by ticks.
 */
function branchKeeper(
  { queue, node, subscriber, control }: KeeperDeps,
  { ownWatermark }: { readonly ownWatermark: boolean },
): Keeper {
  let table = '';
  const lines = lineWriter(subscriber, async () => table, branchColumns);
  let watermark: bigint | undefined;
  let passed: Promise<void> | undefined;
  return {
    async begin() {
      const entered = await enterBranchQueue(subscriber, queue);
      if (entered === undefined) throw new RoleChanged(node);
      table = entered;
      // The lock has given the transaction its number; a later one passes while the events come in.
      passed = passTransactionNumber(control);
      passed.catch(() => undefined);
      // Whoever reads from here is to go by what this node says, not by the root's word that comes with the events.
      if (ownWatermark) watermark = (await readWatermarks(subscriber, queue))?.global;
    },
    add(fetched) {
      const kept = linesForBranch(fetched);
      return lines.add(watermark === undefined ? kept : withGlobalWatermark(kept, watermark));
    },
    flush: lines.flush,
    async finish(batch) {
      await lines.flush();
      await passed;
      if (!(await keepTick(subscriber, queue, batch)))
        throw new Error(`tick ${batch.toTick} of queue ${queue} does not see its own events`);
    },
  };
}

function mergeKeeper({ queue, subscriber }: KeeperDeps, into: QueueName): Keeper {
  const lines = lineWriter(subscriber, () => currentEventTable(subscriber, into), mergeColumns);
  return {
    begin: async () => undefined,
    add: (fetched) => lines.add(linesForMerge(fetched)),
    flush: lines.flush,
    async finish(batch) {
      await lines.flush();
      await insertPartitionTick(subscriber, into, queue, batch.toTick);
    },
  };
}

/** Bytes held before they are sent: a COPY costs two round trips. */
const maxHeld = 4_000_000;

function lineWriter(session: Session, current: () => Promise<string>, columns: string) {
  let held: Uint8Array[] = [];
  let size = 0;
  let table: string | undefined;

  async function flush(): Promise<void> {
    if (size === 0) return;
    table ??= quoteName(tableName(await current()));
    const stream = session.copyIn(`copy ${table} (${columns}) from stdin`);
    for (const lines of held) stream.write(lines);
    held = [];
    size = 0;
    stream.end();
    await once(stream, 'finish');
  }

  return {
    add(bytes: Uint8Array): boolean {
      held.push(bytes);
      size += bytes.length;
      return size >= maxHeld;
    },
    flush,
  };
}
