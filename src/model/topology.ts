import type { CaptureOptions } from './capture.ts';
import type { CreateMode } from './definition.ts';
import type { MigrationsSpec } from './migration.ts';
import type { DatabaseName, NodeName, QueueName, RowFilter, TableName } from './names.ts';
import type { Origin } from './origin.ts';
import type { Engine } from './schemas.ts';
import type { Secret } from './secret.ts';
import type {
  ApplyOrder,
  ColumnChoice,
  ColumnMask,
  ConflictPolicy,
  HandlerSpec,
  TruncatePolicy,
  UserTriggers,
} from './table.ts';

/** Where a database is and how to reach it, as libpq knows it. */
export interface ConnectionParams {
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly dbname: string | undefined;
  readonly user: string | undefined;
  readonly password: Secret | undefined;
  readonly passfile: string | undefined;
  readonly service: string | undefined;
  readonly sslmode: string | undefined;
  readonly sslrootcert: string | undefined;
  readonly sslcert: string | undefined;
  readonly sslkey: string | undefined;
  readonly connectTimeoutMs: number | undefined;
}

/** Nothing is said of where the database is. */
export const noConnectionParams: ConnectionParams = {
  host: undefined,
  port: undefined,
  dbname: undefined,
  user: undefined,
  password: undefined,
  passfile: undefined,
  service: undefined,
  sslmode: undefined,
  sslrootcert: undefined,
  sslcert: undefined,
  sslkey: undefined,
  connectTimeoutMs: undefined,
};

/** A local server that Trunkline starts itself. `version` is the major version. */
export interface EmbeddedServer {
  readonly version: number;
  readonly dbname: string;
}

export type Connection =
  | { readonly kind: 'server'; readonly params: ConnectionParams }
  | { readonly kind: 'embedded'; readonly server: EmbeddedServer };

export const usualAnswerTimeoutMs = 30_000;

export interface DatabaseSpec {
  readonly name: DatabaseName;
  readonly connection: Connection;
  readonly engine: Engine;
  /** How long a server may say nothing before its connections are given up; undefined: as long as is usual. */
  readonly answerTimeoutMs: number | undefined;
  readonly at: Origin;
}

/** Limits of `pgq.ticker`: a tick is due after this many events, this much lag, or this much idleness. */
export interface TickerSettings {
  readonly maxCount: number;
  readonly maxLagMs: number;
  readonly idlePeriodMs: number;
  readonly rotationPeriodMs: number;
}

/** A branch keeps a queue of its own, which others read from. */
export type Placement =
  | { readonly role: 'root' }
  | { readonly role: 'branch'; readonly provider: NodeName }
  | {
      readonly role: 'leaf';
      readonly provider: NodeName;
      /** The queue, with a node on the same database, that this leaf's events go on in. */
      readonly mergesInto: QueueName | undefined;
    };

export type NodeRole = Placement['role'];

/** What a worker does with a table whose changes it can not apply: take it aside, or stop the node. */
export const errorPolicies = ['park', 'stop'] as const;
export type ErrorPolicy = (typeof errorPolicies)[number];

/** What a worker does with an event of a kind that nobody knows. */
export type ForeignEventPolicy = 'stop' | 'park' | 'skip';

export interface NodeSpec {
  readonly name: NodeName;
  readonly database: DatabaseName;
  readonly placement: Placement;
  /** How many first copies run side by side on this node. */
  readonly parallelCopies: number;
  readonly onError: ErrorPolicy;
  readonly foreignEvents: ForeignEventPolicy;
  /** Must not be dropped. */
  readonly protect: boolean;
  readonly at: Origin;
}

/** What is said of a table; what is undefined is left to an earlier rule, or as usual. */
export interface TableOptions {
  readonly where: RowFilter | undefined;
  readonly columns?: ColumnChoice | undefined;
  readonly mask?: readonly ColumnMask[] | undefined;
  /** `none`: as any table, whatever an earlier rule says. */
  readonly handler?: HandlerSpec | 'none' | undefined;
  readonly conflict?: ConflictPolicy | undefined;
  readonly apply?: ApplyOrder | undefined;
  readonly userTriggers?: UserTriggers | undefined;
  readonly truncate?: TruncatePolicy | undefined;
  readonly copy?: CopyRule | undefined;
}

export interface CopyRule {
  /** The rows are there already: nothing is copied. */
  readonly expectSync: boolean | undefined;
  readonly keepRows: boolean | undefined;
  readonly from: NodeName | undefined;
  readonly where: RowFilter | undefined;
  readonly ranges: number | undefined;
}

