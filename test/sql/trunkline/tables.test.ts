import { expect, test } from 'vitest';
import { sql } from '../../../src/db/statement.ts';
import { value } from '../../support/call.ts';
import { freshDatabase } from '../../support/database.ts';

test('a worker reports itself, and its next report replaces the one before', async () => {
  await using db = await freshDatabase();
  await using session = await db.session();
  const report = (state: string, detail: object | null) =>
    value(
      session,
      'select trunkline.report_status($1, $2, $3, $4, $5, $6, $7)',
      'q',
      'n',
      'w',
      42,
      'host',
      state,
      detail === null ? null : JSON.stringify(detail),
    );
  await report('copying', { tables: 3 });
  await report('replaying', null);
  expect(
    await session.query(
      sql(`select queue_name, node_name, worker, pid, host, state, detail, heartbeat_at > now() - interval '1 minute' as fresh
             from trunkline.worker_status`),
    ),
  ).toEqual([
    {
      queue_name: 'q',
      node_name: 'n',
      worker: 'w',
      pid: 42,
      host: 'host',
      state: 'replaying',
      detail: null,
      fresh: true,
    },
  ]);
});

test('the steps of a plan go with it', async () => {
  await using db = await freshDatabase();
  await using session = await db.session();
  await session.script(`
    insert into trunkline.plan_log (plan_id) values ('p');
    insert into trunkline.step_log (log_id, step_id, kind) select log_id, 's', 'add_table' from trunkline.plan_log;
    delete from trunkline.plan_log`);
  expect(await value(session, 'select count(*) from trunkline.step_log')).toBe(0n);
});

test('everybody sees what is installed, readers see all, writers write', async () => {
  await using db = await freshDatabase();
  await using session = await db.session();
  const rights = `
    select string_agg(format('%s %s', c.relname, p), ',' order by c.relname, p)
      from pg_class c, unnest(array['select', 'insert']) p
     where c.relnamespace = 'trunkline'::regnamespace and c.relkind = 'r' and has_table_privilege($1, c.oid, p)`;
  const tables =
    'component,conflict,copy_progress,executed,hold,last_applied,lease,pending_step,plan_log,replaced_root,saved_ddl,skipped_event,step_log,worker_status'.split(
      ',',
    );
  expect(await value(session, rights, 'pgq_reader')).toBe('component select');
  expect(await value(session, rights, 'londiste_reader')).toBe(
    tables
      .filter((table) => table !== 'conflict' && table !== 'skipped_event')
      .map((table) => `${table} select`)
      .join(','),
  );
  expect(await value(session, rights, 'londiste_writer')).toBe(
    tables.map((table) => `${table} insert,${table} select`).join(','),
  );
  const execute = `select bool_or(has_function_privilege($1, oid, 'execute')) as any,
                          bool_and(has_function_privilege($1, oid, 'execute')) as all
                     from pg_proc where pronamespace = 'trunkline'::regnamespace`;
  expect(await session.query(sql(execute, 'londiste_reader'))).toEqual([{ any: false, all: false }]);
  expect(await session.query(sql(execute, 'londiste_writer'))).toEqual([{ any: true, all: true }]);
});
