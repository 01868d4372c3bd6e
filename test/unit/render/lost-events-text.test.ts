import { expect, test } from 'vitest';
import type { LostEvent, LostEvents } from '../../../src/model/lost-event.ts';
import { nodeName, queueName, tableName } from '../../../src/model/names.ts';
import { lostEventsScript, lostEventsText } from '../../../src/render/lost-events-text.ts';
import { paintWith } from '../../../src/render/paint.ts';

const event = (outcome: LostEvent['outcome'], statement: string, now?: LostEvent['now']): LostEvent => ({
  id: 7n,
  txid: 41n,
  time: '2026-01-02 03:04:05+00',
  table: tableName('app.od\nd'),
  change: { kind: 'truncate' },
  outcome,
  now,
  statement,
});

const lost: LostEvents = {
  queue: queueName('shop'),
  node: nodeName('src'),
  root: nodeName('dst'),
  afterTick: 120n,
  tickTime: '2026-01-02 03:00:00+00',
  record: {
    replacedBy: nodeName('dst'),
    tick: 120n,
    mark: undefined,
    replacedAt: '2026-01-02 03:05:00+00',
    appliedBy: 'ann on host:1',
  },
  closed: false,
  events: [
    event('missing', "insert into a values ('x\ny');", null),
    event('conflict', "update a set b = 'x\ny';", new Map([['b', 'drop\ntable']])),
    event('equal', 'delete from a;'),
  ],
  otherKeys: [{ table: tableName('app.items'), node: ['id'], root: ['shop', 'code'] }],
  others: new Map([['londiste.update-seq', 2]]),
  left: 3,
};

test('only what is missing is not in comments, whatever its texts hold', () => {
  const lines = lostEventsScript(lost).split('\n');
  expect(lines.filter((line) => line !== '' && !line.startsWith('-- '))).toEqual([
    'begin;',
    "insert into a values ('x",
    "y');",
    'commit;',
  ]);
  expect(lines).toContain(
    '-- event 7  2026-01-02 03:04:05+00  transaction 41  app.od d: conflict, dst changed the row since: it has {"b":"drop\\ntable"}',
  );
});

test('the summary tells of all there is, and holds no row', () => {
  expect(lostEventsText(lost, paintWith(false))).toBe(
    `shop/src  after tick 120 of 2026-01-02 03:00:00+00, when dst took its place (2026-01-02 03:05:00+00, ann on host:1)
3 changes, compared with dst: 1 missing, 1 equal, 1 in conflict.
src takes writes still, so there may be more: "trunkline apply" keeps it from them.
3 more changes behind the first 3 are left out, which may be of the same rows: run nothing of this. Take them table by table, with --table; for a table that has more, give a higher --limit.
app.items: the rows that src changed go by id, those that dst changed since by shop, code, so nothing tells whether they are the same. Look at those that differ one by one.
Beside them there are events that change no row: 2 londiste.update-seq.`,
  );
});
