import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import type pg from 'pg';
import { expect, test } from 'vitest';
import { CopyOut } from '../../../src/db/copy-rows.ts';

const message = (code: string, body = ''): Buffer => {
  const head = Buffer.alloc(5);
  head.write(code);
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, Buffer.from(body)]);
};

test('the server is waited for until it has said that the COPY is complete', async () => {
  const stream = new Readable({ read: () => undefined });
  const driver: Buffer[] = [];
  stream.on('data', (piece: Buffer) => driver.push(piece));
  const rows = new CopyOut('copy t to stdout');
  rows.run.submit({ stream, query: () => undefined } as unknown as pg.Connection);
  const reading = rows.toArray();
  stream.push(Buffer.concat([message('H'), message('d', 'one\n'), message('c')]));
  await turn();
  // A server that falls silent here would otherwise never be found out.
  expect(rows.run.starved).toBe(true);
  expect(String(Buffer.concat(driver))).toBe(String(message('c')));
  rows.run.handleCommandComplete();
  expect(rows.run.starved).toBe(false);
  expect(String(Buffer.concat(await reading))).toBe('one\n');
  expect(rows.bytes).toBe(4);
});

test('while nobody reads, no more is taken than there is room for, and the server is not waited for', async () => {
  const stream = new Readable({ read: () => undefined });
  stream.on('data', () => undefined);
  const rows = new CopyOut('copy t to stdout');
  rows.run.submit({ stream, query: () => undefined } as unknown as pg.Connection);
  for (let nr = 0; nr < 100; nr += 1) stream.push(message('d', 'x'.repeat(10_000)));
  await turn();
  expect(rows.run.starved).toBe(false);
  expect(rows.run.messages).toBeLessThan(20);
  const [piece] = (await rows.take(1).toArray()) as [Buffer];
  expect(piece.length).toBeGreaterThan(0);
  // Left in the middle: what still comes is thrown away.
  expect(rows.destroyed).toBe(true);
  await turn();
  expect(rows.run.messages).toBe(100);
});
