import { spawn } from 'node:child_process';
import { sql } from '../../src/db/statement.ts';
import type { FreshDatabase } from '../../test/support/database.ts';
import type { Copier } from '../support/copier.ts';

/** What two psql do: no replication follows. Tables side by side, the key of each built once its rows are there. */
export const pipeCopy: Copier = {
  name: 'psql binary pipe',
  onceOnly: false,
  async copy({ pair: { source, target }, tables, order }) {
    const keys = new Map<string, string>();
    {
      await using session = await target.session();
      for (const table of tables) {
        const [key] = await session.query<{ name: string }>(
          sql(`select conname as name from pg_constraint where conrelid = $1::regclass and contype = 'p'`, table),
        );
        keys.set(table, String(key?.name));
      }
    }
    order();
    const startedAt = performance.now();
    await Promise.all(
      tables.map((table) =>
        shell(
          `psql -X -q "$SOURCE" -c 'copy ${table} to stdout (format binary)' |
            psql -X -q "$TARGET" -c 'alter table ${table} drop constraint ${keys.get(table)}' -c 'copy ${table} from stdin (format binary)' \
              -c 'alter table ${table} add primary key (id)'`,
          source,
          target,
        ),
      ),
    );
    const endedAt = performance.now();
    return { startedAt, copiedAt: endedAt, inSyncAt: endedAt };
  },
};

function shell(text: string, source: FreshDatabase, target: FreshDatabase): Promise<void> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, SOURCE: source.url, TARGET: target.url };
    const child = spawn('bash', ['-o', 'pipefail', '-c', text], { env, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', reject);
    child.once('close', (status) => (status === 0 ? resolve() : reject(new Error(`the pipe ended with ${status}`))));
  });
}
