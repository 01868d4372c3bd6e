import { readDeadNodes, readWatermarks, setGlobalWatermark } from '../catalog/own-queue.ts';
import { readLocalWatermark } from '../catalog/worker-state.ts';
import type { NodeName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import type { NodeDeps } from './deps.ts';
import type { Round } from './round.ts';

/**
 * For a branch with the attribute `sync_watermark`: its global watermark, up to which it may forget events, follows what the nodes
 * named there have finished, and not only what the root tells of the nodes that report to it.
 */
export interface WatermarkSync extends AsyncDisposable {
  /** The word of the root, which counts from the next look on. */
  saw(tick: bigint): void;
  /** Asks the nodes, and moves the watermark. Replay does not wait for who does not answer. */
  look(nodes: readonly NodeName[]): void;
}

export function watermarkSync({ deps, control }: Pick<Round, 'deps' | 'control'>): WatermarkSync {
  const { queue, node } = deps;
  let seen: bigint | undefined;
  let looking: Promise<void> | undefined;
  let told: string | undefined;

  async function move(nodes: readonly NodeName[], root: bigint): Promise<void> {
    const [own, dead] = [await readWatermarks(control, queue), await readDeadNodes(control, queue)];
    if (own === undefined) return;
    const asked = nodes.filter((name) => name !== node && !dead.has(name));
    const others = await Promise.all(asked.map((name) => watermarkOf(deps, name)));
    const least = [root, own.local, ...others].reduce((left, right) => (left < right ? left : right));
    if (least > own.global) await setGlobalWatermark(control, queue, least);
    told = undefined;
  }

  function tell(error: unknown): void {
    if (deps.stop.aborted || deps.kill.aborted) return;
    const why =
      error instanceof ToolError ? deps.explain(error) : error instanceof Error ? error.message : String(error);
    if (why === told) return;
    told = why;
    const message = `the global watermark of ${node} stays where it is, as not every node of its sync_watermark could be asked: ${why}`;
    deps.log({ level: 'warn', event: 'watermark_not_synced', queue, node, message });
  }

  return {
    saw(tick) {
      seen = tick;
    },
    look(nodes) {
      if (seen === undefined || looking !== undefined) return;
      looking = move(nodes, seen)
        .catch(tell)
        .finally(() => {
          looking = undefined;
        });
    },
    async [Symbol.asyncDispose]() {
      await looking;
    },
  };
}

async function watermarkOf(deps: NodeDeps, node: NodeName): Promise<bigint> {
  const database = deps.databaseOf(node);
  if (database === undefined) {
    throw new ToolError([{ code: 'node_not_in_file', queue: deps.queue, node, provider: undefined }]);
  }
  await using session = await deps.connector(database, {
    applicationName: `trunkline worker ${deps.node}`,
    signal: AbortSignal.any([deps.stop, deps.kill]),
  });
  const tick = await readLocalWatermark(session, deps.queue);
  if (tick === undefined) throw new ToolError([{ code: 'node_not_set_up', queue: deps.queue, node }]);
  return tick;
}