/** What one node does differently with the tables of a rule. */
export interface TablePlacement extends TableOptions {
  /** `schema.table` on this node where it differs from the root's; only in a rule that names one table. */
  readonly target: string | undefined;
  readonly create: CreateMode | undefined;
  readonly at: Origin;
}

/**
 * One entry of `tables:`. Rules are read in order and a later one refines an earlier one, node by node.
 * `nodes` undefined means every subscriber, under the same name; `'none'` takes the table away from a node.
 */
export interface TableRule extends TableOptions {
  readonly select:
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'pattern'; readonly include: readonly string[]; readonly exclude: readonly string[] };
  readonly create: CreateMode | undefined;
  /** Must not be taken out or copied anew; undefined where an earlier rule says. */
  readonly protect: boolean | undefined;
  /** Columns that tell rows apart where that is not the primary key. */
  readonly key: KeyChoice | undefined;
  /** Of the root's triggers; undefined where an earlier rule says. */
  readonly capture?: CaptureOptions | undefined;
  readonly nodes: ReadonlyMap<NodeName, TablePlacement | 'none'> | undefined;
  readonly at: Origin;
}

/** `owned`: sequences owned by a replicated table's columns come along with it. */
export interface SequenceRules {
  readonly owned: boolean;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Of those of `include`. */
  readonly create: CreateMode;
  readonly at: Origin | undefined;
}

/** `all_columns`: nothing but the whole row tells rows apart, and there may be equal ones. */
export type KeyChoice = readonly string[] | 'all_columns';

/** A node that the catalogs may still know by its old name. */
export interface MovedNode {
  readonly from: NodeName;
  readonly to: NodeName;
  readonly at: Origin;
}

/** A table that the catalogs may still know by its old name. */
export interface MovedTable {
  readonly from: TableName;
  readonly to: TableName;
  readonly at: Origin;
}

export const keptKinds = ['table', 'sequence', 'node'] as const;

/** Taken out of the file, and left in the databases as it is. */
export interface KeptObject {
  readonly kind: (typeof keptKinds)[number];
  readonly name: string;
  readonly at: Origin;
}

export interface QueueSpec {
  readonly name: QueueName;
  readonly ticker: TickerSettings;
  readonly nodes: ReadonlyMap<NodeName, NodeSpec>;
  readonly tables: readonly TableRule[];
  /** Whether the file has the key at all: an empty list is meant, a key that is gone may have got lost. */
  readonly saysTables: boolean;
  /** For the tables whose rules leave it unsaid. */
  readonly create: CreateMode;
  readonly tableDefaults: TableOptions;
  readonly sequences: SequenceRules;
  readonly migrations: MigrationsSpec | undefined;
  readonly moved: readonly MovedNode[];
  readonly movedTables: readonly MovedTable[];
  readonly kept: readonly KeptObject[];
  readonly at: Origin;
}

/** The one node that writes start from. `checkRoots` has made sure that there is exactly one. */
export function rootOf(queue: QueueSpec): NodeSpec {
  for (const node of queue.nodes.values()) if (node.placement.role === 'root') return node;
  throw new Error(`queue ${queue.name} has no root`);
}

/** What a node reads from; undefined for a root, and for a name that no node has. */
export function providerOf(queue: QueueSpec, node: NodeName): NodeName | undefined {
  const placement = queue.nodes.get(node)?.placement;
  return placement === undefined || placement.role === 'root' ? undefined : placement.provider;
}

/** Every node behind the one it reads from. A node whose provider is not among them comes last. */
export function inTreeOrder(queue: QueueSpec): readonly NodeSpec[] {
  const depthOf = (node: NodeSpec): number => {
    let depth = 0;
    for (
      let above = providerOf(queue, node.name);
      above !== undefined && depth <= queue.nodes.size;
      above = providerOf(queue, above)
    ) {
      depth += 1;
    }
    return depth;
  };
  return [...queue.nodes.values()]
    .map((node) => ({ node, depth: depthOf(node) }))
    .sort((left, right) => left.depth - right.depth)
    .map(({ node }) => node);
}

/** The pgq consumer a node's worker reads with, on its provider. */
export function workerNameOf(node: NodeName): string {
  return `${node}.worker`;
}

export function isKept({ kept }: QueueSpec, kind: KeptObject['kind'], name: string): boolean {
  return kept.some((one) => one.kind === kind && one.name === name);
}
