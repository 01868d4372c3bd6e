import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Session } from '../../src/db/session.ts';
import { quoteIdent, sql } from '../../src/db/statement.ts';
import type { FreshDatabase } from '../support/database.ts';
import { type Engine, engineDatabase, onBoth } from '../support/engines.ts';

// Both triggers are given the same tables and the same changes: their events are equal, byte for byte.

const text = fc
  .oneof(
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.constantFrom('', ' ', 'a b', "it's", '\\', '"', '{a,"b"}', '%41+', '&=', '\t\r\n\u0001', 'ß€𝄞', 'null', 'NULL'),
    // PostgreSQL keeps no zero, and halves of surrogate pairs are no text.
  )
  .map((value) => Buffer.from(value.replaceAll('\0', ''), 'utf8').toString('utf8'));

const integer = (bits: number) =>
  fc.bigInt({ min: -(2n ** BigInt(bits - 1)), max: 2n ** BigInt(bits - 1) - 1n }).map(String);
const digits = fc.stringMatching(/^-?[0-9]{1,25}(\.[0-9]{0,12})?$/);
const float = fc.double().map((value) => (Object.is(value, -0) ? '-0' : String(value)));
const small = fc.float().map((value) => (Object.is(value, -0) ? '-0' : String(value)));
const year = fc.integer({ min: 1, max: 4000 });
const date = fc.oneof(
  fc
    .tuple(year, fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 }), fc.boolean())
    .map(([y, m, d, bc]) => `${pad(y, 4)}-${pad(m)}-${pad(d)}${bc ? ' BC' : ''}`),
  fc.constantFrom('infinity', '-infinity', '12000-01-01'),
);
const clock = fc
  .tuple(fc.nat(23), fc.nat(59), fc.nat(59), fc.nat(999_999))
  .map(([h, m, s, us]) => `${pad(h)}:${pad(m)}:${pad(s)}${us % 3 === 0 ? '' : `.${pad(us, 6)}`}`);
const timestamp = fc.tuple(date, clock).map(([d, t]) => (/inf/.test(d) ? d : d.replace(/( BC)?$/, ` ${t}$1`)));
const interval = fc
  .tuple(fc.integer({ min: -500, max: 500 }), fc.integer({ min: -500, max: 500 }), clock)
  .map(([months, days, time]) => `${months} months ${days} days ${time}`);
const bytes = fc.uint8Array({ maxLength: 12 }).map((value) => `\\x${Buffer.from(value).toString('hex')}`);
const json = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value).replaceAll('\\u0000', ''));
const ip = fc.oneof(fc.ipV4(), fc.ipV6()).map((value) => value.toLowerCase());
const array = (element: fc.Arbitrary<string>) =>
  fc
    .array(fc.option(element), { maxLength: 4 })
    .map((all) => `{${all.map((each) => (each === null ? 'NULL' : `"${each.replace(/["\\]/g, '\\$&')}"`)).join(',')}}`);
const bits = fc.stringMatching(/^[01]{0,12}$/);
const point = fc.tuple(float, float).map(([x, y]) => `(${x},${y})`);

const pad = (value: number, width = 2) => String(value).padStart(width, '0');

