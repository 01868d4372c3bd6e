import type { ExecuteFile } from './event.ts';
import type { Origin } from './origin.ts';

/** An SQL file that runs once, at the same place in the stream on every node. */
export interface MigrationFile extends ExecuteFile {
  /** Of its text, in hexadecimal. */
  readonly sha256: string;
}

/** `migrations:` of a queue. Files stand in the order they run. */
export interface MigrationsSpec {
  /** As the file says it. */
  readonly dir: string;
  readonly files: readonly MigrationFile[];
  readonly at: Origin;
}

/** What a database remembers of an SQL file that ran there. */
export interface ExecutedFile {
  readonly queue: string;
  readonly sha256: string;
}

/** What a file did to one node in a transaction that was rolled back. Names are `schema.table` as on the node. */
export interface RehearsedEffects {
  /** Nobody can read or write them until the transaction ends. */
  readonly locked: readonly string[];
  /** Nobody can write to them until the transaction ends. */
  readonly writesBlocked: readonly string[];
  readonly rewritten: readonly string[];
  /** Tables that are gone, emptied, lost columns or lost rows. */
  readonly dropped: readonly string[];
}

export type RehearsalOutcome =
  | { readonly kind: 'ran'; readonly effects: RehearsedEffects }
  /** Nothing that it names is there. */
  | { readonly kind: 'not_meant' }
  | {
      readonly kind: 'failed';
      readonly detail: string;
      readonly sqlstate: string | undefined;
      /** Of the file, from 1. */
      readonly line: number | undefined;
    }
  /** It could not be tried: the node is not there yet, or something else held a lock for too long. */
  | { readonly kind: 'not_tried'; readonly detail: string };
