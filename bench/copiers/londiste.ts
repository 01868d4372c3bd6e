import { originalCascade } from '../contenders/londiste.ts';
import { type Copier, londisteStates, watchCopy } from '../support/copier.ts';

export const londisteCopy = withParallel('londiste 1 at a time', 1);
export const londisteParallelCopy = withParallel('londiste 4 at a time', 4);

function withParallel(name: string, parallel: number): Copier {
  return {
    name,
    onceOnly: true,
    async copy(job) {
      const { pair, programs, tables, order } = job;
      const { leaf } = await originalCascade(pair, programs, tables, { parallel_copies: parallel });
      await leaf.run(['add-table', ...tables]);
      order();
      leaf.worker();
      try {
        return await watchCopy(job, londisteStates, programs.logs);
      } finally {
        await programs.stop();
      }
    },
  };
}
