import type { Session } from '../db/session.ts';
import { sql } from '../db/statement.ts';
import type { QueueName } from '../model/names.ts';
import type { TickerSettings } from '../model/topology.ts';

/** The four settings of `pgq.queue` that the file knows. */
export async function setTickerSettings(session: Session, queue: QueueName, to: TickerSettings): Promise<void> {
  const settings = [
    ['ticker_max_count', String(to.maxCount)],
    ['ticker_max_lag', seconds(to.maxLagMs)],
    ['ticker_idle_period', seconds(to.idlePeriodMs)],
    ['rotation_period', seconds(to.rotationPeriodMs)],
  ] as const;
  for (const [name, value] of settings) {
    await session.query(sql('select pgq.set_queue_config($1, $2, $3)', queue, name, value));
  }
}

/** Up to PostgreSQL 14 a part of an interval has 31 bits, which is 25 days of milliseconds. */
function seconds(ms: number): string {
  return `${ms / 1000} seconds`;
}
