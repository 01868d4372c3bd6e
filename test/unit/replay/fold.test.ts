import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readLine } from '../../../src/replay/copy-text.ts';
import {
  addChange,
  copyTextOf,
  emptyFold,
  type Fold,
  linesOf,
  type Op,
  reserve,
  sizeOf,
} from '../../../src/replay/fold.ts';
import { copyLine } from '../../support/copy-line.ts';

/** As the decoder leaves a row. */
function put(fold: Fold, op: Op, values: readonly (string | null)[], key: readonly number[] = [0]): void {
  const line = copyLine(values);
  // No more than a decoder asks for: the room for the key is the fold's own matter.
  reserve(fold, line.length, values.length);
  fold.sink.lines.set(line, fold.used);
  let column = 1;
  fold.sink.starts[0] = fold.used;
  for (const [at, byte] of line.entries()) {
    if (byte !== 0x09 && byte !== 0x0a) continue;
    fold.sink.starts[column] = fold.used + at + 1;
    column += 1;
  }
  addChange(fold, op, fold.used + line.length, key);
}

function foldOf(changes: readonly (readonly [Op, readonly (string | null)[]])[], spare?: Fold): Fold {
  const fold = emptyFold(['id'], spare);
  for (const [op, values] of changes) put(fold, op, values);
  return fold;
}

const netOf = (fold: Fold) =>
  (['D', 'U', 'I'] as const).flatMap((op) => [...linesOf(fold, [op])].map((line) => ({ op, values: readLine(line) })));

/** What a table holds after the changes one by one, as a map from id to v. */
function oneByOne(before: ReadonlyMap<string, string>, changes: readonly (readonly [Op, string, string])[]) {
  const table = new Map(before);
  const valid: [Op, string[]][] = [];
  for (const [op, id, v] of changes) {
    if (op === 'I' ? table.has(id) : !table.has(id)) continue;
    if (op === 'D') table.delete(id);
    else table.set(id, v);
    valid.push([op, [id, v]]);
  }
  return { table, valid };
}

const ids = Array.from({ length: 40 }, (_, id) => String(id * 7));
const manyChanges = fc.array(
  fc.tuple(fc.constantFrom<Op>('I', 'U', 'D'), fc.constantFrom(...ids), fc.string({ unit: 'grapheme' })),
  { maxLength: 400, size: 'max' },
);

test('net changes bring a table where the changes one by one would', () => {
  let spare: Fold | undefined;
  fc.assert(
    fc.property(fc.uniqueArray(fc.constantFrom(...ids)), manyChanges, (present, changes) => {
      const before = new Map(present.map((key) => [key, 'old']));
      const { table, valid } = oneByOne(before, changes);
      const net = new Map(before);
      const fold = foldOf(valid, spare);
      spare = fold;
      const counts = { I: 0, U: 0, D: 0 };
      for (const { op, values } of netOf(fold)) {
        counts[op] += 1;
        const key = String(values[0]);
        // An insert must find no row, an update and a delete one: else the statement would fail or miss.
        expect(net.has(key)).toBe(op !== 'I');
        if (op === 'D') net.delete(key);
        else net.set(key, String(values[1]));
      }
      expect(net).toEqual(table);
      expect(fold.counts).toEqual(counts);
      expect([...linesOf(fold, 'keys')].map(readLine)).toEqual(
        [...new Set(valid.map(([, [key]]) => key))].map((key) => [key]),
      );
      const text = (ops: readonly Op[]) => Buffer.concat([...copyTextOf(fold, ops)]).toString();
      for (const ops of [['I'], ['U'], ['U', 'I']] as const)
        expect(text(ops)).toBe(Buffer.concat([...linesOf(fold, ops)]).toString());
    }),
  );
});

