import { expect, test } from 'vitest';
import { type Referring, referenceOrder } from '../../../src/replay/reference-order.ts';

const table = (name: string, ...to: readonly string[]): Referring => ({
  name,
  references: to.map((each) => ({ table: each.replace('?', ''), deferrable: each.endsWith('?') })),
});

const ranked = (tables: readonly Referring[]) =>
  [...referenceOrder(tables).rank].sort(([, left], [, right]) => left - right).map(([name]) => name);

test('tables that others refer to come first, from whichever the search begins', () => {
  const tables = [table('line', 'order', 'item'), table('order', 'customer'), table('item'), table('customer')];
  for (const given of [tables, [...tables].reverse()]) {
    const order = ranked(given);
    expect(order.indexOf('customer')).toBeLessThan(order.indexOf('order'));
    expect(order.indexOf('order')).toBeLessThan(order.indexOf('line'));
    expect(order.indexOf('item')).toBeLessThan(order.indexOf('line'));
  }
  expect(referenceOrder(tables).parents).toEqual(new Set(['order', 'item', 'customer']));
});

test('a family is all that hangs together, whichever way the keys point', () => {
  const { family } = referenceOrder([table('a', 'p'), table('b', 'p'), table('p'), table('alone'), table('c', 'gone')]);
  for (const name of ['a', 'b', 'p']) expect([...(family.get(name) ?? [])].sort()).toEqual(['a', 'b', 'p']);
  expect(family.has('alone')).toBe(false);
  expect(family.has('c')).toBe(false);
});

test('a circle is left to the order of the changes, unless a key of it can wait', () => {
  const closed = referenceOrder([table('a', 'b'), table('b', 'c'), table('c', 'a'), table('d', 'a'), table('e')]);
  expect([...closed.circular].sort()).toEqual(['a', 'b', 'c', 'd']);
  for (const given of [
    [table('a', 'b?'), table('b', 'a')],
    [table('b', 'a'), table('a', 'b?')],
  ]) {
    expect(referenceOrder(given)).toMatchObject({ circular: new Set(), deferrable: true });
    expect(ranked(given)).toEqual(['a', 'b']);
  }
});

test('a table that refers to itself needs no order', () => {
  const order = referenceOrder([table('tree', 'tree')]);
  expect([order.circular.size, order.family.size, order.parents.size]).toEqual([0, 0, 0]);
});
