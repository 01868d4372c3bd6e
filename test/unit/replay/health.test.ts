import { describe, expect, test } from 'vitest';
import { databaseName, nodeName } from '../../../src/model/names.ts';
import type { FindingCode } from '../../../src/model/status.ts';
import { judgeNode, type NodeInput } from '../../../src/replay/health.ts';
import { anActivity, aPresentNode, aSubscription, aTableStatus } from '../../support/status-builders.ts';

const leaf = (change: Partial<NodeInput> = {}): NodeInput => ({
  role: 'leaf',
  reading: aPresentNode(),
  subscription: aSubscription(),
  provider: anActivity(),
  ...change,
});

const root = (queue = anActivity(), change: Partial<Parameters<typeof aPresentNode>[0]> = {}): NodeInput => ({
  role: 'root',
  reading: aPresentNode({ type: 'root', heartbeat: undefined, queue, ...change }),
  subscription: undefined,
  provider: undefined,
});

/** `error worker_silent` for each finding. */
const found = (input: NodeInput) => judgeNode(input).findings.map(({ severity, code }) => `${severity} ${code}`);

const records = (ageMs: number) => ({ count: 3, more: false, lastDay: 2, newest: '2026-01-02T03:04:05.678Z', ageMs });

test('a leaf and a root with nothing wrong are ok', () => {
  expect(judgeNode(leaf())).toEqual({ verdict: 'ok', findings: [] });
  expect(judgeNode(root())).toEqual({ verdict: 'ok', findings: [] });
});

test('what was left out longer ago than a day, and conflicts that a policy deals with, are no news', () => {
  expect(found(leaf({ reading: aPresentNode({ skipped: records(86_400_001), conflicts: records(1) }) }))).toEqual([]);
});

test('each of these is named, and the worst of them decides', () => {
  const cases: [what: string, input: NodeInput, expected: readonly `${'warn' | 'error'} ${FindingCode}`[]][] = [
    [
      'unreachable',
      leaf({
        reading: {
          kind: 'unreachable',
          problem: {
            code: 'database_unreachable',
            database: databaseName('dst1'),
            reason: 'refused',
            detail: 'no',
          },
        },
        subscription: aSubscription({ ticksBehind: 90n, lagMs: 90_000 }),
      }),
      ['error unreachable', 'warn lagging'],
    ],
    ['not set up', leaf({ reading: { kind: 'not_set_up' }, subscription: 'none' }), ['warn not_set_up']],
    ['elsewhere', leaf({ reading: { kind: 'elsewhere', found: nodeName('x') } }), ['error elsewhere']],
    ['error', leaf({ reading: aPresentNode({ error: 'bad\nworse' }) }), ['error worker_error']],
    ['paused', leaf({ reading: aPresentNode({ paused: true }) }), ['warn paused']],
    ['not confirmed', leaf({ reading: aPresentNode({ uptodate: false }) }), ['warn not_uptodate']],
    ['no provider', leaf({ subscription: undefined, provider: undefined }), ['warn provider_unknown']],
    ['unsubscribed', leaf({ subscription: 'none' }), ['error not_subscribed']],
    ['provider went back', leaf({ reading: aPresentNode({ tick: 121n }) }), ['error ahead_of_provider']],
    [
      'replaced',
      { ...leaf({ reading: aPresentNode({ type: 'root' }) }), role: 'root', replacedBy: nodeName('dst') },
      ['error root_replaced'],
    ],
    ['node went back', leaf({ reading: aPresentNode({ tick: 119n }) }), ['error behind_subscription']],
    ['no ticks', root(anActivity({ sinceTickMs: 71_000 })), ['error ticker_silent']],
    ['paused ticker', root(anActivity({ tickerPaused: true, sinceTickMs: 71_000 })), ['error ticker_paused']],
    ['rotation', root(anActivity({ sinceRotationMs: 15_100_000 })), ['warn rotation_stuck']],
    ['left out today', leaf({ reading: aPresentNode({ skipped: records(86_400_000) }) }), ['warn events_skipped']],
    [
      'older SQL',
      leaf({ reading: aPresentNode({ olderSql: [{ name: 'pgq', from: '3.5+1', to: '3.5+7' }] }) }),
      ['warn sql_older'],
    ],
    ['an error on the root', root(anActivity(), { error: 'x' }), ['error worker_error']],
  ];
  for (const [what, input, expected] of cases) {
    expect(found(input), what).toEqual(expected);
    expect(judgeNode(input).verdict, what).toBe(expected[0]?.split(' ')[0]);
  }
});

