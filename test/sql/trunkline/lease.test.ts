import { expect, test } from 'vitest';
import { readDriverError } from '../../../src/db/driver-errors.ts';
import type { Session } from '../../../src/db/session.ts';
import { value, waits } from '../../support/call.ts';
import { freshDatabase } from '../../support/database.ts';

const take = (session: Session, holder: string) => value(session, "select trunkline.take_lease('q', 'n', $1)", holder);
const check = (session: Session, generation: unknown) =>
  value(session, "select trunkline.assert_lease('q', 'n', $1)", generation);

async function sqlstate(promise: Promise<unknown>): Promise<string | undefined> {
  return promise.then(
    () => 'none',
    (error) => readDriverError(error)?.sqlstate,
  );
}

test('each holder gets a generation of its own, and an older one is refused', async () => {
  await using db = await freshDatabase();
  await using session = await db.session();
  expect(await sqlstate(check(session, 1))).toBe('TL001');
  expect(await take(session, 'first')).toBe(1n);
  await check(session, 1);
  expect(await take(session, 'second')).toBe(2n);
  expect(await sqlstate(check(session, 1))).toBe('TL001');
  expect(await sqlstate(check(session, null))).toBe('TL001');
  await expect(check(session, 1)).rejects.toThrow('the lease of node "n" on queue "q" was taken over');
});

test('a lease is not taken while a transaction that asserted it is open', async () => {
  await using db = await freshDatabase();
  await using worker = await db.session();
  await using rival = await db.session();
  await using watcher = await db.session();
  await take(worker, 'worker');
  await worker.script('begin');
  await check(worker, 1);
  const taken = take(rival, 'rival');
  expect(await waits(watcher, rival.backendPid)).toBe(true);
  await worker.script('commit');
  expect(await taken).toBe(2n);
  expect(await sqlstate(check(worker, 1))).toBe('TL001');
});

test('a worker that asserts while another takes over finds out', async () => {
  await using db = await freshDatabase();
  await using worker = await db.session();
  await using rival = await db.session();
  await using watcher = await db.session();
  await take(worker, 'worker');
  await rival.script('begin');
  await take(rival, 'rival');
  const asserted = sqlstate(check(worker, 1));
  expect(await waits(watcher, worker.backendPid)).toBe(true);
  await rival.script('commit');
  expect(await asserted).toBe('TL001');
});

test('a transaction with an older snapshot does not slip past', async () => {
  await using db = await freshDatabase();
  await using worker = await db.session();
  await using rival = await db.session();
  await take(worker, 'worker');
  await worker.script('begin isolation level repeatable read; select 1');
  await take(rival, 'rival');
  expect(await sqlstate(check(worker, 1))).toBe('40001');
});

test('transactions of one holder assert side by side', async () => {
  await using db = await freshDatabase();
  await using one = await db.session();
  await using other = await db.session();
  await take(one, 'worker');
  await one.script('begin');
  await check(one, 1);
  await other.script("set lock_timeout = '2s'");
  expect(await sqlstate(check(other, 1))).toBe('none');
});
