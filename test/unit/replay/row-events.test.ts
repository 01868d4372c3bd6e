import { expect, test } from 'vitest';
import { readRowEvents } from '../../../src/replay/row-events.ts';

const line = (...fields: readonly (string | null)[]) => `${fields.map((field) => field ?? '\\N').join('\t')}\n`;
const read = (text: string) => [...readRowEvents(new TextEncoder().encode(text))];

test('events of each format are told by table, key and values', () => {
  const time = '2026-01-02 03:04:05+00';
  const events = read(
    line('1', '9', 'I:id', 'id=1&note=a%0Ab+c&gone', 'app.orders', null, null, null, time) +
      line(
        '2',
        '9',
        '{"op":"UPDATE","pkey":["id"]}',
        '{"id":2,"note":"x\\\\ny"}',
        'app.orders',
        null,
        null,
        null,
        time,
      ) +
      line('3', '10', 'D', "id='3'", 'app.orders', null, null, null, time) +
      line('4', '10', 'R', null, 'app.orders', null, null, null, time) +
      line('5', '11', 'I:', 'note=a', 'app.notes', null, null, null, time) +
      line('6', '11', 'londiste.update-seq', '7', 'app.seq', null, null, null, time),
  );
  const head = { time, table: 'app.orders' };
  expect(events).toEqual([
    {
      kind: 'rows',
      event: {
        ...head,
        id: 1n,
        txid: 9n,
        change: {
          kind: 'row',
          op: 'I',
          key: ['id'],
          values: new Map([
            ['id', '1'],
            ['note', 'a\nb c'],
            ['gone', null],
          ]),
        },
      },
    },
    {
      kind: 'rows',
      event: {
        ...head,
        id: 2n,
        txid: 9n,
        change: {
          kind: 'row',
          op: 'U',
          key: ['id'],
          values: new Map([
            ['id', '2'],
            ['note', 'x\ny'],
          ]),
        },
      },
    },
    { kind: 'rows', event: { ...head, id: 3n, txid: 10n, change: { kind: 'sql', op: 'D', text: "id='3'" } } },
    { kind: 'rows', event: { ...head, id: 4n, txid: 10n, change: { kind: 'truncate' } } },
    {
      kind: 'rows',
      event: {
        time,
        table: 'app.notes',
        id: 5n,
        txid: 11n,
        change: { kind: 'row', op: 'I', key: [], values: new Map([['note', 'a']]) },
      },
    },
    { kind: 'other', type: 'londiste.update-seq' },
  ]);
});
