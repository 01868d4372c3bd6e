import type { DatabaseName, NodeName, QueueName, TableName } from './names.ts';
import type { Problem } from './problem.ts';
import type { SchemaName } from './schemas.ts';
import type { Finding } from './status.ts';
import type { NodeRole } from './topology.ts';

/** What one database says of itself, as far as it can get in the way of replication. */
export interface DatabaseCheckup {
  readonly inRecovery: boolean;
  /** As a session of this user begins: name to value, times in milliseconds. */
  readonly settings: Readonly<Record<string, string>>;
  /** The server's, and where this user's role or the database has one. */
  readonly connections: readonly ConnectionLimit[];
  /** Settings under which sessions write dates that others can not read, or numbers without all their digits, and whose they are. */
  readonly writesOtherwise: readonly string[];
  /** No proxy lies between, nor are ports translated. */
  readonly direct: boolean;
  readonly transactions: readonly OldTransaction[];
  readonly prepared: readonly PreparedTransaction[];
  readonly mayCreate: boolean;
  /** Undefined where that role is not there. */
  readonly isWriter: boolean | undefined;
  /** How many replicate here. */
  readonly tables: number;
  readonly notOwned: readonly TableName[];
  /** On subscribers: they have triggers that only a replica keeps to `user_triggers`. */
  readonly misfiring: readonly TableName[];
  /** Captured by whole statements, and below a parent. */
  readonly children: readonly TableName[];
  /** Altered since their capture was written. */
  readonly outdated: readonly TableName[];
}

export interface ConnectionLimit {
  readonly of: 'server' | 'role' | 'database';
  readonly limit: number;
  /** Kept back, or taken by others than Trunkline's own sessions in the databases of the files. */
  readonly taken: number;
}

export interface OldTransaction {
  readonly pid: number;
  readonly user: string;
  readonly application: string;
  readonly database: string;
  readonly ageMs: number;
}

export interface PreparedTransaction {
  readonly gid: string;
  readonly owner: string;
  readonly database: string;
  readonly ageMs: number;
}

/** What of that will hurt. */
export type Ailment = { readonly severity: 'error' | 'warn' } & (
  | { readonly code: 'standby' }
  | { readonly code: 'read_only' }
  | { readonly code: 'no_right_to_install' }
  | { readonly code: 'not_writer' }
  | { readonly code: 'tables_not_owned'; readonly tables: readonly TableName[] }
  | { readonly code: 'triggers_misfire'; readonly tables: readonly TableName[] }
  | { readonly code: 'few_locks'; readonly tables: number; readonly slots: number; readonly setting: number }
  | {
      readonly code: 'few_connections';
      readonly of: ConnectionLimit['of'];
      readonly limit: number;
      readonly free: number;
      readonly needed: number;
      readonly direct: boolean;
    }
  | { readonly code: 'sessions_end'; readonly setting: string; readonly ms: number }
  | ({ readonly code: 'old_transaction' } & OldTransaction)
  | ({ readonly code: 'prepared_transaction' } & PreparedTransaction)
  | { readonly code: 'captured_child'; readonly tables: readonly TableName[] }
  | { readonly code: 'values_change'; readonly settings: readonly string[] }
  | { readonly code: 'capture_outdated'; readonly tables: readonly TableName[] }
  | {
      readonly code: 'sql_older';
      readonly schemas: readonly { readonly name: SchemaName; readonly from: string; readonly to: string }[];
    }
);

/** What `doctor` has to say of one thing. */
export type Complaint =
  | { readonly of: 'database'; readonly database: DatabaseName; readonly ailment: Ailment }
  | {
      readonly of: 'node';
      readonly database: DatabaseName;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly finding: Finding;
    }
  | { readonly of: 'plan'; readonly severity: 'error' | 'warn'; readonly problem: Problem };

/** How one database was found. */
export interface Examined {
  readonly database: DatabaseName;
  /** By the files. */
  readonly nodes: readonly { readonly queue: QueueName; readonly node: NodeName; readonly role: NodeRole }[];
  /** Another one than before answers, and is not looked at. */
  readonly moved: boolean;
  /** Undefined where it did not answer, or is not the one that it was. */
  readonly seen:
    | {
        readonly serverVersion: number;
        readonly user: string;
        readonly sql: 'bundled' | 'extension' | 'foreign' | undefined;
        /** Replay can switch off triggers and foreign keys; if not, why not is a complaint of its own. */
        readonly canReplicate: boolean;
        /** No proxy lies between, nor are ports translated. Undefined where a closer look failed. */
        readonly direct: boolean | undefined;
      }
    | undefined;
}

export interface Diagnosis {
  readonly databases: readonly Examined[];
  readonly complaints: readonly Complaint[];
}
