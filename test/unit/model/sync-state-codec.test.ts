import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeSyncState, encodeSyncState } from '../../../src/model/sync-state-codec.ts';
import type { SyncState } from '../../../src/model/table.ts';

test.for([
  [null, { kind: 'missing' }],
  ['in-copy', { kind: 'in_copy' }],
  ['catching-up', { kind: 'catching_up' }],
  ['wanna-sync:42', { kind: 'wants_handover', atTick: 42n }],
  ['do-sync:9007199254740993', { kind: 'handing_over', atTick: 9_007_199_254_740_993n }],
  ['ok', { kind: 'in_sync' }],
] as const)('%s', ([text, state]) => {
  expect(decodeSyncState(text)).toEqual(state);
  expect(encodeSyncState(state)).toBe(text);
});

test.for(['', 'OK', 'wanna-sync', 'wanna-sync:', 'wanna-sync:-1', 'do-sync:x', 'do-sync:1.5', 'something'])(
  '"%s" is unknown',
  (text) => {
    expect(decodeSyncState(text)).toBeUndefined();
  },
);

test('what is written is read again', () => {
  const atTick = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
  const state: fc.Arbitrary<SyncState> = fc.oneof(
    fc.constantFrom<SyncState>({ kind: 'missing' }, { kind: 'in_copy' }, { kind: 'catching_up' }, { kind: 'in_sync' }),
    fc.record({ kind: fc.constantFrom('wants_handover' as const, 'handing_over' as const), atTick }),
  );
  fc.assert(
    fc.property(state, (given) => {
      expect(decodeSyncState(encodeSyncState(given))).toEqual(given);
    }),
  );
});
