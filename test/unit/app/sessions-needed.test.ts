import { expect, test } from 'vitest';
import { sessionsNeeded } from '../../../src/app/sessions-needed.ts';
import type { DatabaseIdentity } from '../../../src/model/identity.ts';
import { aLiveDatabase, aLiveState, databaseName } from '../../support/builders.ts';
import { desiredOf } from '../../support/planning.ts';

const databases = `databases: { a: { url: "postgres://a/a" }, b: { url: "postgres://b/b" }, c: { url: "postgres://c/c" } }
`;
const chain = (table: string) => `queues:
  replika:
    nodes:
      a: { database: a, role: root }
      b: { database: b, role: branch, provider: a }
      c: { database: c, role: leaf, provider: b }
    tables: [${table}]
`;

const reachable = (identity: DatabaseIdentity, user = 'repl') => aLiveDatabase({ identity, user });

function needed(table: string, database: string) {
  const live = aLiveState({
    a: reachable({ server: '1', oid: 1 }),
    b: reachable({ server: '1', oid: 2 }, 'other'),
    c: reachable({ server: '2', oid: 1 }),
  });
  return sessionsNeeded(desiredOf({ yaml: databases }, chain(table)), live, databaseName(database));
}

test('databases of one server share its connections, and those of one role what that may have', () => {
  // A: worker, ticker and a look; its branch with four copies. B: the same for itself, and its leaf with four copies.
  expect(needed('app.t', 'a')).toEqual({ server: 9 + 13, role: 9, database: 9 });
  expect(needed('app.t', 'b')).toEqual({ server: 9 + 13, role: 13, database: 13 });
  expect(needed('app.t', 'c')).toEqual({ server: 7, role: 7, database: 7 });
});

test('a copy takes connections where it reads', () => {
  const fromRoot = '{ name: app.t, nodes: { c: { copy: { from: a } } } }';
  expect(needed(fromRoot, 'a').database).toBe(9 + 4);
  expect(needed(fromRoot, 'b').database).toBe(9);
  expect(needed(`${fromRoot}, app.other`, 'b').database).toBe(13);
});
