import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Session } from '../../../src/db/session.ts';
import { sql } from '../../../src/db/statement.ts';
import { type FreshDatabase, freshDatabase } from '../../support/database.ts';

let database: FreshDatabase;
let session: Session;

beforeAll(async () => {
  database = await freshDatabase({ version: 12, install: ['pgq_ext'] });
  session = await database.session();
});
afterAll(async () => {
  await session.close();
  await database.drop();
});

async function call(text: string): Promise<unknown> {
  const [row] = await session.query<{ value: unknown }>(sql(`select pgq_ext.${text} as value`));
  return row?.value;
}

test('a batch is done once, and only the newest is known', async () => {
  expect(await call(`is_batch_done('c', 1)`)).toBe(false);
  expect(await call(`set_batch_done('c', 1)`)).toBe(true);
  expect(await call(`set_batch_done('c', 1)`)).toBe(false);
  expect(await call(`is_batch_done('c', '', 1)`)).toBe(true);
  expect(await call(`is_batch_done('c', 'sub', 1)`)).toBe(false);
  expect(await call(`set_batch_done('c', 5)`)).toBe(true);
  expect(await call(`set_batch_done('c', 3)`)).toBe(true);
  expect(await call(`is_batch_done('c', 5)`)).toBe(false);
  expect(await call(`is_batch_done('c', null)`)).toBeNull();
  for (const odd of ['0', '-1', 'null']) expect(await call(`set_batch_done('c', ${odd})`)).toBe(true);
  expect(await call(`is_batch_done('c', 3)`)).toBe(true);
});

test('a tick can go forth and back, and be forgotten', async () => {
  expect(await call(`get_last_tick('c')`)).toBeNull();
  expect(await call(`set_last_tick('c', 7)`)).toBe(1);
  expect(await call(`set_last_tick('c', 'sub', 9)`)).toBe(1);
  expect(await call(`set_last_tick('c', 5)`)).toBe(1);
  expect([await call(`get_last_tick('c')`), await call(`get_last_tick('c', 'sub')`)]).toEqual([5n, 9n]);
  expect(await call(`set_last_tick('c', null)`)).toBe(1);
  expect(await call(`get_last_tick('c')`)).toBeNull();
});

test('events are known for the open batch only', async () => {
  expect(await call(`set_event_done('c', 1, 10)`)).toBe(true);
  expect(await call(`set_event_done('c', 1, 10)`)).toBe(false);
  expect(await call(`set_event_done('c', 1, 11)`)).toBe(true);
  expect(await call(`is_event_done('c', 1, 11)`)).toBe(true);
  expect(await call(`set_event_done('c', 2, 12)`)).toBe(true);
  expect(await call(`is_event_done('c', 1, 11)`)).toBe(false);
});

test('it says its version, and that nothing is to be upgraded', async () => {
  expect([await call('version()'), await call('upgrade_schema()')]).toEqual(['3.1', 0]);
});
