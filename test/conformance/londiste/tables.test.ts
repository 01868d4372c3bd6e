import { expect, test } from 'vitest';
import { answer, events, rows, value } from '../../support/call.ts';
import { engineDatabase, onEngines, onOurs } from '../../support/engines.ts';
import { branch, demote, leaf, root, tables, triggers } from './cascade.ts';

onEngines([12, 18], (engine) => {
  test('a table of a root is in sync at once, writes to the queue, and is announced', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script(`create schema "S x"; create table "S x"."T.y" ("Id" int primary key, "v l" text)`);
    await root(session);
    expect(await answer(session, 'londiste.local_add_table', 'q', 'S x.T.y', '{backup,"ignore=v l"}', 'a=b')).toBe(
      '200 Table added: S x.T.y',
    );
    expect(await tables(session)).toEqual(['q S x.T.y ok attrs a=b']);
    expect(await triggers(session)).toEqual([
      `"S x"."T.y": _londiste_q AFTER INSERT OR DELETE OR UPDATE ON "S x"."T.y" FOR EACH ROW EXECUTE FUNCTION pgq.logutriga('q', 'backup', 'ignore=v l')`,
      `"S x"."T.y": _londiste_q_truncate AFTER TRUNCATE ON "S x"."T.y" FOR EACH STATEMENT EXECUTE FUNCTION pgq.sqltriga('q')`,
    ]);
    await session.script(`insert into "S x"."T.y" values (1, 'x'); truncate "S x"."T.y"`);
    expect(await events(session)).toEqual(['londiste.add-table|S x.T.y|-|-', 'I:Id|Id=1|S x.T.y|-', 'R||S x.T.y|-']);
    expect(await answer(session, 'londiste.local_remove_table', 'q', 'S x.T.y')).toBe('200 Table removed: S x.T.y');
    expect(await triggers(session)).toEqual([]);
    expect(await tables(session)).toEqual([]);
    expect((await events(session)).at(-1)).toBe('londiste.remove-table|S x.T.y|-|-');
  });

  test('a table of a leaf waits for its copy and refuses writes', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script('create table t1 (id int primary key); create table t2 (id int primary key)');
    await leaf(session);
    expect(await answer(session, 'londiste.local_add_table', 'q', 't1')).toBe(
      '404 Table not available on queue: public.t1',
    );
    expect(await answer(session, 'londiste.global_add_table', 'q', 't1')).toBe('200 Table added: t1');
    expect(await answer(session, 'londiste.local_add_table', 'q', 't1', '{}', null, 't2')).toBe(
      '200 Table added: public.t1(public.t2)',
    );
    expect(await tables(session)).toEqual(['q public.t1 to copy dest public.t2']);
    expect(await triggers(session)).toEqual([
      `t2: _londiste_q AFTER INSERT OR DELETE OR UPDATE ON public.t2 FOR EACH ROW EXECUTE FUNCTION pgq.logutriga('q', 'ev_extra1=''public.t1''', 'deny')`,
      `t2: _londiste_q_truncate AFTER TRUNCATE ON public.t2 FOR EACH STATEMENT EXECUTE FUNCTION pgq.sqltriga('q', 'deny')`,
    ]);
    await expect(session.script('insert into t2 values (1)')).rejects.toThrow('public.t2');
    await expect(session.script('truncate t2')).rejects.toThrow('public.t2');
  });
});

