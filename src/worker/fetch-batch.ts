import type { Batch } from '../catalog/pgq.ts';
import type { Session } from '../db/session.ts';
import { quoteLiteral } from '../db/statement.ts';
import { slicesOf } from '../replay/batch-slices.ts';

/** Which events of a batch are wanted. */
export type EventFilter =
  | { readonly kind: 'all' }
  /** Copies that catch up. */
  | { readonly kind: 'tables'; readonly tables: readonly string[] }
  /** What is about the queue, its nodes and its tables, but no rows. */
  | { readonly kind: 'control' };

const decodedColumns = 'e.ev_id, e.ev_txid, e.ev_type, e.ev_data, e.ev_extra1, e.ev_extra2, e.ev_extra3';

/**
 * Streams a batch's events in order as whole lines of COPY text, some hundred at a time; the whole batch is never held.
 * A large one is read slice by slice: the provider sorts little at a time, and the first events are there at once.
 * `whole` adds the columns that only another queue or a function wants.
 */
export async function* fetchBatch(
  session: Session,
  { events, cuts = [] }: Pick<Batch, 'events'> & Partial<Pick<Batch, 'cuts'>>,
  filter: EventFilter,
  whole: boolean,
): AsyncGenerator<Uint8Array, void, void> {
  for (const slice of slicesOf(cuts)) yield* fetchSlice(session, { query: events, slice, filter, whole });
}

interface Slice {
  /** That gives the events. */
  readonly query: string;
  /** Conditions on `e.ev_txid`, of which an event passes one at most. */
  readonly slice: readonly string[];
  readonly filter: EventFilter;
  readonly whole: boolean;
}

/** One piece of the same. */
export function fetchSlice(
  session: Session,
  { query, slice, filter, whole }: Slice,
): AsyncGenerator<Uint8Array, void, void> {
  const columns = whole ? `${decodedColumns}, e.ev_extra4, e.ev_time` : decodedColumns;
  const wanted = condition(filter);
  const parts = slice.map((part) => `select ${columns} from (${query}) e where ${part} and ${wanted}`);
  return wholeLines(session.copyOut(`copy (${parts.join(' union all ')} order by ev_id) to stdout`));
}

async function* wholeLines(stream: ReturnType<Session['copyOut']>): AsyncGenerator<Uint8Array, void, void> {
  let seen = 0;
  /** The line that the last chunk has cut off. */
  let line: Buffer = Buffer.alloc(0);
  let filled = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    seen += chunk.length;
    let rest = chunk;
    if (filled > 0) {
      const end = chunk.indexOf(lineFeed) + 1;
      const needed = filled + (end === 0 ? chunk.length : end);
      if (needed > line.length) {
        // Of a value longer than a chunk, the pieces must not live beside the whole: what is to come of it has room at once.
        const whole = Buffer.allocUnsafeSlow(end === 0 ? needed + stream.bytes - seen : needed);
        line.copy(whole, 0, 0, filled);
        line = whole;
      }
      filled += chunk.copy(line, filled, 0, end === 0 ? chunk.length : end);
      if (end === 0) continue;
      yield line.subarray(0, filled);
      rest = chunk.subarray(end);
    }
    const end = rest.lastIndexOf(lineFeed) + 1;
    line = rest.subarray(end);
    filled = line.length;
    if (end > 0) yield rest.subarray(0, end);
  }
}

const lineFeed = 0x0a;

function condition(filter: EventFilter): string {
  switch (filter.kind) {
    case 'all':
      return 'true';
    case 'tables':
      return `e.ev_extra1 in (${filter.tables.map(quoteLiteral).join(', ')})`;
    case 'control':
      return `(e.ev_type like 'pgq.%' or e.ev_type like 'londiste.%')`;
  }
}
