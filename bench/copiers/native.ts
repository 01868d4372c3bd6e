import { sql } from '../../src/db/statement.ts';
import { locationOf } from '../../test/support/debian-programs.ts';
import { type Copier, watchCopy } from '../support/copier.ts';

const states = `select case srsubstate
    when 'i' then 'waiting' when 'd' then 'copying' when 'r' then 'in_sync' else 'copied' end as state
  from pg_subscription_rel`;

export const nativeCopy: Copier = {
  name: 'native logical replication',
  onceOnly: false,
  async copy(job) {
    const { source, target } = job.pair;
    const on = async (database: typeof source, ...texts: readonly string[]) => {
      await using session = await database.session();
      for (const text of texts) await session.query(sql(text));
    };
    await on(source, `create publication p for table ${job.tables.join(', ')}`);
    job.order();
    await on(target, `create subscription s connection '${locationOf(source)}' publication p with (binary = true)`);
    try {
      return await watchCopy(job, states, job.programs.logs);
    } finally {
      await on(target, 'alter subscription s disable', 'drop subscription s');
    }
  },
};
