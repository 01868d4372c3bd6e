import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../model/clock.ts';
import {
  type ComparedPlace,
  decodeComparisonRecord,
  encodeComparisonRecord,
  type ReadParts,
  type RecordedNode,
} from '../model/comparison-record.ts';
import type { TableName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';

/** What a comparison has found, kept for one that goes on from there. */
export interface ComparisonLog {
  /** What an earlier one found on a node. */
  saved(place: ComparedPlace): ReadonlyMap<TableName, ReadParts>;
  add(place: ComparedPlace, table: TableName, read: ReadParts): void;
  /** `finished`: there is nothing to go on from. Otherwise whether there is. */
  end(finished: boolean): boolean;
}

export interface ComparisonChoice {
  readonly stateDir: string;
  /** Those that are compared. */
  readonly places: readonly ComparedPlace[];
  /** As they were named; empty is all. */
  readonly tables: readonly TableName[];
}

/** A comparison that takes no longer leaves no trace. */
const writeEveryMs = 1_000;

/** In the state directory, by what is compared: another choice of nodes or tables has a file of its own. */
export function openComparisonLog(
  choice: ComparisonChoice,
  resume: boolean,
  clock: Clock,
  note: (text: string) => void,
): ComparisonLog {
  const file = fileOf(choice);
  const earlier = resume ? readEarlier(file, choice) : undefined;
  if (earlier !== undefined) {
    note(`goes on from the comparison that began at ${earlier.startedAt}; what was equal then is not read again`);
  }
  const startedAt = earlier?.startedAt ?? new Date().toISOString();
  // What was found before stays until it is found again.
  const found = new Map<string, { place: ComparedPlace; tables: Map<TableName, ReadParts> }>();
  for (const { place, tables } of earlier?.nodes ?? []) found.set(idOf(place), { place, tables: new Map(tables) });
  let written = earlier !== undefined;
  let writable = true;
  let lastAt = clock.now();

  const write = (): void => {
    lastAt = clock.now();
    const draft = `${file}.${process.pid}.new`;
    try {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(draft, encodeComparisonRecord({ startedAt, nodes: [...found.values()] }));
      renameSync(draft, file);
      written = true;
    } catch (error) {
      // Comparing goes on without.
      writable = false;
      note(`what was found so far can not be kept for --resume: ${(error as Error).message}`);
    }
  };
  return {
    saved: (place) => earlier?.nodes.find((node) => idOf(node.place) === idOf(place))?.tables ?? new Map(),
    add(place, table, read) {
      const node = found.get(idOf(place)) ?? { place, tables: new Map() };
      found.set(idOf(place), node);
      node.tables.set(table, read);
      if (writable && clock.now() - lastAt >= writeEveryMs) write();
    },
    end(finished) {
      if (finished && written) rmSync(file, { force: true });
      if (finished || !written) return false;
      if (writable) write();
      return true;
    },
  };
}

function readEarlier(file: string, { places }: ComparisonChoice) {
  if (!existsSync(file)) throw unusable(file, { kind: 'none' });
  const record = decodeComparisonRecord(readFileSync(file, 'utf8'));
  if (record === undefined) throw unusable(file, { kind: 'unreadable' });
  for (const { place } of record.nodes) {
    if (places.every((now) => idOf(now) !== idOf(place))) throw unusable(file, elsewhere(place));
  }
  return record;
}

function elsewhere({ node, at, provider, providerAt }: RecordedNode['place']) {
  return { kind: 'elsewhere', node, at, provider, providerAt } as const;
}

function idOf({ queue, node, provider, at, providerAt }: ComparedPlace): string {
  return JSON.stringify([queue, node, provider, at, providerAt]);
}

function fileOf({ stateDir, places, tables }: ComparisonChoice): string {
  const choice = [places.map(({ queue, node }) => [queue, node]).sort(), [...new Set(tables)].sort()];
  const hash = createHash('sha256').update(JSON.stringify(choice)).digest('hex').slice(0, 16);
  return join(stateDir, `compare-${hash}.json`);
}

function unusable(
  file: string,
  because: Extract<ToolError['problems'][number], { code: 'comparison_not_resumable' }>['because'],
): ToolError {
  return new ToolError([{ code: 'comparison_not_resumable', file, because }]);
}
