import {
  type Daemon,
  type DebianPrograms,
  type Londiste,
  locationOf,
  type Settings,
} from '../../test/support/debian-programs.ts';
import type { Contender } from '../support/contender.ts';
import type { Pair } from '../support/pair.ts';
import { tablesInSync } from '../support/tables-in-sync.ts';
import { replicated } from '../support/workload.ts';

/** What Londiste has when its file does not say. */
const defaults = { loop_delay: 1, exception_sleep: 20, local_wm_publish_period: 300, global_wm_publish_period: 300 };

export const londiste = withHandler('londiste', [], {});
export const londisteBulk = withHandler('londiste, bulk handler', ['--handler=bulk'], {
  handler_modules: 'londiste.handlers.bulk',
});

function withHandler(name: string, tableOptions: readonly string[], leafSettings: Settings): Contender {
  return {
    name,
    async prepare(pair, programs) {
      const { leaf, daemons } = await originalCascade(pair, programs, replicated, leafSettings);
      let leafWorker: Daemon | undefined = leaf.worker();
      await leaf.run(['add-table', '--expect-sync', ...tableOptions, ...replicated]);
      await tablesInSync(pair.target, programs.logs);
      await leafWorker.stop();
      return {
        pids: daemons.map(({ child }) => child.pid as number),
        async start() {
          leafWorker = leaf.worker();
          return [leafWorker.child.pid as number];
        },
        stop: programs.stop,
      };
    },
  };
}

/** A root that is ticked and has the tables, and a leaf without any. */
export async function originalCascade(
  { source, target }: Pair,
  programs: DebianPrograms,
  tables: readonly string[],
  leafSettings: Settings,
): Promise<{ readonly leaf: Londiste; readonly daemons: readonly Daemon[] }> {
  const settings = { ...defaults, ...leafSettings };
  const root = programs.londiste({ job: 'source_worker', queue: 'q', database: source, settings: defaults });
  const leaf = programs.londiste({ job: 'target_worker', queue: 'q', database: target, settings });
  await root.run(['create-root', 'source', locationOf(source)]);
  await leaf.run(['create-leaf', 'target', locationOf(target), `--provider=${locationOf(source)}`]);
  const daemons = [programs.pgqd([source], { ticker_period: 1 }), root.worker()];
  await root.run(['add-table', ...tables]);
  return { leaf, daemons };
}
