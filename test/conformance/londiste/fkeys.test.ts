import { expect, test } from 'vitest';
import type { Session } from '../../../src/db/session.ts';
import { sql } from '../../../src/db/statement.ts';
import { rows, value } from '../../support/call.ts';
import { engineDatabase, onEngines, onOurs } from '../../support/engines.ts';
import { demote, leaf, root } from './cascade.ts';

const setUp = `
  create schema "O x";
  create table "O x"."P.t" (id int primary key, x int unique);
  create table ch (
      id int primary key,
      p int references "O x"."P.t",
      q int constraint "Weird.n" references "O x"."P.t" (x) on delete cascade deferrable initially deferred,
      self int references ch)`;

const drop = (session: Session, name: string) =>
  value(session, "select londiste.drop_table_fkey('public.ch', $1)", name);
const restore = (session: Session, name: string, lazy = false) =>
  value(session, "select londiste.restore_table_fkey('public.ch', $1, $2)", name, lazy);
const live = (session: Session) =>
  session.query(
    sql(`select conname, convalidated, pg_get_constraintdef(oid) as def from pg_constraint
          where contype = 'f' and conrelid = 'public.ch'::regclass order by conname`),
  );

onEngines([18], (engine) => {
  test('foreign keys are taken down and come back as they were', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script(setUp);
    const before = await live(session);
    expect(await rows(session, 'londiste.find_table_fkeys', 'O x.P.t')).toEqual([
      {
        from_table: 'public.ch',
        to_table: 'O x.P.t',
        fkey_name: 'Weird.n',
        fkey_def:
          'alter table only public.ch add constraint "Weird.n" FOREIGN KEY (q) REFERENCES "O x"."P.t"(x) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED',
      },
      {
        from_table: 'public.ch',
        to_table: 'O x.P.t',
        fkey_name: 'ch_p_fkey',
        fkey_def: 'alter table only public.ch add constraint ch_p_fkey FOREIGN KEY (p) REFERENCES "O x"."P.t"(id)',
      },
    ]);
    expect(await drop(session, 'none')).toBe(0);
    for (const name of ['Weird.n', 'ch_p_fkey', 'ch_self_fkey']) expect(await drop(session, name)).toBe(1);
    expect(await live(session)).toEqual([]);
    expect(await rows(session, 'londiste.get_table_pending_fkeys', 'public.ch')).toHaveLength(3);
    for (const name of ['Weird.n', 'ch_p_fkey', 'ch_self_fkey', 'none']) expect(await restore(session, name)).toBe('');
    expect(await live(session)).toEqual(before);
    expect(await rows(session, 'londiste.get_table_pending_fkeys', 'public.ch')).toEqual([]);
  });

  test('a key may come back when all that feeds its tables is in sync, by one worker', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await root(session, 'c');
    await leaf(session, 'p1', 'c');
    await leaf(session, 'p2', 'c');
    await session.script(`
    insert into londiste.pending_fkeys values ('public.a', 'public.b', 'fk', 'def');
    insert into londiste.table_info (queue_name, table_name, local, merge_state)
    select q, t, true, 'ok' from unnest(array['c', 'p1', 'p2']) q, unnest(array['public.a', 'public.b']) t`);
    const valid = async () => {
      const found: string[] = [];
      for (const queue of ['c', 'p1', 'p2']) {
        if ((await rows(session, 'londiste.get_valid_pending_fkeys', queue)).length > 0) found.push(queue);
      }
      return found;
    };
    const set = (what: string, where: string) =>
      session.script(`update londiste.table_info set ${what} where ${where}`);
    expect(await valid()).toEqual(['p1']);
    await set("merge_state = 'catching-up'", "queue_name = 'p2' and table_name = 'public.b'");
    expect(await valid()).toEqual([]);
    await set("merge_state = 'ok', custom_snapshot = '1:1:'", "queue_name = 'p2' and table_name = 'public.b'");
    expect(await valid()).toEqual([]);
    await set('local = false', "queue_name = 'p2' and table_name = 'public.b'");
    expect(await valid()).toEqual(['p1']);
    await demote(session, 'c');
    expect(await valid()).toEqual(['c']);
    await session.script(
      "update pgq_node.node_info set combined_queue = null; delete from londiste.table_info where queue_name = 'c'",
    );
    expect(await valid()).toEqual(['p1']);
    await set('local = false', "table_name = 'public.b'");
    expect(await valid()).toEqual([]);
  });
});

onOurs([18], (engine) => {
  test('foreign keys come back whatever the search path is then', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script(setUp);
    const before = await live(session);
    expect(await drop(session, 'ch_p_fkey')).toBe(1);
    await session.script('set search_path = pg_catalog');
    expect(await restore(session, 'ch_p_fkey')).toBe('');
    await session.script('reset search_path');
    expect(await live(session)).toEqual(before);
  });

  test('a key comes back step by step, and a step that was cut short is taken up', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script(setUp);
    await drop(session, 'ch_p_fkey');
    const steps: unknown[] = [];
    for (
      let step = await restore(session, 'ch_p_fkey', true);
      step !== '';
      step = await restore(session, 'ch_p_fkey', true)
    ) {
      steps.push(step);
      await session.script(String(step));
    }
    expect(steps).toEqual([
      'alter table only public.ch add constraint ch_p_fkey FOREIGN KEY (p) REFERENCES "O x"."P.t"(id) not valid',
      'alter table only public.ch validate constraint ch_p_fkey',
    ]);
    expect(await live(session)).toHaveLength(3);

    await drop(session, 'ch_p_fkey');
    await session.script(String(await restore(session, 'ch_p_fkey', true)));
    expect(await restore(session, 'ch_p_fkey')).toBe('');
    expect((await live(session)).every(({ convalidated }) => convalidated === true)).toBe(true);
  });

  test('a key that was not valid does not become so', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script(`create table p (id int primary key); create table ch (id int primary key, p int);
  insert into ch values (1, 1); alter table ch add constraint fk foreign key (p) references p not valid`);
    for (const lazy of [false, true]) {
      await drop(session, 'fk');
      const step = await restore(session, 'fk', lazy);
      if (step !== '') await session.script(String(step));
      expect(await restore(session, 'fk', lazy)).toBe('');
      expect(await live(session)).toMatchObject([{ conname: 'fk', convalidated: false }]);
    }
  });
});
