import { type Daemon, locationOf } from '../../test/support/debian-programs.ts';
import type { Contender } from '../support/contender.ts';
import { tablesInSync } from '../support/tables-in-sync.ts';
import { replicated } from '../support/workload.ts';

/** What Londiste has when its file does not say. */
const defaults = { loop_delay: 1, exception_sleep: 20, local_wm_publish_period: 300, global_wm_publish_period: 300 };

export const londiste = withHandler('londiste', []);
export const londisteBulk = withHandler('londiste, bulk handler', ['--handler=bulk']);

function withHandler(name: string, tableOptions: readonly string[]): Contender {
  return {
    name,
    async prepare({ source, target }, programs) {
      const root = programs.londiste({ job: 'source_worker', queue: 'q', database: source, settings: defaults });
      const leaf = programs.londiste({ job: 'target_worker', queue: 'q', database: target, settings: defaults });
      await root.run(['create-root', 'source', locationOf(source)]);
      await leaf.run(['create-leaf', 'target', locationOf(target), `--provider=${locationOf(source)}`]);
      const ticker = programs.pgqd([source], { ticker_period: 1 });
      const rootWorker = root.worker();
      let leafWorker: Daemon | undefined = leaf.worker();
      await root.run(['add-table', ...replicated]);
      await leaf.run(['add-table', '--expect-sync', ...tableOptions, ...replicated]);
      await tablesInSync(target, programs.logs);
      await leafWorker.stop();
      return {
        pids: [ticker, rootWorker].map(({ child }) => child.pid as number),
        async start() {
          leafWorker = leaf.worker();
          return [leafWorker.child.pid as number];
        },
        stop: programs.stop,
      };
    },
  };
}
