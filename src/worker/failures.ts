import { readDriverError } from '../db/driver-errors.ts';
import { ToolError } from '../model/problem.ts';
import { backoff } from './backoff.ts';
import type { NodeDeps } from './deps.ts';

/** Errors of one loop: told once when they begin, again while they last, and when they are over. */
export interface Failures {
  /** Logs, and says how long to wait before the next try. */
  add(error: unknown): number;
  over(): void;
}

const repeatEveryMs = 60_000;

export function trackFailures(
  deps: Pick<NodeDeps, 'queue' | 'node' | 'log' | 'clock' | 'explain' | 'count'>,
): Failures {
  const wait = backoff(500, 5_000);
  let message: string | undefined;
  let toldAt = 0;
  let since = 0;
  return {
    add(error) {
      deps.count('failures', 1);
      const driver = readDriverError(error) ?? readDriverError((error as Error).cause);
      const text = error instanceof ToolError ? deps.explain(error) : (error as Error).message;
      const now = deps.clock.now();
      if (message === undefined) since = now;
      if (text !== message || now - toldAt >= repeatEveryMs) {
        const lasting = text === message ? ` (for ${Math.round((now - since) / 1000)} s)` : '';
        deps.log({
          level: 'error',
          event: 'worker_failed',
          queue: deps.queue,
          node: deps.node,
          sqlstate: driver?.sqlstate,
          message: `${text}${lasting}; trying again`,
        });
        message = text;
        toldAt = now;
      }
      return wait.next();
    },
    over() {
      wait.reset();
      if (message === undefined) return;
      const seconds = Math.round((deps.clock.now() - since) / 1000);
      message = undefined;
      deps.log({
        level: 'info',
        event: 'worker_recovered',
        queue: deps.queue,
        node: deps.node,
        message: `goes on after ${seconds} s`,
      });
    },
  };
}
