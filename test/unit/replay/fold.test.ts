import fc from 'fast-check';
import { expect, test } from 'vitest';
import { emptyFold, fold, type Op } from '../../../src/replay/fold.ts';
import { emptyShape, type Value } from '../../../src/replay/row-decoder.ts';

function foldOf(changes: readonly (readonly [Op, Value[]])[]) {
  const shape = emptyShape();
  shape.columns.push('id', 'v');
  const into = emptyFold(shape, [0]);
  for (const [op, values] of changes) fold(into, op, values);
  return into;
}

/** What a table holds after the changes one by one, as a map from id to v. */
function oneByOne(before: ReadonlyMap<string, string>, changes: readonly (readonly [Op, string, string])[]) {
  const table = new Map(before);
  const valid: [Op, Value[]][] = [];
  for (const [op, id, v] of changes) {
    if (op === 'I' ? table.has(id) : !table.has(id)) continue;
    if (op === 'D') table.delete(id);
    else table.set(id, v);
    valid.push([op, [id, v]]);
  }
  return { table, valid };
}

test('net changes bring a table where the changes one by one would', () => {
  const id = fc.constantFrom<string>('1', '2', '3');
  fc.assert(
    fc.property(
      fc.uniqueArray(id),
      fc.array(fc.tuple(fc.constantFrom<Op>('I', 'U', 'D'), id, fc.string())),
      (present, changes) => {
        const before = new Map(present.map((key) => [key, 'old']));
        const { table, valid } = oneByOne(before, changes);
        const net = new Map(before);
        const seen = { I: 0, U: 0, D: 0 };
        for (const { op, values } of foldOf(valid).changes.values()) {
          seen[op] += 1;
          const key = String(values[0]);
          // An insert must find no row, an update and a delete one: else the statement would fail or miss.
          expect(before.has(key)).toBe(op !== 'I');
          if (op === 'D') net.delete(key);
          else net.set(key, String(values[1]));
        }
        expect(net).toEqual(table);
      },
    ),
  );
});

test('an update with fewer columns keeps the others of the change before it', () => {
  const net = foldOf([
    ['I', ['1', 'first']],
    ['U', ['1', undefined]],
  ]);
  expect([...net.changes.values()]).toEqual([{ op: 'I', values: ['1', 'first'] }]);
});

test('keys of several columns do not run into each other', () => {
  const shape = emptyShape();
  shape.columns.push('a', 'b');
  const into = emptyFold(shape, [0, 1]);
  fold(into, 'I', ['a', 'bc']);
  fold(into, 'I', ['ab', 'c']);
  expect(into.changes.size).toBe(2);
});

test('the size comes back to nothing when every row is gone again', () => {
  const into = foldOf([
    ['I', ['1', 'some text']],
    ['D', ['1', 'some text']],
  ]);
  expect(into.size).toBe(0);
});

test('an event without its key is refused by name', () => {
  expect(() => foldOf([['U', [null, 'x']]])).toThrow(/key column id/);
});
