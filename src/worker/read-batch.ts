import type { ControlEvent } from '../model/event.ts';
import type { Stretch } from '../replay/batch-slices.ts';
import type { Fold } from '../replay/fold.ts';
import { ApplyFailed, type BatchCounts, type Route, startApplying } from './apply-batch.ts';
import { type EventFilter, fetchSlice } from './fetch-batch.ts';
import type { Keeper } from './keep-events.ts';
import type { Link } from './link.ts';

/** What is read: slices of what a query gives. */
export interface Source extends Pick<Stretch, 'toTick' | 'events' | 'slices'> {
  readonly query: string;
}

/** The rows of a batch, read and decoded as far as they fit until its transaction has begun. */
export interface Reading extends Pick<Source, 'toTick' | 'events'> {
  /** In the transaction: writes while the rest is read; until all of it is. */
  write(): Promise<void>;
  /** Until all is written. */
  finish(): Promise<{ readonly counts: BatchCounts; readonly keeper: Keeper | undefined }>;
  /** Without it: until nothing is written any more, and the provider's session is free. */
  drop(): Promise<void>;
}

export interface ReadingOptions {
  readonly routes: ReadonlyMap<string, Route>;
  readonly reroute: (() => Promise<ReadonlyMap<string, Route>>) | undefined;
  readonly filter: EventFilter;
  readonly skipped: ReadonlySet<number>;
  /** A fresh one for each try: where the events go beside the tables. */
  readonly keep: (() => Keeper) | undefined;
  /** With the tick that the batch ends with. */
  readonly control: ((event: ControlEvent, tick: bigint) => Promise<void>) | undefined;
  /** Tables whose changes go in one at a time, in order. */
  readonly ordered: ReadonlySet<string>;
  /** Memory of what was written before. */
  readonly spare: Fold[];
}

/** Bytes of rows decoded before they are written; as many may be on their way meanwhile, and the rest stays in the sockets. */
const maxHeld = 6_000_000;

export function startReading({ deps, provider, subscriber }: Link, source: Source, options: ReadingOptions): Reading {
  const { toTick, events, slices, query } = source;
  const { routes, filter, control } = options;
  const keeper = options.keep?.();
  const whole = keeper !== undefined || deps.foreignEvents === 'park' || [...routes.values()].some(callsFunction);
  const gate = newGate();
  const applier = startApplying(subscriber, {
    ...options,
    control: control && ((event) => control(event, toTick)),
    maxHeld,
    tick: toTick,
    ready: gate.opened,
  });
  let dropped = false;

  async function readAll(): Promise<void> {
    for (const slice of slices) {
      let clash: unknown;
      for await (const lines of fetchSlice(provider, { query, slice, filter, whole })) {
        deps.fault('mid-fetch');
        // The rest is read and passed over: leaving a COPY half way would cost the connection, which the next try needs.
        if (clash !== undefined) continue;
        try {
          await take(lines);
        } catch (error) {
          if (!dropped && !(error instanceof ApplyFailed)) throw error;
          clash = error;
        }
      }
      if (clash !== undefined) throw clash;
    }
  }

  async function take(lines: Uint8Array): Promise<void> {
    if (dropped) throw new Dropped();
    await applier.add(lines);
    if (keeper === undefined) return;
    // What it adds may go by what it finds when it begins.
    await gate.opened;
    if (!keeper.add(lines)) return;
    await applier.settle();
    await keeper.flush();
  }

  const read = readAll();
  // Whoever waits for it sees the error.
  read.catch(() => undefined);
  return {
    toTick,
    events,
    async write() {
      await keeper?.begin();
      gate.open();
      await read;
    },
    async finish() {
      return { counts: await applier.finish(), keeper };
    },
    async drop() {
      dropped = true;
      gate.fail(new Dropped());
      await read.catch(() => undefined);
      await applier[Symbol.asyncDispose]();
    },
  };
}

class Dropped extends Error {}

interface Gate {
  readonly opened: Promise<void>;
  open(): void;
  fail(error: Error): void;
}

function newGate(): Gate {
  let open: Gate['open'] = () => undefined;
  let fail: Gate['fail'] = () => undefined;
  const opened = new Promise<void>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  // Whoever waits for it sees the error.
  opened.catch(() => undefined);
  return { opened, open: () => open(), fail: (error) => fail(error) };
}

function callsFunction({ spec }: Route): boolean {
  return spec.handler?.kind === 'apply_function';
}
