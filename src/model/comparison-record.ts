import type { TableSum } from './comparison.ts';
import { type NodeName, nodeName, type QueueName, queueName, type TableName, tableName } from './names.ts';

/** Texts of the columns that a table is cut by. */
export type Bound = readonly string[];

/** Rows of a table between two of its keys that both sides held alike at some tick, or did not. */
export interface Part {
  readonly after: Bound | undefined;
  readonly upTo: Bound | undefined;
  /** Undefined where they differ. */
  readonly equal: TableSum | undefined;
}

/** What is known of a table that was begun. */
export interface ReadParts {
  /** Of what was read: columns, key, filter. The parts are worth nothing where that has changed. */
  readonly fingerprint: string;
  /** By which columns it was cut into parts; empty where it was not. */
  readonly cutBy: readonly string[];
  /** Without a gap, from the first row on. Equal neighbours are one. */
  readonly parts: readonly Part[];
}

/** Where the whole table is one part, it makes no difference by what it was cut. */
export function isCut({ parts }: Pick<ReadParts, 'parts'>): boolean {
  return parts.some(({ upTo }) => upTo !== undefined);
}

/** One subscriber beside its provider, and where both are. */
export interface ComparedPlace {
  readonly queue: QueueName;
  readonly node: NodeName;
  readonly provider: NodeName;
  readonly at: string;
  readonly providerAt: string;
}

/** What a comparison that was cut short had found. */
export interface ComparisonRecord {
  /** For people. */
  readonly startedAt: string;
  readonly nodes: readonly RecordedNode[];
}

export interface RecordedNode {
  readonly place: ComparedPlace;
  readonly tables: ReadonlyMap<TableName, ReadParts>;
}

const formatVersion = 1;

export function encodeComparisonRecord({ startedAt, nodes }: ComparisonRecord): string {
  const document = {
    formatVersion,
    startedAt,
    nodes: nodes.map(({ place, tables }) => ({
      ...place,
      tables: [...tables].map(([table, { fingerprint, cutBy, parts }]) => ({
        table,
        fingerprint,
        cutBy,
        parts: parts.map(({ after, upTo, equal }) => ({
          after: after ?? null,
          upTo: upTo ?? null,
          equal: equal === undefined ? null : { rows: String(equal.rows), checksum: equal.checksum },
        })),
      })),
    })),
  };
  return `${JSON.stringify(document)}\n`;
}

interface RecordDocument {
  readonly formatVersion: number;
  readonly startedAt: string;
  readonly nodes: readonly {
    readonly queue: string;
    readonly node: string;
    readonly provider: string;
    readonly at: string;
    readonly providerAt: string;
    readonly tables: readonly {
      readonly table: string;
      readonly fingerprint: string;
      readonly cutBy: readonly string[];
      readonly parts: readonly {
        readonly after: Bound | null;
        readonly upTo: Bound | null;
        readonly equal: { readonly rows: string; readonly checksum: string } | null;
      }[];
    }[];
  }[];
}

/** Undefined for what no release of this format wrote. */
export function decodeComparisonRecord(text: string): ComparisonRecord | undefined {
  try {
    const document = JSON.parse(text) as RecordDocument;
    if (document.formatVersion !== formatVersion) return undefined;
    return {
      startedAt: document.startedAt,
      nodes: document.nodes.map(({ queue, node, provider, at, providerAt, tables }) => ({
        place: { queue: queueName(queue), node: nodeName(node), provider: nodeName(provider), at, providerAt },
        tables: new Map(
          tables.map(({ table, fingerprint, cutBy, parts }) => [
            tableName(table),
            {
              fingerprint,
              cutBy,
              parts: parts.map(({ after, upTo, equal }) => ({
                after: after ?? undefined,
                upTo: upTo ?? undefined,
                equal: equal === null ? undefined : { rows: BigInt(equal.rows), checksum: equal.checksum },
              })),
            },
          ]),
        ),
      })),
    };
  } catch {
    return undefined;
  }
}
