import { expect, test } from 'vitest';
import { linesForBranch, linesForMerge } from '../../../src/replay/queue-lines.ts';

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
