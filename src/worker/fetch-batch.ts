import type { Batch } from '../catalog/pgq.ts';
import type { Session } from '../db/session.ts';
import { quoteLiteral } from '../db/statement.ts';

/** Which events of a batch are wanted. */
export type EventFilter =
  | { readonly kind: 'all' }
  /** A copy that catches up. */
  | { readonly kind: 'table'; readonly table: string }
  /** What is about the queue, its nodes and its tables, but no rows. */
  | { readonly kind: 'control' };

const decodedColumns = 'e.ev_id, e.ev_txid, e.ev_type, e.ev_data, e.ev_extra1, e.ev_extra2, e.ev_extra3';

/** The provider answers while the subscriber opens its transaction; for one who then reads to the end. */
export function startFetching(...given: Parameters<typeof fetchBatch>): AsyncIterable<Uint8Array> {
  const lines = fetchBatch(...given);
  const first = lines.next();
  // Whoever reads sees the error.
  first.catch(() => undefined);
  return {
    async *[Symbol.asyncIterator]() {
      try {
        for (let next = await first; next.done !== true; next = await lines.next()) yield next.value;
      } finally {
        await lines.return();
      }
    },
  };
}

/**
 * Streams a batch's events in order as whole lines of COPY text, some hundred at a time; the whole batch is never held.
 * `whole` adds the columns that only another queue or a function wants.
 */
export async function* fetchBatch(
  session: Session,
  { events }: Pick<Batch, 'events'>,
  filter: EventFilter,
  whole: boolean,
): AsyncGenerator<Uint8Array, void, void> {
  const columns = whole ? `${decodedColumns}, e.ev_extra4, e.ev_time` : decodedColumns;
  const stream = session.copyOut(
    `copy (select ${columns} from (${events}) e ${condition(filter)} order by e.ev_id) to stdout`,
  );
  let parts: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const end = chunk.lastIndexOf(0x0a) + 1;
    if (end === 0) {
      // A value may be longer than many chunks: they are put together once.
      parts.push(chunk);
      continue;
    }
    const lines = chunk.subarray(0, end);
    const whole = parts.length === 0 ? lines : Buffer.concat([...parts, lines]);
    // The pieces of a large value must not live beside the whole of it.
    parts = end < chunk.length ? [chunk.subarray(end)] : [];
    yield whole;
  }
}

function condition(filter: EventFilter): string {
  switch (filter.kind) {
    case 'all':
      return '';
    case 'table':
      return `where e.ev_extra1 = ${quoteLiteral(filter.table)}`;
    case 'control':
      return `where e.ev_type like 'pgq.%' or e.ev_type like 'londiste.%'`;
  }
}