test('a run of inserts is given as it stands, in pieces', () => {
  const rows = Array.from({ length: 9_000 }, (_, id) => ['I', [String(id), `value ${id}`]] as const);
  const fold = foldOf(rows);
  expect(fold.onlyInserts).toBe(true);
  const text = Buffer.concat([...copyTextOf(fold, ['I'])]).toString();
  expect(text).toBe(rows.map(([, values]) => `${values.join('\t')}\n`).join(''));
});

test('keys of several columns do not run into each other', () => {
  const fold = emptyFold(['a', 'b']);
  put(fold, 'I', ['a', 'x', 'bc'], [2, 0]);
  put(fold, 'I', ['ab', 'x', 'c'], [2, 0]);
  put(fold, 'I', ['c', 'x', 'ab'], [2, 0]);
  put(fold, 'D', ['c', 'other', 'ab'], [2, 0]);
  put(fold, 'D', ['gone', 'x', 'y'], [2, 0]);
  expect(netOf(fold)).toEqual([
    { op: 'D', values: ['y', 'gone'] },
    { op: 'I', values: ['a', 'x', 'bc'] },
    { op: 'I', values: ['ab', 'x', 'c'] },
  ]);
  expect([...linesOf(fold, 'keys')].map(readLine)).toEqual([
    ['bc', 'a'],
    ['c', 'ab'],
    ['ab', 'c'],
    ['y', 'gone'],
  ]);
});

test('a key has its room wherever the memory ends', () => {
  const key = (id: number) => [`first ${id} ${'x'.repeat(40)}`, `second ${id} ${'y'.repeat(40)}`];
  const fold = emptyFold(['a', 'b']);
  for (let id = 0; id < 2_000; id += 1) put(fold, 'I', [...key(id), 'old'], [0, 1]);
  for (let id = 0; id < 2_000; id += 1) put(fold, id % 2 === 0 ? 'U' : 'D', [...key(id), 'new'], [0, 1]);
  for (let id = 2_000; id < 9_000; id += 1) put(fold, 'D', [...key(id), 'gone'], [0, 1]);
  expect(fold.counts).toEqual({ I: 1_000, U: 0, D: 7_000 });
  expect([...linesOf(fold, 'keys')].map(readLine)).toEqual(Array.from({ length: 9_000 }, (_, id) => key(id)));
  expect([...linesOf(fold, ['D'])].map(readLine)).toEqual(Array.from({ length: 7_000 }, (_, id) => key(id + 2_000)));
});

test('a row that changes over and over takes the room of one', () => {
  const fold = foldOf([['U', ['1', 'some text']]]);
  const size = sizeOf(fold);
  for (let round = 0; round < 10_000; round += 1) put(fold, 'U', ['1', `text ${round % 10}`]);
  expect(sizeOf(fold)).toBe(size);
  expect(netOf(fold)).toEqual([{ op: 'U', values: ['1', 'text 9'] }]);
});

test('an insert that comes after an update of the same row is one', () => {
  const fold = foldOf([
    ['U', ['1', 'changed']],
    ['I', ['1', 'as it came']],
  ]);
  expect(netOf(fold)).toEqual([{ op: 'I', values: ['1', 'as it came'] }]);
  expect(fold.counts).toEqual({ I: 1, U: 0, D: 0 });
});

test('an event without its key is refused by name', () => {
  expect(() => foldOf([['U', [null, 'x']]])).toThrow(/key column id/);
});

test('without a key every change stays: equal rows are as many as they are', () => {
  const fold = emptyFold([], foldOf([['I', ['1', 'before']]]));
  const row = ['1', null];
  for (const op of ['I', 'I', 'D', 'I', 'D'] as const) put(fold, op, row, []);
  for (let more = 0; more < 1000; more += 1) put(fold, 'I', [String(more), 'x'], []);
  const net = netOf(fold);
  expect(net.filter(({ op }) => op === 'D')).toEqual([
    { op: 'D', values: row },
    { op: 'D', values: row },
  ]);
  expect(net.filter(({ values }) => values[1] === null)).toHaveLength(5);
  expect(fold.counts).toEqual({ I: 1003, U: 0, D: 2 });
});
