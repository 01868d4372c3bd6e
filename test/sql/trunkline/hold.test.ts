import { expect, test } from 'vitest';
import type { Session } from '../../../src/db/session.ts';
import { value } from '../../support/call.ts';
import { freshDatabase } from '../../support/database.ts';

const set = (session: Session, tick: number | null, holder: string, ttl: string) =>
  value(session, "select trunkline.set_hold('q', 'n', $1, $2, $3::text::interval)", tick, holder, ttl);
const get = (session: Session) => value(session, "select trunkline.get_hold('q', 'n')");
const release = (session: Session, holder: string) =>
  value(session, "select trunkline.release_hold('q', 'n', $1)", holder);

test('a hold belongs to its holder until it is released or expires', async () => {
  await using db = await freshDatabase();
  await using session = await db.session();
  expect(await get(session)).toBe(null);
  expect(await set(session, 5, 'one', '1 minute')).toBe(true);
  expect(await get(session)).toBe(5n);
  expect(await set(session, 6, 'other', '1 minute')).toBe(false);
  expect(await release(session, 'other')).toBe(false);
  expect(await set(session, 7, 'one', '-1 second')).toBe(true);
  expect(await get(session)).toBe(null);
  expect(await set(session, 8, 'other', '1 minute')).toBe(true);
  expect(await release(session, 'other')).toBe(true);
  expect(await get(session)).toBe(null);
});

test('a hold names a tick', async () => {
  await using db = await freshDatabase();
  await using session = await db.session();
  await expect(set(session, null, 'one', '1 minute')).rejects.toThrow('tick_id');
});
