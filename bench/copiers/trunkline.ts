import { sql } from '../../src/db/statement.ts';
import { waitFor } from '../../test/support/replication.ts';
import { ownCascade } from '../contenders/trunkline.ts';
import { type Copier, type CopyJob, type CopyTimes, londisteStates, watchCopy } from '../support/copier.ts';

/** From the start of the target's process, which the order is. */
export const trunklineCopy = withOptions('trunkline', '');
export const trunklineStreamsCopy = withOptions('trunkline 2 streams', ', copy: { parallel: 2 }');

function withOptions(name: string, options: string): Copier {
  return { name, onceOnly: false, copy: (job) => copy(job, options) };
}

async function copy(job: CopyJob, options: string): Promise<CopyTimes> {
  const { pair, tables, order } = job;
  using cascade = await ownCascade(pair.source, [pair.target], tables, options);
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
  }
}
