import { readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';
import { quoteName } from '../db/statement.ts';
import type { ControlEvent, QueueRow } from '../model/event.ts';
import { decodeControlEvent, decodeRowType, type RowType } from '../model/event-codec.ts';
import type { TableName } from '../model/names.ts';
import { isPlain, rowCondition } from '../model/projection.ts';
import type { TableSpec } from '../model/table.ts';
import { sameTable } from '../model/table-codec.ts';
import {
  copyBytes,
  type EventLine,
  emptyEventLine,
  readEventLine,
  readNumber,
  readQueueRow,
  readText,
} from '../replay/event-line.ts';
import { addChange, emptyFold, type Fold, hashBytes, reserve, sizeOf } from '../replay/fold.ts';
import { type ReferenceOrder, referenceOrder } from '../replay/reference-order.ts';
import { decodeRow, lineBound, MalformedRow, type RowLayout, readLayout, sameLayout } from '../replay/row-decoder.ts';
import { type Snapshot, sees } from '../replay/snapshot.ts';
import { callFunction } from './call-function.ts';
import type { Destination } from './row-layout.ts';
import { misfires, TriggersMisfire } from './triggers-misfire.ts';
import { type FoldPart, type Missed, readIntervals, writeFold } from './write-rows.ts';

/** A table whose events this reader applies. */
export interface Route extends Destination {
  /** Events of transactions that the first copy saw are left out. */
  readonly skip: Snapshot | undefined;
}

export interface ApplyOptions {
  /** Keyed by the name in the events. Events of other tables are passed over. */
  readonly routes: ReadonlyMap<string, Route>;
  /** The same, read anew: SQL in the stream may have changed the tables. */
  readonly reroute: (() => Promise<ReadonlyMap<string, Route>>) | undefined;
  /** Tables whose changes go in one at a time, in order. */
  readonly ordered: ReadonlySet<string>;
  /** Events that somebody told the node to leave out, by number. */
  readonly skipped: ReadonlySet<number>;
  /** Everything that is neither a row nor a truncate; undefined for a copy, which leaves those to the main worker. */
  readonly control: ((event: ControlEvent) => Promise<void>) | undefined;
  /** That the batch ends with. */
  readonly tick: bigint;
  /** Bytes of rows held before they are written out. */
  readonly maxHeld: number;
  /** Nothing is written before; where it fails, nothing is. */
  readonly ready?: Promise<void>;
  /** Memory of what was written before. */
  readonly spare?: Fold[];
}

export interface BatchCounts {
  readonly applied: number;
  readonly passedOver: number;
  readonly missed: ReadonlyMap<string, Missed>;
}

/** What failed, and in which table, so that it can be named and tried in another way. */
export class ApplyFailed extends Error {
  readonly table: TableName;

  constructor(table: TableName, cause: unknown) {
    super(`table ${table}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'ApplyFailed';
    this.table = table;
  }
}

export interface Applier extends AsyncDisposable {
  /** Takes whole lines of a batch. The bytes may change once it is done. */
  add(lines: Uint8Array): Promise<void>;
  /** Until nothing is written any more, though it may be held. */
  settle(): Promise<void>;
  finish(): Promise<BatchCounts>;
}

/** Changes of one table on their way in. */
interface Pending {
  readonly route: Route;
  readonly ordered: boolean;
  readonly layouts: RowLayout[];
  fold: Fold | undefined;
  keyText: string | undefined;
  /** Events for the function that is to apply them. */
  readonly calls: QueueRow[];
}

/** Events of one type about one table. What is found out about the first of them holds for the others. */
interface Kind {
  readonly typeBytes: Uint8Array;
  readonly tableBytes: Uint8Array;
  /** Undefined for what changes no row. */
  readonly type: RowType | undefined;
  /** Undefined where the events are passed over. */
  readonly table: Pending | undefined;
  /** Of the table that the events name, whichever other it goes with. */
  readonly skip: Snapshot | undefined;
  layout: RowLayout | undefined;
  keyPositions: readonly number[];
  /** What came after the last one of this kind, and what else did: programs repeat themselves. */
  next: Kind | undefined;
  nextBefore: Kind | undefined;
}

/**
 * Applies events inside the caller's transaction. What was decoded is written while more is read; one write runs at a
 * time, so changes go in as they came.
 */
export function startApplying(session: Session, options: ApplyOptions): Applier {
  const pending = new Map<string, Pending>();
  const byTarget = new Map<TableName, Pending>();
  const kinds = new Map<number, Kind[]>();
  let last: Kind | undefined;
  const line = emptyEventLine();
  const missed = new Map<string, { updates: number; deletes: number }>();
  let routes = options.routes;
  let related = relationsOf(routes);
  let deferred = false;
  let truncates: Route[] = [];
  let applied = 0;
  let passedOver = 0;
  let held = 0;
  const { spare = [] } = options;
  let writing: Promise<void> = Promise.resolve();
  /** Nothing is on its way. */
  let resting = true;
  let waiting = 0;
  const { ready } = options;
  if (ready !== undefined) writeNext(() => ready);

  async function add(bytes: Uint8Array): Promise<void> {
    await defer();
    for (let at = 0; at < bytes.length; ) {
      readEventLine(bytes, at, line);
      at = line.end;
      if (options.skipped.size > 0 && options.skipped.has(readNumber(bytes, line.id))) {
        passedOver += 1;
        continue;
      }
      const kind = kindOf(bytes, line);
      if (kind.type === undefined) {
        await other(readQueueRow(bytes, line));
        continue;
      }
      const { table } = kind;
      if (table === undefined || isSkipped(kind, bytes, line)) {
        passedOver += 1;
        continue;
      }
      if (truncates.length > 0) await writeTruncates();
      applied += 1;
      if (table.route.spec.handler?.kind === 'apply_function') await call(table, readQueueRow(bytes, line));
      else if (kind.type.format === 'sql') await writeSql(table, kind.type, readQueueRow(bytes, line));
      else {
        if (!change(table, kind, kind.type, bytes, line)) {
          await flush(table);
          change(table, kind, kind.type, bytes, line);
        }
        if (table.ordered) await writeTable(table);
      }
      if (held > (resting ? options.maxHeld / 16 : options.maxHeld)) await writeBehind();
    }
  }

  function kindOf(bytes: Uint8Array, line: EventLine): Kind {
    const kind =
      expected(last?.next, bytes, line) ?? expected(last?.nextBefore, bytes, line) ?? searchKind(bytes, line);
    if (last !== undefined && last.next !== kind) {
      last.nextBefore = last.next;
      last.next = kind;
    }
    last = kind;
    return kind;
  }

  function searchKind(bytes: Uint8Array, line: EventLine): Kind {
    const hash = hashBytes(bytes, line.type, line.data) ^ hashBytes(bytes, line.extra1, line.extra2);
    const alike = kinds.get(hash);
    const known = alike?.find((candidate) => isKind(candidate, bytes, line));
    if (known !== undefined) return known;
    const kind = newKind(bytes, line);
    // Types may be anything, so there may be any number; what is forgotten is found out again.
    if (kinds.size >= maxKinds) kinds.clear();
    kinds.set(hash, [...(alike ?? []), kind]);
    return kind;
  }

  function newKind(bytes: Uint8Array, line: EventLine): Kind {
    const type = decodeRowType(readText(bytes, line.type, line.data) ?? '');
    const name = readText(bytes, line.extra1, line.extra2) ?? '';
    return {
      typeBytes: copyBytes(bytes, line.type, line.data - 1),
      tableBytes: copyBytes(bytes, line.extra1, line.extra2 - 1),
      type,
      table: type === undefined ? undefined : pendingOf(name),
      skip: routes.get(name)?.skip,
      layout: undefined,
      keyPositions: [],
      next: undefined,
      nextBefore: undefined,
    };
  }

  function pendingOf(name: string): Pending | undefined {
    const known = pending.get(name);
    if (known !== undefined) return known;
    const route = routes.get(name);
    if (route === undefined) return undefined;
    if (misfires(route)) throw new ApplyFailed(route.spec.name, new TriggersMisfire(route));
    const ordered =
      related?.order.circular.has(route.target.name) === true ||
      familyOf(related, name).some((member) => isOrdered(member));
    // A table on its way to another name has two for a while: changes under one must not overtake those under the other.
    const twin = byTarget.get(route.target.name);
    const made: Pending =
      twin !== undefined && sameTable(twin.route.spec, route.spec)
        ? twin
        : { route, ordered, layouts: [], fold: undefined, keyText: undefined, calls: [] };
    pending.set(name, made);
    byTarget.set(route.target.name, made);
    return made;
  }

  /** Where one table goes change by change, so do those that hang together with it by foreign keys. */
  function isOrdered(name: string): boolean {
    const route = routes.get(name);
    return route !== undefined && (route.target.ordered || goesInOrder(route.spec) || options.ordered.has(name));
  }

  async function call(table: Pending, row: QueueRow): Promise<void> {
    table.calls.push(row);
    held += sizeOfCall(row);
    if (table.calls.length >= callsTogether) await writeCalls(table);
  }

  /** False where the change can not join those that are held: they have other columns, or another key. */
  function change(table: Pending, kind: Kind, type: RowType, bytes: Uint8Array, line: EventLine): boolean {
    try {
      return fold(table, kind, type, bytes, line);
    } catch (error) {
      throw new ApplyFailed(table.route.spec.name, malformed(error, readQueueRow(bytes, line)));
    }
  }

  function fold(table: Pending, kind: Kind, type: RowType, bytes: Uint8Array, line: EventLine): boolean {
    const format = type.format === 'json' ? 'json' : 'url';
    const to = line.extra1 - 1;
    kind.layout ??= learn(table, kind, type, bytes, line);
    if (table.fold !== undefined && table.keyText !== type.keyText) return false;
    const changes = table.fold ?? startFold(table, kind, type);
    const before = sizeOf(changes);
    for (let tried = false; ; tried = true) {
      const { layout } = kind;
      reserve(changes, lineBound(to - line.data, layout.columns.length), layout.columns.length);
      const end = decodeRow(format, layout, bytes, line.data, to, changes.sink, changes.used);
      if (end >= 0) {
        if (type.op !== 'D' || kind.keyPositions.length === 0) {
          if (changes.layout !== undefined && changes.layout !== layout) return false;
          changes.layout = layout;
        }
        addChange(changes, type.op, end, kind.keyPositions);
        held += sizeOf(changes) - before;
        return true;
      }
      if (tried) throw new MalformedRow('it can not be read twice alike');
      kind.layout = learn(table, kind, type, bytes, line);
    }
  }

  /** The columns that this kind of event has from now on. */
  function learn(table: Pending, kind: Kind, type: RowType, bytes: Uint8Array, line: EventLine): RowLayout {
    const read = readLayout(type.format === 'json' ? 'json' : 'url', bytes, line.data, line.extra1 - 1);
    const known = table.layouts.find((candidate) => sameLayout(candidate, read));
    if (known === undefined) table.layouts.push(read);
    const layout = known ?? read;
    kind.keyPositions = keyPositions(table.route, layout, type);
    return layout;
  }

  function startFold(table: Pending, kind: Kind, type: RowType): Fold {
    const columns = kind.layout?.columns ?? [];
    const made = emptyFold(
      kind.keyPositions.map((position) => columns[position] ?? ''),
      spare.pop(),
    );
    table.fold = made;
    table.keyText = type.keyText;
    return made;
  }

  async function other(row: QueueRow): Promise<void> {
    const event = decodeControlEvent(row);
    if (event.kind === 'truncate') {
      const table = pendingOf(event.table);
      const skip = routes.get(event.table)?.skip;
      if (table === undefined || (skip !== undefined && sees(skip, Number(row.txid)))) {
        passedOver += 1;
        return;
      }
      applied += 1;
      const { spec } = table.route;
      if (spec.handler?.kind === 'apply_function') return call(table, row);
      if (spec.truncate === 'ignore') return;
      await writeAll();
      truncates.push(table.route);
      return;
    }
    if (options.control === undefined) return;
    if (event.kind !== 'execute') {
      const { control } = options;
      waiting += 1;
      if (waiting > maxWaiting) await writing;
      writeNext(async () => {
        waiting -= 1;
        await control(event);
      });
      return;
    }
    await writeAll();
    await writeTruncates();
    await options.control(event);
    pending.clear();
    byTarget.clear();
    kinds.clear();
    last = undefined;
    routes = (await options.reroute?.()) ?? routes;
    related = relationsOf(routes);
    await defer();
  }

  /** Behind what is on its way, while more is read. Whoever waits for it next sees the error. */
  function writeNext(work: () => Promise<void>): void {
    resting = false;
    const mine = writing.then(work);
    writing = mine;
    mine.then(
      () => {
        resting = writing === mine;
      },
      () => undefined,
    );
  }

  /** Everything held goes on its way, and more can be read meanwhile; but never more than twice as much is held. */
  async function writeBehind(): Promise<void> {
    const taken = [...pending.values()].flatMap((table) => {
      const changes = take(table);
      return changes === undefined ? [] : [{ table, changes }];
    });
    for (const table of pending.values()) await writeCalls(table);
    await writing;
    const relations = related;
    writeNext(async () => {
      if (relations === undefined) for (const { table, changes } of taken) await write(table, changes, 'all');
      else await writeRelated(taken, relations);
    });
  }

  /** Rows come before those that refer to them, and are taken away after. */
  async function writeRelated(
    taken: readonly { readonly table: Pending; readonly changes: Fold }[],
    { order }: Relations,
  ): Promise<void> {
    const rank = ({ table }: { readonly table: Pending }) => order.rank.get(table.route.target.name) ?? 0;
    const sorted = [...taken].sort((left, right) => rank(left) - rank(right));
    const isParent = ({ table }: { readonly table: Pending }) => order.parents.has(table.route.target.name);
    for (const each of sorted) await write(each.table, each.changes, isParent(each) ? 'rows' : 'all');
    for (const each of sorted.filter(isParent).reverse()) await write(each.table, each.changes, 'deletes');
  }

  /** Foreign keys that can wait for the end of the transaction, do. */
  async function defer(): Promise<void> {
    if (deferred || related?.order.deferrable !== true) return;
    deferred = true;
    await options.ready;
    await session.script('set constraints all deferred');
  }

  async function checkDeferred(): Promise<void> {
    if (!deferred) return;
    try {
      await session.script('set constraints all immediate');
    } catch (error) {
      const said = readDriverError(error);
      const name = related?.names.get(`${said?.schema}.${said?.table}`);
      throw name === undefined ? error : new ApplyFailed(name, error);
    }
  }

  /** What others hold must not be overtaken where they hang together. */
  async function flush(table: Pending): Promise<void> {
    const together = !table.ordered && related?.order.family.has(table.route.target.name) === true;
    await (together ? writeAll() : writeTable(table));
  }

  async function writeAll(): Promise<void> {
    await writeBehind();
    await writing;
  }

  async function writeTable(table: Pending): Promise<void> {
    const changes = take(table);
    await writing;
    if (changes !== undefined) await write(table, changes, 'all');
  }

  function take(table: Pending): Fold | undefined {
    const { fold: changes } = table;
    table.fold = undefined;
    if (changes !== undefined) held -= sizeOf(changes);
    return changes;
  }

  async function write(table: Pending, changes: Fold, part: FoldPart): Promise<void> {
    const { name } = table.route.spec;
    try {
      const result = await writeFold(session, table.route, changes, part);
      if (part !== 'rows' && spare.length < maxSpare && changes.sink.lines.length <= options.maxHeld)
        spare.push(changes);
      if (result.updates + result.deletes === 0) return;
      const sum = missed.get(name) ?? { updates: 0, deletes: 0 };
      missed.set(name, { updates: sum.updates + result.updates, deletes: sum.deletes + result.deletes });
    } catch (error) {
      throw new ApplyFailed(name, error);
    }
  }

  async function writeCalls({ route: { spec }, calls }: Pending): Promise<void> {
    const rows = calls.splice(0);
    if (rows.length === 0 || spec.handler?.kind !== 'apply_function') return;
    for (const row of rows) held -= sizeOfCall(row);
    await writing;
    try {
      await callFunction(session, spec.handler, options.tick, rows);
    } catch (error) {
      throw new ApplyFailed(spec.name, error);
    }
  }

  /** Tables truncated together at the provider go together here: each may refer to the others. */
  async function writeTruncates(): Promise<void> {
    const tables = truncates;
    truncates = [];
    const first = tables[0];
    if (first === undefined) return;
    await writing;
    try {
      // Rows of heirs are those of tables of their own.
      const names = tables.map(({ target }) => `${target.partitioned ? '' : 'only '}${quoteName(target.name)}`);
      await session.script(`truncate ${names.join(', ')}`);
    } catch (error) {
      throw new ApplyFailed(first.spec.name, error);
    }
  }

  /** A change as a piece of SQL, from a trigger that writes `pgq.sqltriga` events. It cannot be folded. */
  async function writeSql(table: Pending, type: RowType, row: QueueRow): Promise<void> {
    const { spec, target } = table.route;
    const name = quoteName(target.name);
    const only = target.partitioned ? '' : 'only ';
    await flush(table);
    try {
      if (rowCondition(spec) !== undefined || !isPlain(spec))
        throw new Error('its events are pieces of SQL, to which `where`, `columns` and `mask` can not be applied');
      const text =
        type.op === 'I'
          ? `insert into ${name} ${row.data}`
          : type.op === 'U'
            ? `update ${only}${name} set ${row.data}`
            : `delete from ${only}${name} where ${row.data}`;
      const { asAnyWrites, asUsual } = readIntervals;
      const wraps = target.columns.some(({ intervals }) => intervals);
      await session.script(wraps ? `${asAnyWrites};\n${text};\n${asUsual}` : text);
    } catch (error) {
      throw new ApplyFailed(spec.name, error);
    }
  }

  return {
    add,
    settle: () => writing,
    async finish() {
      await writeAll();
      await writeTruncates();
      await checkDeferred();
      return { applied, passedOver, missed };
    },
    // A write that runs on after a failure would land outside the transaction.
    async [Symbol.asyncDispose]() {
      await writing.catch(() => undefined);
    },
  };
}

/** Tables whose foreign keys are checked. */
interface Relations {
  /** By the names that the tables have here. */
  readonly order: ReferenceOrder;
  /** From those to the names in the events. */
  readonly names: ReadonlyMap<string, TableName>;
  readonly routes: ReadonlyMap<string, Route>;
}

const relations = new WeakMap<ReadonlyMap<string, Route>, Relations | undefined>();

/** Undefined where no key is checked. Found out once for the routes that many batches have. */
function relationsOf(routes: ReadonlyMap<string, Route>): Relations | undefined {
  if (relations.has(routes)) return relations.get(routes);
  const targets = [...routes.values()].map(({ target }) => target);
  const found = targets.some(({ references }) => references.length > 0)
    ? {
        order: referenceOrder(targets),
        names: new Map([...routes.values()].map(({ spec, target }) => [target.name, spec.name])),
        routes,
      }
    : undefined;
  relations.set(routes, found);
  return found;
}

/** The names in the events of all tables that hang together with one by foreign keys, itself among them. */
export function relatives(routes: ReadonlyMap<string, Route>, name: string): readonly string[] {
  return familyOf(relationsOf(routes), name);
}

function familyOf(related: Relations | undefined, name: string): readonly string[] {
  const target = related?.routes.get(name)?.target.name;
  const family = target === undefined ? undefined : related?.order.family.get(target);
  return family?.map((member) => related?.names.get(member) ?? member) ?? [name];
}

/** Triggers of the user may look at what was there before. */
function goesInOrder(spec: TableSpec): boolean {
  return spec.apply === 'ordered' || spec.userTriggers === 'fire';
}

function sizeOfCall({ data }: QueueRow): number {
  return (data?.length ?? 0) + 200;
}

/** Calls that go in one round trip. */
const callsTogether = 200;

/** Events for the node itself that wait behind the rows being written. */
const maxWaiting = 200;

const maxKinds = 20_000;

/** Written folds whose memory serves the next ones. */
const maxSpare = 8;

function expected(kind: Kind | undefined, bytes: Uint8Array, line: EventLine): Kind | undefined {
  return kind !== undefined && isKind(kind, bytes, line) ? kind : undefined;
}

function isKind({ typeBytes, tableBytes }: Kind, bytes: Uint8Array, line: EventLine): boolean {
  if (line.data - line.type - 1 !== typeBytes.length || line.extra2 - line.extra1 - 1 !== tableBytes.length)
    return false;
  // Names differ at their ends more often than in front.
  for (let index = tableBytes.length - 1; index >= 0; index -= 1)
    if (bytes[line.extra1 + index] !== tableBytes[index]) return false;
  for (let index = 0; index < typeBytes.length; index += 1)
    if (bytes[line.type + index] !== typeBytes[index]) return false;
  return true;
}

/** Events of transactions that the table's first copy saw. */
function isSkipped({ skip }: Kind, bytes: Uint8Array, line: EventLine): boolean {
  return skip !== undefined && sees(skip, readNumber(bytes, line.txid));
}

/** Which event it was, for whoever has to look at it; never what it holds. */
function malformed(error: unknown, row: QueueRow): unknown {
  if (!(error instanceof MalformedRow)) return error;
  return new Error(`event ${row.id} of ${row.extra1} is not a row as its trigger writes it: ${error.message}`, {
    cause: error,
  });
}

/**
 * Where the key stands in the table's rows; nowhere where the whole row is the key. A name may hold a comma, so the text of the whole key is first compared with
 * the subscriber's own key.
 */
function keyPositions({ spec, target: { key: own } }: Route, layout: RowLayout, type: RowType): number[] {
  const key = own.length > 0 && own.join(',') === type.keyText ? own : type.key;
  if (key === undefined) throw new Error('its events name no key; give the table a primary key and add it again');
  // Neither side has more than the row to tell it by: then there may be equal ones, and nulls.
  if (own.length === 0 && spec.conflict === 'error' && layout.columns.every((name) => key.includes(name))) return [];
  return key.map((name) => {
    const position = layout.columns.indexOf(name);
    if (position < 0)
      throw new Error(`its events have the columns ${layout.columns.join(', ')} and lack ${name} of their key`);
    return position;
  });
}