describe('a worker', () => {
  const heartbeat = { state: 'idle', host: 'box', pid: 1, ageMs: 300 };
  test('is silent when its heartbeat is old, when it said goodbye, or when it never was', () => {
    const silent = (reading: NodeInput['reading'], change: Partial<NodeInput> = {}) =>
      found(leaf({ reading, ...change })).includes('error worker_silent');
    expect(silent(aPresentNode({ heartbeat: { ...heartbeat, ageMs: 10_000 } }))).toBe(false);
    expect(silent(aPresentNode({ heartbeat: { ...heartbeat, ageMs: 10_001 } }))).toBe(true);
    expect(silent(aPresentNode({ heartbeat: { ...heartbeat, state: 'stopped' } }))).toBe(true);
    expect(silent(aPresentNode({ heartbeat: undefined }), { subscription: undefined })).toBe(true);
  });

  test('of another tool shows itself by taking batches', () => {
    const input = (sinceSeenMs: number) =>
      leaf({ reading: aPresentNode({ heartbeat: undefined }), subscription: aSubscription({ sinceSeenMs }) });
    expect(found(input(120_000))).toEqual([]);
    expect(found(input(120_001))).toEqual(['error worker_silent']);
    const fresh = aPresentNode({ heartbeat: undefined, uptodate: false });
    expect(found(leaf({ reading: fresh })), 'a subscription that was only just made').toEqual(['error worker_silent']);
  });
});

describe('lag', () => {
  const behind = (lagMs: number, ticksBehind = 5n) => leaf({ subscription: aSubscription({ lagMs, ticksBehind }) });
  test('is a warning at first, then an error', () => {
    expect(found(behind(30_000))).toEqual([]);
    expect(found(behind(30_001))).toEqual(['warn lagging']);
    expect(found(behind(600_001))).toEqual(['error lagging']);
  });
  test('at the newest tick is none, however old that is', () => {
    expect(found(behind(9_000_000, 0n))).toEqual([]);
  });
});

test('a tick is due after max_lag when events wait, and after idle_period when none do', () => {
  const ticks = (sinceTickMs: number, eventsWaiting: bigint) => found(root(anActivity({ sinceTickMs, eventsWaiting })));
  expect(ticks(11_000, 1n)).toEqual([]);
  expect(ticks(11_001, 1n)).toEqual(['error ticker_silent']);
  expect(ticks(70_000, 0n)).toEqual([]);
  expect(ticks(70_001, 0n)).toEqual(['error ticker_silent']);
});

describe('tables', () => {
  const withTable = (change: Parameters<typeof aTableStatus>[1]) => ({ tables: [aTableStatus('app.orders', change)] });
  test('outside ok are named: a copy under way warns, an unknown state or a lost table is an error', () => {
    for (const sync of [{ kind: 'missing' }, { kind: 'in_copy' }, { kind: 'handing_over', atTick: 3n }] as const) {
      expect(found(leaf({ reading: aPresentNode(withTable({ sync })) }))).toEqual(['warn table_not_in_sync']);
    }
    expect(found(leaf({ reading: aPresentNode(withTable({ sync: undefined })) }))).toEqual(['error table_not_in_sync']);
    const parked = withTable({ sync: { kind: 'catching_up' }, error: 'check "small" is violated\nmore' });
    expect(judgeNode(leaf({ reading: aPresentNode(parked) })).findings).toMatchObject([
      { code: 'table_parked', severity: 'error', message: 'check "small" is violated' },
    ]);
    expect(found(leaf({ reading: aPresentNode(withTable({ exists: false, watched: [] })) }))).toEqual([
      'error table_gone',
    ]);
  });

  test('that are not captured on the root lose changes; those not denied on a leaf may be written', () => {
    const noTruncate = withTable({ watched: ['insert', 'update', 'delete'] });
    expect(judgeNode(root(anActivity(), noTruncate)).findings).toMatchObject([
      { severity: 'error', code: 'not_captured', changes: ['truncate'] },
    ]);
    expect(judgeNode(leaf({ reading: aPresentNode(noTruncate) })).findings).toMatchObject([
      { severity: 'warn', code: 'not_denied', changes: ['truncate'] },
    ]);
    const disabled = withTable({ watched: ['truncate'], disabledTriggers: ['_londiste_replika'] });
    expect(found(root(anActivity(), disabled))).toEqual(['error trigger_disabled', 'error not_captured']);
  });
});

test('errors stand before warnings', () => {
  const reading = aPresentNode({ paused: true, error: 'x', tables: [aTableStatus('a.b', { sync: undefined })] });
  expect(found(leaf({ reading }))).toEqual(['error worker_error', 'error table_not_in_sync', 'warn paused']);
});
