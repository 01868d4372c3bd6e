import { expect, test } from 'vitest';
import type { Session } from '../../../src/db/session.ts';
import { answer, row } from '../../support/call.ts';
import { engineDatabase, onEngines, onOurs } from '../../support/engines.ts';
import { triggers } from './cascade.ts';

const create = (session: Session, args: string | readonly string[], node = 'root', queue = 'q') =>
  answer(session, 'londiste.create_trigger', queue, 'public.t', args, 'public.t', node);

/** The row triggers of `t`, without what they have in common. */
async function rowTriggers(session: Session): Promise<string[]> {
  return (await triggers(session))
    .map(String)
    .filter((trigger) => trigger.includes(' ROW '))
    .map((trigger) =>
      trigger
        .replace('t: ', '')
        .replace('ON public.t FOR EACH ROW EXECUTE FUNCTION pgq.', '')
        .replace('INSERT OR DELETE OR UPDATE', 'ALL'),
    );
}

onEngines([18], (engine) => {
  test('flags choose events, time and function', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script('create table t (id int primary key)');
    const cases: [args: string | string[], trigger: string][] = [
      ['{}', "_londiste_q AFTER ALL logutriga('q')"],
      ['{tgflags=iu}', "_londiste_q AFTER INSERT OR UPDATE logutriga('q')"],
      ['{tgflags=BD}', "_londiste_q BEFORE DELETE logutriga('q')"],
      ['{tgflags=BA}', "_londiste_q AFTER ALL logutriga('q')"],
      ['{tgflags=Q}', "_londiste_q AFTER ALL sqltriga('q')"],
      ['{tgflags=LQ}', "_londiste_q AFTER ALL logutriga('q')"],
      ['{tgflags=LQJ}', "_londiste_q AFTER ALL jsontriga('q')"],
      ['{tgflags=B,tgflags=J}', "_londiste_q BEFORE ALL jsontriga('q')"],
      ['{tgflags=xyz}', "_londiste_q AFTER ALL logutriga('q')"],
      [
        '{expect_sync,merge_all,no_merge,skip_truncate,key_update=split,backup}',
        "_londiste_q AFTER ALL logutriga('q', 'key_update=split', 'backup')",
      ],
      ['{"when=id > 1 and true"}', "_londiste_q AFTER ALL logutriga('q', 'when=id > 1 and true')"],
      [[String.raw`ev_extra2=E'\\'`], String.raw`_londiste_q AFTER ALL logutriga('q', 'ev_extra2=E''\\''')`],
    ];
    for (const [args, trigger] of cases) {
      expect(await create(session, args), String(args)).toBe('200 OK');
      expect(await rowTriggers(session), String(args)).toEqual([trigger]);
    }
    expect(await create(session, '{no_triggers}')).toBe('201 Trigger not created');
    expect(await row(session, 'londiste.create_trigger', 'q', 'public.t', '{}', 'public.t', 'leaf')).toEqual({
      ret_code: 200,
      ret_note: 'OK',
      trigger_name: null,
    });
    expect(await rowTriggers(session)).toEqual(["_londiste_q AFTER ALL logutriga('q', 'deny')"]);
  });

  test('one trigger suppresses the change for all queues, and fires last', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script(`create table t (id int primary key);
    create trigger foreign_skip before insert on t for each row execute function pgq.sqltriga('x', 'SKIP')`);
    expect(await create(session, '{}')).toBe('403 AFTER trigger cannot work with SKIP trigger(s)');
    expect(await create(session, '{tgflags=B,skip}')).toBe('200 OK');
    expect(await rowTriggers(session)).toEqual([
      "_londiste_q BEFORE ALL logutriga('q')",
      "zzz_foreign_skip BEFORE INSERT sqltriga('x', 'SKIP')",
    ]);
    await session.script(
      "create trigger second before insert on t for each row execute function pgq.sqltriga('y', 'SKIP')",
    );
    expect(await create(session, '{tgflags=BS}')).toBe('405 Multiple SKIP triggers');
    expect(await create(session, '{tgflags=B}')).toBe('200 OK');
  });

  test('queue and table names are quoted', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script('create table "B""x ß" (id int primary key)');
    await answer(session, 'londiste.create_trigger', `Q'u"e`, 'public.t', '{}', 'public.B"x ß', 'root');
    expect((await triggers(session))[0]).toBe(
      `"B""x ß": "_londiste_Q'u""e" AFTER INSERT OR DELETE OR UPDATE ON public."B""x ß" FOR EACH ROW EXECUTE FUNCTION pgq.logutriga('Q''u"e', 'ev_extra1=''public.t''')`,
    );
  });
});

onOurs([18], (engine) => {
  test('without a destination the table itself gets the trigger', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script('create table t (id int primary key)');
    expect(await answer(session, 'londiste.create_trigger', 'q', 'public.t', '{}', null, 'root')).toBe('200 OK');
    expect(await rowTriggers(session)).toEqual(["_londiste_q AFTER ALL logutriga('q')"]);
  });

  test('triggers made again replace those of the queue, whatever these did', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script('create table t (id int primary key)');
    await create(session, '{tgflags=BS}');
    await create(session, '{tgflags=BSI}');
    expect(await rowTriggers(session)).toEqual(["zzz__londiste_q BEFORE INSERT logutriga('q', 'SKIP')"]);
    expect(await create(session, '{}')).toBe('200 OK');
    expect(await rowTriggers(session)).toEqual(["_londiste_q AFTER ALL logutriga('q')"]);
    await create(session, '{}', 'leaf');
    expect((await triggers(session)).at(-1)).toContain("pgq.sqltriga('q', 'deny')");
  });
});
