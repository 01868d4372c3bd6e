import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { readComparableTables } from '../../src/catalog/compare-reads.ts';
import { connect, type Session } from '../../src/db/session.ts';
import { sql } from '../../src/db/statement.ts';
import type { ComparedNode, ComparedTable } from '../../src/model/comparison.ts';
import { rowFilter, tableName } from '../../src/model/names.ts';
import { unhurried } from '../../src/model/pace.ts';
import { type Problem, ToolError } from '../../src/model/problem.ts';
import type { CompareProgress, Progress } from '../../src/model/progress.ts';
import { wholeTable } from '../../src/model/table.ts';
import { encodeTable } from '../../src/model/table-codec.ts';
import { readSum } from '../../src/verify/checksum.ts';
import { type CompareDeps, type CompareTarget, compareNode } from '../../src/verify/compare-node.ts';
import { type HandMadeCascade, handMadeCascade, realClock, standInWorker } from '../support/hand-made-cascade.ts';

describe('a node with a running worker', () => {
  test('is equal when its rows are, whatever order they lie in', async () => {
    await using cascade = await handMadeCascade();
    await orders(cascade, [1, 2, 3]);
    await cascade.dst.script(
      `truncate public.orders; insert into public.orders select i, 'n' || i from generate_series(3, 1, -1) i`,
    );
    await using _worker = await standInWorker(cascade);

    const compared = await compare(cascade);

    expect(compared.node).toBe('dst_node');
    expect(compared.provider).toBe('src_node');
    const [table] = compared.tables;
    expect(table).toMatchObject({ table: 'public.orders', target: 'public.orders', where: undefined });
    expect(table?.verdict).toMatchObject({ kind: 'equal', provider: { rows: 3n }, subscriber: { rows: 3n } });
    expect(await leftBehind(cascade)).toEqual({ holds: 0, paused: false });
  });

  test('is read at the tick itself, so writes during the comparison make no difference', async () => {
    await using cascade = await handMadeCascade({ src: 14, dst: 18 });
    await orders(cascade, []);
    await using _worker = await standInWorker(cascade);
    await using writers = await writing(cascade);

    for (let round = 0; round < 5; round += 1) {
      const before = writers.written;
      const compared = await compare(cascade);
      expect(verdicts(compared)).toEqual(['equal']);
      expect(writers.written, 'the writers went on').toBeGreaterThan(before);
      await sleep(100);
    }
    const [row] = await cascade.dst.query<{ rows: bigint }>(sql('select count(*) as rows from public.orders'));
    expect(row?.rows).toBeGreaterThan(0n);
  });

  test('that has read its state before the hold and runs past the tick is brought to another one', async () => {
    await using cascade = await handMadeCascade();
    await orders(cascade, [1]);
    await using worker = await standInWorker(cascade, { heedlessBatches: 3 });
    await using _ticks = await ticking(cascade);

    const compared = await compare(cascade);

    expect(verdicts(compared)).toEqual(['equal']);
    expect(worker.batches).toBeGreaterThanOrEqual(3);
    expect(await leftBehind(cascade)).toEqual({ holds: 0, paused: false });
  });
});

