import type { DatabaseName } from './names.ts';

/** What Trunkline put into a database, as it stands there now. */
export interface Uninstallation {
  readonly database: DatabaseName;
  /** In the order they go. */
  readonly schemas: readonly {
    readonly name: string;
    readonly version: string;
    readonly source: 'bundled' | 'extension';
    /** None are counted for an extension. */
    readonly tables: number;
    readonly functions: number;
  }[];
  /** On the user's tables, as `name on schema.table`: they call functions that go. */
  readonly triggers: readonly string[];
  readonly queues: readonly string[];
  /** As `node of queue`. */
  readonly nodes: readonly string[];
  /** What somebody else put into the schemas. */
  readonly foreign: readonly string[];
}
