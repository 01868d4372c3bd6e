import { expect, test } from 'vitest';
import type { Session } from '../../../src/db/session.ts';
import type { Statement } from '../../../src/db/statement.ts';
import { wholeTable } from '../../../src/model/table.ts';
import { type Route, startApplying } from '../../../src/worker/apply-batch.ts';
import { nodeName, queueName, tableName } from '../../support/builders.ts';
import { copyLine } from '../../support/copy-line.ts';

const column = {
  type: 'text',
  fullType: 'text',
  builtIn: true,
  manyTexts: false,
  intervals: false,
  equals: '=',
  generated: false,
  unchangeable: false,
};

function routeOf(name: string): Route {
  return {
    spec: wholeTable(tableName(name)),
    target: {
      name: tableName(name),
      partitioned: false,
      columns: ['id', 'note'].map((each) => ({ ...column, name: each })),
      key: ['id'],
      ordered: false,
      referenced: false,
      references: [],
      misfiring: [],
    },
    source: undefined,
    skip: undefined,
    note: { queue: queueName('q'), node: nodeName('n') },
  };
}

/** Only takes down what it is to run. */
function recorder() {
  const statements: Statement[] = [];
  const run = async (statement: Statement) => {
    statements.push(statement);
    return Number((statement.values[0] as readonly unknown[] | undefined)?.length ?? 0);
  };
  return { statements, session: { run } as unknown as Session };
}

const applying = (session: Session, routes: ReadonlyMap<string, Route>) =>
  startApplying(session, {
    routes,
    reroute: undefined,
    ordered: new Set(),
    skipped: new Set(),
    control: undefined,
    tick: 1n,
    maxHeld: 1_000_000,
  });

const event = (id: number, op: string, data: string) =>
  copyLine([String(id), '7', `${op}:id`, data, 'public.t', null, null]);

test('what was learnt of one event holds for the others although its bytes have changed since', async () => {
  const { session, statements } = recorder();
  await using applier = applying(session, new Map([['public.t', routeOf('public.t')]]));
  const first = Buffer.concat([event(1, 'U', 'id=1&note=a'), event(2, 'U', 'id=4&note=d')]);
  await applier.add(first);
  // A branch moves the lines together for its own queue; by chance another event may come to stand there.
  first.set(event(1, 'D', 'id=1&note=a'));
  await applier.add(Buffer.concat([event(3, 'D', 'id=2&note=b'), event(4, 'U', 'id=3&note=c')]));
  const counts = await applier.finish();
  expect(counts.applied).toBe(4);
  expect(statements.map(({ text, values }) => [text.split(' ', 1)[0], values])).toEqual([
    ['delete', [['2']]],
    [
      'update',
      [
        ['1', '4', '3'],
        ['a', 'd', 'c'],
      ],
    ],
  ]);
});

test('of two tables that go into one, each leaves out what its own first copy saw', async () => {
  const { session, statements } = recorder();
  const to = routeOf('public.t');
  const skip = { xmin: 10, xmax: 10, inProgress: new Set<number>() };
  await using applier = applying(
    session,
    new Map([
      ['public.t', { ...to, skip }],
      ['public.u', { ...to, spec: wholeTable(tableName('public.u'), tableName('public.t')) }],
    ]),
  );
  const other = copyLine(['2', '7', 'I:id', 'id=2&note=b', 'public.u', null, null]);
  await applier.add(Buffer.concat([event(1, 'I', 'id=1&note=a'), other]));
  expect(await applier.finish()).toMatchObject({ applied: 1, passedOver: 1 });
  expect(statements.map(({ values }) => values)).toEqual([[['2'], ['b']]]);
});
