import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pickColumns, readLine, readLineStrictly } from '../../../src/replay/copy-text.ts';
import { emptyEventLine, readEventLine, readNumber, readQueueRow } from '../../../src/replay/event-line.ts';
import { copyLine } from '../../support/copy-line.ts';

const text = fc.string({ unit: 'grapheme' });
const any = fc.option(text);

test('a line of COPY text gives its columns back, whatever they hold', () => {
  fc.assert(
    fc.property(fc.array(any, { minLength: 1 }), (values) => {
      expect(readLine(copyLine(values))).toEqual(values);
    }),
  );
});

test('some columns of a line make a line of their own', () => {
  fc.assert(
    fc.property(fc.array(any, { minLength: 1 }), fc.array(fc.nat(), { minLength: 1 }), (values, picks) => {
      const positions = [...new Set(picks.map((pick) => pick % values.length))];
      expect(readLine(pickColumns(copyLine(values), positions))).toEqual(
        positions.map((position) => values[position] ?? null),
      );
    }),
  );
});

test('the events of several lines are told apart, and their fields', () => {
  const event = fc.record({
    id: fc.nat(),
    txid: fc.nat(),
    type: text,
    data: any,
    extra1: any,
    extra2: any,
    extra3: any,
  });
  fc.assert(
    fc.property(fc.array(event), (events) => {
      const bytes = Buffer.concat(
        events.map(({ id, txid, type, data, extra1, extra2, extra3 }) =>
          copyLine([String(id), String(txid), type, data, extra1, extra2, extra3]),
        ),
      );
      let at = 0;
      for (const wanted of events) {
        const line = emptyEventLine();
        readEventLine(bytes, at, line);
        expect(readNumber(bytes, line.txid)).toBe(wanted.txid);
        expect(readQueueRow(bytes, line)).toEqual({ ...wanted, id: String(wanted.id), txid: String(wanted.txid) });
        at = line.end;
      }
      expect(at).toBe(bytes.length);
    }),
  );
});

test('columns behind those that are read are passed over', () => {
  const bytes = copyLine(['1', '2', 'I', 'a', 't', null, 'x', 'more', 'and more']);
  const line = emptyEventLine();
  readEventLine(bytes, 0, line);
  expect(readQueueRow(bytes, line)).toMatchObject({ extra2: null, extra3: 'x' });
  expect(line.end).toBe(bytes.length);
});

test('bytes that are no UTF-8 are refused, and a mark of byte order is a character', () => {
  expect(() => readLineStrictly(Uint8Array.from([0x31, 0x09, 0xe9, 0x0a]))).toThrow(/not UTF-8/);
  for (const read of [readLine, readLineStrictly]) expect(read(copyLine(['\uFEFFa', 'b']))).toEqual(['\uFEFFa', 'b']);
});