const types: Readonly<Record<string, fc.Arbitrary<string>>> = {
  smallint: integer(16),
  integer: integer(32),
  bigint: integer(64),
  numeric: fc.oneof(digits, fc.constantFrom('NaN', 'Infinity', '-Infinity', '0.000', '1e30')),
  'numeric(20,4)': fc.stringMatching(/^-?[0-9]{1,15}(\.[0-9]{0,6})?$/),
  real: small,
  'double precision': float,
  money: fc.integer({ min: -999_999, max: 999_999 }).map((cents) => (cents / 100).toFixed(2)),
  boolean: fc.constantFrom('t', 'f'),
  text,
  'varchar(40)': text.map((value) => [...value].slice(0, 20).join('')),
  'char(30)': text.map((value) => [...value].slice(0, 20).join('')),
  '"char"': fc.constantFrom('', 'a', '\\', '%'),
  name: text.map((value) => [...value].slice(0, 8).join('')),
  bytea: bytes,
  date,
  time: clock,
  timetz: clock.map((value) => `${value}+05:30`),
  timestamp,
  timestamptz: timestamp.map((value) => (/inf/.test(value) ? value : value.replace(/( BC)?$/, '+03$1'))),
  interval,
  uuid: fc.uuid(),
  json,
  jsonb: json,
  inet: ip,
  cidr: fc.ipV4(),
  macaddr: fc.constantFrom('08:00:2b:01:02:03', 'ff:ff:ff:ff:ff:ff'),
  'bit varying': bits,
  'bit(5)': fc.stringMatching(/^[01]{5}$/),
  point,
  box: fc.tuple(point, point).map(([a, b]) => `${a},${b}`),
  circle: fc.tuple(fc.integer(), fc.integer(), fc.nat()).map(([x, y, r]) => `<(${x},${y}),${r}>`),
  xml: fc.constantFrom('<a b="1">x &amp; y</a>', '<é/>', ''),
  tsvector: fc.constantFrom("'a':1 'b''c':2A", ''),
  tsquery: fc.constantFrom("'a' & !'b'", "'x':*"),
  int4range: fc.tuple(fc.nat(1000), fc.nat(1000)).map(([a, b]) => `[${Math.min(a, b)},${Math.max(a, b)}]`),
  tstzrange: fc.constantFrom('empty', '[2024-01-01,2024-02-01)', '(,)'),
  nummultirange: fc.constantFrom('{}', '{[1.5,2),[3,]}'),
  pg_lsn: fc.constantFrom('16/B374D848', '0/0'),
  oid: fc.nat().map(String),
  regclass: fc.constantFrom('pgq.queue', '0'),
  'integer[]': array(integer(32)),
  'text[]': array(text),
  'timestamptz[]': array(fc.constantFrom('2024-01-01 10:00+00', 'infinity')),
  'numeric[]': array(digits),
};

interface Column {
  readonly name: string;
  readonly type: string;
}
interface Case {
  readonly table: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly (string | null)[])[];
  /** Rows that replace those of the same place. */
  readonly updates: readonly (readonly (string | null)[])[];
  readonly trigger: string;
  readonly args: readonly string[];
  readonly settings: readonly string[];
}

const identifier = fc
  .oneof(
    fc.constantFrom('a', 'id2', 'Äö', 'select', 'A B', 'a"b', "o'k", 'x.y', 'a,b', '%s', '$1', 'new', 'user', 'pg\\q'),
    text,
  )
  .map((name) => [...name].slice(0, 12).join(''))
  .filter((name) => name !== '' && name !== 'the_key' && !name.startsWith('_pgq_ev_'));

const oneCase: fc.Arbitrary<Case> = fc
  .uniqueArray(fc.record({ name: identifier, type: fc.constantFrom(...Object.keys(types)) }), {
    minLength: 1,
    maxLength: 8,
    selector: ({ name }) => name,
  })
  .chain((columns) => {
    const row = fc.tuple(...columns.map(({ type }) => fc.option(types[type] ?? text, { freq: 5 })));
    const rows = fc.array(row, { minLength: 1, maxLength: 3 });
    const ignored = fc.subarray(columns.map(({ name }) => name).filter((name) => !/[,\s]/.test(name)));
    return fc.record({
      table: identifier,
      columns: fc.constant(columns),
      rows,
      updates: rows,
      trigger: fc.constantFrom('logutriga', 'sqltriga', 'jsontriga'),
      args: fc
        .tuple(fc.boolean(), fc.boolean(), ignored)
        .map(([backup, some, names]) => [
          ...(backup ? ['backup'] : []),
          ...(some && names.length > 0 ? [`ignore=${names.join(',')}`] : []),
        ]),
      settings: fc
        .tuple(
          fc.constantFrom('ISO, DMY', 'SQL, MDY', 'German', 'Postgres, DMY'),
          fc.constantFrom('UTC', 'Asia/Kolkata', 'America/St_Johns'),
          fc.constantFrom('hex', 'escape'),
          fc.constantFrom('on', 'off'),
          fc.constantFrom('postgres', 'sql_standard', 'iso_8601'),
          fc.constantFrom('-6', '0', '1'),
        )
        .map(([style, zone, binary, standard, span, digits]) => [
          `datestyle = '${style}'`,
          `timezone = '${zone}'`,
          `bytea_output = ${binary}`,
          `standard_conforming_strings = ${standard}`,
          `intervalstyle = ${span}`,
          `extra_float_digits = ${digits}`,
        ]),
    });
  });

