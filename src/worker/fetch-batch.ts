import { batchEventSql } from '../catalog/pgq.ts';
import type { Session } from '../db/session.ts';
import { quoteLiteral } from '../db/statement.ts';

/** Streams a batch's events in order as whole lines of COPY text, some hundred at a time; the whole batch is never held. */
export async function* fetchBatch(
  session: Session,
  batch: bigint,
  onlyTable: string | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  const events = await batchEventSql(session, batch);
  const filter = onlyTable === undefined ? '' : `where e.ev_extra1 = ${quoteLiteral(onlyTable)}`;
  const stream = session.copyOut(
    `copy (select e.ev_id, e.ev_txid, e.ev_type, e.ev_data, e.ev_extra1, e.ev_extra2, e.ev_extra3 from (${events}) e ${filter} order by e.ev_id) to stdout`,
  );
  let parts: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const end = chunk.lastIndexOf(0x0a) + 1;
    if (end === 0) {
      // A value may be longer than many chunks: they are put together once.
      parts.push(chunk);
      continue;
    }
    parts.push(chunk.subarray(0, end));
    yield parts.length === 1 ? chunk.subarray(0, end) : Buffer.concat(parts);
    parts = end < chunk.length ? [chunk.subarray(end)] : [];
  }
}
