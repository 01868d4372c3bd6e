import { fileURLToPath } from 'node:url';
import { beforeEach, expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { freshDatabase } from '../support/database.ts';
import { debianPrograms, locationOf } from '../support/debian-programs.ts';
import { needDebian } from '../support/debian-server.ts';
import { waitFor } from '../support/replication.ts';

beforeEach(needDebian);

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));

interface Line {
  readonly ev_type: string;
  readonly ev_data: string;
  readonly ev_retry: number | null;
}

test.each([12, 18] as const)('python consumers read and write a queue on PostgreSQL %i', async (version) => {
  await using database = await freshDatabase({ version });
  await using target = await freshDatabase({ version });
  await using programs = debianPrograms([database, target]);
  await using db = await database.session();
  await db.script(`
    create table people (id int primary key, name text);
    select pgq.create_queue('jobs');
    create trigger people_events after insert or update or delete on people
      for each row execute procedure pgq.logutriga('jobs');
  `);
  const tick = () => db.script(`select pgq.force_tick('jobs'); select pgq.ticker('jobs')`);
  const settings = (consumer: string) => ({
    job_name: consumer,
    db: locationOf(database),
    queue_name: 'jobs',
    logfile: `${programs.folder}/${consumer}.log`,
    pidfile: `${programs.folder}/${consumer}.pid`,
    // One round, then the end.
    loop_delay: 0,
  });
  const run = async (section: string, consumer: string, ...flags: string[]): Promise<readonly Line[]> => {
    const result = await programs.python(script('consumer.py'), [
      section,
      ...flags,
      `${programs.folder}/${consumer}.ini`,
    ]);
    if (result.status !== 0) throw new Error(`${consumer}: ${result.stdout}${result.stderr}${programs.logs()}`);
    const lines = result.stdout.split('\n').filter((line) => line.startsWith('{'));
    return lines.map((line) => JSON.parse(line) as Line);
  };

  programs.ini('reader', 'reader', settings('reader'));
  await run('reader', 'reader', '--register');
  await run('reader', 'reader', '--register');
  const produced = await programs.python(script('producer.py'), [locationOf(database), 'jobs']);
  expect(produced).toMatchObject({ status: 0, stderr: '' });
  await db.script(`
    insert into people values (1, 'Zoë & "Bo"'), (2, null);
    update people set name = '' where id = 2;
    delete from people where id = 1;
    select pgq.insert_event('jobs', 'later', 'once more')`);
  await tick();
  const lines = await run('reader', 'reader');
  expect(lines).toHaveLength(1 + 1000 + 4 + 1);
  expect(lines[0]).toMatchObject({
    ev_type: 'single',
    ev_data: 'one & one',
    ev_extra1: 'e1',
    ev_extra2: null,
    ev_extra3: '',
    ev_extra4: 'e4',
  });
  expect(lines[1000]).toMatchObject({ ev_type: 'bulk', ev_data: 'row 999\t\\', ev_extra1: null });
  expect(lines.slice(1001).map(({ ev_type, ev_data }) => [ev_type, ev_data])).toEqual([
    ['I:id', 'id=1&name=Zo%c3%ab+%26+%22Bo%22'],
    ['I:id', 'id=2&name'],
    ['U:id', 'id=2&name='],
    ['D:id', 'id=1&name=Zo%c3%ab+%26+%22Bo%22'],
    ['later', 'once more'],
  ]);

  // The event put off comes again, and nothing else does.
  await waitFor('the retry event', 10_000, async () => {
    const [row] = await db.query<{ moved: number }>(sql('select pgq.maint_retry_events() as moved'));
    return Number(row?.moved) > 0;
  });
  await tick();
  expect(await run('reader', 'reader')).toMatchObject([{ ev_type: 'later', ev_data: 'once more', ev_retry: 1 }]);
  await run('reader', 'reader', '--unregister');

  // One that writes into another database. It passes over a batch that is done there, but was not finished here.
  await using copies = await target.session();
  await copies.script('create table copied (what text)');
  programs.ini('copier', 'copier', { ...settings('copier'), remote_db: locationOf(target) });
  await run('copier', 'copier', '--register');
  for (const round of ['one', 'two']) {
    await db.script(`select pgq.insert_event('jobs', 'round', '${round}')`);
    await tick();
    await run('copier', 'copier');
  }
  await db.script(`select pgq.insert_event('jobs', 'round', 'three')`);
  await tick();
  const [batch] = await db.query<{ id: bigint }>(sql(`select pgq.next_batch('jobs', 'copier') as id`));
  await copies.query(sql(`select pgq_ext.set_batch_done('copier', $1)`, batch?.id));
  await run('copier', 'copier');
  expect(await copies.query(sql('select what from copied'))).toEqual([{ what: 'one' }, { what: 'two' }]);
  await run('copier', 'copier', '--unregister');
  expect(await db.query(sql('select from pgq.subscription'))).toEqual([]);
});