describe('differences', () => {
  const cases: [what: string, sql: string, rows: [bigint, bigint]][] = [
    ['one value', `update public.orders set note = 'N2' where id = 2`, [3n, 3n]],
    ['NULL in place of an empty text', `update public.orders set note = null where id = 3`, [3n, 3n]],
    ['one row more', `insert into public.orders values (4, 'n4')`, [3n, 4n]],
    ['one row less', `delete from public.orders where id = 1`, [3n, 2n]],
    ['one row in place of another', `update public.orders set id = 9 where id = 1`, [3n, 3n]],
  ];
  test('in a row are found', async () => {
    await using cascade = await handMadeCascade();
    await orders(cascade, [1, 2, 3]);
    await cascade.src.script(`update public.orders set note = '' where id = 3`);
    for (const [what, change, rows] of cases) {
      await cascade.dst.script(
        `truncate public.orders;
          insert into public.orders values (1, 'n1'), (2, 'n2'), (3, ''); ${change}`,
      );
      const { verdict } = only(await compareStanding(cascade));
      if (verdict.kind !== 'different') expect.fail(`${what}: ${verdict.kind}`);
      expect([verdict.provider.rows, verdict.subscriber.rows], what).toEqual(rows);
      expect(verdict.provider.checksum, what).not.toBe(verdict.subscriber.checksum);
    }
  });

  test('are narrowed down to rows and columns, by the names and values that the subscriber has', async () => {
    await using cascade = await handMadeCascade({ src: 12, dst: 18 });
    await cascade.src.script(
      `create table public.items ("Id" int, part text, name text, price numeric, secret text, primary key (part, "Id"));
        insert into public.items select i, 'p ' || i % 7, 'n' || i, i, 's' || i from generate_series(1, 5000) i`,
    );
    await cascade.dst.script(
      `create table public.goods (price numeric, secret text, name char(20), part text, "Id" int primary key)`,
    );
    const name = tableName('public.items');
    const target = tableName('public.goods');
    const spec = {
      ...wholeTable(name, target),
      where: rowFilter('price <= 4000'),
      mask: [{ column: 'secret', expression: `'-' || "Id"` }],
    };
    const { attrs } = encodeTable(spec);
    await cascade.addTable(name, { target, ...(attrs === null ? {} : { attrs }) });
    await cascade.dst.script(
      `alter table public.goods drop constraint goods_pkey, alter "Id" drop not null, alter name type text;
        insert into public.goods select i, '-' || i, 'n' || i, 'p ' || i % 7, i from generate_series(1, 4000) i`,
    );
    expect(only(await compareStanding(cascade)).verdict.kind).toBe('equal');

    await cascade.dst.script(
      `delete from public.goods where "Id" = 17;
        update public.goods set name = null, price = 0.5 where "Id" = 40;
        update public.goods set secret = 'told' where "Id" = 3999;
        insert into public.goods values (5000, '-5000', 'n5000', 'p 2', 5000)`,
    );
    const search = { limit: 10, chunkRows: 100, values: true };
    const { verdict } = only(await compareStanding(cascade, { search }));
    if (verdict.kind !== 'different' || verdict.rows.kind !== 'found') expect.fail(JSON.stringify(verdict.kind));
    expect(verdict.rows).toMatchObject({ key: ['Id', 'part'], more: false });
    expect(new Set(verdict.rows.rows)).toEqual(
      new Set([
        { kind: 'missing', key: ['17', 'p 3'] },
        { kind: 'extra', key: ['5000', 'p 2'] },
        {
          kind: 'different',
          key: ['40', 'p 5'],
          columns: [
            { column: 'name', values: { provider: 'n40', subscriber: null } },
            { column: 'price', values: { provider: '40', subscriber: '0.5' } },
          ],
        },
        {
          kind: 'different',
          key: ['3999', 'p 2'],
          columns: [{ column: 'secret', values: { provider: '-3999', subscriber: 'told' } }],
        },
      ]),
    );
    // No more rows than were asked for, and no values that nobody asked for.
    const few = only(await compareStanding(cascade, { search: { limit: 3, chunkRows: 100, values: false } })).verdict;
    if (few.kind !== 'different' || few.rows.kind !== 'found') expect.fail(few.kind);
    expect(few.rows.rows).toHaveLength(3);
    expect(few.rows.more).toBe(true);
    const values = few.rows.rows.flatMap((row) => (row.kind === 'different' ? row.columns : []));
    expect(values.every((value) => value.values === undefined)).toBe(true);
  });

  test('of a large table are found part by part, at a tick each, while its writers go on', async () => {
    await using cascade = await handMadeCascade({ src: 12, dst: 18 });
    for (const session of [cascade.src, cascade.dst]) {
      await session.script(
        `create table public.orders (id int, note text, day date default '2026-01-01', primary key (id, day));
          insert into public.orders select i, 'n' || i from generate_series(1, 3000) i; analyze public.orders;
          create type public.mood as enum ('sad', 'ok', 'merry');
          create table public.moods (mood public.mood, at float8, primary key (mood, at));
          insert into public.moods select (array['merry', 'sad', 'ok'])[1 + i % 3]::public.mood, i / 7.0 from generate_series(1, 1500) i;
          create table public.names (name text primary key);
          insert into public.names select chr(97 + i % 26) || case when i % 3 = 0 then 'É' else 'e' end || i from generate_series(1, 1500) i;
          create table public.spans (span interval primary key);
          insert into public.spans select i * interval '1 hour' from generate_series(1, 1500) i`,
      );
    }
    await cascade.addTable('public.orders');
    await cascade.addTable('public.moods');
    await cascade.addTable('public.names');
    await cascade.addTable('public.spans');
    await cascade.dst.script(
      `alter table public.names alter name type text collate pg_c_utf8;
        alter table public.orders alter id type bigint;
        delete from public.orders where id in (20, 2990);
        update public.orders set day = '2026-01-02' where id = 700;
        update public.orders set note = 'other' where id = 701;
        insert into public.orders values (0, 'more')`,
    );
    await using _worker = await standInWorker(cascade);
    await using writers = await writing(cascade);
    const pace = { ...unhurried, maxSnapshotMs: 0, wholeBytes: 0, firstChunkRows: 500 };
    const told: CompareProgress[] = [];
    const notes: string[] = [];
    const report = (progress: Progress) => {
      if (progress.kind === 'compare') told.push(progress);
      if (progress.kind === 'note') notes.push(progress.text);
    };
    // Enums in their order, floats, and texts in the order of code points under two names are cut; what has no order that is known to be the same is read whole, and that is said.
    const others = await compare(
      cascade,
      { report },
      { pace, tables: new Set(['public.moods', 'public.names', 'public.spans'].map(tableName)) },
    );
    expect(verdicts(others)).toEqual(['equal', 'equal', 'equal']);
    expect(others.tables.map(({ oneSnapshot }) => oneSnapshot?.tooLong)).toEqual([undefined, undefined, true]);
    expect(notes).toEqual([
      expect.stringMatching(/^public\.spans .* is read in one snapshot.* servers of src_node and dst_node,/),
    ]);
    for (const name of ['public.moods', 'public.names']) {
      expect(told.filter(({ table }) => table === name).length, name).toBeGreaterThan(2);
    }
    told.length = 0;

    const compared = await compare(cascade, { report }, { pace, tables: new Set([tableName('public.orders')]) });

    expect(compared.tick).toBeGreaterThan(compared.firstTick);
    expect(listed(compared)).toEqual([
      'different 701 2026-01-01',
      'extra 0 2026-01-01',
      'extra 700 2026-01-02',
      'missing 20 2026-01-01',
      'missing 2990 2026-01-01',
      'missing 700 2026-01-01',
    ]);
    expect(told.filter(({ table }) => table === 'public.orders').length).toBeGreaterThan(2);
    expect(told.at(-1)).toMatchObject({ table: undefined, phase: 'done', tables: { done: 1, total: 1 } });
    const few = await compare(
      cascade,
      {},
      { pace, tables: new Set([tableName('public.orders')]), search: { limit: 2, chunkRows: 100, values: false } },
    );
    expect(listed(few)).toHaveLength(2);
    expect(only(few).verdict).toMatchObject({ rows: { more: true } });

    await cascade.dst.script(
      `set session_replication_role = 'replica';
        delete from public.orders where id in (0, 20, 700, 701, 2990);
        insert into public.orders select i, 'n' || i from unnest(array[20, 700, 701, 2990]) i`,
    );
    const before = writers.written;
    expect(verdicts(await compare(cascade, {}, { pace }))).toEqual(['equal', 'equal', 'equal', 'equal']);
    expect(writers.written, 'the writers went on').toBeGreaterThan(before);
  });

  test('are repaired at the tick, and nowhere else', async () => {
    await using cascade = await handMadeCascade({ src: 12, dst: 18 });
    const name = tableName('public.items');
    const target = tableName('public.goods');
    await cascade.src.script(
      `create table public.items (id int generated always as identity primary key, note text, price money, raw bytea, part text, nr int);
        insert into public.items (note, price, raw, part, nr)
          select $$n\\'$$ || i, i::numeric / 4, '\\x00ff', 'p', i from generate_series(1, 500) i`,
    );
    await cascade.dst.script(
      `create table public.goods (nr int generated always as identity, raw bytea, part text, own text default 'own', note text, price money,
        id int generated always as identity primary key)`,
    );
    const mask = [{ column: 'part', expression: `'masked ' || id` }];
    const { attrs } = encodeTable({ ...wholeTable(name, target), where: rowFilter('id <= 400'), mask });
    await cascade.addTable(name, { target, ...(attrs === null ? {} : { attrs }) });
    await cascade.dst.script(
      `set session_replication_role = 'replica';
        insert into public.goods (nr, raw, part, note, price, id) overriding system value
          select case i when 17 then 1000 else i end, '\\x00ff', 'masked ' || i, $$n\\'$$ || i, i::numeric / 4, i from generate_series(1, 400) i;
        delete from public.goods where id in (5, 6);
        insert into public.goods (id, note) overriding system value values (450, 'filtered out');
        update public.goods set note = null, price = '99', own = 'kept' where id = 17;
        update public.goods set part = 'told', raw = null where id = 18`,
    );
    await cascade.catchUp();
    const search = { limit: 100, chunkRows: 10, values: false };
    await using worker = await standInWorker(cascade);

    const printed = await repair(cascade, { search, repair: 'print' });
    expect(printed?.statements).toBe(5);
    const batches = worker.batches;
    await cascade.tick();
    while (worker.batches === batches) await sleep(20);
    await expect(cascade.dst.script(printed?.script ?? '')).rejects.toThrow(/is not at tick \d+ any more/);
    await cascade.dst.script('rollback');
    expect((await repair(cascade, { search, repair: 'apply' }))?.statements).toBe(5);

    expect(verdicts(await compare(cascade))).toEqual(['equal']);
    expect(await cascade.dst.query(sql('select own from public.goods where id = 17'))).toEqual([{ own: 'kept' }]);
    expect(await leftBehind(cascade)).toEqual({ holds: 0, paused: false });
    expect((await repair(cascade, { search, repair: 'apply' }))?.statements).toBe(0);

    // Whoever pauses the worker can read the SQL in peace.
    await cascade.dst.script(
      `set session_replication_role = 'replica'; delete from public.goods where id = 7;
        select pgq_node.set_consumer_paused('replika', 'dst_node.worker', true)`,
    );
    const paused = await repair(cascade, { search, repair: 'print' });
    await cascade.dst.script(paused?.script ?? '');
    expect(verdicts(await compare(cascade))).toEqual(['equal']);
  });

  test('do not cancel out where the same row is there twice too often', async () => {
    await using cascade = await handMadeCascade();
    for (const session of [cascade.src, cascade.dst]) {
      await session.script('create table public.t (id int primary key, note text)');
    }
    await cascade.addTable('public.t');
    await cascade.src.script(`insert into public.t values (1, 'a'), (2, 'b'), (3, 'b')`);
    await cascade.dst.script(
      `alter table public.t drop constraint t_pkey;
        insert into public.t values (1, 'a'), (1, 'a'), (1, 'a')`,
    );
    expect(only(await compareStanding(cascade)).verdict.kind).toBe('different');
  });
});

