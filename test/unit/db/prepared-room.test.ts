import { expect, test } from 'vitest';
import { preparedRoom } from '../../../src/db/prepared-room.ts';

const textOf = (nr: number) => `statement ${String(nr).padStart(5, '0')}`;
const room = 10 * textOf(0).length;

test('what came first stays prepared, the rest goes unprepared, until other texts are used', () => {
  const prepared = preparedRoom(room);
  const use = (from: number, to: number) => {
    const gone: string[] = [];
    const names: (string | undefined)[] = [];
    for (let nr = from; nr < to; nr += 1) {
      const placed = prepared.place(textOf(nr));
      gone.push(...placed.gone);
      names.push(placed.name);
    }
    return { gone, held: names.filter((name) => name !== undefined) };
  };
  const first = use(0, 100).held;
  expect(new Set(first).size).toBe(10);
  // All of them again and again: those that are held are of use.
  for (let round = 0; round < 30; round += 1) expect(use(0, 100)).toEqual({ gone: [], held: first });
  // They are used no more.
  const later = use(1_000, 1_200);
  expect(later.gone.toSorted()).toEqual(first.toSorted());
  expect(new Set(later.held).size).toBe(10);
  expect(later.held.filter((name) => first.includes(name))).toEqual([]);
});

test('a text that is longer than the room is never prepared', () => {
  expect(preparedRoom(10).place('x'.repeat(11)).name).toBeUndefined();
});
