import { readTargetTables } from '../catalog/target-tables.ts';
import type { Session } from '../db/session.ts';
import { quoteName } from '../db/statement.ts';
import type { ControlEvent, QueueRow } from '../model/event.ts';
import { decodeControlEvent, decodeRowType, type RowType } from '../model/event-codec.ts';
import type { TableName } from '../model/names.ts';
import { emptyFold, type Fold, fold } from '../replay/fold.ts';
import { decodeJsonRow, decodeUrlRow, emptyShape, type RowShape } from '../replay/row-decoder.ts';
import { type Snapshot, sees } from '../replay/snapshot.ts';
import { type Destination, type Missed, writeFold } from './write-rows.ts';

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
  /** Everything that is neither a row nor a truncate; undefined for a copy, which leaves those to the main worker. */
  readonly control: ((event: ControlEvent) => Promise<void>) | undefined;
  /** Characters of row text held before they are written out. */
  readonly maxHeld: number;
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

export interface Applier {
  add(rows: readonly QueueRow[]): Promise<void>;
  finish(): Promise<BatchCounts>;
}

/** Changes of one table on their way in. */
interface Pending {
  readonly route: Route;
  readonly shape: RowShape;
  readonly ordered: boolean;
  fold: Fold | undefined;
  keyText: string | undefined;
}

/** Applies events inside the caller's transaction. */
export function startApplying(session: Session, options: ApplyOptions): Applier {
  const pending = new Map<string, Pending>();
  const types = new Map<string, RowType | undefined>();
  const missed = new Map<string, { updates: number; deletes: number }>();
  let routes = options.routes;
  let truncates: Route[] = [];
  let applied = 0;
  let passedOver = 0;
  let held = 0;

  async function add(rows: readonly QueueRow[]): Promise<void> {
    for (const row of rows) {
      let type = types.get(row.type);
      if (type === undefined && !types.has(row.type)) {
        type = decodeRowType(row.type);
        types.set(row.type, type);
      }
      if (type === undefined) {
        await other(decodeControlEvent(row), row);
        continue;
      }
      const table = pendingOf(row);
      if (table === undefined) {
        passedOver += 1;
        continue;
      }
      if (truncates.length > 0) await writeTruncates();
      applied += 1;
      if (type.format === 'sql') await writeSql(table, type, row);
      else {
        // Two keys can not share a fold.
        if (table.fold !== undefined && table.keyText !== type.keyText) await writeTable(table);
        change(table, type, row);
        if (table.ordered) await writeTable(table);
      }
      if (held > options.maxHeld) await writeAll();
    }
  }

  function pendingOf(row: QueueRow): Pending | undefined {
    const name = row.extra1 ?? '';
    const known = pending.get(name);
    const route = known?.route ?? routes.get(name);
    if (route === undefined || (route.skip !== undefined && sees(route.skip, Number(row.txid)))) return undefined;
    if (known !== undefined) return known;
    const ordered = route.target.ordered || options.ordered.has(name);
    const made: Pending = { route, shape: emptyShape(), ordered, fold: undefined, keyText: undefined };
    pending.set(name, made);
    return made;
  }

  function change(table: Pending, type: RowType, row: QueueRow): void {
    const data = row.data ?? '';
    const before = table.fold?.size ?? 0;
    try {
      const values = type.format === 'json' ? decodeJsonRow(data, table.shape) : decodeUrlRow(data, table.shape);
      if (table.fold === undefined) {
        table.fold = emptyFold(table.shape, keyPositions(table, type));
        table.keyText = type.keyText;
      }
      fold(table.fold, type.op, values);
    } catch (error) {
      throw new ApplyFailed(table.route.spec.name, malformed(error, row));
    }
    held += table.fold.size - before;
  }

  async function other(event: ControlEvent, row: QueueRow): Promise<void> {
    if (event.kind === 'truncate') {
      const table = pendingOf({ ...row, extra1: event.table });
      if (table === undefined) {
        passedOver += 1;
        return;
      }
      await writeAll();
      truncates.push(table.route);
      applied += 1;
      return;
    }
    if (options.control === undefined) return;
    if (event.kind !== 'execute') {
      await options.control(event);
      return;
    }
    await writeAll();
    await writeTruncates();
    await options.control(event);
    pending.clear();
    routes = (await options.reroute?.()) ?? routes;
  }

  async function writeAll(): Promise<void> {
    for (const table of pending.values()) await writeTable(table);
  }

  async function writeTable(table: Pending): Promise<void> {
    const { fold: changes } = table;
    if (changes === undefined) return;
    table.fold = undefined;
    held -= changes.size;
    const { name } = table.route.spec;
    try {
      const result = await writeFold(session, table.route, changes);
      if (result.updates + result.deletes === 0) return;
      const sum = missed.get(name) ?? { updates: 0, deletes: 0 };
      missed.set(name, { updates: sum.updates + result.updates, deletes: sum.deletes + result.deletes });
    } catch (error) {
      throw new ApplyFailed(name, error);
    }
  }

  /** Tables truncated together at the provider go together here: each may refer to the others. */
  async function writeTruncates(): Promise<void> {
    const tables = truncates;
    truncates = [];
    const first = tables[0];
    if (first === undefined) return;
    try {
      await session.script(`truncate ${tables.map(({ target }) => quoteName(target.name)).join(', ')}`);
    } catch (error) {
      throw new ApplyFailed(first.spec.name, error);
    }
  }

  /** A change as a piece of SQL, from a trigger that writes `pgq.sqltriga` events. It cannot be folded. */
  async function writeSql(table: Pending, type: RowType, row: QueueRow): Promise<void> {
    const { spec, target } = table.route;
    const name = quoteName(target.name);
    const only = target.partitioned ? '' : 'only ';
    await writeTable(table);
    try {
      if (spec.where !== undefined)
        throw new Error('its events are pieces of SQL, to which `where` can not be applied');
      if (type.op === 'I') await session.script(`insert into ${name} ${row.data}`);
      else if (type.op === 'U') await session.script(`update ${only}${name} set ${row.data}`);
      else await session.script(`delete from ${only}${name} where ${row.data}`);
    } catch (error) {
      throw new ApplyFailed(spec.name, error);
    }
  }

  return {
    add,
    async finish() {
      await writeAll();
      await writeTruncates();
      return { applied, passedOver, missed };
    },
  };
}

