import type { NodeRole } from '../catalog/worker-state.ts';
import type { Connector } from '../db/connector.ts';
import type { Clock } from '../model/clock.ts';
import type { Log } from '../model/log.ts';
import type { DatabaseName, NodeName, QueueName } from '../model/names.ts';
import type { ToolError } from '../model/problem.ts';
import type { Report } from '../model/progress.ts';
import type { Tallied } from '../model/tally.ts';
import type { ErrorPolicy, ForeignEventPolicy } from '../model/topology.ts';
import { type WakeUp, wakeUp } from './wake-up.ts';

/** What the node was when its worker last looked, which saves the ticker a look. */
export interface NodeView {
  readonly role: NodeRole | undefined;
  readonly changed: WakeUp;
  /** The worker has looked. */
  see(role: NodeRole | undefined): void;
}

export function nodeView(clock: Clock): NodeView {
  const changed = wakeUp(clock);
  let seen: NodeRole | undefined;
  return {
    get role() {
      return seen;
    },
    changed,
    see(role) {
      if (role?.kind !== seen?.kind) changed.wake();
      seen = role;
    },
  };
}

/** What a node's worker is given: itself, the way to databases, and the world. */
export interface NodeDeps {
  readonly queue: QueueName;
  readonly node: NodeName;
  readonly database: DatabaseName;
  /** Where another node of the queue lives, by the file. */
  readonly databaseOf: (node: NodeName) => DatabaseName | undefined;
  /** The other nodes of the queue, by the file. */
  readonly others: readonly NodeName[];
  /** Who has replaced this root while it did not answer; undefined where nobody is known to have. */
  readonly successor: (deps: NodeDeps) => Promise<NodeName | undefined>;
  /** Nobody wants the node any more: it is worked for until it is gone. */
  readonly leaving: () => boolean;
  /** It is gone: ends the node's loops. */
  readonly leave: () => void;
  readonly parallelCopies: number;
  readonly onError: ErrorPolicy;
  readonly foreignEvents: ForeignEventPolicy;
  /** Undefined where no worker runs for the node in this process. */
  readonly view: NodeView | undefined;
  readonly connector: Connector;
  readonly clock: Clock;
  readonly log: Log;
  readonly report: Report;
  /** Host and process, for the lease and the heartbeat. */
  readonly holder: string;
  readonly watermarkEveryMs: number;
  /** Asks to stop after the batch in hand. */
  readonly stop: AbortSignal;
  /** Ends every connection at once. */
  readonly kill: AbortSignal;
  /** One line for a problem: the worker writes it to the log and to the catalog. */
  readonly explain: (error: ToolError) => string;
  /** Tells what was done, for whoever watches the process. */
  readonly count: (what: Tallied, by: number) => void;
  /** Named places where a test may end the process. */
  readonly fault: (point: string) => void;
}
