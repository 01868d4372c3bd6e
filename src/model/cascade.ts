import type { DatabaseName, NodeName, QueueName, SequenceName, TableName } from './names.ts';
import type { Problem } from './problem.ts';
import type { LiveDatabase } from './state.ts';
import type { ConnectionParams } from './topology.ts';

/** A database that some node of the cascade lives on. */
export interface FoundDatabase {
  readonly name: DatabaseName;
  /** As the catalogs tell it, without a password. */
  readonly params: ConnectionParams;
  /** The environment variable that the file takes its password from; undefined where it needs none of its own. */
  readonly passwordVariable: string | undefined;
  /** Undefined where it could not be reached. */
  readonly live: LiveDatabase | undefined;
}

/** A cascade as it was found by walking from one of its databases. */
export interface FoundCascade {
  readonly databases: ReadonlyMap<DatabaseName, FoundDatabase>;
  readonly queues: ReadonlyMap<QueueName, FoundQueue>;
  readonly remarks: readonly Remark[];
}

export interface FoundQueue {
  readonly name: QueueName;
  /** Where each node lives. */
  readonly nodes: ReadonlyMap<NodeName, DatabaseName>;
}

/** What a person should know about one place of an imported file. The sentence is made in `render/describe-remark.ts`. */
export type Remark =
  | { readonly kind: 'password_moved'; readonly database: DatabaseName; readonly variable: string }
  | { readonly kind: 'password_used'; readonly database: DatabaseName; readonly variable: string }
  | {
      readonly kind: 'settings_passed_over';
      readonly database: DatabaseName;
      readonly keywords: readonly string[];
    }
  | { readonly kind: 'location_unreadable'; readonly database: DatabaseName }
  | { readonly kind: 'unreachable'; readonly database: DatabaseName; readonly problem: Problem }
  | { readonly kind: 'node_guessed'; readonly queue: QueueName; readonly node: NodeName }
  | { readonly kind: 'node_dead'; readonly queue: QueueName; readonly node: NodeName }
  | { readonly kind: 'node_paused'; readonly queue: QueueName; readonly node: NodeName }
  | {
      readonly kind: 'handler_unknown';
      readonly queue: QueueName;
      readonly table: TableName;
      readonly node: NodeName;
      readonly attrs: string;
    }
  | {
      /** Left out of a first file: nothing tells its rows apart, or only what the extension does not take. */
      readonly kind: 'table_keyless';
      readonly table: TableName;
      readonly because: 'no_key' | 'extension';
      /** By an entry of its schema; else its schema has no entry. */
      readonly excluded: boolean;
    }
  | {
      /** A unique key stands in for the primary key. */
      readonly kind: 'key_chosen';
      readonly table: TableName;
    }
  | { readonly kind: 'target_chosen' }
  | {
      readonly kind: 'sequences_lacking';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly sequences: readonly SequenceName[];
    };

/** A remark and the place in the document that it belongs to. */
export interface PlacedRemark {
  readonly path: readonly (string | number)[];
  readonly remark: Remark;
}