describe('what is compared', () => {
  test('a renamed target, odd names and a filter', async () => {
    await using cascade = await handMadeCascade();
    await cascade.src.script(
      `create schema "Odd.Schema"; create schema "sch""ema";
        create table "sch""ema"."Ta.b""le '1'" ("Id" int primary key, "select" text, "a""b" text, "café ☕" int)`,
    );
    await cascade.dst.script(
      `create schema "sch""ema"; create schema other;
        create table other."Na.me" ("café ☕" int, "a""b" text, "Id" int primary key, "select" text)`,
    );
    const where = rowFilter('"Id" < 1000 -- the small ones');
    const target = tableName('other.Na.me');
    const name = tableName(`sch"ema.Ta.b"le '1'`);
    const stored = encodeTable({ ...wholeTable(name, target), where });
    await cascade.addTable(name, { target, ...(stored.attrs === null ? {} : { attrs: stored.attrs }) });
    await cascade.src.script(
      `insert into "sch""ema"."Ta.b""le '1'" select i, 's' || i, null, i from generate_series(990, 1010) i`,
    );
    await cascade.dst.script(`insert into other."Na.me" select i, null, i, 's' || i from generate_series(990, 999) i`);

    const table = only(await compareStanding(cascade));

    expect(table).toMatchObject({ table: name, target, where });
    expect(table.verdict).toMatchObject({ kind: 'equal', provider: { rows: 10n }, subscriber: { rows: 10n } });

    await cascade.dst.script(`insert into other."Na.me" values (1000, null, 1000, 's1000')`);
    expect(only(await compareStanding(cascade)).verdict, 'a row that the filter excludes').toMatchObject({
      kind: 'different',
      subscriber: { rows: 11n },
    });
  });

  test('values of all common types, between the oldest version and the newest', async () => {
    await using cascade = await handMadeCascade({ src: 12, dst: 18 });
    for (const session of [cascade.src, cascade.dst]) {
      await session.script(typesTable);
      await session.script(`set timezone = 'Asia/Shanghai'; set datestyle = 'German'; set extra_float_digits = 0`);
    }
    await cascade.addTable('public.types');
    for (const session of [cascade.src, cascade.dst]) await session.script(typesRows);
    // What a server or a role has set must not matter.
    await cascade.dst.script(
      `do $$ begin execute format('alter database %I set timezone to %L', current_database(), 'America/New_York');
        execute format('alter database %I set bytea_output to escape', current_database());
        execute format('alter database %I set intervalstyle to sql_standard', current_database());
        execute format('alter database %I set datestyle to %L', current_database(), 'SQL, DMY');
        execute format('alter database %I set extra_float_digits to 0', current_database()); end $$`,
    );
    const same = only(await compareStanding(cascade));
    expect(same.verdict).toMatchObject({ kind: 'equal', provider: { rows: 3n } });

    // Each value counts.
    await using reader = await cascade.cluster.connector(cascade.names.dst, { applicationName: 'test' });
    const facts = await readComparableTables(reader, [tableName('public.types')]);
    const { columns = [], inheritable = true } = facts.get(tableName('public.types')) ?? {};
    expect(columns.length).toBeGreaterThan(35);
    const table = tableName('public.types');
    const request = { table, inheritable, columns, where: undefined, alias: 'types', hash: 'server' } as const;
    for (const { name } of columns.slice(1)) {
      await cascade.dst.script(`update public.types set "${name}" = null where id = 1`);
      expect((await readSum(reader, request)).checksum, name).not.toBe(
        same.verdict.kind === 'equal' && same.verdict.subscriber.checksum,
      );
      await cascade.dst.script(`truncate public.types; ${typesRows}`);
    }
    expect(same.verdict).toMatchObject({ subscriber: await readSum(reader, request) });

    // What is nearly the same is not: each alone changes the sum, and all together are named.
    const sums = new Set([same.verdict.kind === 'equal' ? same.verdict.subscriber.checksum : '']);
    for (const [id, column, value] of nearlyTheSame) {
      await cascade.dst.script(`begin; update public.types set "${column}" = ${value} where id = ${id}`);
      sums.add((await readSum(cascade.dst, request)).checksum);
      await cascade.dst.script('rollback');
    }
    expect(sums.size).toBe(nearlyTheSame.length + 1);
    const long = (end: string) =>
      `update public.types set a_text = repeat('longer than a page', 5000) || '${end}' where id = 2`;
    await cascade.src.script(long('x'));
    await cascade.dst.script(long('y'));
    for (const [id, column, value] of nearlyTheSame) {
      await cascade.dst.script(`update public.types set "${column}" = ${value} where id = ${id}`);
    }
    const { verdict } = only(await compareStanding(cascade));
    if (verdict.kind !== 'different' || verdict.rows.kind !== 'found') expect.fail(verdict.kind);
    const found = verdict.rows.rows.flatMap((row) =>
      row.kind === 'different' ? row.columns.map(({ column }) => `${row.key[0]} ${column}`) : [row.kind],
    );
    const planted = nearlyTheSame.map(([id, column]) => `${id} ${column}`);
    expect(found.sort()).toEqual([...planted, '2 a_text'].sort());
  });

  test('columns of both sides; others are named', async () => {
    await using cascade = await handMadeCascade();
    await cascade.src.script(
      `create table public.t (id int primary key, gone text, twice int generated always as (id * 2) stored)`,
    );
    await cascade.dst.script(
      `create table public.t (id int primary key, "Extra" text default 'x', twice int generated always as (id * 3) stored)`,
    );
    await cascade.addTable('public.t');
    await cascade.src.script(`insert into public.t values (1, 'a')`);
    await cascade.dst.script(`insert into public.t values (1)`);

    expect(only(await compareStanding(cascade))).toMatchObject({
      verdict: { kind: 'equal' },
      onlyOnProvider: ['gone'],
      onlyOnSubscriber: ['Extra'],
      generated: ['twice'],
    });
  });

  test('a partitioned table counts its partitions, an inherited one only its own rows', async () => {
    await using cascade = await handMadeCascade({ src: 12, dst: 18 });
    await cascade.src.script(
      `create table public.parts (id int primary key) partition by range (id);
        create table public.parts_1 partition of public.parts for values from (0) to (10);
        create table public.parts_2 partition of public.parts for values from (10) to (20);
        create table public.family (id int primary key); create table public.child () inherits (public.family)`,
    );
    await cascade.dst.script(
      'create table public.parts (id int primary key); create table public.family (id int primary key)',
    );
    await cascade.addTable('public.family');
    await cascade.src.script('insert into public.family values (1); insert into public.child values (2)');
    await cascade.src.script('insert into public.parts select generate_series(5, 14)');
    await cascade.dst.script(
      `insert into public.family values (1);
        insert into public.parts select generate_series(5, 14)`,
    );
    for (const [session, rows] of [
      [cascade.src, 'replika'],
      [cascade.dst, 'replika'],
    ] as const) {
      await session.query(
        sql(
          `insert into londiste.table_info (queue_name, table_name, local, merge_state)
            values ($1, 'public.parts', true, 'ok')`,
          rows,
        ),
      );
    }
    const compared = await compareStanding(cascade);
    expect(
      compared.tables.map(({ table, verdict }) => [table, verdict.kind === 'equal' && verdict.provider.rows]),
    ).toEqual([
      ['public.family', 1n],
      ['public.parts', 10n],
    ]);
  });

  test('tables that can not be compared are named with the reason, and the others go on', async () => {
    await using cascade = await handMadeCascade();
    for (const session of [cascade.src, cascade.dst]) {
      await session.script(
        ['a', 'b', 'c', 'd', 'e'].map((name) => `create table public.${name} (id int primary key)`).join(';'),
      );
    }
    for (const name of ['a', 'b', 'c', 'd', 'e']) await cascade.addTable(`public.${name}`);
    await cascade.dst.script(
      `update londiste.table_info set merge_state = 'catching-up' where table_name = 'public.a';
        update londiste.table_info set table_attrs = 'handler=dispatch%28table_mode%3ddirect%29' where table_name = 'public.c';
        update londiste.table_info set table_attrs = 'handler=trunkline&where=nothing+%3d+1' where table_name = 'public.d';
        drop table public.b`,
    );

    const compared = await compareStanding(cascade);

    expect(compared.tables.map(({ table, verdict }) => [table, verdict])).toEqual([
      ['public.a', { kind: 'not_in_sync', state: { kind: 'catching_up' } }],
      ['public.b', { kind: 'missing', side: 'subscriber' }],
      ['public.c', { kind: 'foreign_handler' }],
      ['public.d', { kind: 'unreadable', side: 'provider', detail: 'column "nothing" does not exist' }],
      ['public.e', expect.objectContaining({ kind: 'equal' })],
    ]);
  });

  test('only the tables asked for, by their name on either side', async () => {
    await using cascade = await handMadeCascade();
    await cascade.src.script('create table public.a (id int primary key); create table public.b (id int primary key)');
    await cascade.dst.script('create table public.a (id int primary key); create table public.b2 (id int primary key)');
    await cascade.addTable('public.a');
    await cascade.addTable('public.b', { target: 'public.b2' });
    for (const asked of ['public.b', 'public.b2']) {
      const compared = await compareStanding(cascade, { tables: new Set([tableName(asked)]) });
      expect(compared.tables.map(({ table }) => table)).toEqual(['public.b']);
    }
  });

  test('sequences: what the subscriber would hand out must not have been handed out', async () => {
    await using cascade = await handMadeCascade();
    for (const session of [cascade.src, cascade.dst]) {
      await session.script('create sequence public.fresh; create sequence public."Used"');
    }
    await cascade.src.script(`select setval('public."Used"', 500)`);
    await cascade.addSequence('public.fresh');
    await cascade.addSequence('public.Used');

    expect((await compareStanding(cascade)).sequences).toEqual([
      { sequence: 'public.fresh', provider: 1n, subscriber: expect.any(BigInt), behind: false },
      { sequence: 'public.Used', provider: 500n, subscriber: 30_500n, behind: false },
    ]);
    await cascade.dst.script(`select setval('public."Used"', 500, false)`);
    expect((await compareStanding(cascade)).sequences[1]).toMatchObject({ subscriber: 500n, behind: true });
    await cascade.dst.script(`select setval('public."Used"', 500)`);
    expect((await compareStanding(cascade)).sequences[1]).toMatchObject({ subscriber: 500n, behind: false });
    await cascade.dst.script('drop sequence public.fresh');
    expect((await compareStanding(cascade)).sequences[0]).toMatchObject({ subscriber: undefined, behind: true });
  });
});

