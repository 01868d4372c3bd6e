import { sql } from '../../src/db/statement.ts';
import { locationOf } from '../../test/support/debian-programs.ts';
import type { Contender } from '../support/contender.ts';
import { replicated } from '../support/workload.ts';

/** PostgreSQL's own publication and subscription. */
export const native: Contender = {
  name: 'native logical replication',
  async prepare({ source, target }) {
    const on = async (database: typeof source, ...texts: readonly string[]) => {
      await using session = await database.session();
      for (const text of texts) await session.query(sql(text));
    };
    await on(source, `create publication p for table ${replicated.join(', ')}`);
    await on(
      target,
      `create subscription s connection '${locationOf(source)}' publication p with (copy_data = false, enabled = false)`,
    );
    return {
      pids: [],
      async start() {
        await on(target, 'alter subscription s enable');
        return [];
      },
      async stop() {
        await on(target, 'alter subscription s disable', 'drop subscription s');
      },
    };
  },
};
