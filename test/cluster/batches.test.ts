import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { startProgram, temporaryFile } from '../support/program.ts';
import { expectEqual, type Replication, replication } from '../support/replication.ts';

// What must hold for any batch: the same rows as one change after the other would give, and bounded memory.

const item = `
  create table item (id int primary key, code int unique, note text, pair int);
  create table moment (at timestamptz, n numeric, note text, primary key (at, n));
  create table instant (like moment including all);`;

type Change =
  | { readonly kind: 'insert' | 'update' | 'rekey'; readonly id: number; readonly code: number; readonly note: string }
  | { readonly kind: 'delete'; readonly id: number }
  | { readonly kind: 'swap'; readonly id: number; readonly other: number }
  | { readonly kind: 'truncate' };

const id = fc.integer({ min: 1, max: 12 });
const row = { id, code: fc.integer({ min: 1, max: 15 }), note: fc.string({ unit: 'grapheme', maxLength: 12 }) };
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 20, arbitrary: fc.record({ kind: fc.constantFrom('insert' as const, 'update' as const), ...row }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('rekey' as const), ...row }) },
  { weight: 7, arbitrary: fc.record({ kind: fc.constant('delete' as const), id }) },
  { weight: 7, arbitrary: fc.record({ kind: fc.constant('swap' as const), id, other: id }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'truncate' as const }) },
);

/** The same row of two tables, its key in another text each time: of its zone, and of its digits. */
function otherTexts(made: Change): string {
  if (made.kind !== 'insert' && made.kind !== 'update' && made.kind !== 'delete') return '';
  const [code, note] = made.kind === 'delete' ? [made.id, ''] : [made.code, made.note];
  const at = `'epoch'::timestamptz + ${made.id % 3} * interval '1 day'`;
  const zone = `set local timezone = '${['UTC', 'Asia/Tokyo', 'America/Lima'][code % 3]}'; `;
  const one = (table: string) => {
    if (made.kind === 'delete') return `delete from ${table} where at = ${at}`;
    if (made.kind === 'update')
      return `update ${table} set n = 1.${'0'.repeat(code % 3)}, note = ${literal(note)} where at = ${at}`;
    return attempt(`insert into ${table} values (${at}, 1.${'0'.repeat(code % 4)}, ${literal(note)})`);
  };
  return zone + ['moment', 'instant'].map(one).join('; ');
}

/** Whatever breaks a constraint is left out, as an application would. */
const attempt = (statements: string) =>
  `do $do$ begin ${statements}; exception when unique_violation then null; end $do$`;

function statementOf(made: Change): string {
  switch (made.kind) {
    case 'insert':
      return attempt(`insert into item values (${made.id}, ${made.code}, ${literal(made.note)})`);
    case 'update':
      return attempt(`update item set code = ${made.code}, note = ${literal(made.note)} where id = ${made.id}`);
    case 'rekey':
      return attempt(`update item set id = ${made.code}, note = ${literal(made.note)} where id = ${made.id}`);
    case 'delete':
      return `delete from item where id = ${made.id}`;
    case 'swap':
      return attempt(`
        update item set pair = code, code = -1 where id = ${made.id};
        update item set pair = code, code = (select pair from item where id = ${made.id}) where id = ${made.other} and ${made.id} <> ${made.other};
        update item set code = coalesce((select pair from item where id = ${made.other}), pair) where id = ${made.id}`);
    case 'truncate':
      return 'truncate item';
  }
}

function literal(text: string): string {
  return `'${text.replaceAll('\0', '').replaceAll("'", "''")}'`;
}

test('any run of changes, also of keys and unique values, comes to the same rows in one batch', async () => {
  await using cascade = await replication({ src: 14, dst: 18, other: 18 }, item);
  await using source = await cascade.session('src');
  // Two in one process, so that one reads while the other writes.
  const leaves = ['dst', 'other'] as const;
  await cascade.addTable({ name: 'public.item', on: { other: { apply: 'ordered' } } });
  await cascade.addTable({ name: 'public.moment' });
  // Its key changes where its value does, not where only the text does.
  await cascade.addTable({ name: 'public.instant', triggerArgs: [] });
  cascade.start();
  for (const leaf of leaves) await cascade.caughtUp(leaf);
  const seed = Number(process.env.TRUNKLINE_SEED ?? Date.now() % 1_000_000);
  console.log(`seed ${seed}`);
  const runs = fc.sample(fc.array(change, { minLength: 5, maxLength: 60, size: 'max' }), { seed, numRuns: 12 });
  for (const changes of runs) {
    await source.script(`begin; ${changes.flatMap((one) => [statementOf(one), otherTexts(one)]).join(';\n')}; commit`);
    for (const leaf of leaves) {
      await cascade.caughtUp(leaf);
      await using target = await cascade.session(leaf);
      for (const table of ['item', 'moment', 'instant'])
        await expectEqual(source, `select * from ${table}`, target, `select * from ${table}`);
    }
  }
});

const wide = 'create table wide (id int primary key, content text);';

async function running(cascade: Replication) {
  const nodes = [...cascade.queue.nodes.values()]
    .map(({ name, database, placement }) => `      ${name}: { database: ${database}, role: ${placement.role} }`)
    .join('\n');
  const file = temporaryFile(
    'trunkline.yaml',
    `version: 1\n${cascade.cluster.yaml}queues:\n  replika:\n    ticker: { max_lag: 100ms }\n    nodes:\n${nodes}\n    tables: [public.wide]\n`,
  );
  const run = startProgram(['run', '-f', file.path]);
  await cascade.caughtUp('dst', 60_000);
  const peak = () =>
    Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${run.child.pid}/status`, 'utf8'))?.[1]) / 1024;
  return {
    peak,
    async [Symbol.asyncDispose]() {
      await run.kill('SIGTERM');
      file[Symbol.dispose]();
    },
  };
}

test('memory does not grow with the batch, and a large value takes at most three times its size', async () => {
  await using cascade = await replication({ src: 14, dst: 18 }, wide);
  await using source = await cascade.session('src');
  await using target = await cascade.session('dst');
  await cascade.addTable({ name: 'public.wide' });
  await using run = await running(cascade);
  const before = run.peak();
  // 160 MB of rows in one transaction.
  await source.script(`insert into wide select i, repeat(md5(i::text), 100) from generate_series(1, 50000) i`);
  await cascade.caughtUp('dst', 120_000);
  const afterMany = run.peak();
  await source.script(`insert into wide values (0, repeat('0123456789abcdef', 2500000))`);
  await cascade.caughtUp('dst', 120_000);
  const afterLarge = run.peak();
  console.log(
    `peaks in MB: at start ${before}, after 160 MB in rows ${afterMany}, after a value of 40 MB ${afterLarge}`,
  );
  expect(afterMany - before).toBeLessThan(80);
  expect(afterLarge - before).toBeLessThan(80 + 3 * 40);
  const sums = 'select count(*), sum(length(content)), sum(hashtext(content)) from wide';
  await expectEqual(source, sums, target, sums);
});
