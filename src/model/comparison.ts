import type { NodeName, QueueName, RowFilter, SequenceName, TableName } from './names.ts';
import type { Problem } from './problem.ts';
import type { SyncState } from './table.ts';

/** What one side holds of a table. */
export interface TableSum {
  readonly rows: bigint;
  /** Sixteen hexadecimal digits over all compared columns of all rows; the order of rows does not matter. */
  readonly checksum: string;
}

/** A row that is not the same on both sides, by the text of its key. */
export type DifferentRow =
  | { readonly kind: 'missing'; readonly key: readonly string[] }
  | { readonly kind: 'extra'; readonly key: readonly string[] }
  | { readonly kind: 'different'; readonly key: readonly string[]; readonly columns: readonly DifferentValue[] };

export interface DifferentValue {
  readonly column: string;
  /** Undefined where nobody asked for values; null is NULL. */
  readonly values: { readonly provider: string | null; readonly subscriber: string | null } | undefined;
}

/** Which rows of a table differ. */
export type RowDifferences =
  | {
      readonly kind: 'found';
      readonly key: readonly string[];
      readonly rows: readonly DifferentRow[];
      /** There are others. */
      readonly more: boolean;
    }
  /** No columns that are compared tell the rows apart. */
  | { readonly kind: 'no_key' }
  | { readonly kind: 'not_asked' };

export type TableVerdict =
  | { readonly kind: 'equal'; readonly provider: TableSum; readonly subscriber: TableSum }
  | {
      readonly kind: 'different';
      readonly provider: TableSum;
      readonly subscriber: TableSum;
      readonly rows: RowDifferences;
    }
  /** Its first copy is not finished; undefined for a state that no release of Londiste writes. */
  | { readonly kind: 'not_in_sync'; readonly state: SyncState | undefined }
  /** Another tool's handler stands there: what the subscriber should hold is not known. */
  | { readonly kind: 'foreign_handler' }
  /** Its handler decides what is here: nothing, or whatever a function makes of the events. */
  | { readonly kind: 'not_held' }
  | { readonly kind: 'missing'; readonly side: 'provider' | 'subscriber' }
  | { readonly kind: 'unreadable'; readonly side: 'provider' | 'subscriber'; readonly detail: string };

/** A large table that could not be read in ranges. */
export interface OneSnapshot {
  readonly bytes: bigint;
  /** For how long vacuum removed nothing on both servers. */
  readonly heldMs: number;
  /** Longer than a snapshot was to be. */
  readonly tooLong: boolean;
}

export interface ComparedTable {
  readonly table: TableName;
  readonly target: TableName;
  readonly where: RowFilter | undefined;
  readonly verdict: TableVerdict;
  /** Columns that one side alone has; they are not compared. */
  readonly onlyOnProvider: readonly string[];
  readonly onlyOnSubscriber: readonly string[];
  /** Computed by one of the servers, so they are not compared. */
  readonly generated: readonly string[];
  /** Undefined for a table that is small, or was read in ranges. */
  readonly oneSnapshot: OneSnapshot | undefined;
}

export interface ComparedSequence {
  readonly sequence: SequenceName;
  /** Undefined where the sequence is missing. */
  readonly provider: bigint | undefined;
  readonly subscriber: bigint | undefined;
  /** The subscriber would hand out a value that the provider has handed out already. */
  readonly behind: boolean;
}

/** One subscriber beside its provider, both at one tick whenever rows were read. */
export interface ComparedNode {
  readonly queue: QueueName;
  readonly node: NodeName;
  readonly provider: NodeName;
  /** A long comparison is made of several ticks: this one, the last, and others between them. */
  readonly firstTick: bigint;
  readonly tick: bigint;
  /** What its worker complains of. */
  readonly workerError: string | undefined;
  readonly tables: readonly ComparedTable[];
  readonly sequences: readonly ComparedSequence[];
}

/** What makes a node's rows equal to its provider's. */
export interface Repair {
  /** Those that it repairs, whole or in part. */
  readonly tables: ReadonlySet<TableName>;
  readonly statements: number;
  /** For psql on the node's database. It refuses to run at another tick. */
  readonly script: string;
}

/** One node that was compared, with its repair, which was carried out or not. */
export interface Repaired {
  readonly compared: ComparedNode;
  readonly repair: Repair;
  readonly applied: boolean;
}

export interface Comparison {
  readonly nodes: readonly ComparedNode[];
  /** Nodes that could not be compared. */
  readonly problems: readonly Problem[];
}

export function tableIsEqual(table: ComparedTable): boolean {
  return table.verdict.kind === 'equal' || table.verdict.kind === 'not_held';
}

/** Nothing that was asked for differs, is behind, or could not be compared. */
export function comparisonIsEqual({ nodes, problems }: Comparison): boolean {
  const nodeIsEqual = ({ tables, sequences }: ComparedNode) =>
    tables.every(tableIsEqual) && sequences.every(({ behind }) => !behind);
  return problems.length === 0 && nodes.every(nodeIsEqual);
}

/** Tables that are not equal and stay so: their rows can not be told apart, or there are more than were looked for. */
export function leftDifferent({ compared, repair }: Repaired): readonly ComparedTable[] {
  return compared.tables.filter(
    (table) =>
      !tableIsEqual(table) &&
      !(
        repair.tables.has(table.table) &&
        table.verdict.kind === 'different' &&
        table.verdict.rows.kind === 'found' &&
        !table.verdict.rows.more
      ),
  );
}
