import { expect, test } from 'vitest';
import type { Session } from '../../../src/db/session.ts';
import { answer, events, rows } from '../../support/call.ts';
import { engineDatabase, onEngines } from '../../support/engines.ts';
import { demote, leaf, root, tables, triggers } from './cascade.ts';

/** Queues p1 and p2 merge into c; all know table t. */
async function merging(session: Session, parts = ['p1', 'p2']): Promise<void> {
  await session.script('create table t (id int primary key)');
  await root(session, 'c');
  for (const part of parts) {
    await leaf(session, part, 'c');
    await answer(session, 'londiste.global_add_table', part, 't');
  }
}

onEngines([18], (engine) => {
  test('a table known on a part queue is known on the combined one', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await merging(session);
    expect(await tables(session)).toEqual(['c public.t remote', 'p1 public.t remote', 'p2 public.t remote']);
  });

  test('one table of several sources is taken from all of them, or from one, on demand', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await merging(session);
    await session.script('begin');
    expect(await answer(session, 'londiste.local_add_table', 'p1', 't')).toBe(
      '405 Found multiple sources for table public.t, use merge-all or no-merge to continue',
    );
    await session.script('rollback; begin');
    expect(await answer(session, 'londiste.local_add_table', 'p1', 't', '{no_merge}')).toBe(
      '200 Table added: public.t',
    );
    expect(await tables(session)).toEqual(['c public.t remote', 'p1 public.t to copy', 'p2 public.t remote']);
    expect(await answer(session, 'londiste.local_add_table', 'p2', 't', '{merge_all}')).toBe(
      '405 Found local table public.t in queue p1, use remove-table first to remove all previous table subscriptions',
    );
    await session.script('rollback');
    expect(await answer(session, 'londiste.local_add_table', 'p1', 't', '{merge_all}', 'a=b')).toBe(
      '200 Table added: public.t',
    );
    expect(await tables(session)).toEqual([
      'c public.t ok attrs a=b',
      'p1 public.t to copy attrs a=b',
      'p2 public.t to copy attrs a=b',
    ]);
    expect((await triggers(session)).map((trigger) => String(trigger).split(' ')[1])).toEqual([
      '_londiste_c',
      '_londiste_c_truncate',
      '_londiste_p1',
      '_londiste_p1_truncate',
    ]);
    expect(await events(session)).toEqual(['londiste.add-table|public.t|-|-']);
  });

  test('on a branch of the combined queue there is nothing to copy', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await merging(session);
    await demote(session, 'c');
    expect(await answer(session, 'londiste.local_add_table', 'p1', 't')).toBe('200 Table added: public.t');
    expect(await tables(session)).toEqual(['c public.t to copy', 'p1 public.t ok', 'p2 public.t ok']);
  });

  test('the key may be down for the copy of another queue', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await merging(session);
    await answer(session, 'londiste.local_add_table', 'p1', 't', '{no_merge}');
    await session.script(`alter table t drop constraint t_pkey;
    update londiste.table_info set merge_state = 'in-copy', dropped_ddl = 'x' where queue_name = 'p1'`);
    expect(await answer(session, 'londiste.local_add_table', 'p2', 't', '{no_merge}')).toBe(
      '200 Table added: public.t',
    );
  });

  test('one copy leads, and the others wait for it', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await merging(session, ['p1', 'p2', 'p3']);
    await answer(session, 'londiste.local_add_table', 'p1', 't', '{merge_all}');
    // A `!` stands for structure that this queue took down.
    const roles = async (states: string) => {
      await session.script(
        "update londiste.table_info set dropped_ddl = null, merge_state = null where queue_name <> 'c'",
      );
      for (const [index, state] of states.split(' ').entries()) {
        await session.script(
          `update londiste.table_info
            set merge_state = ${state === 'none' ? 'null' : `'${state.replace('!', '')}'`},
                dropped_ddl = ${state.endsWith('!') ? "'x'" : 'null'}
          where queue_name = 'p${index + 1}'`,
        );
      }
      const found: string[] = [];
      for (const queue of ['p1', 'p2', 'p3']) {
        const [info] = await rows(session, 'londiste.get_table_list', queue);
        found.push(info?.copy_role === null ? 'go' : `${info?.copy_role}:${info?.copy_pos}`);
      }
      return found.join(' ');
    };
    const cases: Record<string, string> = {
      'none none none': 'go go go',
      'in-copy in-copy in-copy': 'lead:0 wait-copy:1 wait-copy:2',
      'none in-copy in-copy': 'go wait-copy:0 wait-copy:1',
      'in-copy! in-copy in-copy': 'lead:0 wait-replay:1 wait-replay:2',
      'in-copy in-copy! in-copy': 'wait-replay:0 lead:0 wait-replay:2',
      'catching-up! in-copy catching-up': 'wait-replay:0 wait-replay:0 wait-replay:0',
      'catching-up! none catching-up': 'wait-replay:0 go wait-replay:0',
      'catching-up! catching-up catching-up': 'go wait-replay:0 wait-replay:0',
      'catching-up catching-up in-copy': 'go go wait-replay:0',
      'in-copy catching-up in-copy': 'wait-replay:0 go wait-replay:1',
      'in-copy wanna-sync:5 ok': 'wait-replay:0 go go',
      'ok in-copy in-copy': 'go lead:0 wait-copy:1',
      'ok in-copy ok': 'go go go',
      'ok ok catching-up!': 'go go go',
      'do-sync:5 in-copy! ok': 'go lead:0 go',
    };
    for (const [states, expected] of Object.entries(cases)) expect(await roles(states), states).toBe(expected);

    await session.script("update londiste.table_info set dest_table = 'public.u' where queue_name = 'p2'");
    expect(await roles('in-copy in-copy in-copy')).toBe('lead:0 go wait-copy:1');
  });
});
