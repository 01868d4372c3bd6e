import { expect, test } from 'vitest';
import { linesForBranch, linesForMerge, withGlobalWatermark } from '../../../src/replay/queue-lines.ts';

const lines = [
  '7\t901\tI:id\tid=1&note=a%09b\tpublic.t\t\\N\t\\N\t\\N\t2026-01-01 00:00:00+00\n',
  '8\t902\tpgq.location-info\tleaf\tq\thost=x\tfalse\t\\N\t2026-01-01 00:00:01+00\n',
  '9\t902\tlondiste.add-table\tpublic.u\t\\N\t\\N\t\\N\t\\N\t2026-01-01 00:00:01+00\n',
  "10\t903\tU\ta=E'x\\\\ty' where id=1\tpublic.t\t\\N\t\\N\t\\N\t2026-01-01 00:00:02+00\n",
].join('');

const encoder = new TextEncoder();
const decoder = new TextDecoder();

test('a branch keeps the number of each event and writes its own transaction', () => {
  expect(decoder.decode(linesForBranch(encoder.encode(lines)))).toBe(lines.replaceAll(/^(\d+)\t\d+\t/gm, '$1\t'));
  expect(linesForBranch(new Uint8Array(0))).toHaveLength(0);
});

test('a merging leaf gives rows and files new numbers, and keeps back what is about its own queue', () => {
  const [row, , , update] = lines.split('\n');
  expect(decoder.decode(linesForMerge(encoder.encode(lines)))).toBe(
    `${row?.replace(/^\d+\t\d+\t/, '')}\n${update?.replace(/^\d+\t\d+\t/, '')}\n`,
  );
});

test('a branch that goes by other nodes passes on a watermark of its own', () => {
  const mark = (tick: string) => `11\tpgq.global-watermark\t${tick}\tq\t\\N\t\\N\t\\N\t2026-01-01 00:00:03+00\n`;
  const row = '12\tI:id\tdata=pgq.global-watermark\tpublic.t\t\\N\t\\N\t\\N\t2026-01-01 00:00:04+00\n';
  const passed = (text: string) => decoder.decode(withGlobalWatermark(encoder.encode(text), 40n));
  expect(passed(row + mark('41') + row + mark('12345') + mark('7'))).toBe(
    row + mark('40') + row + mark('40') + mark('40'),
  );
  expect(passed(row)).toBe(row);
  expect(passed('')).toBe('');
});