test('the rights that are documented suffice', async () => {
  await using cascade = await handMadeCascade({ src: 12, dst: 18 });
  await orders(cascade, [1, 2]);
  await cascade.src.script('create sequence public.numbers');
  await cascade.dst.script('create sequence public.numbers');
  await cascade.addSequence('public.numbers');
  await using _worker = await standInWorker(cascade);
  const roles: string[] = [];
  const role = async (session: Session, name: string, member: string): Promise<string> => {
    const [row] = await session.query<{ role: string }>(sql(`select $1 || '_' || current_database() as role`, name));
    const created = row?.role ?? '';
    roles.push(created);
    await session.script(
      `create role ${created} login password 'x' in role ${member};
        grant select on public.orders, public.numbers to ${created}`,
    );
    return created;
  };
  const users: Readonly<Record<string, string>> = {
    src: await role(cascade.src, 'comparer', 'pgq_admin'),
    dst: await role(cascade.dst, 'comparer', 'londiste_writer'),
  };
  try {
    const connector: CompareDeps['connector'] = (database, options) => {
      const { host, port, dbname } = cascade.cluster.databases[database === 'src' ? 'src' : 'dst'].params;
      const target = {
        host,
        port,
        dbname,
        user: users[database],
        password: 'x',
        ssl: false,
        connectTimeoutMs: 10_000,
      };
      return connect(target, options);
    };
    const compared = await compare(cascade, { connector });
    expect(verdicts(compared)).toEqual(['equal']);
    expect(compared.sequences).toHaveLength(1);

    // The SQL of a repair is run by psql, as the same role, who may write to the table beside.
    await cascade.dst.script(
      `grant insert, update, delete on public.orders to ${users.dst}; delete from public.orders where id = 1;
        update public.orders set note = E'two\\nlines' where id = 2; insert into public.orders values (3, $$it's$$);
        select pgq_node.set_consumer_paused('replika', 'dst_node.worker', true)`,
    );
    const search = { limit: 10, chunkRows: 10, values: false };
    const { repair: printed } = await compareNode(
      targetOf(cascade, { search, repair: 'print' }),
      depsOf(cascade, { connector }),
    );
    expect(printed?.statements).toBe(3);
    if (spawnSync('psql', ['--version']).status === 0) {
      const { host, port, dbname } = cascade.cluster.databases.dst.params;
      const run = spawnSync(
        'psql',
        [
          '-X',
          '-q',
          '-v',
          'ON_ERROR_STOP=1',
          '-h',
          `${host}`,
          '-p',
          `${port}`,
          '-U',
          `${users.dst}`,
          '-d',
          `${dbname}`,
        ],
        { input: printed?.script ?? '', encoding: 'utf8', env: { ...process.env, PGPASSWORD: 'x' } },
      );
      expect(run).toMatchObject({ status: 0, stderr: '' });
      expect(verdicts((await compareNode(targetOf(cascade, {}), depsOf(cascade, { connector }))).compared)).toEqual([
        'equal',
      ]);
    }
  } finally {
    for (const [index, session] of [cascade.src, cascade.dst].entries()) {
      await session.script(`drop owned by ${roles[index]}; drop role ${roles[index]}`);
    }
  }
});

