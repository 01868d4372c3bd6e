import {
  type ComparableTable,
  type HeldTable,
  readComparableTables,
  readHeldTables,
  readSharedTargets,
} from '../catalog/compare-reads.ts';
import { withShardPart } from '../catalog/shard.ts';
import { ConnectionLost, readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';
import type { ComparedTable, RowDifferences, TableSum, TableVerdict } from '../model/comparison.ts';
import { type QueueName, splitName, type TableName } from '../model/names.ts';
import { isChosen, masksOf, rowCondition } from '../model/projection.ts';
import { isLeftAlone, type TableSpec } from '../model/table.ts';
import { readSum, type SumColumn, type SumRequest } from './checksum.ts';
import { type FoundRows, findOwnRows, findRows, type RowSearch, type Side } from './find-rows.ts';
import { compareOwnRows, SideUnread } from './own-rows.ts';

/** Readers with a transaction open at the same tick: the first provider's beside the first subscriber's, and so on. */
export interface OpenReaders {
  readonly providerReaders: readonly Session[];
  readonly subscriberReaders: readonly Session[];
}

/** What differs of one table, while both sides are still open. */
export interface FoundIn {
  readonly table: HeldTable;
  readonly provider: Side;
  readonly subscriber: Side;
  readonly found: FoundRows;
}

interface Wanted {
  readonly search: RowSearch;
  readonly onFound: (found: FoundIn) => Promise<void>;
}

interface Facts {
  /** Where the provider keeps the rows of a table of the queue. */
  readonly sources: ReadonlyMap<TableName, TableName>;
  /** Tables of which the provider keeps no row. */
  readonly notKept: ReadonlySet<TableName>;
  readonly provider: ReadonlyMap<TableName, ComparableTable>;
  readonly subscriber: ReadonlyMap<TableName, ComparableTable>;
  /** Targets that other queues fill too. */
  readonly shared: ReadonlySet<TableName>;
}

/** Compares every table of the node, or those that `only` names by their name on either side. */
export async function compareTables(
  queue: QueueName,
  readers: OpenReaders,
  only: ReadonlySet<TableName> | undefined,
  wanted: Wanted,
): Promise<{ readonly tables: readonly ComparedTable[]; readonly known: readonly TableName[] }> {
  const [provider] = readers.providerReaders;
  const [subscriber] = readers.subscriberReaders;
  if (provider === undefined || subscriber === undefined) throw new Error('both sides need a session');
  const held = await readHeldTables(subscriber, queue);
  const asked = held.filter(({ name, destination }) => only === undefined || only.has(name) || only.has(destination));
  const above = await readHeldTables(provider, queue);
  const sources = new Map(above.map((table) => [table.name, table.destination]));
  const sourceNames = asked.flatMap(({ name }) => sources.get(name) ?? []);
  const facts: Facts = {
    sources,
    notKept: new Set(above.flatMap(({ name, spec }) => (spec !== undefined && isLeftAlone(spec) ? [name] : []))),
    provider: await readComparableTables(provider, sourceNames),
    subscriber: await readComparableTables(
      subscriber,
      asked.map(({ destination }) => destination),
    ),
    shared: await readSharedTargets(subscriber, queue),
  };
  const results = new Map<HeldTable, ComparedTable>();
  const left = asked[Symbol.iterator]();
  // Each pair of sessions takes the next table that nobody has taken.
  await Promise.all(
    readers.providerReaders.map(async (source, index) => {
      const target = readers.subscriberReaders[index];
      if (target === undefined) return;
      for (const table of left) results.set(table, await compareTable(table, facts, source, target, wanted));
    }),
  );
  return {
    tables: asked.flatMap((table) => results.get(table) ?? []),
    known: held.map(({ name }) => name),
  };
}

async function compareTable(table: HeldTable, facts: Facts, provider: Session, subscriber: Session, wanted: Wanted) {
  const columns = compareColumns(table, facts);
  return {
    table: table.name,
    target: table.destination,
    where: table.spec?.where,
    ...columns.differences,
    verdict: await judge(),
  } satisfies ComparedTable;

  async function judge(): Promise<TableVerdict> {
    if (table.sync?.kind !== 'in_sync') return { kind: 'not_in_sync', state: table.sync };
    if (table.spec === undefined) return { kind: 'foreign_handler' };
    if (facts.notKept.has(table.name)) return { kind: 'not_held' };
    if (isLeftAlone(table.spec) || table.spec.handler?.kind === 'apply_function') return { kind: 'not_held' };
    const stored = table.spec;
    const spec = await orSaid(subscriber, () => withShardPart(subscriber, stored));
    if (typeof spec === 'string') return { kind: 'unreadable', side: 'subscriber', detail: spec };
    const requests = requestsFor(table, spec, facts, columns.common);
    if (!('provider' in requests)) return { kind: 'missing', side: requests.missing };
    if (facts.shared.has(table.destination)) return await judgeShared(requests.provider, requests.subscriber);
    const [left, right] = await Promise.all([
      readSide(provider, requests.provider),
      readSide(subscriber, requests.subscriber),
    ]);
    if (typeof left === 'string') return { kind: 'unreadable', side: 'provider', detail: left };
    if (typeof right === 'string') return { kind: 'unreadable', side: 'subscriber', detail: right };
    const equal = left.rows === right.rows && left.checksum === right.checksum;
    if (equal) return { kind: 'equal', provider: left, subscriber: right };
    const rows = await differences(requests.provider, requests.subscriber, left, right);
    return { kind: 'different', provider: left, subscriber: right, rows };
  }

  /** Only what the provider has is looked for: the rest may come from other queues. */
  async function judgeShared(left: SumRequest, right: SumRequest): Promise<TableVerdict> {
    const key = keyOf(table, facts, columns.common);
    const own = await readOwnRows(left, right, key);
    if ('kind' in own) return own;
    const sums = { provider: own.provider, subscriber: own.subscriber };
    if (own.differing === 0) return { kind: 'equal', ...sums };
    const source = { session: provider, request: left, sum: own.provider };
    const target = { session: subscriber, request: right, sum: own.subscriber };
    const found = await findOwnRows(source, target, key, own, wanted.search);
    await wanted.onFound({ table, provider: source, subscriber: target, found });
    return { kind: 'different', ...sums, rows: found.differences };
  }

  async function readOwnRows(left: SumRequest, right: SumRequest, key: readonly string[]) {
    const each = async (text: string) => {
      await Promise.all([provider.script(text), subscriber.script(text)]);
    };
    await each('savepoint one_table');
    try {
      const sides = [
        { session: provider, request: left },
        { session: subscriber, request: right },
      ] as const;
      const own = await compareOwnRows(...sides, key, wanted.search.limit);
      await each('release savepoint one_table');
      return own;
    } catch (error) {
      if (!(error instanceof SideUnread)) throw error;
      const detail = saidBy(error.cause);
      await each('rollback to savepoint one_table');
      return { kind: 'unreadable', side: error.side, detail } as const;
    }
  }

  async function differences(
    left: SumRequest,
    right: SumRequest,
    leftSum: TableSum,
    rightSum: TableSum,
  ): Promise<RowDifferences> {
    const source = { session: provider, request: left, sum: leftSum };
    const target = { session: subscriber, request: right, sum: rightSum };
    const found = await findRows(source, target, keyOf(table, facts, columns.common), wanted.search);
    await wanted.onFound({ table, provider: source, subscriber: target, found });
    return found.differences;
  }
}

/** Whose values both sides have as they are: the provider's, or else the subscriber's. Empty where there is none. */
function keyOf(table: HeldTable, facts: Facts, common: readonly SumColumn[]): readonly string[] {
  const plain = new Set(common.filter(({ expression }) => expression === undefined).map(({ name }) => name));
  const source = facts.sources.get(table.name);
  const sides = [
    source === undefined ? undefined : facts.provider.get(source),
    facts.subscriber.get(table.destination),
  ];
  for (const side of sides) {
    const key = (side?.columns ?? []).filter(({ inKey }) => inKey).map(({ name }) => name);
    if (key.length > 0 && key.every((name) => plain.has(name))) {
      return common.flatMap(({ name }) => (key.includes(name) ? [name] : []));
    }
  }
  return [];
}

type Requests =
  | { readonly missing: 'provider' | 'subscriber' }
  | { readonly provider: SumRequest; readonly subscriber: SumRequest };

function requestsFor(table: HeldTable, spec: TableSpec, facts: Facts, common: readonly SumColumn[]): Requests {
  const source = facts.sources.get(table.name);
  const left = source === undefined ? undefined : facts.provider.get(source);
  const right = facts.subscriber.get(table.destination);
  if (source === undefined || left === undefined) return { missing: 'provider' };
  if (right === undefined) return { missing: 'subscriber' };
  const alias = splitName(table.name).name;
  return {
    provider: { table: source, inheritable: left.inheritable, columns: common, where: rowCondition(spec), alias },
    // Not filtered: a row that the filter excludes and that is still here is a difference.
    subscriber: {
      table: table.destination,
      inheritable: right.inheritable,
      columns: common.map(({ name, money }) => ({ name, money })),
      where: undefined,
      alias,
    },
  };
}

/** The columns that both sides have, in the provider's order, then those that hold something else than the provider's. */
function compareColumns(table: HeldTable, facts: Facts) {
  const { spec } = table;
  const source = facts.sources.get(table.name);
  const left = (source === undefined ? undefined : facts.provider.get(source))?.columns ?? [];
  const right = facts.subscriber.get(table.destination)?.columns ?? [];
  const rightByName = new Map(right.map((column) => [column.name, column]));
  const leftNames = new Set(left.map(({ name }) => name));
  const masks = spec === undefined ? new Map<string, string>() : masksOf(spec);
  const wanted = left.filter(({ name }) => !masks.has(name) && (spec === undefined || isChosen(spec, name)));
  const shared = wanted.flatMap((column) => {
    const other = rightByName.get(column.name);
    return other === undefined ? [] : [{ left: column, right: other }];
  });
  const plain = shared.filter((pair) => !pair.left.generated && !pair.right.generated);
  const common: SumColumn[] = plain.map((pair) => ({
    name: pair.left.name,
    money: pair.left.money && pair.right.money,
  }));
  for (const { name, generated, type, money } of right) {
    const mask = masks.get(name);
    if (mask === undefined || generated) continue;
    common.push({ name, money, expression: type === undefined ? `(${mask}\n)` : `(${mask}\n)::${type}` });
  }
  const used = new Set(common.map(({ name }) => name));
  return {
    common,
    differences: {
      onlyOnProvider: wanted.filter(({ name }) => !rightByName.has(name)).map(({ name }) => name),
      onlyOnSubscriber: right.filter(({ name }) => !used.has(name) && !leftNames.has(name)).map(({ name }) => name),
      generated: shared.filter((pair) => !plain.includes(pair)).map((pair) => pair.left.name),
    },
  };
}

function readSide(session: Session, request: SumRequest): Promise<TableSum | string> {
  return orSaid(session, () => readSum(session, request));
}

/** What the server said where it could not be read: another table may still be. */
async function orSaid<Result>(session: Session, read: () => Promise<Result>): Promise<Result | string> {
  await session.script('savepoint one_table');
  try {
    const result = await read();
    await session.script('release savepoint one_table');
    return result;
  } catch (error) {
    const detail = saidBy(error);
    await session.script('rollback to savepoint one_table');
    return detail;
  }
}

/** Throws what no server said. */
function saidBy(error: unknown): string {
  const said = readDriverError(error);
  if (said === undefined || said.connectionLost || error instanceof ConnectionLost) throw error;
  return said.message;
}
