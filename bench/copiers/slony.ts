import { slonyCluster } from '../contenders/slony.ts';
import type { Copier } from '../support/copier.ts';

export const slonyCopy: Copier = {
  name: 'slony',
  onceOnly: true,
  async copy({ pair, programs, tables, order }) {
    const cluster = slonyCluster(pair, programs, tables);
    order();
    const startedAt = performance.now();
    cluster.subscribe('omit copy = false');
    try {
      await cluster.subscribed();
      // It tells of nothing in between.
      const endedAt = performance.now();
      return { startedAt, copiedAt: endedAt, inSyncAt: endedAt };
    } finally {
      await programs.stop();
    }
  },
};