describe('waiting', () => {
  test('a worker is asked for where none runs, and let go after', async () => {
    await using cascade = await handMadeCascade();
    await orders(cascade, [1]);
    const seen: string[] = [];
    const notes: string[] = [];
    const compared = await compare(cascade, {
      ensureWorker: async () => {
        seen.push('started');
        const worker = await standInWorker(cascade);
        return {
          async [Symbol.asyncDispose]() {
            seen.push('stopped');
            await worker[Symbol.asyncDispose]();
          },
        };
      },
      report: (progress) => {
        if (progress.kind === 'note') notes.push(progress.text);
      },
    });
    expect(verdicts(compared)).toEqual(['equal']);
    expect(seen).toEqual(['started', 'stopped']);
    expect(notes).toEqual(['no worker runs for this node: one runs here until it is at the tick']);
  });

  test('ends with how far behind the node is, and leaves nothing behind', async () => {
    await using cascade = await handMadeCascade();
    await orders(cascade, [1, 2]);
    await cascade.tick();
    await cascade.dst.query(
      sql(`select pgq_node.set_consumer_error('replika', 'dst_node.worker', E'no room\\nat all')`),
    );
    const [problem] = await problemsOf(compare(cascade, { timeoutMs: 1_500 }));
    expect(problem).toMatchObject({ code: 'wait_exceeded', node: 'dst_node', seconds: 2 });
    expect(problem?.code === 'wait_exceeded' && problem.what).toMatch(
      /^tick \d+ \(it stands at 1, [1-9]\d* ticks, about [1-9]\d* events behind; its worker says: no room\)$/,
    );
    expect(await leftBehind(cascade)).toEqual({ holds: 0, paused: false });
  });

  test('an operator’s pause is left alone, and the node compared only where nothing waits behind it', async () => {
    await using cascade = await handMadeCascade();
    await orders(cascade, [1]);
    const position = await cascade.catchUp();
    await cascade.dst.query(sql(`select pgq_node.set_consumer_paused('replika', 'dst_node.worker', true)`));

    const compared = await compare(cascade);
    expect(verdicts(compared)).toEqual(['equal']);
    expect(compared.tick).toBe(position);
    expect(await leftBehind(cascade)).toEqual({ holds: 0, paused: true });

    await cascade.src.script(`insert into public.orders values (2, 'n2')`);
    expect(await problemsOf(compare(cascade))).toMatchObject([
      { code: 'node_paused', node: 'dst_node', worker: 'dst_node.worker', position },
    ]);
    await cascade.tick();
    expect(await problemsOf(compare(cascade))).toMatchObject([{ code: 'node_paused', position }]);
    expect(await leftBehind(cascade)).toEqual({ holds: 0, paused: true });
  });

  test('another comparison of the same node is waited for', async () => {
    await using cascade = await handMadeCascade();
    await orders(cascade, []);
    await using _worker = await standInWorker(cascade);
    await cascade.dst.query(
      sql(`select trunkline.set_hold('replika', 'dst_node', 0, 'somebody', interval '2 seconds')`),
    );
    const notes: string[] = [];
    const compared = await compare(cascade, {
      report: (progress) => {
        if (progress.kind === 'note') notes.push(progress.text);
      },
    });
    expect(verdicts(compared)).toEqual(['equal']);
    expect(notes).toContain('somebody else holds this node at a tick; waiting for them');
  });

  test('ends at once on an interrupt, with the hold released', async () => {
    await using cascade = await handMadeCascade();
    await orders(cascade, [1]);
    await using _worker = await standInWorker(cascade);
    await cascade.src.script('begin; lock table public.orders in access exclusive mode');
    const stop = new AbortController();
    const comparing = compare(cascade, { signal: stop.signal }).then(
      () => 'done',
      () => 'failed',
    );
    await sleep(1_500);
    const startedAt = performance.now();
    stop.abort();
    expect(await comparing).toBe('failed');
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await cascade.src.script('rollback');
    expect(await leftBehind(cascade)).toEqual({ holds: 0, paused: false });
  });

  test('a comparer that is killed leaves only a hold that runs out', async () => {
    await using cascade = await handMadeCascade();
    await orders(cascade, [1]);
    await cascade.tick();
    await cascade.dst.query(
      sql(`select trunkline.report_status('replika', 'dst_node', 'frozen', 1, 'localhost', 'running')`),
    );
    const comparing = problemsOf(compare(cascade, { timeoutMs: 3_000 })).catch((error: unknown) => error);
    await cascade.catchUp();
    const held = async () => {
      const [row] = await cascade.dst.query<{ seconds: number | null }>(
        sql(`select max(extract(epoch from expires_at - clock_timestamp()))::float8 as seconds from trunkline.hold`),
      );
      return row?.seconds ?? undefined;
    };
    while ((await held()) === undefined) await sleep(20);
    await cascade.dst.query(
      sql(`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'trunkline compare'`),
    );
    await comparing;
    const seconds = await held();
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(15);
    expect((await leftBehind(cascade)).paused).toBe(false);
  });

  test('a database without the schemas, or with another node, is said to be so', async () => {
    await using cascade = await handMadeCascade();
    expect(await problemsOf(compare(cascade, {}, { node: cascade.names.root }))).toMatchObject([
      { code: 'node_elsewhere', found: 'dst_node', expected: 'src_node' },
    ]);
    await cascade.dst.script('drop schema trunkline cascade');
    expect(await problemsOf(compare(cascade))).toMatchObject([{ code: 'node_not_set_up', node: 'dst_node' }]);
  });
});

