import { expect, test } from 'vitest';
import { answer, events, rows, value } from '../../support/call.ts';
import { engineDatabase, onEngines, onOurs } from '../../support/engines.ts';
import { branch, root } from './cascade.ts';

onEngines([18], (engine) => {
  test('a root publishes its sequences well ahead of them', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script('create sequence "S Q"');
    await root(session);
    const add = () => answer(session, 'londiste.local_add_seq', 'q', 'S Q');
    expect(await add()).toBe('200 Sequence added: public.S Q');
    expect(await add()).toBe('201 Sequence already added: public.S Q');
    expect(await answer(session, 'londiste.local_add_seq', 'q', 'none')).toBe('400 Sequence not found: public.none');
    const published = async () => (await rows(session, 'londiste.get_seq_list', 'q')).map((seq) => seq.last_value);
    expect(await published()).toEqual([30001n]);
    for (const [real, buffer, expected] of [
      [20000, null, 30001n],
      [20001, null, 50001n],
      [49000, 100, 50001n],
      [49901, 100, 50201n],
      [49902, 9, 79902n],
    ] as const) {
      await value(session, `select setval('"S Q"', $1)`, real);
      expect(await answer(session, 'londiste.root_check_seqs', 'q', buffer)).toBe('100 Sequences updated');
      expect(await published()).toEqual([expected]);
    }
    expect(await answer(session, 'londiste.global_update_seq', 'q', 'S Q', 5)).toBe('402 Must not run on root node');
    expect(await answer(session, 'londiste.local_remove_seq', 'q', 'S Q')).toBe('200 Sequence removed: public.S Q');
    expect(await answer(session, 'londiste.local_remove_seq', 'q', 'S Q')).toBe('400 Sequence not found: public.S Q');
    expect(await events(session)).toEqual([
      'londiste.update-seq|30001|public.S Q|-',
      'londiste.update-seq|50001|public.S Q|-',
      'londiste.update-seq|50201|public.S Q|-',
      'londiste.update-seq|79902|public.S Q|-',
      'londiste.remove-seq|public.S Q|-|-',
    ]);
  });

  test('elsewhere a sequence follows, and is never lowered', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script('create sequence s');
    await branch(session);
    const update = (last: number) => answer(session, 'londiste.global_update_seq', 'q', 's', last);
    expect(await answer(session, 'londiste.local_add_seq', 'q', 's')).toBe('404 Unknown sequence: public.s');
    expect(await update(50)).toBe('200 Sequence updated');
    expect(await value(session, 'select last_value from s')).toBe(1n);
    expect(await answer(session, 'londiste.local_add_seq', 'q', 's')).toBe('200 Sequence added: public.s');
    expect(await value(session, 'select last_value from s')).toBe(50n);
    await update(40);
    expect(await value(session, 'select last_value from s')).toBe(50n);
    await update(60);
    expect(await value(session, 'select last_value from s')).toBe(60n);
    expect(await answer(session, 'londiste.root_check_seqs', 'q')).toBe('402 Not a root node');
    expect(await answer(session, 'londiste.local_remove_seq', 'q', 's')).toBe('200 Sequence removed: public.s');
    expect(await rows(session, 'londiste.get_seq_list', 'q')).toEqual([
      { seq_name: 'public.s', last_value: 60n, local: false },
    ]);
    expect(await answer(session, 'londiste.global_remove_seq', 'q', 's')).toBe('200 Sequence removed: public.s');
  });

  test('sequences that a table owns leave with it', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script('create table t (id serial primary key, n bigserial, x int); create sequence free');
    await root(session);
    await answer(session, 'londiste.local_add_table', 'q', 't');
    for (const seq of ['t_id_seq', 't_n_seq', 'free']) await answer(session, 'londiste.local_add_seq', 'q', seq);
    await answer(session, 'londiste.local_remove_table', 'q', 't');
    expect((await rows(session, 'londiste.get_seq_list', 'q')).map((seq) => seq.seq_name)).toEqual(['public.free']);
  });
});

onOurs([18], (engine) => {
  test('no value is published that a subscriber could not store', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script(`create sequence small as smallint start 20000; create sequence big start 9223372036854775800;
  create sequence low increment -1 start -9223372036854775800`);
    await root(session);
    for (const seq of ['small', 'big', 'low']) await answer(session, 'londiste.local_add_seq', 'q', seq);
    await answer(session, 'londiste.root_check_seqs', 'q');
    expect(await events(session)).toEqual([
      'londiste.update-seq|32767|public.small|-',
      'londiste.update-seq|9223372036854775807|public.big|-',
      'londiste.update-seq|-9223372036854775808|public.low|-',
    ]);
  });

  test('a sequence that counts down is published below, and never raised', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script('create sequence s increment -2 start 9223372036854775806 maxvalue 9223372036854775807');
    await root(session);
    await answer(session, 'londiste.local_add_seq', 'q', 's');
    for (const real of [-20000, -20001]) {
      await value(session, `select setval('s', $1)`, real);
      await answer(session, 'londiste.root_check_seqs', 'q');
    }
    await value(session, `select setval('s', 9223372036854775000)`);
    await answer(session, 'londiste.root_check_seqs', 'q');
    expect(await events(session)).toEqual([
      'londiste.update-seq|9223372036854745806|public.s|-',
      'londiste.update-seq|-50000|public.s|-',
    ]);
    await using other = await engineDatabase(engine);
    await using subscriber = await other.session();
    await subscriber.script('create sequence s increment -2');
    await branch(subscriber);
    for (const [published, reached] of [
      [-50, -50n],
      [29999, -50n],
      [-60, -60n],
      [-40, -60n],
    ] as const) {
      await answer(subscriber, 'londiste.global_update_seq', 'q', 's', published);
      await answer(subscriber, 'londiste.local_add_seq', 'q', 's');
      expect(await value(subscriber, 'select last_value from s')).toBe(reached);
    }
  });

  test('a sequence that was dropped does not keep the others back', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await session.script('create sequence a; create sequence b');
    await root(session);
    await answer(session, 'londiste.local_add_seq', 'q', 'a');
    await answer(session, 'londiste.local_add_seq', 'q', 'b');
    await session.script("drop sequence a; select setval('b', 25000)");
    expect(await answer(session, 'londiste.root_check_seqs', 'q')).toBe('100 Sequences updated');
    expect((await events(session)).at(-1)).toBe('londiste.update-seq|55000|public.b|-');
  });
});
