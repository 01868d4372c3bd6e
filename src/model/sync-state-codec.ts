import { assertNever } from './exhaustive.ts';
import type { SyncState } from './table.ts';

/** `merge_state` of `londiste.table_info`; NULL is a table nobody has begun to copy. */
export function encodeSyncState(state: SyncState): string | null {
  switch (state.kind) {
    case 'missing':
      return null;
    case 'in_copy':
      return 'in-copy';
    case 'catching_up':
      return 'catching-up';
    case 'wants_handover':
      return `wanna-sync:${state.atTick}`;
    case 'handing_over':
      return `do-sync:${state.atTick}`;
    case 'in_sync':
      return 'ok';
    default:
      return assertNever(state);
  }
}

/** Undefined for a state that no release of Londiste writes. */
export function decodeSyncState(text: string | null): SyncState | undefined {
  if (text === null) return { kind: 'missing' };
  const [word, tick] = text.split(':');
  const atTick = tick !== undefined && /^\d+$/.test(tick) ? BigInt(tick) : undefined;
  switch (word) {
    case 'in-copy':
      return { kind: 'in_copy' };
    case 'catching-up':
      return { kind: 'catching_up' };
    case 'wanna-sync':
      return atTick === undefined ? undefined : { kind: 'wants_handover', atTick };
    case 'do-sync':
      return atTick === undefined ? undefined : { kind: 'handing_over', atTick };
    case 'ok':
    case '?':
      return { kind: 'in_sync' };
    default:
      return undefined;
  }
}