/** The statements of a case; values are written under the usual settings, and read under those of the case. */
function statements({ table, columns, rows, updates, trigger, args, settings }: Case): readonly string[] {
  const name = `s.${quoteIdent(table)}`;
  const literal = (value: string | null, place: number) =>
    value === null ? 'null' : `${escaped(value)}::${columns[place]?.type}`;
  const list = [`'q'`, ...args.map(escaped)].join(', ');
  return [
    `create table ${name} ("the_key" int primary key, ${columns.map((each) => `${quoteIdent(each.name)} ${each.type}`).join(', ')})`,
    `create table s."next row" as select * from ${name}`,
    ...rows.map((row, key) => `insert into s."next row" values (${[key, ...row.map(literal)].join(', ')})`),
    ...updates.map((row, key) => `insert into s."next row" values (${[key + 10, ...row.map(literal)].join(', ')})`),
    `create trigger tg after insert or update or delete on ${name} for each row execute function pgq.${trigger}(${list})`,
    ...settings.map((setting) => `set local ${setting}`),
    `insert into ${name} select * from s."next row" where "the_key" < 10`,
    `update ${name} o set (${columns.map((each) => quoteIdent(each.name)).join(', ')}) = row(${columns
      .map((each) => `n.${quoteIdent(each.name)}`)
      .join(', ')}) from s."next row" n where n."the_key" = o."the_key" + 10`,
    `update ${name} set "the_key" = "the_key"`,
    `delete from ${name}`,
  ];
}

