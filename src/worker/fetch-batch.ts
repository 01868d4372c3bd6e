import { batchEventSql } from '../catalog/pgq.ts';
import type { Session } from '../db/session.ts';
import { quoteLiteral } from '../db/statement.ts';
import type { QueueRow } from '../model/event.ts';
import { readQueueRows } from '../replay/copy-text.ts';

/** Streams a batch's events in order, some hundred at a time; the whole batch is never held. */
export async function* fetchBatch(
  session: Session,
  batch: bigint,
  onlyTable: string | undefined,
): AsyncGenerator<QueueRow[], void, void> {
  const events = await batchEventSql(session, batch);
  const filter = onlyTable === undefined ? '' : `where e.ev_extra1 = ${quoteLiteral(onlyTable)}`;
  const stream = session.copyOut(
    `copy (select e.ev_id, e.ev_txid, e.ev_type, e.ev_data, e.ev_extra1, e.ev_extra2, e.ev_extra3 from (${events}) e ${filter} order by e.ev_id) to stdout`,
  );
  let rest: Buffer | undefined;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const whole = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    const end = whole.lastIndexOf(0x0a);
    if (end < 0) {
      rest = whole;
      continue;
    }
    rest = end + 1 < whole.length ? whole.subarray(end + 1) : undefined;
    yield readQueueRows(whole.toString('utf8', 0, end + 1));
  }
}
