import { sql } from '../../src/db/statement.ts';
import { waitFor } from '../../test/support/replication.ts';
import { ownCascade } from '../contenders/trunkline.ts';
import { type Copier, londisteStates, watchCopy } from '../support/copier.ts';

/** From the start of the target's process, which the order is. */
export const trunklineCopy: Copier = {
  name: 'trunkline',
  onceOnly: false,
  async copy(job) {
    const { pair, tables, order } = job;
    const cascade = await ownCascade(pair, tables);
    const source = cascade.run('source');
    await using session = await pair.source.session();
    await waitFor(
      () => `the root's process: ${source.output}`,
      60_000,
      async () => (await session.query(sql('select from trunkline.worker_status'))).length > 0,
    );
    order();
    const target = cascade.run('target');
    try {
      return await watchCopy(job, londisteStates, () => target.output);
    } finally {
      for (const program of [target, source]) await program.kill('SIGTERM');
      cascade.end();
    }
  },
};
