import { readTableState } from '../catalog/table-sync.ts';
import { assertLease } from '../catalog/trunkline.ts';
import type { Session } from '../db/session.ts';
import { quoteLiteral, quoteName, sql } from '../db/statement.ts';
import { transaction } from '../db/transaction.ts';
import type { TableName } from '../model/names.ts';
import { decodeSyncState } from '../model/sync-state-codec.ts';
import type { CopyMeter, CopyTexts } from './copy-pipe.ts';
import type { NodeDeps } from './deps.ts';
import { openSubscriber } from './sessions.ts';

/** Blocks of a table's file: its rows are between two of them, the last range has no end. */
export interface BlockRange {
  readonly from: number;
  readonly to: number | undefined;
}

const blockBytes = 8_192;
/** Less is not worth a transaction of its own. */
const leastBlocks = (16 * 1024 * 1024) / blockBytes;
/** More than one range for each stream, so that none waits long for the last. */
const rangesEach = 4;

/** Before 14 a server reads the whole file for each range of blocks. */
const hasRangeScans = 140_000;

/**
 * How the file of a table is cut for several streams; one range where that gains nothing. Called after the snapshot was
 * taken: whatever it sees lies within the file as it is now.
 */
export async function cutIntoRanges(
  session: Session,
  table: { readonly name: TableName; readonly partitioned: boolean },
  streams: number,
): Promise<readonly BlockRange[]> {
  const whole: readonly BlockRange[] = [{ from: 0, to: undefined }];
  if (streams < 2 || table.partitioned || session.serverVersion < hasRangeScans) return whole;
  const [row] = await session.query<{ blocks: number }>(
    sql(
      `select (pg_catalog.pg_relation_size($1::regclass)
          / pg_catalog.current_setting('block_size')::int)::int as blocks`,
      quoteName(table.name),
    ),
  );
  return ranges(row?.blocks ?? 0, streams);
}

export function ranges(blocks: number, streams: number): readonly BlockRange[] {
  const each = Math.max(leastBlocks, Math.ceil(blocks / (streams * rangesEach)));
  const count = Math.max(1, Math.floor(blocks / each));
  return Array.from({ length: count }, (_, index) => ({
    from: index * each,
    to: index + 1 < count ? (index + 1) * each : undefined,
  }));
}

export function rangeCondition({ from, to }: BlockRange): string | undefined {
  if (from === 0 && to === undefined) return undefined;
  const start = `ctid >= '(${from},0)'::tid`;
  return to === undefined ? start : `${start} and ctid < '(${to},0)'::tid`;
}

export interface RangedCopy {
  readonly deps: NodeDeps;
  readonly generation: bigint;
  readonly table: TableName;
  readonly moved: CopyMeter;
  /** In the transaction whose snapshot all read by. */
  readonly provider: Session;
  readonly openProvider: (signal: AbortSignal) => Promise<Session>;
  readonly texts: (range: BlockRange) => CopyTexts;
  readonly ranges: readonly BlockRange[];
  readonly streams: number;
}

/** Each range is committed by itself. The first error ends all streams, and is the one that is thrown. */
export async function copyRanges(copy: RangedCopy): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([copy.deps.kill, failed.signal]);
  const deps: NodeDeps = { ...copy.deps, kill: signal };
  const waiting = [...copy.ranges];
  const [row] = await copy.provider.query<{ id: string }>(sql('select pg_catalog.pg_export_snapshot() as id'));
  const snapshot = `set transaction snapshot ${quoteLiteral(row?.id ?? '')}`;

  const stream = async (from: Session, to: Session): Promise<void> => {
    for (let range = waiting.shift(); range !== undefined; range = waiting.shift()) {
      await copyRange({ ...copy, deps }, from, to, range, signal);
    }
  };
  const one = async (): Promise<void> => {
    // Not the sessions of the copy itself: one that is cut off in the middle of its rows is of no use any more.
    await using from = await copy.openProvider(signal);
    await using to = await openSubscriber(deps, 'copy');
    await transaction(from, () => stream(from, to), 'isolation level repeatable read, read only', snapshot);
  };
  const streams = Array.from({ length: Math.min(copy.streams, copy.ranges.length) }, one);
  for (const running of streams) running.catch((error: unknown) => failed.abort(error));
  await Promise.allSettled(streams);
  if (failed.signal.aborted) throw failed.signal.reason;
}

async function copyRange(
  { deps, generation, table, moved, texts }: RangedCopy,
  from: Session,
  to: Session,
  range: BlockRange,
  signal: AbortSignal,
): Promise<void> {
  // The transaction that sets the state in the end waits for the disk, and for all that was written before.
  await transaction(
    to,
    async () => {
      await assertLease(to, deps.queue, deps.node, generation);
      await expectInCopy(to, deps, table);
      await moved.pipe(from, to, texts(range), signal);
    },
    '',
    'set local synchronous_commit = off',
  );
  deps.fault('range-copied');
}

/** A table that is taken out, or is to be copied anew, must get no more rows: who changes its state waits for the range in hand. */
async function expectInCopy(session: Session, deps: NodeDeps, table: TableName): Promise<void> {
  await session.query(
    sql(
      'select from londiste.table_info where queue_name = $1 and table_name = $2 and local for share',
      deps.queue,
      table,
    ),
  );
  const row = await readTableState(session, deps.queue, table);
  if (row !== undefined && decodeSyncState(row.state)?.kind === 'in_copy') return;
  throw new Error(`${table} was taken out, or set to be copied again, while it was copied`);
}
