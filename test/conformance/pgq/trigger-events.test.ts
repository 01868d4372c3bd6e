import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Session } from '../../../src/db/session.ts';
import { sql } from '../../../src/db/statement.ts';
import type { FreshDatabase } from '../../support/database.ts';
import { engineDatabase, onEngines } from '../../support/engines.ts';

/** Which statements the C functions of pgq 3.5 on PostgreSQL 15 refuse, and the events that they write. */
interface RecordedCase {
  readonly name: string;
  readonly trigger: string;
  readonly setup: readonly string[];
  readonly create: string;
  readonly statements: readonly string[];
  readonly failed: readonly number[];
  readonly events: readonly (readonly (string | null)[])[];
}

const cases: readonly RecordedCase[] = JSON.parse(readFileSync('test/data/trigger-events.json', 'utf8'));
/** Runs statements one by one, as if each was in a savepoint, and tells the places of those that failed. */
const tryAll = `
  create function pg_temp.failed_among(statements text[]) returns int[] language plpgsql as $$
  declare failed int[] := '{}';
  begin
    for place in 1 .. cardinality(statements) loop
      begin
        execute statements[place];
      exception when others then
        failed := failed || (place - 1);
      end;
    end loop;
    return failed;
  end $$`;

onEngines([12, 18], (engine) => {
  let database: FreshDatabase;
  let session: Session;
  beforeAll(async () => {
    database = await engineDatabase(engine, ['pgq']);
    session = await database.session();
    await session.script(`select pgq.create_queue('q')`);
    await session.script(tryAll);
  });
  afterAll(async () => {
    await session.close();
    await database.drop();
  });

  // Formats do not depend on the server, so other majors only go through what touches its catalogs and its output.
  const touchy = /^(plain|odd|dropped|partitions|domains|equal|texts|key order|truncate$)/;
  // Ours write the same whatever the session has set.
  const own = engine.kind === 'bundled' ? cases.filter(({ name }) => name !== 'session formats') : cases;
  const wanted = engine.version === 15 ? own : own.filter((each) => touchy.test(each.name));
  test.each(wanted.map((each) => [each.trigger, each.name, each] as const))('%s: %s', async (_trigger, _name, each) => {
    await session.script(['begin', ...each.setup, each.create].join(';\n'));
    try {
      const [tried] = await session.query<{ failed: number[] }>(
        sql('select pg_temp.failed_among($1) as failed', each.statements),
      );
      const events = await session.query<{ fields: (string | null)[] }>(
        sql(`select array[ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3, ev_extra4] as fields
                 from pgq.event_template order by ev_id`),
      );
      expect({ failed: tried?.failed, events: events.map((event) => event.fields) }).toEqual({
        failed: each.failed,
        events: each.events,
      });
    } finally {
      await session.script('rollback');
    }
  });
});
