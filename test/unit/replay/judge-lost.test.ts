import { expect, test } from 'vitest';
import type { RowEvent } from '../../../src/model/lost-event.ts';
import { tableName } from '../../../src/model/names.ts';
import { judgeLost, keysOf, lostRows, nameOf, rowKeyOf } from '../../../src/replay/judge-lost.ts';

const orders = tableName('app.orders');
let next = 0n;

function change(op: 'I' | 'U' | 'D', id: string | null, note = ''): RowEvent {
  next += 1n;
  const values = new Map([
    ['id', id],
    ['note', note],
  ]);
  return { id: next, txid: 1n, time: '', table: orders, change: { kind: 'row', op, key: ['id'], values } };
}

function truncate(table = orders): RowEvent {
  return { ...change('D', '0'), table, change: { kind: 'truncate' } };
}

function nameIn(event: RowEvent): string | undefined {
  const key = rowKeyOf(event);
  return key === undefined ? undefined : nameOf(key);
}

const rowsOf = (...events: readonly RowEvent[]) => lostRows(events, nameIn);

function only(...events: readonly RowEvent[]) {
  const [row, ...more] = rowsOf(...events).values();
  if (row === undefined || more.length > 0) throw new Error('not one row');
  return row;
}

test('changes of a row are one, and leave what the last of them left', () => {
  expect(only(change('I', '1', 'a'), change('U', '1', 'b'))).toMatchObject({ made: true, keyValues: ['1'] });
  expect(only(change('I', '1', 'a'), change('U', '1', 'b')).last?.get('note')).toBe('b');
  expect(only(change('U', '1', 'b'), change('D', '1'))).toMatchObject({ made: false, last: undefined });
  // Gone and made again: it was there before.
  expect(only(change('D', '1'), change('I', '1', 'b'))).toMatchObject({ made: false });
  expect(rowsOf(change('I', '1'), change('I', '2')).size).toBe(2);
});

test('a key that is written in two ways is one row', () => {
  const events = [change('I', '1', 'a'), change('U', '01', 'b')];
  expect([...lostRows(events, () => 'one').values()]).toMatchObject([
    {
      made: true,
      last: new Map([
        ['id', '01'],
        ['note', 'b'],
      ]),
    },
  ]);
});

test('a truncate takes the rows of its table that were changed before it, and no others', () => {
  expect(only(change('I', '1'), truncate()).last).toBeUndefined();
  expect(only(change('I', '1'), truncate(tableName('app.other'))).last).toBeDefined();
  expect(only(truncate(), change('I', '1')).last).toBeDefined();
});

test('a row without a key has no name, and NULL is not an empty text', () => {
  const event = change('I', '1');
  if (event.change.kind !== 'row') throw new Error('no row');
  expect(rowKeyOf({ ...event, change: { ...event.change, key: [] } })).toBeUndefined();
  expect(rowKeyOf(truncate())).toBeUndefined();
  expect(nameIn(change('I', null))).not.toBe(nameIn(change('I', '')));
});

test('rows are named alike in whatever order an event has their key, and by other columns they are not', () => {
  const keyed = (...key: string[]) => {
    const { change: row, ...event } = change('U', '1', 'a');
    return rowKeyOf({ ...event, change: { ...row, key } as RowEvent['change'] });
  };
  expect(keyed('note', 'id')).toEqual(keyed('id', 'note'));
  const known = (...keys: ReturnType<typeof keyed>[]) => keysOf(keys.filter((key) => key !== undefined)).get(orders);
  expect(known(keyed('note', 'id'), keyed('id', 'note'))).toEqual(['id', 'note']);
  expect(known(keyed('id'), keyed('note'), keyed('id'))).toBeUndefined();
});

const absent = { there: false, same: false };
const same = { there: true, same: true };
const other = { there: true, same: false };

test.for([
  ['made, not there', [change('I', '1')], absent, undefined, 'missing'],
  ['made, there alike', [change('I', '1')], same, true, 'equal'],
  ['made, another there', [change('I', '1')], other, false, 'conflict'],
  ['made and deleted, not there', [change('I', '1'), change('D', '1')], absent, true, 'equal'],
  ['made and deleted, another there', [change('I', '1'), change('D', '1')], other, false, 'conflict'],
  ['changed, untouched there', [change('U', '1')], other, false, 'missing'],
  ['changed, changed there', [change('U', '1')], other, true, 'conflict'],
  ['changed, changed there alike', [change('U', '1')], same, true, 'equal'],
  ['changed, nobody knows', [change('U', '1')], other, undefined, 'differs'],
  ['changed, not there', [change('U', '1')], absent, undefined, 'conflict'],
  ['deleted, there still', [change('D', '1')], other, false, 'missing'],
  ['deleted, changed there', [change('D', '1')], other, true, 'conflict'],
  ['deleted on both', [change('D', '1')], absent, true, 'equal'],
  ['deleted, nobody knows', [change('D', '1')], other, undefined, 'differs'],
] as const)('%s', ([, events, found, changedSince, outcome]) => {
  expect(judgeLost(only(...events), found, changedSince)).toBe(outcome);
});
