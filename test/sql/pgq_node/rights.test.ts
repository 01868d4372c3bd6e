import { expect, test } from 'vitest';
import { answer, value } from '../../support/call.ts';
import { freshDatabase } from '../../support/database.ts';

test('what runs with the rights of the installer takes no operator from the path of the caller', async () => {
  await using db = await freshDatabase();
  await using session = await db.session();
  await answer(session, 'pgq_node.register_location', 'q', 'n', 'dbname=n', false);
  await answer(session, 'pgq_node.create_node', 'q', 'root', 'n', 'w', null, null, null);
  const role = `reader_${db.dbname}`;
  await session.script(`
    create role ${role};
    grant pgq_reader to ${role};
    create schema evil authorization ${role};
    set role ${role};
    create table evil.seen (as_user text);
    grant insert on evil.seen to public;
    create function evil.note(text, text) returns boolean language plpgsql as $$
    begin
        insert into evil.seen values (current_user);
        return true;
    end $$;
    create function evil.join(text, text) returns text language sql as $$ select evil.note($1, $2)::text $$;
    create operator evil.= (leftarg = text, rightarg = text, function = evil.note);
    create operator evil.<> (leftarg = text, rightarg = text, function = evil.note);
    create operator evil.|| (leftarg = text, rightarg = text, function = evil.join);
    set search_path = evil, pg_catalog`);
  try {
    await answer(session, 'pgq_node.get_node_info', 'q');
    await answer(session, 'pgq_node.get_node_info', 'unknown');
    await answer(session, 'pgq_node.get_consumer_state', 'q', 'unknown');
    await answer(session, 'pgq_node.register_subscriber', 'q', 'n', 'nw', null);
    await answer(session, 'pgq_node.set_subscriber_watermark', 'q', 'n', 1);
    await answer(session, 'pgq_node.unregister_subscriber', 'q', 'n');
    await expect(answer(session, 'pgq_node.get_worker_state', 'q')).rejects.toThrow('permission denied');
    expect(await value(session, 'select count(*) from evil.seen where as_user operator(pg_catalog.<>) $1', role)).toBe(
      0n,
    );
  } finally {
    await session.script(`reset search_path; reset role; drop owned by ${role} cascade; drop role ${role}`);
  }
});
