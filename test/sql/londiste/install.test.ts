import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Session } from '../../../src/db/session.ts';
import { installScript, sqlFile } from '../../../src/db/sql-files.ts';
import { sql } from '../../../src/db/statement.ts';
import { value, waits } from '../../support/call.ts';
import { freshDatabase } from '../../support/database.ts';

/** The script that makes the roles, for roles that no other test has. */
function ownRoles(): { readonly prefix: string; readonly text: string } {
  const prefix = `lon${randomBytes(4).toString('hex')}`;
  return { prefix, text: sqlFile('londiste/roles.sql').replaceAll('londiste_', `${prefix}_`) };
}

async function members(session: Session, prefix: string): Promise<unknown> {
  return session.query(
    sql(
      `select r.rolname as role, g.rolname as in
         from pg_auth_members m join pg_roles r on r.oid = m.member join pg_roles g on g.oid = m.roleid
        where starts_with(r.rolname, $1) order by 1, 2`,
      prefix,
    ),
  );
}

describe.each([12, 18] as const)('on PostgreSQL %i', (version) => {
  test('a database is installed by its owner, who is nobody special', async () => {
    await using db = await freshDatabase({ version, install: false });
    await using session = await db.session();
    // The roles are there once any database of the server has the schemas.
    await using _other = await freshDatabase({ version });
    const owner = `owner_${db.dbname}`;
    await session.script(
      `create role ${owner}; alter database ${db.dbname} owner to ${owner}; set role ${owner}; begin`,
    );
    try {
      for (const schema of ['pgq', 'pgq_ext', 'pgq_node', 'londiste', 'trunkline']) {
        for (const { text } of installScript(schema)) await session.script(text);
      }
      await session.script('commit');
      expect(
        await value(session, 'select nspowner::regrole::text from pg_namespace where nspname = $1', 'londiste'),
      ).toBe(owner);
      expect(await value(session, "select londiste.version() || ' ' || pgq_node.version()")).toBe('3.8 3.5');
    } finally {
      await session.script(
        `rollback; reset role; drop owned by ${owner} cascade; alter database ${db.dbname} owner to postgres; drop role ${owner}`,
      );
    }
  });
});

test('roles are made once, and left alone where they are', async () => {
  await using db = await freshDatabase();
  await using session = await db.session();
  const { prefix, text } = ownRoles();
  await session.script(text);
  await session.script(text);
  expect(await members(session, prefix)).toEqual([
    { role: `${prefix}_reader`, in: 'pgq_reader' },
    { role: `${prefix}_writer`, in: 'pgq_admin' },
  ]);
  await session.script(`drop role ${prefix}_reader; drop role ${prefix}_writer`);
});

test('two databases that are installed at the same moment share the roles', async () => {
  await using db = await freshDatabase();
  await using one = await db.session();
  await using other = await db.session();
  await using watcher = await db.session();
  const { prefix, text } = ownRoles();
  await one.script(`begin; ${text}`);
  const second = other.script(`begin; ${text}`);
  expect(await waits(watcher, other.backendPid)).toBe(true);
  await one.script('commit');
  await second;
  await other.script('commit');
  expect(await members(watcher, prefix)).toHaveLength(2);
  await watcher.script(`drop role ${prefix}_reader; drop role ${prefix}_writer`);
});

test('who may not make the roles is told what an administrator has to run', async () => {
  await using db = await freshDatabase();
  await using session = await db.session();
  const { prefix, text } = ownRoles();
  const nobody = `${prefix}_nobody`;
  await session.script(
    `create role ${nobody}; create role ${prefix}_reader; grant pgq_reader to ${prefix}_reader; set role ${nobody}`,
  );
  const error = await session.script(text).then(
    () => undefined,
    (caught) => caught,
  );
  await session.script('reset role');
  expect(error).toMatchObject({
    code: '42501',
    message: `role "${prefix}_writer" does not exist, and user "${nobody}" may not create roles`,
    hint: `Ask an administrator to run: create role ${prefix}_writer; grant pgq_admin to ${prefix}_writer;`,
  });
  await session.script(`drop role ${nobody}; drop role ${prefix}_reader`);
});
