import { expect, test } from 'vitest';
import { value } from '../../support/call.ts';
import { engineDatabase, onEngines } from '../../support/engines.ts';

onEngines([18], (engine) => {
  test('raw names split at the first dot and belong to public without one', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    const cases: [raw: string, full: string, quoted: string][] = [
      ['a', 'public.a', 'public.a'],
      ['a.b', 'a.b', 'a.b'],
      ['a.b.c', 'a.b.c', 'a."b.c"'],
      ['A b.c"d', 'A b.c"d', '"A b"."c""d"'],
      ['ü.ß', 'ü.ß', '"ü"."ß"'],
      ['.x', '.x', '"".x'],
    ];
    for (const [raw, full, quoted] of cases) {
      expect(await value(session, 'select londiste.make_fqname($1)', raw)).toBe(full);
      expect(await value(session, 'select londiste.quote_fqname($1)', raw)).toBe(quoted);
    }
  });

  test('relations are found by kind and exact name, whatever the search path', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script(`
    create schema "S x"; create table "S x"."T.y" (id int primary key, "v 1" text, gone int, w int);
    alter table "S x"."T.y" drop column gone;
    create sequence sq; create view vw as select 1 as one;
    set search_path = pg_catalog`);
    const table = (name: string) => value(session, 'select londiste.find_table_oid($1)::regclass::text', name);
    expect(await table('S x.T.y')).toBe('"S x"."T.y"');
    expect(await table('s x.t.y')).toBe(null);
    expect(await table('vw')).toBe(null);
    expect(await value(session, "select londiste.find_seq_oid('sq')::regclass::text")).toBe('public.sq');
    expect(await value(session, "select londiste.find_rel_oid('vw', 'v')::regclass::text")).toBe('public.vw');
    expect(await value(session, "select londiste.find_column_types('S x.T.y')")).toBe('kvv');
    expect(await value(session, "select londiste.find_column_types('none')")).toBe('');
    expect(await value(session, "select londiste.is_replica_func('pgq.sqltriga'::regproc)")).toBe(true);
    expect(await value(session, "select londiste.is_replica_func('now'::regproc)")).toBe(false);
  });

  test('the replication role is set for a transaction or a session', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    const set = (role: string | null, local: boolean) =>
      value(session, 'select londiste.set_session_replication_role($1, $2)', role, local);
    const role = () => value(session, 'show session_replication_role');
    await set('replica', false);
    expect(await role()).toBe('replica');
    await session.script('begin');
    await set('local', true);
    expect(await role()).toBe('local');
    await session.script('commit');
    expect(await role()).toBe('replica');
    await expect(set('other', true)).rejects.toThrow('bad value for session_replication_role');
    await expect(set(null, true)).rejects.toThrow('bad value for session_replication_role');
  });
});
