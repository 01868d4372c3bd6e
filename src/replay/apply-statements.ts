/** What the statements need to know about the table they write to. All names are already quoted. */
export interface ApplyTarget {
  /** Quoted name of the table on the subscriber. */
  readonly table: string;
  /** Quoted bare name at the root: the filter may use it. */
  readonly alias: string;
  /** `only ` or nothing: a partitioned table's rows live in its partitions. */
  readonly only: string;
  readonly key: readonly ApplyColumn[];
  /** SQL of the row filter. */
  readonly where: string | undefined;
  /** Who writes conflicts down, as values for `trunkline.conflict`: literals. */
  readonly conflict: { readonly queue: string; readonly node: string; readonly table: string; readonly policy: string };
}

export interface ApplyColumn {
  /** Quoted. */
  readonly name: string;
  /** Type without length or precision: assignment checks those, a cast would cut silently. */
  readonly type: string;
  /** Equal values may be written in several ways, as 1.0 and 1.00. */
  readonly manyTexts: boolean;
  /** May hold intervals, whose text can mean another value under another `IntervalStyle`. */
  readonly intervals: boolean;
  /** Operator. */
  readonly equals: string;
  /** No update may set it. */
  readonly unchangeable: boolean;
}

/**
 * Statements that bring rows from a source (a stage, or arrays) to the table. Each source is a relation with the columns
 * asked for, under their names.
 */
export interface RowSource {
  /** A FROM item without alias. */
  readonly relation: string;
}

export function deleteRows(target: ApplyTarget, source: RowSource): string {
  return `delete from ${target.only}${target.table} t using ${source.relation} s where ${sameKey(target)}`;
}

/**
 * Takes away as many rows as the source has, each equal to its own in all columns: by their text, in which nulls are alike and
 * which every type has. Of equal rows it does not matter which one goes.
 */
export function deleteEqualRows(target: ApplyTarget, columns: readonly ApplyColumn[], source: RowSource): string {
  const text = (alias: string) => `row(${columns.map(({ name }) => `${alias}.${name}`).join(', ')})::text`;
  const from = `${target.only}${target.table}`;
  const gone = `select ${text('s')} as line, count(*) as times from ${source.relation} s group by 1`;
  const held = `select h.tableoid as part, h.ctid as place, ${text('h')} as line from ${from} h`;
  const numbered = `select g.times, h.part, h.place, row_number() over (partition by h.line) as nr from (${held}) h join (${gone}) g on g.line = h.line`;
  return `delete from ${from} t using (${numbered}) n where n.nr <= n.times and t.tableoid = n.part and t.ctid = n.place`;
}

/** Undefined where there is nothing to set, as where every column belongs to the key. */
export function updateRows(
  target: ApplyTarget,
  columns: readonly ApplyColumn[],
  source: RowSource,
): string | undefined {
  // How an equal value is written may change with the row.
  const keys = new Set(target.key.filter(({ manyTexts }) => !manyTexts).map(({ name }) => name));
  const sets = columns
    .filter(({ name, unchangeable }) => !keys.has(name) && !unchangeable)
    .map(({ name }) => `${name} = s.${name}`);
  if (sets.length === 0) return undefined;
  return `update ${target.only}${target.table} t set ${sets.join(', ')} from ${source.relation} s where ${sameKey(target)}`;
}

/** Puts rows in the place of those that no update could make of them; undefined where an update can. */
export function replaceRows(
  target: ApplyTarget,
  columns: readonly ApplyColumn[],
  source: RowSource,
): string | undefined {
  const keys = new Set(target.key.map(({ name }) => name));
  const fixed = columns.filter(({ name, unchangeable }) => unchangeable && !keys.has(name));
  if (fixed.length === 0) return undefined;
  const other = fixed.map(({ name }) => `t.${name} is distinct from s.${name}`).join(' or ');
  const whole = columns.map(({ name }) => `s.${name}`).join(', ');
  const gone = `${deleteRows(target, source)} and (${other}) returning ${whole}`;
  return `with gone as (${gone}) ${insertRows(target, columns, { relation: 'gone' })}`;
}

export function insertRows(target: ApplyTarget, columns: readonly ApplyColumn[], source: RowSource): string {
  const names = columns.map(({ name }) => name).join(', ');
  return `insert into ${target.table} (${names}) overriding system value select ${names} from ${source.relation} s`;
}

/** Like {@link insertRows}, for keys that are not there yet. */
export function insertMissingRows(target: ApplyTarget, columns: readonly ApplyColumn[], source: RowSource): string {
  return `${insertRows(target, columns, source)} where not exists (select from ${target.table} t where ${sameKey(target)})`;
}

/**
 * Rows as the table is to hold them: those that the filter lets through, made of `list`. Undefined takes the columns as
 * they are.
 */
export function projected(target: ApplyTarget, list: string | undefined, source: RowSource): RowSource {
  if (target.where === undefined && list === undefined) return source;
  const where = target.where === undefined ? '' : ` where (${target.where}\n)`;
  return { relation: `(select ${list ?? '*'} from ${source.relation} as ${target.alias}${where})` };
}

/** Rows that the filter keeps out; an expression that comes to NULL keeps out, as WHERE does. */
export function failing(target: ApplyTarget, source: RowSource): RowSource {
  return { relation: `(select * from ${source.relation} as ${target.alias} where (${target.where}\n) is not true)` };
}

/** Finds rows if the source has one key in several texts. */
export function keysAlike(target: ApplyTarget, source: RowSource): string {
  const key = target.key.map(({ name }) => `s.${name}`).join(', ');
  return `select from ${source.relation} s group by ${key} having count(*) > 1 limit 1`;
}

/** Writes down the rows that are in the way of rows to come, and those. */
export function noteExisting(target: ApplyTarget, source: RowSource): string {
  const rows = `${source.relation} s join ${target.only}${target.table} t on ${sameKey(target)}`;
  return `${noteInto(target, 'insert_exists')}, to_jsonb(t), to_jsonb(s) from ${rows}`;
}

/** Writes down the changes whose row is not there. */
export function noteMissing(target: ApplyTarget, kind: 'update_missing' | 'delete_missing', source: RowSource): string {
  const there = `select from ${target.only}${target.table} t where ${sameKey(target)}`;
  return `${noteInto(target, kind)}, null::jsonb, to_jsonb(s) from ${source.relation} s where not exists (${there})`;
}

function noteInto({ conflict }: ApplyTarget, kind: string): string {
  const columns = 'queue_name, node_name, table_name, kind, policy, row_here, row_of_provider';
  const { queue, node, table, policy } = conflict;
  return `insert into trunkline.conflict (${columns}) select ${queue}, ${node}, ${table}, '${kind}', ${policy}`;
}

/** Rows as one text array per column, in `$1`, `$2`, …: one round trip and no stage for a small batch. */
export function arraySource(columns: readonly ApplyColumn[]): RowSource {
  const arrays = columns.map((_, index) => `$${index + 1}::text[]`).join(', ');
  const names = columns.map((_, index) => `c${index}`).join(', ');
  const typed = columns.map(({ name, type }, index) => `c${index}::${type} as ${name}`).join(', ');
  return { relation: `(select ${typed} from unnest(${arrays}) as a(${names}))` };
}

function sameKey(target: ApplyTarget): string {
  return target.key.map(({ name, equals }) => `t.${name} ${equals} s.${name}`).join(' and ');
}