const typesTable = `create type public.mood as enum ('sad', 'happy'); create type public.pair as (a int, b text);
  create domain public.positive as int check (value > 0);
  create table public.types (id int primary key, a_bool bool, a_small int2, a_big int8, a_real float4, a_double float8,
    a_numeric numeric, a_money money, a_char char(5), a_varchar varchar(20), a_text text, a_bytea bytea, a_date date,
    a_time time, a_timetz timetz, a_timestamp timestamp, a_timestamptz timestamptz, an_interval interval, a_uuid uuid,
    an_inet inet, a_cidr cidr, a_mac macaddr, a_json json, a_jsonb jsonb, an_xml xml, ints int[], texts text[],
    a_range int4range, a_tsrange tstzrange, a_point point, a_box box, a_bit bit(4), a_varbit varbit, a_vector tsvector,
    a_mood public.mood, a_pair public.pair, a_positive public.positive, moods public.mood[])`;

const typesRows = `insert into public.types values
  (1, true, -32768, 9223372036854775807, 'NaN', 0.1, 'NaN', '12.34', 'ab', 'ver', E'tab\\tquote" \\\\ 中文 🙂', '\\x00ff5c', 'infinity',
    '24:00:00', '12:00:00.123456+08', '0044-03-15 BC', '2020-02-29 23:59:59.999999+14', '1 year -2 days 03:04:05.6',
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '::1/64', '10.0.0.0/8', '08:00:2b:01:02:03', '{"b": 1,  "a": [1, 2.50]}',
    '{"b": 1, "a": [1, 2.50]}', '<a b="c">&amp;</a>', '{1,NULL,3}', array['', 'NULL', 'a,b', null, '"'], '[1,10)',
    '[2020-01-01 00:00+00,infinity)', '(1.1,-0)', '(1,1),(0,0)', '1010', '101', 'a:1 fat:2,4', 'happy', '(1,"a b")', 5,
    '{sad,happy}'),
  (2, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
    null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
  (3, false, 0, 0, '-0', 1e-300, 1.10, '0', '', '', '', '', '4713-01-01 BC', '00:00', '00:00-15', '-infinity', 'infinity',
    '0', '00000000-0000-0000-0000-000000000000', '0.0.0.0', '::/0', '00:00:00:00:00:00', 'null', 'null', '', '{}',
    '{}', 'empty', '(,)', '(0,0)', '(0,0),(0,0)', '0000', '', '', 'sad', '(,)', 1, '{}')`;