/** Which event it was, for whoever has to look at it; never what it holds. */
function malformed(error: unknown, row: QueueRow): unknown {
  if (!(error instanceof URIError) && !(error instanceof SyntaxError)) return error;
  return new Error(`event ${row.id} of ${row.extra1} is not a row as its trigger writes it`, { cause: error });
}

/**
 * Where the key stands in the table's rows. A name may hold a comma, so the text of the whole key is first compared with
 * the subscriber's own key.
 */
function keyPositions(table: Pending, type: RowType): number[] {
  const own = table.route.target.key;
  const key = own.length > 0 && own.join(',') === type.keyText ? own : type.key;
  if (key === undefined) throw new Error('its events name no key; give the table a primary key and add it again');
  return key.map((name) => {
    const position = table.shape.positions.get(name);
    if (position === undefined) throw new Error(`its events lack their key column ${name}`);
    return position;
  });
}

/** The routes of the tables given; those that the subscriber does not have come back by name. */
export async function makeRoutes(
  session: Session,
  tables: readonly { readonly spec: Destination['spec']; readonly skip: Snapshot | undefined }[],
): Promise<{ readonly routes: Map<string, Route>; readonly absent: readonly TableName[] }> {
  const targets = await readTargetTables(
    session,
    tables.map(({ spec }) => spec.destination),
  );
  const routes = new Map<string, Route>();
  const absent: TableName[] = [];
  for (const { spec, skip } of tables) {
    const target = targets.get(spec.destination);
    if (target === undefined) absent.push(spec.destination);
    else routes.set(spec.name, { spec, target, skip });
  }
  return { routes, absent };
}
