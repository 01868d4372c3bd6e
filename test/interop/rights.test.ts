import { beforeEach, expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { debianPrograms, locationOf } from '../support/debian-programs.ts';
import { debianServer, needDebian } from '../support/debian-server.ts';
import { expectEqual, waitFor } from '../support/replication.ts';
import { changes, inSync, quickTicks, rows, settled, tables, writing } from './cascade.ts';

beforeEach(needDebian);

test("the rights that Londiste's worker and pgqd need are no more than with the originals", async () => {
  await using debian = await debianServer();
  await using src = await freshDatabase({ server: debian.server, name: 'src' });
  await using dst = await freshDatabase({ server: debian.server, name: 'dst' });
  await using programs = debianPrograms([src, dst]);
  await using root = await src.session();
  await using leaf = await dst.session();
  await root.script(`create role reader login in role londiste_reader;
    create role writer login in role londiste_writer;
    create role ticker login in role londiste_writer;
    ${tables} ${rows}
    grant select on people, log, log_id_seq to reader;
    grant select on log_id_seq to ticker;`);
  await leaf.script(`grant create on schema public to writer;
    create table people (id int primary key, name text not null, score numeric, at timestamptz default now());
    create table log (id bigserial primary key, person int not null references people, what text);
    alter table people owner to writer; alter table log owner to writer;`);

  // What changes the cascade is done by an administrator, what keeps it going by others.
  const londiste = (job: string, database: FreshDatabase, settings = {}) =>
    programs.londiste({ job, queue: 'replika', database, settings });
  const atRoot = londiste('src_worker', src);
  const atLeaf = londiste('dst_worker', dst);
  await atRoot.run(['create-root', 'src', locationOf(src)]);
  await atLeaf.run(['create-leaf', 'dst', locationOf(dst), `--provider=${locationOf(src)}`]);
  await quickTicks(root);
  await atRoot.run(['add-table', 'public.people', 'public.log']);
  await atRoot.run(['add-seq', 'public.log_id_seq']);
  await atLeaf.run(['add-table', 'public.people', 'public.log']);
  await atLeaf.run(['add-seq', 'public.log_id_seq']);
  programs.pgqd([as('ticker', src)], { maint_period: 1, retry_period: 1 });
  londiste('src_worker', as('ticker', src)).worker();
  londiste('dst_worker', as('writer', dst), { remote_extra_connstr: 'user=reader' }).worker();

  await using load = writing(src);
  await inSync([leaf], programs.logs);
  await load.stop();
  await root.script(changes);
  await settled(root, [leaf], programs.logs);
  for (const query of ['select * from people', 'select * from log']) await expectEqual(root, query, leaf, query);
  await waitFor(programs.logs, 10_000, async () => {
    const [row] = await leaf.query<{ ahead: boolean }>(sql(`select last_value >= $1 as ahead from log_id_seq`, 1000));
    return row?.ahead === true;
  });
  expect(programs.errors()).toEqual([]);
  await programs.stop();
});

/** The same database, for another role. */
function as(user: string, database: FreshDatabase): FreshDatabase {
  return { ...database, params: { ...database.params, user } };
}