/** Values that a careless comparison takes for those of `typesRows`. */
const nearlyTheSame: readonly (readonly [id: number, column: string, value: string])[] = [
  [1, 'a_numeric', '0'],
  [3, 'a_numeric', '1.1'],
  [3, 'a_real', '0'],
  [1, 'a_double', '0.10000000000000002'],
  [1, 'a_varchar', `'ver '`],
  [1, 'a_text', `E'tab\\tquote" \\\\ 中文 🙃'`],
  [3, 'a_text', 'null'],
  [3, 'a_varchar', `E'\\u0301'`],
  [1, 'a_bytea', `'\\x00ff5d'`],
  [3, 'a_bytea', 'null'],
  [1, 'a_timestamptz', `'2020-02-29 23:59:59.999998+14'`],
  [1, 'a_timetz', `'12:00:00.123456+07'`],
  [1, 'an_interval', `'12 months -2 days 03:04:05.61'`],
  [1, 'a_json', `'{"b": 1, "a": [1, 2.50]}'`],
  [1, 'a_jsonb', `'{"b": 1, "a": [1, 2.5]}'`],
  [3, 'a_jsonb', 'null'],
  [1, 'ints', `'{1,0,3}'`],
  [1, 'texts', `array['', null, 'a,b', 'NULL', '"']`],
  [3, 'texts', `'{""}'`],
  [3, 'a_pair', `'(,"")'`],
];