/** A literal that means the same under either setting of standard_conforming_strings. */
const escaped = (value: string) => `E'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

type Events = readonly (readonly (string | null)[])[] | 'refused';

async function eventsOf(session: Session, all: readonly string[]): Promise<Events> {
  await session.script('begin; create schema s');
  try {
    for (const statement of all) await session.script(statement);
    const found = await session.query<{ fields: (string | null)[] }>(
      sql(`select array[ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3, ev_extra4] as fields
             from pgq.event_template order by ev_id`),
    );
    return found.map(({ fields }) => fields);
  } catch {
    return 'refused';
  } finally {
    await session.script('rollback');
  }
}

async function prepared(engine: Engine): Promise<{ database: FreshDatabase; session: Session }> {
  const database = await engineDatabase(engine);
  const session = await database.session();
  await session.script(`select pgq.create_queue('q')`);
  return { database, session };
}

onBoth((originals, ours) => {
  let there: Awaited<ReturnType<typeof prepared>>;
  let here: Awaited<ReturnType<typeof prepared>>;
  let running: Promise<unknown> = Promise.resolve();
  beforeAll(async () => {
    there = await prepared(originals);
    here = await prepared(ours);
  });
  afterAll(async () => {
    await running;
    for (const { session, database } of [there, here]) {
      await session.close();
      await database.drop();
    }
  });

  // A property that ran out of time leaves its last run behind, which still uses the sessions.
  beforeEach(() => running);
  const both = (originals: readonly string[], ours: readonly string[]) => {
    const answers = Promise.all([eventsOf(there.session, originals), eventsOf(here.session, ours)]);
    running = answers;
    return answers;
  };

  // A change that shows only behind the first character or bit, and output that can not be read back.
  test.each([
    ['char(5)', 'abc', 'abd'],
    ['bit(5)', '00111', '00000'],
    ['timestamptz', '1003-03-15 10:00', '1003-03-15 11:00'],
    ['numeric', '1.0', '1.00'],
  ])('a change of %s is seen in data, and refused or not in a key', async (type, before, after) => {
    const set = "set local timezone = 'Asia/Kolkata'";
    const table = `create table s.t (id int, a ${type}, b ${type}, primary key (id, a));
      insert into s.t values (1, '${before}', '${before}')`;
    const trigger = (name: string, args: string) => `create trigger tg after update on s.t for each row
      execute function pgq.${name}('q'${args})`;
    const answers: Events[] = [];
    for (const how of [trigger('sqltriga', ''), trigger('logutriga', ", 'ignore=id'"), trigger('jsontriga', '')]) {
      for (const column of ['a', 'b']) {
        const all = [table, how, set, `update s.t set ${column} = '${after}'`];
        const expected = await eventsOf(there.session, all);
        expect(await eventsOf(here.session, all)).toEqual(expected);
        answers.push(expected);
      }
    }
    expect(answers.filter((each) => each === 'refused')).toHaveLength(type === 'numeric' ? 0 : 3);
  });

  test('generated tables, changed under generated settings, give the same events', async () => {
    const captured: string[] = [];
    await fc.assert(
      fc.asyncProperty(oneCase, async (each) => {
        const [expected, actual] = await both(statements(plainly(each)), statements(each));
        if (expected !== 'refused') captured.push(each.trigger);
        expect(actual).toEqual(expected);
      }),
      { numRuns: 150, interruptAfterTimeLimit: 15_000, ...seeded() },
    );
    // A property that only ever compares refusals shows nothing.
    expect(captured.length).toBeGreaterThan(20);
    expect(new Set(captured)).toEqual(new Set(['logutriga', 'sqltriga', 'jsontriga']));
  });

  test('the functions made for a table write what the JSON trigger of the originals writes', async () => {
    let captured = 0;
    await fc.assert(
      fc.asyncProperty(oneCase, async (drawn) => {
        const each: Case = { ...drawn, trigger: 'jsontriga', args: [] };
        const [expected, actual] = await both(statements(plainly(each)), generated(each));
        if (expected !== 'refused') captured += 1;
        expect(actual).toEqual(expected);
      }),
      { numRuns: 120, interruptAfterTimeLimit: 15_000, ...seeded() },
    );
    expect(captured).toBeGreaterThan(20);
  });
});

/** The case under settings that leave nothing open: ours writes what the originals write then. */
function plainly(each: Case): Case {
  const plain = (setting: string) =>
    setting
      .replace(/^(datestyle) .*/, "$1 = 'ISO, DMY'")
      .replace(/sql_standard/, 'postgres')
      .replace(/^(extra_float_digits) .*/, '$1 = 1');
  return { ...each, settings: each.settings.map(plain) };
}

/** The statements of a case, with its trigger as the planner has it made. */
function generated(each: Case): readonly string[] {
  const name = `s.${quoteIdent(each.table)}`;
  const called = escaped(`s.${each.table}`);
  return statements(each).map((statement) =>
    statement.startsWith('create trigger')
      ? `do $do$ begin perform trunkline_capture.create_triggers(${escaped(name)}, 'q',
           trunkline_capture.create_capture('q', ${escaped(name)}::regclass, ${called})); end $do$`
      : statement,
  );
}

/** Failures name their seed; TEST_SEED runs that one again. */
function seeded(): { readonly seed?: number } {
  const seed = Number(process.env.TEST_SEED ?? '');
  return process.env.TEST_SEED === undefined ? {} : { seed };
}
