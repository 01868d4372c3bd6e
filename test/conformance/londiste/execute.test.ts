import { expect, test } from 'vitest';
import { sql } from '../../../src/db/statement.ts';
import { answer, events, rows, waits } from '../../support/call.ts';
import { engineDatabase, onEngines } from '../../support/engines.ts';
import { branch, root } from './cascade.ts';

onEngines([18], (engine) => {
  test('a file runs once, and a root sends it on', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await root(session);
    const start = (file: string, attrs: string | null) =>
      answer(session, 'londiste.execute_start', 'q', file, 'select 1;', true, attrs);
    expect(await start('1.sql', 'local-table=a%2cb')).toBe('200 Executing: 1.sql');
    expect(await start('1.sql', null)).toBe('201 EXECUTE: "1.sql" already applied, skipping');
    expect(await answer(session, 'londiste.execute_finish', 'q', '1.sql')).toBe('200 Execute finished: 1.sql');
    expect(await answer(session, 'londiste.execute_finish', 'q', '2.sql')).toBe(
      '404 execute_file called without execute_start',
    );
    expect(await events(session)).toEqual(['EXECUTE|select 1;|1.sql|local-table=a%2cb']);
    await expect(answer(session, 'londiste.execute_start', 'none', 'f', 's', false)).rejects.toThrow(
      'queue does not exist: none',
    );
  });

  test('elsewhere a file is applied and goes no further', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await branch(session);
    expect(await answer(session, 'londiste.execute_start', 'q', '1.sql', 's', true)).toBe(
      '401 Node is not root node: q',
    );
    expect(await answer(session, 'londiste.execute_start', 'q', '1.sql', 's', false)).toBe('200 Executing: 1.sql');
    expect(await answer(session, 'londiste.execute_finish', 'q', '1.sql')).toBe('200 Execute finished: 1.sql');
    expect(await events(session)).toEqual([]);
    await expect(rows(session, 'londiste.root_notify_change', 'q', 't', 'd')).rejects.toThrow(
      'only root node can send events',
    );
  });

  test('who starts the same file meanwhile waits, and skips it or runs it', async () => {
    await using db = await engineDatabase(engine);
    await using one = await db.session();
    await using other = await db.session();
    await using watcher = await db.session();
    await root(one);
    for (const [end, expected] of [
      ['rollback', '200 Executing: f.sql'],
      ['commit', '201 EXECUTE: "f.sql" already applied, skipping'],
    ]) {
      await one.script('begin; delete from londiste.applied_execute; commit; begin');
      await answer(one, 'londiste.execute_start', 'q', 'f.sql', 's', true);
      const started = answer(other, 'londiste.execute_start', 'q', 'f.sql', 's', true);
      expect(await waits(watcher, other.backendPid)).toBe(true);
      await one.script(end ?? '');
      expect(await started).toBe(expected);
    }
  });

  test('files are forgotten after three months', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script(`insert into londiste.applied_execute (queue_name, execute_file, execute_time, execute_sql)
    values ('q', 'old', now() - interval '4 months', ''), ('q', 'new', now() - interval '2 months', '')`);
    expect(await rows(session, 'londiste.periodic_maintenance')).toEqual([{ periodic_maintenance: 0 }]);
    expect(await session.query(sql('select execute_file from londiste.applied_execute'))).toEqual([
      { execute_file: 'new' },
    ]);
  });
});
