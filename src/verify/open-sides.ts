import {
  type Distance,
  type NodePosition,
  readDistance,
  readHeldSequences,
  readNodePosition,
  readSequenceValues,
  type SequenceValue,
} from '../catalog/compare-reads.ts';
import { askForConfirmation } from '../catalog/hold.ts';
import { hasEventsAfter } from '../catalog/tick-snapshot.ts';
import type { Session } from '../db/session.ts';
import type { Clock } from '../model/clock.ts';
import type { NodeName, QueueName, SequenceName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import type { Report } from '../model/progress.ts';
import { type Hold, holdNode, standStill } from './hold-still.ts';
import { openAtTick, openNow } from './snapshot-at-tick.ts';

/** Sessions for one node; each does one thing at a time. */
export interface Sessions {
  /** On the subscriber. Outlives an abort, so that the hold can be released. */
  readonly control: Session;
  /** On the provider. */
  readonly ticker: Session;
  readonly providerReaders: readonly Session[];
  readonly subscriberReaders: readonly Session[];
}

export interface OpenDeps {
  readonly clock: Clock;
  readonly report: Report;
  readonly signal: AbortSignal | undefined;
  /** Who holds the node, for people to read. */
  readonly holder: string;
  readonly timeoutMs: number;
  /** Starts a worker for the node where none runs, and stops it when disposed. */
  readonly ensureWorker: () => Promise<AsyncDisposable>;
}

/** Both sides open at one tick. */
export interface Opened {
  readonly tick: bigint;
  readonly workerError: string | undefined;
  /** Of the provider, before the tick: what had been handed out then. */
  readonly providerSequences: ReadonlyMap<SequenceName, SequenceValue>;
  readonly sequences: readonly SequenceName[];
}

interface Work {
  readonly queue: QueueName;
  readonly node: NodeName;
  readonly sessions: Sessions;
  readonly deps: OpenDeps;
  readonly startedAt: number;
}

const pollMs = 100;
const refreshPollMs = 1_000;
const distanceEveryMs = 1_000;
const noteEveryMs = 5_000;
/** A worker reports every five seconds at the least; one that has not for this long is taken for gone. */
const silentMs = 10_000;
const confirmMs = 5_000;

/** Opens transactions on all readers: the provider's see what lies before a tick, the subscriber's the node at that tick. */
export async function openBothSides(
  queue: QueueName,
  node: NodeName,
  sessions: Sessions,
  deps: OpenDeps,
  whileThere?: WhileThere,
): Promise<Opened> {
  const work: Work = { queue, node, sessions, deps, startedAt: deps.clock.now() };
  const position = await positionNow(work);
  return position.paused ? openPaused(work, whileThere) : openMoving(work, position, whileThere);
}

/** What is to be done before the worker may go on. */
type WhileThere = (opened: Opened) => Promise<void>;

/** A paused worker is left alone: the node can be compared where it stands if nothing waits behind that. */
async function openPaused(work: Work, whileThere: WhileThere | undefined): Promise<Opened> {
  const { queue, node, sessions } = work;
  const sequences = await readSequences(work);
  await openNow(sessions.providerReaders);
  await openNow(sessions.subscriberReaders);
  const position = await positionNow(work, firstOf(sessions.subscriberReaders));
  const distance = await distanceNow(work, position);
  if ((await hasEventsAfter(firstOf(sessions.providerReaders), queue, position.tick)) !== false) {
    throw new ToolError([
      { code: 'node_paused', queue, node, worker: position.worker, position: position.tick, events: distance.events },
    ]);
  }
  const opened = { tick: position.tick, workerError: position.error, ...sequences };
  await whileThere?.(opened);
  return opened;
}

async function openMoving(work: Work, start: NodePosition, whileThere: WhileThere | undefined): Promise<Opened> {
  await using workers = startedWorkers(work);
  if (start.heartbeatAgeMs === undefined || start.heartbeatAgeMs > silentMs) await workers.ensure();
  // A long way is gone before the snapshot is taken: one that stays open for long keeps the provider from tidying up.
  const { newestTick } = await distanceNow(work, start);
  await untilAt(work, newestTick, undefined);
  await using hold = holdNode(work.sessions.control, work.deps.clock, {
    queue: work.queue,
    node: work.node,
    holder: work.deps.holder,
  });
  for (;;) {
    await stopWorker(work, hold, workers);
    const sequences = await readSequences(work);
    const tick = await tickOfProvider(work, hold);
    await hold.moveTo(tick);
    if ((await untilAt(work, tick, hold)) === 'there') {
      await openNow(work.sessions.subscriberReaders);
      const seen = await positionNow(work, firstOf(work.sessions.subscriberReaders));
      if (seen.tick === tick) {
        const opened = { tick, workerError: seen.error, ...sequences };
        if (whileThere !== undefined) await keepingHold(work, hold, () => whileThere(opened));
        await hold.release();
        return opened;
      }
    }
    // It got past the tick, or has opened a batch that ends beyond it: let that one through, then try anew.
    await hold.release();
  }
}

async function keepingHold(work: Work, hold: Hold, job: () => Promise<void>): Promise<void> {
  const done = new AbortController();
  const refreshing = (async () => {
    while (!done.signal.aborted) {
      await hold.refresh();
      await work.deps.clock.sleep(refreshPollMs, done.signal);
    }
  })();
  try {
    await job();
  } finally {
    done.abort();
    await refreshing;
  }
}

/** Once this returns, the worker knows that it must not open another batch. */
async function stopWorker(work: Work, hold: Hold, workers: StartedWorkers): Promise<void> {
  const { control } = work.sessions;
  const { clock } = work.deps;
  let told = false;
  while (!(await hold.moveTo(standStill))) {
    if (!told) note(work, 'somebody else holds this node at a tick; waiting for them');
    told = true;
    await pause(work, 500, 'the end of another comparison');
  }
  const { worker } = await positionNow(work);
  await askForConfirmation(control, work.queue, worker);
  const asked = clock.now();
  for (;;) {
    const position = await positionNow(work);
    if (position.uptodate) return;
    if (position.paused) throw await pausedProblem(work, position);
    if (clock.now() - asked > confirmMs) await workers.ensure();
    await hold.refresh();
    await pause(work, pollMs, 'a sign of its worker');
  }
}

async function tickOfProvider(work: Work, hold: Hold): Promise<bigint> {
  for (;;) {
    const tick = await openAtTick(work.sessions.ticker, work.sessions.providerReaders, work.queue);
    if (tick !== undefined) return tick;
    await hold.refresh();
    await pause(work, pollMs, 'a tick of its own on the provider');
  }
}

/** Without a hold, beyond is as good as there. */
async function untilAt(work: Work, tick: bigint, hold: Hold | undefined): Promise<'there' | 'missed'> {
  const { clock } = work.deps;
  let lastNote = clock.now();
  let lastDistance = Number.NEGATIVE_INFINITY;
  for (;;) {
    const position = await positionNow(work);
    if (position.tick === tick || (hold === undefined && position.tick > tick)) return 'there';
    if (position.tick > tick) return 'missed';
    if (position.paused) throw await pausedProblem(work, position);
    if (clock.now() - lastDistance >= distanceEveryMs) {
      lastDistance = clock.now();
      const distance = await distanceNow(work, position);
      if (hold !== undefined && distance.openUntil !== undefined && distance.openUntil > tick) return 'missed';
      if (clock.now() - lastNote >= noteEveryMs) {
        lastNote = clock.now();
        note(work, `waiting for tick ${tick}: ${howFar(position, distance)}`);
      }
    }
    await hold?.refresh();
    await pause(work, pollMs, async () => `tick ${tick} (${howFar(position, await distanceNow(work, position))})`);
  }
}

function howFar(position: NodePosition, distance: Distance): string {
  const events = distance.events === undefined ? '' : `, about ${distance.events} events`;
  const error = position.error === undefined ? '' : `; its worker says: ${firstLine(position.error)}`;
  return `it stands at ${position.tick}, ${distance.ticks} ticks${events} behind${error}`;
}

interface StartedWorkers extends AsyncDisposable {
  /** Starts one, once. */
  ensure(): Promise<void>;
}

function startedWorkers(work: Work): StartedWorkers {
  let started: AsyncDisposable | undefined;
  return {
    async ensure() {
      if (started !== undefined) return;
      note(work, 'no worker runs for this node: one runs here until it is at the tick');
      started = await work.deps.ensureWorker();
    },
    async [Symbol.asyncDispose]() {
      await started?.[Symbol.asyncDispose]();
    },
  };
}

async function readSequences(work: Work): Promise<Pick<Opened, 'sequences' | 'providerSequences'>> {
  const sequences = await readHeldSequences(work.sessions.control, work.queue);
  return { sequences, providerSequences: await readSequenceValues(work.sessions.ticker, sequences) };
}

async function positionNow(work: Work, session: Session = work.sessions.control): Promise<NodePosition> {
  const position = await readNodePosition(session, work.queue);
  if (position === undefined) throw new ToolError([{ code: 'node_not_set_up', queue: work.queue, node: work.node }]);
  return position;
}

async function distanceNow(work: Work, position: NodePosition): Promise<Distance> {
  const distance = await readDistance(work.sessions.ticker, work.queue, position);
  if (distance === undefined) {
    throw new ToolError([{ code: 'node_not_set_up', queue: work.queue, node: position.provider }]);
  }
  return distance;
}

async function pausedProblem(work: Work, position: NodePosition): Promise<ToolError> {
  const { events } = await distanceNow(work, position);
  const { worker, tick } = position;
  return new ToolError([{ code: 'node_paused', queue: work.queue, node: work.node, worker, position: tick, events }]);
}

/** Sleeps; fails once the time is up. */
async function pause(work: Work, ms: number, what: string | (() => Promise<string>)): Promise<void> {
  const { clock, signal, timeoutMs } = work.deps;
  signal?.throwIfAborted();
  if (clock.now() - work.startedAt >= timeoutMs) {
    const text = typeof what === 'string' ? what : await what();
    throw new ToolError([
      { code: 'wait_exceeded', node: work.node, what: text, seconds: Math.round(timeoutMs / 1000) },
    ]);
  }
  await clock.sleep(ms, signal);
  signal?.throwIfAborted();
}

function note(work: Work, text: string): void {
  work.deps.report({ kind: 'note', node: work.node, text });
}

function firstOf(sessions: readonly Session[]): Session {
  const [first] = sessions;
  if (first === undefined) throw new Error('a side needs at least one session');
  return first;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
