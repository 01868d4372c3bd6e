import {
  type ComparedTable,
  type Comparison,
  comparisonIsEqual,
  type DifferentRow,
  type TableSum,
  tableIsEqual,
} from '../model/comparison.ts';
import type { ProblemNote } from '../model/plan-view.ts';
import { encodeSyncState } from '../model/sync-state-codec.ts';
import { problemJson } from './describe-problem.ts';

/** What `compare --json` prints; `schemas/compare.schema.json` describes it. */
export interface ComparisonDocument {
  readonly formatVersion: 1;
  readonly equal: boolean;
  readonly at: readonly ComparedAtJson[];
  readonly tables: readonly ComparedTableJson[];
  readonly sequences: readonly ComparedSequenceJson[];
  readonly problems: readonly ProblemNote[];
}

interface ComparedAtJson {
  readonly queue: string;
  readonly node: string;
  readonly provider: string;
  readonly firstTick: number;
  readonly tick: number;
  readonly workerError: string | null;
}

interface ComparedTableJson {
  readonly queue: string;
  readonly node: string;
  readonly table: string;
  readonly target: string;
  readonly where: string | null;
  readonly equal: boolean;
  readonly verdict: ComparedTable['verdict']['kind'];
  readonly state: string | null;
  readonly rows: number | null;
  readonly providerRows: number | null;
  readonly checksum: string | null;
  readonly providerChecksum: string | null;
  readonly detail: string | null;
  /** Null where the rows were not looked for, or have no key. */
  readonly key: readonly string[] | null;
  readonly differences: readonly DifferentRowJson[];
  readonly moreDifferences: boolean;
  readonly onlyOnProvider: readonly string[];
  readonly onlyOnSubscriber: readonly string[];
  readonly generated: readonly string[];
  /** Of a large table that was not read in ranges. */
  readonly oneSnapshot: { readonly bytes: number; readonly heldMs: number; readonly tooLong: boolean } | null;
}

interface DifferentRowJson {
  readonly kind: DifferentRow['kind'];
  readonly key: readonly string[];
  readonly columns: readonly {
    readonly column: string;
    readonly providerValue?: string | null;
    readonly value?: string | null;
  }[];
}

interface ComparedSequenceJson {
  readonly queue: string;
  readonly node: string;
  readonly sequence: string;
  /** Text: values go beyond what a JSON number holds. */
  readonly value: string | null;
  readonly providerValue: string | null;
  readonly behind: boolean;
}

export function compareJson(comparison: Comparison): ComparisonDocument {
  const { nodes, problems } = comparison;
  return {
    formatVersion: 1,
    equal: comparisonIsEqual(comparison),
    at: nodes.map(({ queue, node, provider, firstTick, tick, workerError }) => ({
      queue,
      node,
      provider,
      firstTick: Number(firstTick),
      tick: Number(tick),
      workerError: workerError ?? null,
    })),
    tables: nodes.flatMap(({ queue, node, tables }) => tables.map((table) => ({ queue, node, ...tableJson(table) }))),
    sequences: nodes.flatMap(({ queue, node, sequences }) =>
      sequences.map(({ sequence, provider, subscriber, behind }) => ({
        queue,
        node,
        sequence,
        value: subscriber === undefined ? null : String(subscriber),
        providerValue: provider === undefined ? null : String(provider),
        behind,
      })),
    ),
    problems: problems.map(problemJson),
  };
}

function tableJson(table: ComparedTable): Omit<ComparedTableJson, 'queue' | 'node'> {
  const { verdict } = table;
  const subscriber: TableSum | undefined = 'subscriber' in verdict ? verdict.subscriber : undefined;
  const provider: TableSum | undefined = 'provider' in verdict ? verdict.provider : undefined;
  return {
    table: table.table,
    target: table.target,
    where: table.where ?? null,
    equal: tableIsEqual(table),
    verdict: verdict.kind,
    state: verdict.kind === 'not_in_sync' ? stateJson(verdict.state) : 'ok',
    rows: subscriber === undefined ? null : Number(subscriber.rows),
    providerRows: provider === undefined ? null : Number(provider.rows),
    checksum: subscriber?.checksum ?? null,
    providerChecksum: provider?.checksum ?? null,
    detail: detailOf(table),
    ...differencesJson(table),
    onlyOnProvider: table.onlyOnProvider,
    onlyOnSubscriber: table.onlyOnSubscriber,
    generated: table.generated,
    oneSnapshot:
      table.oneSnapshot === undefined ? null : { ...table.oneSnapshot, bytes: Number(table.oneSnapshot.bytes) },
  };
}

function differencesJson({ verdict }: ComparedTable) {
  const rows = verdict.kind === 'different' && verdict.rows.kind === 'found' ? verdict.rows : undefined;
  return {
    key: rows?.key ?? null,
    differences: (rows?.rows ?? []).map(rowJson),
    moreDifferences: rows?.more ?? false,
  };
}

function rowJson(row: DifferentRow): DifferentRowJson {
  const columns = row.kind === 'different' ? row.columns : [];
  return {
    kind: row.kind,
    key: row.key,
    columns: columns.map(({ column, values }) => ({
      column,
      ...(values === undefined ? {} : { providerValue: values.provider, value: values.subscriber }),
    })),
  };
}

function stateJson(state: (ComparedTable['verdict'] & { kind: 'not_in_sync' })['state']): string | null {
  return state === undefined ? 'unknown' : encodeSyncState(state);
}

function detailOf({ verdict }: ComparedTable): string | null {
  if (verdict.kind === 'missing') return `not there on the ${verdict.side}`;
  return verdict.kind === 'unreadable' ? `${verdict.side}: ${verdict.detail}` : null;
}
