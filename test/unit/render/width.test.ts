import { expect, test } from 'vitest';
import { cutTo, padTo, widthOf } from '../../../src/render/width.ts';

test('letters take the cells that a terminal gives them', () => {
  expect(['app.orders', '订单', '한국', 'e\u0301', '🐘', '👩‍👩‍👧'].map(widthOf)).toEqual([10, 4, 4, 1, 2, 2]);
  expect(`${padTo('订单', 6)}|`).toBe('订单  |');
  expect(padTo('订单', 3)).toBe('订单');
  expect([cutTo('订单', 3), cutTo('a👩‍👩‍👧b', 3), cutTo('abc', 0)]).toEqual(['订', 'a👩‍👩‍👧', '']);
});