async function orders(cascade: HandMadeCascade, ids: readonly number[]): Promise<void> {
  for (const session of [cascade.src, cascade.dst]) {
    await session.script('create table public.orders (id int primary key, note text)');
    await session.query(sql(`insert into public.orders select i, 'n' || i from unnest($1::int[]) i`, ids));
  }
  await cascade.addTable('public.orders');
}

function depsOf(cascade: HandMadeCascade, change: Partial<CompareDeps>): CompareDeps {
  return {
    connector: cascade.cluster.connector,
    clock: realClock,
    report: (_progress: Progress) => undefined,
    signal: undefined,
    holder: 'test',
    timeoutMs: 30_000,
    ensureWorker: async () => ({ [Symbol.asyncDispose]: async () => undefined }),
    ...change,
  };
}

async function compare(
  cascade: HandMadeCascade,
  deps: Partial<CompareDeps> = {},
  change: Partial<CompareTarget> = {},
): Promise<ComparedNode> {
  return (await compareNode(targetOf(cascade, change), depsOf(cascade, deps))).compared;
}

async function repair(cascade: HandMadeCascade, change: Pick<CompareTarget, 'search' | 'repair'>) {
  return (await compareNode(targetOf(cascade, change), depsOf(cascade, {}))).repair;
}

function targetOf(cascade: HandMadeCascade, change: Partial<CompareTarget>): CompareTarget {
  const { names, queue } = cascade;
  return {
    queue,
    node: names.leaf,
    database: names.dst,
    provider: names.root,
    providerDatabase: names.src,
    tables: undefined,
    parallel: 2,
    search: { limit: 10, chunkRows: 100, values: false },
    pace: unhurried,
    ...change,
  };
}

/** With a worker that applies nothing: the test has laid the rows itself. */
async function compareStanding(
  cascade: HandMadeCascade,
  change: Partial<Pick<CompareTarget, 'tables' | 'search'>> = {},
): Promise<ComparedNode> {
  await cascade.catchUp();
  await using _worker = await standInWorker(cascade);
  return await compare(cascade, {}, change);
}

function verdicts(compared: ComparedNode): string[] {
  return compared.tables.map(({ verdict }) => verdict.kind);
}

function listed(compared: ComparedNode): string[] {
  const { verdict } = only(compared);
  if (verdict.kind !== 'different' || verdict.rows.kind !== 'found') throw new Error(`no rows: ${verdict.kind}`);
  return verdict.rows.rows.map(({ kind, key }) => `${kind} ${key.join(' ')}`).sort();
}

function only(compared: ComparedNode): ComparedTable {
  const [table, ...others] = compared.tables;
  if (table === undefined || others.length > 0) throw new Error(`expected one table, not ${compared.tables.length}`);
  return table;
}

async function problemsOf(work: Promise<unknown>): Promise<readonly Problem[]> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ToolError) return error.problems;
    throw error;
  }
  throw new Error('expected a problem');
}

async function leftBehind(cascade: HandMadeCascade): Promise<{ holds: number; paused: boolean }> {
  const [row] = await cascade.dst.query<{ holds: number; paused: boolean }>(
    sql(`select (select count(*)::int from trunkline.hold) as holds, paused from pgq_node.local_state`),
  );
  if (row === undefined) throw new Error('the node has no state');
  return row;
}

/** Two sessions that insert, update and delete as fast as they can until disposed, and a ticker. */
async function writing(cascade: HandMadeCascade): Promise<AsyncDisposable & { readonly written: number }> {
  const stop = new AbortController();
  let written = 0;
  const write = async (writer: number): Promise<void> => {
    await using session = await cascade.cluster.databases.src.session();
    for (let round = 0; !stop.signal.aborted; round += 1) {
      const id = writer * 1_000_000 + round;
      await session.script(
        `begin; insert into public.orders values (${id}, 'new');
          update public.orders set note = note || '+' where id = ${id - 1};
          delete from public.orders where id = ${id - 50}; commit`,
      );
      written += 1;
      // The stand-in applies row by row: it must be able to keep up.
      await sleep(15);
    }
  };
  const running = [write(1), write(2)];
  const ticks = await ticking(cascade);
  return {
    get written() {
      return written;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all(running);
      await ticks[Symbol.asyncDispose]();
    },
  };
}

async function ticking(cascade: HandMadeCascade): Promise<AsyncDisposable> {
  const stop = new AbortController();
  const session = await cascade.cluster.databases.src.session();
  const running = (async () => {
    while (!stop.signal.aborted) {
      await session.query(sql('select pgq.force_tick($1), pgq.ticker($1)', cascade.queue));
      await sleep(30);
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await session.close();
    },
  };
}
