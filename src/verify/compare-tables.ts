import { createHash } from 'node:crypto';
import {
  type ComparableTable,
  type HeldTable,
  type IndexLead,
  readComparableTables,
  readHeldTables,
  readIndexLeads,
  readSharedTargets,
  readTableSizes,
  type TableSize,
} from '../catalog/compare-reads.ts';
import { withShardPart } from '../catalog/shard.ts';
import { ConnectionLost, readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';
import { formatBytes } from '../model/amounts.ts';
import type { Clock } from '../model/clock.ts';
import type { ComparedTable, TableSum, TableVerdict } from '../model/comparison.ts';
import { type Bound, isCut, type Part, type ReadParts } from '../model/comparison-record.ts';
import { type NodeName, type QueueName, splitName, type TableName } from '../model/names.ts';
import type { PaceSettings } from '../model/pace.ts';
import { isChosen, masksOf, rowCondition } from '../model/projection.ts';
import { isLeftAlone, type TableSpec } from '../model/table.ts';
import { commonHash, type RowHash, readSum, type SumColumn, type SumRequest, sameSum } from './checksum.ts';
import { type FoundRows, findOwnRows, findRows, type RowSearch, type Side } from './find-rows.ts';
import { type RangeKey, rangeKeyOf, readBoundary } from './key-range.ts';
import { compareOwnRows, type OwnRows, SideUnread } from './own-rows.ts';
import { chunkRowsAfter, type Pace } from './pace.ts';
import {
  addDifferences,
  addPart,
  addUnlisted,
  leftToList,
  readUpTo,
  startReading,
  type TableReading,
} from './table-reading.ts';
import { progressTeller, type TableProgress } from './tell-progress.ts';

/** Readers with a transaction open at the same tick: the first provider's beside the first subscriber's, and so on. */
export interface OpenReaders {
  readonly providerReaders: readonly Session[];
  readonly subscriberReaders: readonly Session[];
}

/** What differs of one table, or a part of it, while both sides are still open. */
export interface FoundIn {
  readonly table: HeldTable;
  readonly provider: Side;
  readonly subscriber: Side;
  readonly found: FoundRows;
}

export interface Wanted {
  /** By their name on either side; undefined is all. */
  readonly only: ReadonlySet<TableName> | undefined;
  readonly sides: { readonly provider: NodeName; readonly subscriber: NodeName };
  readonly search: RowSearch;
  readonly settings: PaceSettings;
  readonly pace: Pace;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  /** What an earlier comparison found of a table. */
  readonly saved: ReadonlyMap<TableName, ReadParts>;
  readonly onFound: (found: FoundIn) => Promise<void>;
  /** After each part. */
  readonly onPart: (table: TableName, read: ReadParts) => void;
  readonly report: (progress: TableProgress) => void;
  readonly note: (text: string) => void;
}

/** The tables of a node, while they are read through one snapshot of both sides after another. */
export interface TableComparison {
  /** Reads until `deadline`, or all; whether anything is left. */
  readOn(readers: OpenReaders, deadline: number): Promise<'done' | 'more'>;
  compared(): readonly ComparedTable[];
  /** All tables of the node. */
  known(): readonly TableName[];
}

/** What is so many times larger than a part that may be read whole takes longer than a snapshot is open otherwise. */
const longReading = 32;

interface Facts {
  /** Where the provider keeps the rows of a table of the queue. */
  readonly sources: ReadonlyMap<TableName, TableName>;
  /** Tables of which the provider keeps no row. */
  readonly notKept: ReadonlySet<TableName>;
  readonly provider: ReadonlyMap<TableName, ComparableTable>;
  readonly subscriber: ReadonlyMap<TableName, ComparableTable>;
  /** Of the tables that are read in parts. */
  readonly providerLeads: ReadonlyMap<TableName, readonly IndexLead[]>;
  readonly subscriberLeads: ReadonlyMap<TableName, readonly IndexLead[]>;
  /** Targets that other queues fill too. */
  readonly shared: ReadonlySet<TableName>;
  readonly hash: RowHash;
}

/** Compares every table of the node, or those that are asked for. */
export function compareTables(queue: QueueName, wanted: Wanted): TableComparison {
  const results = new Map<TableName, ComparedTable>();
  const readings = new Map<TableName, TableReading>();
  let held: readonly HeldTable[] = [];
  let sizes: ReadonlyMap<TableName, TableSize> | undefined;
  const told = progressTeller(wanted.clock, wanted.report);
  const asked = (): readonly HeldTable[] =>
    held.filter(
      ({ name, destination: at }) => wanted.only === undefined || wanted.only.has(name) || wanted.only.has(at),
    );

  return {
    known: () => held.map(({ name }) => name),
    compared: () => asked().flatMap(({ name }) => results.get(name) ?? []),
    async readOn(readers, deadline) {
      const [provider] = readers.providerReaders;
      const [subscriber] = readers.subscriberReaders;
      if (provider === undefined || subscriber === undefined) throw new Error('both sides need a session');
      // Anew at each tick: whoever copies a table again, or changes its columns, does not wait for a comparison.
      held = await readHeldTables(subscriber, queue);
      const open = asked().filter(({ name }) => !results.has(name));
      const facts = await readFacts(provider, subscriber, open);
      // What was begun comes first.
      const order = [...open].sort((one, other) => Number(readings.has(other.name)) - Number(readings.has(one.name)));
      const left = order[Symbol.iterator]();
      // Each pair of sessions takes the next table that nobody has taken.
      await Promise.all(
        readers.providerReaders.map(async (source, index) => {
          const target = readers.subscriberReaders[index];
          if (target === undefined) return;
          const mayRead = turns(deadline);
          for (const table of left) {
            const result = await compareTable(table, facts, { provider: source, subscriber: target }, mayRead);
            if (result === undefined) return;
            results.set(table.name, result);
            told.done(table.name, doneOf(readings.get(table.name)));
          }
        }),
      );
      return order.every(({ name }) => results.has(name)) ? 'done' : 'more';
    },
  };

  /** Whether there is time for another part. One is always read, so that every snapshot brings the end nearer. */
  function turns(deadline: number): () => Promise<boolean> {
    let taken = 0;
    return async () => {
      const { clock, pace, signal } = wanted;
      const waitMs = pace.waitMs();
      if (taken > 0 && clock.now() + waitMs >= deadline) return false;
      taken += 1;
      if (waitMs > 0) await clock.sleep(waitMs, signal);
      signal?.throwIfAborted();
      return true;
    };
  }

  async function readFacts(provider: Session, subscriber: Session, open: readonly HeldTable[]): Promise<Facts> {
    const above = await readHeldTables(provider, queue);
    const sources = new Map(above.map((table) => [table.name, table.destination]));
    const sourcesOf = (tables: readonly HeldTable[]) => tables.flatMap(({ name }) => sources.get(name) ?? []);
    if (sizes === undefined) {
      sizes = await readTableSizes(provider, sourcesOf(open));
      told.expect(new Map(open.map(({ name }) => [name, sizeOf(name, sources)])));
    }
    const isLarge = (name: TableName): boolean => Number(sizeOf(name, sources).bytes) > wanted.settings.wholeBytes;
    const wasCut = (name: TableName): boolean => isCut(wanted.saved.get(name) ?? { parts: [] });
    const large = open.filter(({ name }) => isLarge(name) || wasCut(name));
    const destinations = (tables: readonly HeldTable[]) => tables.map(({ destination }) => destination);
    return {
      sources,
      notKept: new Set(above.flatMap(({ name, spec }) => (spec !== undefined && isLeftAlone(spec) ? [name] : []))),
      provider: await readComparableTables(provider, sourcesOf(open)),
      subscriber: await readComparableTables(subscriber, destinations(open)),
      providerLeads: await readIndexLeads(provider, sourcesOf(large)),
      subscriberLeads: await readIndexLeads(subscriber, destinations(large)),
      shared: await readSharedTargets(subscriber, queue),
      hash: await commonHash(provider, subscriber),
    };
  }

  function sizeOf(table: TableName, sources: ReadonlyMap<TableName, TableName>): TableSize {
    const source = sources.get(table);
    return (source === undefined ? undefined : sizes?.get(source)) ?? { bytes: 0n, rows: undefined };
  }

  /** Undefined where the time is up before all of it is read. */
  async function compareTable(
    table: HeldTable,
    facts: Facts,
    sides: { readonly provider: Session; readonly subscriber: Session },
    mayRead: () => Promise<boolean>,
  ): Promise<ComparedTable | undefined> {
    const { provider, subscriber } = sides;
    const columns = compareColumns(table, facts);
    const verdict = await judge();
    if (verdict === undefined) return undefined;
    return {
      table: table.name,
      target: table.destination,
      where: table.spec?.where,
      ...columns.differences,
      oneSnapshot: readings.get(table.name)?.oneSnapshot,
      verdict,
    };

    async function judge(): Promise<TableVerdict | undefined> {
      if (table.sync?.kind !== 'in_sync') return { kind: 'not_in_sync', state: table.sync };
      if (table.spec === undefined) return { kind: 'foreign_handler' };
      if (facts.notKept.has(table.name)) return { kind: 'not_held' };
      if (isLeftAlone(table.spec) || table.spec.handler?.kind === 'apply_function') return { kind: 'not_held' };
      const stored = table.spec;
      const spec = await orSaid(subscriber, () => withShardPart(subscriber, stored));
      if (typeof spec === 'string') return { kind: 'unreadable', side: 'subscriber', detail: spec };
      const requests = requestsFor(table, spec, facts, columns.common);
      if (!('provider' in requests)) return { kind: 'missing', side: requests.missing };
      const key = keyOf(table, facts, columns.common);
      const ranges = rangeKeyOf(
        facts.providerLeads.get(requests.provider.table) ?? [],
        facts.subscriberLeads.get(requests.subscriber.table) ?? [],
        key,
      );
      return await readParts(requests, key, ranges);
    }

    async function readParts(
      requests: PartRequests,
      key: readonly string[],
      ranges: RangeKey | undefined,
    ): Promise<TableVerdict | undefined> {
      const cutBy = ranges === undefined ? [] : [...ranges.columns, ...ranges.types];
      const reading = readingOf(table.name, { fingerprint: fingerprintOf([requests, key]), cutBy });
      do {
        const saved = reading.saved.shift();
        if (saved?.equal !== undefined) {
          addPart(reading, saved, { provider: saved.equal, subscriber: saved.equal });
          continue;
        }
        if (!(await mayRead())) {
          if (saved !== undefined) reading.saved.unshift(saved);
          return undefined;
        }
        const failed = await readPart(reading, requests, key, ranges, saved);
        if (failed !== undefined) return failed;
      } while (readUpTo(reading) !== undefined);
      const { provider: left, subscriber: right, rows } = reading;
      return reading.differs
        ? { kind: 'different', provider: left, subscriber: right, rows }
        : { kind: 'equal', provider: left, subscriber: right };
    }

    /** Gives what stands in the way of it. */
    async function readPart(
      reading: TableReading,
      requests: PartRequests,
      key: readonly string[],
      ranges: RangeKey | undefined,
      saved: Part | undefined,
    ): Promise<TableVerdict | undefined> {
      const startedAt = wanted.clock.now();
      const after = readUpTo(reading);
      const { bytes } = sizeOf(table.name, facts.sources);
      const large = Number(bytes) > wanted.settings.wholeBytes;
      if (large && reading.chunks === 0) told.reading(table.name, { rows: 0, chunks: 0 });
      if (ranges === undefined && Number(bytes) > wanted.settings.wholeBytes * longReading) {
        wanted.note(
          `${table.name} (${formatBytes(Number(bytes))}) is read in one snapshot, as its key can not be cut into ranges that are the same on both servers: until it is read, vacuum removes nothing on the servers of ${wanted.sides.provider} and ${wanted.sides.subscriber}, whatever --max-snapshot says`,
        );
      }
      const rows = chunkRowsAfter(wanted.settings, reading.last);
      let upTo: Bound | undefined = saved?.upTo;
      if (ranges !== undefined && saved === undefined) {
        const found = await orSaid(provider, () =>
          readBoundary(provider, requests.provider, { key: ranges, after, upTo: undefined }, rows),
        );
        if (typeof found === 'string') return { kind: 'unreadable', side: 'provider', detail: found };
        upTo = found;
      }
      const range = ranges === undefined ? {} : { range: { key: ranges, after, upTo } };
      const left = { ...requests.provider, ...range };
      const right = { ...requests.subscriber, ...range };
      const sums = facts.shared.has(table.destination)
        ? await readOwnSums(reading, left, right, key)
        : await readSums(reading, left, right, key);
      if ('kind' in sums) return sums;
      addPart(reading, { after, upTo, equal: sums.equal ? sums.subscriber : undefined }, sums);
      const read = sums.provider.rows > sums.subscriber.rows ? sums.provider.rows : sums.subscriber.rows;
      wanted.pace.read(read);
      if (large && ranges === undefined) {
        const heldMs = wanted.clock.now() - startedAt;
        reading.oneSnapshot = { bytes, heldMs, tooLong: heldMs > wanted.settings.maxSnapshotMs };
      }
      if (upTo !== undefined) reading.last = { rows, tookMs: wanted.clock.now() - startedAt };
      wanted.onPart(table.name, reading);
      if (upTo !== undefined) told.reading(table.name, doneOf(reading));
      return undefined;
    }

    async function readSums(
      reading: TableReading,
      left: SumRequest,
      right: SumRequest,
      key: readonly string[],
    ): Promise<PartSums | TableVerdict> {
      const [leftSum, rightSum] = await Promise.all([readSide(provider, left), readSide(subscriber, right)]);
      if (typeof leftSum === 'string') return { kind: 'unreadable', side: 'provider', detail: leftSum };
      if (typeof rightSum === 'string') return { kind: 'unreadable', side: 'subscriber', detail: rightSum };
      const sums = { provider: leftSum, subscriber: rightSum };
      if (sameSum(leftSum, rightSum)) return { ...sums, equal: true };
      await listRows(reading, left, right, sums, (source, target, search) => findRows(source, target, key, search));
      return { ...sums, equal: false };
    }

    /** Only what the provider has is looked for: the rest may come from other queues. */
    async function readOwnSums(
      reading: TableReading,
      left: SumRequest,
      right: SumRequest,
      key: readonly string[],
    ): Promise<PartSums | TableVerdict> {
      const own = await readOwnRows(left, right, key, leftToList(reading, wanted.search.limit));
      if ('kind' in own) return own;
      const sums = { provider: own.provider, subscriber: own.subscriber };
      if (own.differing === 0) return { ...sums, equal: true };
      await listRows(reading, left, right, sums, (source, target, search) =>
        findOwnRows(source, target, key, own, search),
      );
      return { ...sums, equal: false };
    }

    async function readOwnRows(
      left: SumRequest,
      right: SumRequest,
      key: readonly string[],
      limit: number,
    ): Promise<OwnRows | TableVerdict> {
      const each = async (text: string) => {
        await Promise.all([provider.script(text), subscriber.script(text)]);
      };
      await each('savepoint one_table');
      try {
        const own = await compareOwnRows(
          { session: provider, request: left },
          { session: subscriber, request: right },
          key,
          limit,
        );
        await each('release savepoint one_table');
        return own;
      } catch (error) {
        if (!(error instanceof SideUnread)) throw error;
        const detail = saidBy(error.cause);
        await each('rollback to savepoint one_table');
        return { kind: 'unreadable', side: error.side, detail };
      }
    }

    async function listRows(
      reading: TableReading,
      left: SumRequest,
      right: SumRequest,
      sums: { readonly provider: TableSum; readonly subscriber: TableSum },
      find: (source: Side, target: Side, search: RowSearch) => Promise<FoundRows>,
    ): Promise<void> {
      const limit = leftToList(reading, wanted.search.limit);
      if (limit === 0 && wanted.search.limit > 0) {
        addUnlisted(reading);
        return;
      }
      const source = { session: provider, request: left, sum: sums.provider };
      const target = { session: subscriber, request: right, sum: sums.subscriber };
      const found = await find(source, target, { ...wanted.search, limit });
      await wanted.onFound({ table, provider: source, subscriber: target, found });
      addDifferences(reading, found.differences);
    }
  }

  function readingOf(table: TableName, what: Pick<ReadParts, 'fingerprint' | 'cutBy'>): TableReading {
    const begun = readings.get(table);
    if (begun !== undefined && fitsTo(begun, what)) return begun;
    const saved = begun ?? wanted.saved.get(table);
    const fits = saved !== undefined && fitsTo(saved, what);
    if (saved !== undefined && !fits) {
      wanted.note(`${table} is not as it was when it was begun: it is read from its first row again`);
    }
    const reading = startReading(what, fits ? saved.parts : []);
    readings.set(table, reading);
    return reading;
  }
}

function doneOf(reading: TableReading | undefined) {
  return { rows: Number(reading?.provider.rows ?? 0n), chunks: reading?.chunks ?? 0 };
}

interface PartSums {
  readonly provider: TableSum;
  readonly subscriber: TableSum;
  readonly equal: boolean;
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

interface PartRequests {
  readonly provider: SumRequest;
  readonly subscriber: SumRequest;
}

type Requests = { readonly missing: 'provider' | 'subscriber' } | PartRequests;

function requestsFor(table: HeldTable, spec: TableSpec, facts: Facts, common: readonly SumColumn[]): Requests {
  const source = facts.sources.get(table.name);
  const left = source === undefined ? undefined : facts.provider.get(source);
  const right = facts.subscriber.get(table.destination);
  if (source === undefined || left === undefined) return { missing: 'provider' };
  if (right === undefined) return { missing: 'subscriber' };
  const both = { alias: splitName(table.name).name, hash: facts.hash };
  return {
    provider: { table: source, inheritable: left.inheritable, columns: common, where: rowCondition(spec), ...both },
    // Not filtered: a row that the filter excludes and that is still here is a difference.
    subscriber: {
      table: table.destination,
      inheritable: right.inheritable,
      columns: common.map(({ name, money }) => ({ name, money })),
      where: undefined,
      ...both,
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

function fitsTo(read: ReadParts, { fingerprint, cutBy }: Pick<ReadParts, 'fingerprint' | 'cutBy'>): boolean {
  return read.fingerprint === fingerprint && (!isCut(read) || read.cutBy.join('\n') === cutBy.join('\n'));
}

/** Of what is read, so that parts of another table are not taken for parts of this one. */
function fingerprintOf(read: unknown): string {
  return createHash('sha256').update(JSON.stringify(read)).digest('hex').slice(0, 32);
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