onEngines([18], (engine) => {
  test('what cannot be added says why', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script(
      'create table t (id int primary key); create table nokey (id int); create view v as select 1 as x',
    );
    const add = (...args: unknown[]) => answer(session, 'londiste.local_add_table', 'q', ...args);
    expect(await add('t', '{merge_all,no_merge}')).toBe('405 Cannot use merge-all and no-merge together');
    expect(await add('t')).toBe('400 No such set: q');
    await root(session);
    expect(await add('v')).toBe('404 Table does not exist: public.v');
    expect(await add('nokey')).toBe('400 Primary key missing on table: public.nokey');
    expect(await add('nokey', '{virtual_table}')).toBe('200 Table added with no triggers: public.nokey');
    expect(await add('absent', '{virtual_table}')).toBe('200 Table added with no triggers: public.absent');
    expect(await add('t', '{skip_truncate}', 'handler=h')).toBe('200 Table added: public.t');
    expect(await add('t', '{skip_truncate}', 'handler=h')).toBe('200 Table already added: public.t');
    expect(await add('t', '{}', 'handler=h')).toBe(
      '410 Table public.t already added, but with different args: handler=h&skip_truncate=1',
    );
  });

  test('a table that is half copied gets its structure back when it is removed', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script('create table src (id int primary key); insert into src values (1)');
    await branch(session);
    await answer(session, 'londiste.global_add_table', 'q', 'src');
    await answer(session, 'londiste.local_add_table', 'q', 'src', '{}');
    expect(await answer(session, 'londiste.local_set_table_state', 'q', 'src', '1:2:', 'in-copy')).toBe(
      "200 Table public.src state set to 'in-copy'",
    );
    expect(
      await answer(session, 'londiste.local_set_table_struct', 'q', 'public.src', 'create index i1 on src (id)'),
    ).toBe('200 Table struct stored');
    expect(await answer(session, 'londiste.local_set_table_attrs', 'q', 'public.src', 'a=b')).toBe(
      '200 public.src: Table attributes stored',
    );
    expect(await answer(session, 'londiste.local_set_table_attrs', 'q', 'src', 'a=b')).toBe(
      '404 no such local table: src',
    );
    expect(await tables(session)).toEqual([
      'q public.src in-copy attrs a=b snapshot 1:2: ddl create index i1 on src (id)',
    ]);
    await expect(answer(session, 'londiste.local_set_table_state', 'q', 'src', null, 'ok')).rejects.toThrow(
      'table_info_check',
    );
    expect(await answer(session, 'londiste.local_remove_table', 'q', 'src')).toBe('200 Table removed: public.src');
    expect(await tables(session)).toEqual(['q public.src remote']);
    expect(await value(session, 'select count(*) from src')).toBe(0n);
    expect(await value(session, "select to_regclass('i1')::text")).toBe('i1');
    expect(await answer(session, 'londiste.local_remove_table', 'q', 'src')).toBe(
      '400 Table not registered locally: public.src',
    );
    expect(await answer(session, 'londiste.global_remove_table', 'q', 'src')).toBe('200 Table removed: src');
    expect(await answer(session, 'londiste.global_remove_table', 'q', 'src')).toBe('400 Table not found: public.src');
  });

  test('what is missing is listed: all of the database on a root, all of the queue elsewhere', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script(`
    create table t (id int primary key); create table other (id int primary key); create temp table tmp ();
    create table whole (id int) partition by range (id); create table part partition of whole for values from (0) to (9);
    create schema "Mix.ed"; create table "Mix.ed"."T" (); create sequence sq`);
    await root(session);
    await answer(session, 'londiste.local_add_table', 'q', 't');
    const missing = async () =>
      (await rows(session, 'londiste.local_show_missing', 'q')).map(
        ({ obj_kind, obj_name }) => `${obj_kind} ${obj_name}`,
      );
    expect(await missing()).toEqual(['S public.sq', 'r Mix.ed.T', 'r public.other', 'r public.part']);
    await demote(session);
    await answer(session, 'londiste.global_add_table', 'q', 'far.away');
    await answer(session, 'londiste.global_update_seq', 'q', 'far.seq', 5);
    expect(await missing()).toEqual(['S far.seq', 'r far.away']);
  });

  test('another handler replaces attributes and triggers', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script('create table t (id int primary key)');
    await root(session);
    const change = (...args: unknown[]) => answer(session, 'londiste.local_change_handler', ...args);
    expect(await change('none', 'public.t', '{}', null)).toBe('400 No such set: none');
    expect(await change('q', 'public.t', '{}', null)).toBe('404 no such local table: public.t');
    await answer(session, 'londiste.local_add_table', 'q', 't');
    expect(await change('q', 'public.t', '{tgflags=IJ}', 'handler=h')).toBe('200 Handler changed for table: public.t');
    expect(await triggers(session)).toEqual([
      `t: _londiste_q AFTER INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION pgq.jsontriga('q')`,
      `t: _londiste_q_truncate AFTER TRUNCATE ON public.t FOR EACH STATEMENT EXECUTE FUNCTION pgq.sqltriga('q')`,
    ]);
    expect(await change('q', 'public.t', '{no_triggers}', null)).toBe(
      '200 Table handler updated with no triggers: public.t',
    );
    expect(await tables(session)).toEqual(['q public.t ok']);
  });

  test('triggers go with the registration of their table, however it goes', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script(`create table t (id int primary key); create function f() returns trigger language plpgsql as
    'begin return null; end'; create trigger own after insert on t for each row execute function f()`);
    await root(session);
    await root(session, 'q2');
    await answer(session, 'londiste.local_add_table', 'q', 't');
    await answer(session, 'londiste.local_add_table', 'q2', 't');
    await session.script("delete from londiste.table_info where queue_name = 'q'");
    expect((await triggers(session)).map((trigger) => String(trigger).split(' ')[1])).toEqual([
      '_londiste_q2',
      '_londiste_q2_truncate',
      'own',
    ]);
    await answer(session, 'pgq_node.drop_node', 'q2', 'root');
    expect(await tables(session)).toEqual([]);
    expect((await triggers(session)).map((trigger) => String(trigger).split(' ')[1])).toEqual(['own']);
  });
});

onOurs([18], (engine) => {
  test('a table that is half copied is emptied under its real name', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script(
      'create table src (id int primary key); create table dst (id int primary key); insert into src values (1); insert into dst values (1)',
    );
    await branch(session);
    await answer(session, 'londiste.global_add_table', 'q', 'src');
    await answer(session, 'londiste.local_add_table', 'q', 'src', '{}', null, 'dst');
    await answer(session, 'londiste.local_set_table_state', 'q', 'src', '1:2:', 'in-copy');
    await answer(session, 'londiste.local_set_table_struct', 'q', 'public.src', 'create index i1 on dst (id)');
    expect(await answer(session, 'londiste.local_remove_table', 'q', 'src')).toBe('200 Table removed: public.src');
    expect(await value(session, 'select (select count(*) from src) - (select count(*) from dst)')).toBe(1n);
  });

  test('a registered sequence is not missing', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script('create sequence a; create sequence b');
    await root(session);
    await answer(session, 'londiste.local_add_seq', 'q', 'a');
    expect(await rows(session, 'londiste.local_show_missing', 'q')).toEqual([{ obj_kind: 'S', obj_name: 'public.b' }]);
  });

  test('a handler that suppresses changes replaces the trigger that did not', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script('create table t (id int primary key)');
    await root(session);
    await answer(session, 'londiste.local_add_table', 'q', 't');
    await answer(session, 'londiste.local_change_handler', 'q', 'public.t', '{tgflags=BIJ,SKIP}', 'handler=h');
    expect(await triggers(session)).toEqual([
      `t: _londiste_q_truncate AFTER TRUNCATE ON public.t FOR EACH STATEMENT EXECUTE FUNCTION pgq.sqltriga('q')`,
      `t: zzz__londiste_q BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION pgq.jsontriga('q', 'SKIP')`,
    ]);
  });
});
