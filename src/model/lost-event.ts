import type { NodeName, QueueName, TableName } from './names.ts';

/** What one event did, as it was written by the root that took it. */
export type RowChange =
  | {
      readonly kind: 'row';
      readonly op: 'I' | 'U' | 'D';
      /** Columns that tell rows apart; empty where the event does not name any. */
      readonly key: readonly string[];
      readonly values: ReadonlyMap<string, string | null>;
    }
  /** A piece of SQL, as pgq.sqltriga writes it. */
  | { readonly kind: 'sql'; readonly op: 'I' | 'U' | 'D'; readonly text: string }
  | { readonly kind: 'truncate' };

/** A change of rows out of a queue. */
export interface RowEvent {
  readonly id: bigint;
  readonly txid: bigint;
  readonly time: string;
  readonly table: TableName;
  readonly change: RowChange;
}

/** What the new root holds in the place of a row that the old one has changed. */
export type LostOutcome =
  /** The same. */
  | 'equal'
  /** What the old root found there: the change can be made. */
  | 'missing'
  /** Something else, and it was changed there too. */
  | 'conflict'
  /** Something else, and nothing tells whether it was changed there. */
  | 'differs'
  /** Such changes can not be told by a key, or their values can not be read. */
  | 'not_compared';

/** A row as the new root has it now, of the columns that the event carries; null where there is none. */
export type RowNow = ReadonlyMap<string, string | null> | null;

export interface LostEvent extends RowEvent {
  readonly outcome: LostOutcome;
  /** Undefined where it was not looked at, or is the same. */
  readonly now: RowNow | undefined;
  readonly statement: string;
}

/** The columns by which two roots tell the rows of a table apart: their changes can not be matched. */
export interface OtherKey {
  readonly table: TableName;
  readonly node: readonly string[];
  readonly root: readonly string[];
}

/** Which tick of a root that was given up its successor went on after. */
export interface ReplacedRoot {
  readonly replacedBy: NodeName;
  readonly tick: bigint;
  /** What the old root calls that tick beside its number; undefined where nobody had noted it. */
  readonly mark: string | undefined;
  readonly replacedAt: string;
  readonly appliedBy: string;
}

/** What a root took after the tick that its successor went on after. */
export interface LostEvents {
  readonly queue: QueueName;
  readonly node: NodeName;
  readonly root: NodeName;
  readonly afterTick: bigint;
  readonly tickTime: string;
  /** Undefined where the tick was given by hand. */
  readonly record: ReplacedRoot | undefined;
  /** False while the old root takes writes: there may be more to come. */
  readonly closed: boolean;
  readonly events: readonly LostEvent[];
  readonly otherKeys: readonly OtherKey[];
  /** Those that change no row, by what they are. */
  readonly others: ReadonlyMap<string, number>;
  /** How many changes are beyond those that are told. */
  readonly left: number;
}
