import { expect, test } from 'vitest';
import { rowFilter } from '../../../src/model/names.ts';
import { narrows } from '../../../src/planner/narrows.ts';

const filter = (text: string | undefined) => (text === undefined ? undefined : rowFilter(text));

test.for<[string | undefined, string]>([
  [undefined, 'id < 10'],
  ["region = 'eu'", "region = 'eu' and id < 10"],
  ["region = 'eu'", "id<10 AND (Region ='eu')"],
  ['id < 1000', 'id < 500'],
  ['id >= 5 and live', 'live and id >= 10'],
  ['id > -10', 'id > -5'],
  ['(a or b)', 'c and (a or b)'],
])('%s lets through all that %s does', ([from, to]) => {
  expect(narrows(filter(from), filter(to))).toBe(true);
});

test.for<[string | undefined, string | undefined]>([
  ['id < 10', undefined],
  ['id < 10', 'id < 10'],
  ['id < 500', 'id < 1000'],
  ['id < 500', 'id <= 400'],
  ["region = 'eu'", "region = 'us'"],
  ["region = 'EU'", "region = 'eu' and live"],
  ['"Id" = 1', '"id" = 1 and live'],
  ['a', 'a and b or c'],
  ['a or b', 'a or b and c'],
  ['a between 1 and 5', 'a between 1 and 5 and b'],
  ['a', 'a -- and b'],
  ["note = 'x and y'", "note = 'x' and y"],
  ["note = 'a=b'", "note = 'a = b' and live"],
  ['not a', 'not (a and b)'],
])('%s may keep out what %s lets through', ([from, to]) => {
  expect(narrows(filter(from), filter(to))).toBe(false);
});
