import { beforeEach, expect, test } from 'vitest';
import type { Session } from '../../src/db/session.ts';
import { sql } from '../../src/db/statement.ts';
import { freshDatabase } from '../support/database.ts';
import { debianServer, needDebian } from '../support/debian-server.ts';

beforeEach(needDebian);

const parts = ['p1', 'p2', 'p3'] as const;
const structureDown = "'drop'";

/** What one part of a merged table may be at: its state, and whether it holds the structure that was taken down. */
const situations = [
  { state: null, ddl: false },
  { state: 'in-copy', ddl: false },
  { state: 'in-copy', ddl: true },
  { state: 'catching-up', ddl: false },
  { state: 'catching-up', ddl: true },
  { state: 'wanna-sync:5', ddl: false },
  { state: 'do-sync:5', ddl: false },
  { state: 'ok', ddl: false },
] as const;

test('in whatever states the parts of a merged table are, copies get the roles that the extension gives', async () => {
  await using debian = await debianServer();
  await using ours = await freshDatabase({ server: debian.server });
  await using theirs = await freshDatabase({ server: debian.server, install: false });
  await using own = await ours.session();
  await using original = await theirs.session();
  await original.script('create extension pgq; create extension pgq_node; create extension londiste');
  const sessions = [own, original];
  for (const session of sessions) await mergeThree(session);

  let roles = 0;
  for (const one of situations) {
    for (const two of situations) {
      for (const three of [...situations, undefined]) {
        const change = [one, two, three].map((part, index) => setPart(parts[index] ?? '', part)).join(';');
        const [mine, others] = await Promise.all(
          sessions.map(async (session) => {
            await session.script(change);
            return readRoles(session);
          }),
        );
        expect(mine, JSON.stringify([one, two, three])).toEqual(others);
        roles += mine?.filter(({ copy_role }) => copy_role !== null).length ?? 0;
      }
    }
  }
  expect(roles).toBeGreaterThan(100);
});

async function mergeThree(session: Session): Promise<void> {
  await session.script(`
    create table accounts (id int primary key);
    select pgq_node.register_location('combined', 'full', 'dbname=full', false);
    select pgq_node.create_node('combined', 'root', 'full', 'full.worker', null, null, null);`);
  for (const part of parts) {
    await session.script(`
      select pgq_node.register_location('${part}', 'root', 'dbname=${part}', false);
      select pgq_node.register_location('${part}', 'full', 'dbname=full', false);
      select pgq_node.create_node('${part}', 'leaf', 'full', 'full.${part}', 'root', 1, 'combined');
      select londiste.global_add_table('${part}', 'public.accounts')`);
  }
  await session.script(`select londiste.local_add_table('p1', 'public.accounts', array['merge_all'], null, null)`);
}

/** Undefined: the table is not replicated from that part. */
function setPart(queue: string, part: (typeof situations)[number] | undefined): string {
  const state = part === undefined || part.state === null ? 'null' : `'${part.state}'`;
  return `update londiste.table_info set local = ${part !== undefined}, merge_state = ${state},
    dropped_ddl = ${part?.ddl === true ? structureDown : 'null'} where queue_name = '${queue}'`;
}

function readRoles(session: Session) {
  return session.query<{ queue: string; copy_role: string | null; copy_pos: number }>(
    sql(
      `select q.queue, t.copy_role, t.copy_pos from unnest($1::text[]) q(queue), londiste.get_table_list(q.queue) t order by 1`,
      parts,
    ),
  );
}
