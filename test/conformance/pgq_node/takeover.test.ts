import { expect, test } from 'vitest';
import type { Session } from '../../../src/db/session.ts';
import { answer, row, value, waits } from '../../support/call.ts';
import { engineDatabase, onEngines, onOurs } from '../../support/engines.ts';

async function root(session: Session): Promise<void> {
  await answer(session, 'pgq_node.register_location', 'q', 'old', 'dbname=old', false);
  await answer(session, 'pgq_node.register_location', 'q', 'new', 'dbname=new', false);
  await answer(session, 'pgq_node.create_node', 'q', 'root', 'old', 'w', null, null, null);
}

onEngines([18], (engine) => {
  test('a root becomes a branch in three steps, and back', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    const demote = (step: number) => row(session, 'pgq_node.demote_root', 'q', step, 'new');
    expect(await demote(1)).toMatchObject({ ret_code: 404, ret_note: 'Node not initialized for queue: q' });
    await root(session);
    await value(session, "select pgq.insert_event('q', 't', 'd')");
    await expect(demote(2)).rejects.toThrow('steps in wrong order');
    await expect(demote(0)).rejects.toThrow('incorrect step number');
    expect(await demote(1)).toEqual({ ret_code: 200, ret_note: 'Step 1: Writing disabled for: q', last_tick: null });
    await expect(value(session, "select pgq.insert_event('q', 't', 'd')")).rejects.toThrow();
    await expect(value(session, "select pgq.ticker('q')")).rejects.toThrow();
    expect(await demote(2)).toEqual({ ret_code: 200, ret_note: 'Step 2: Inserted last tick: q', last_tick: 2n });
    expect(await demote(3)).toEqual({ ret_code: 200, ret_note: 'Step 3: Demoted root to branch: q', last_tick: 2n });
    expect(await demote(3)).toMatchObject({ ret_code: 301, ret_note: 'Node not root' });
    expect(await row(session, 'pgq_node.get_worker_state', 'q')).toMatchObject({
      node_type: 'branch',
      provider_node: 'new',
      completed_tick: 2n,
      uptodate: false,
    });

    await value(session, "select pgq.ticker('q', 9, now(), 50)");
    expect(await answer(session, 'pgq_node.promote_branch', 'q')).toBe('200 Branch node promoted to root');
    expect(await answer(session, 'pgq_node.promote_branch', 'q')).toBe('301 Node not branch');
    expect(await row(session, 'pgq_node.get_worker_state', 'q')).toMatchObject({
      node_type: 'root',
      provider_node: 'old',
      completed_tick: 9n,
    });
    expect(await value(session, "select pgq.insert_event('q', 't', 'd') > 50")).toBe(true);
    await value(session, "select pgq.force_tick('q')");
    expect(await value(session, "select pgq.ticker('q')")).toBe(10n);
  });

  test('the last tick waits for writers that are still at it, and covers what they wrote', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await using writer = await db.session();
    await using watcher = await db.session();
    await root(session);
    await writer.script("begin; select pgq.insert_event('q', 'late', 'd')");
    await answer(session, 'pgq_node.demote_root', 'q', 1, 'new');
    const step2 = row(session, 'pgq_node.demote_root', 'q', 2, 'new');
    expect(await waits(watcher, session.backendPid)).toBe(true);
    await writer.script('commit');
    expect(await step2).toMatchObject({ ret_code: 200, last_tick: 2n });
    expect(
      await value(
        session,
        `select txid_visible_in_snapshot(e.ev_txid, t.tick_snapshot)
         from pgq.event_template e, pgq.tick t where e.ev_type = 'late' and t.tick_id = 2`,
      ),
    ).toBe(true);
  });
});

onOurs([18], (engine) => {
  test('an owner who may not set the replication role demotes a root all the same', async () => {
    await using db = await engineDatabase(engine);
    await using session = await db.session();
    await root(session);
    const owner = `owner_${db.dbname}`;
    await session.script(`create role ${owner}; grant pgq_admin to ${owner}; set role ${owner}`);
    try {
      // What the functions do with the rights of the installer, done with those of an ordinary one.
      await session.script(`
    reset role;
    grant create on database ${db.dbname} to ${owner};
    alter function pgq_node.demote_root(text, integer, text) owner to ${owner};
    grant update on pgq.queue to ${owner};
    grant insert, select on pgq.tick to ${owner};
    grant usage, update on all sequences in schema pgq to ${owner};
    grant update on pgq.event_1, pgq.event_1_0, pgq.event_1_1, pgq.event_1_2 to ${owner};
    set role ${owner}`);
      for (const step of [1, 2, 3]) {
        expect(await row(session, 'pgq_node.demote_root', 'q', step, 'new')).toMatchObject({ ret_code: 200 });
      }
    } finally {
      await session.script(
        `reset role; reassign owned by ${owner} to postgres; drop owned by ${owner}; drop role ${owner}`,
      );
    }
  });
});
