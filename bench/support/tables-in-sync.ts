import { sql } from '../../src/db/statement.ts';
import type { FreshDatabase } from '../../test/support/database.ts';
import { waitFor } from '../../test/support/replication.ts';

/** Until every table of a Londiste node is in sync there. */
export async function tablesInSync(database: FreshDatabase, why: () => string): Promise<void> {
  await using session = await database.session();
  await waitFor(
    () => `tables in sync: ${why()}`,
    300_000,
    async () => {
      const [row] = await session.query<{ ok: boolean | null }>(
        sql(`select bool_and(merge_state is not distinct from 'ok') as ok from londiste.table_info where local`),
      );
      return row?.ok === true;
    },
  );
}
