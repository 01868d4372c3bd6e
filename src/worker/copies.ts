import { setMaxListeners } from 'node:events';
import { incompleteMerges } from '../catalog/merged-tables.ts';
import { estimateRows, measureTables } from '../catalog/pgq.ts';
import { copyConsumer, maySupplyCopy, readTableState, setTableState } from '../catalog/table-sync.ts';
import { assertLease } from '../catalog/trunkline.ts';
import { type NodeRole, setConsumerError, type WorkerState, type WorkerTable } from '../catalog/worker-state.ts';
import { readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';
import { transaction } from '../db/transaction.ts';
import type { DatabaseName, NodeName, TableName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import type { CopyProgress } from '../model/progress.ts';
import { decodeSyncState } from '../model/sync-state-codec.ts';
import type { TableSpec } from '../model/table.ts';
import { type Backoff, backoff } from './backoff.ts';
import { mustRestart } from './copy-catch-up.ts';
import { copyTables, wantedSource } from './copy-table.ts';
import type { NodeDeps } from './deps.ts';
import type { Heartbeat } from './heartbeat.ts';
import { mayPass } from './park.ts';
import { openSubscriber } from './sessions.ts';
import { type WakeUp, wakeUp } from './wake-up.ts';

/** What the tables that are not in sync ask of the main worker. */
export interface SyncNeeds {
  /** Copies that wait to be told at which tick to hand over, and whose tick the main worker has reached. */
  readonly handOver: readonly WorkerTable[];
  /** A copy is on its way to the main worker's tick. */
  readonly handingOver: boolean;
  /** A copy waits for the main worker to reach its tick: no large steps now. */
  readonly closing: boolean;
}

export interface Copies extends AsyncDisposable {
  /** Starts what may start, and says what the main worker must do. */
  look(state: WorkerState, provider: Session): Promise<SyncNeeds>;
  /** The main worker has moved a state. */
  wake(): void;
}

interface CopiesDeps {
  readonly deps: NodeDeps;
  readonly generation: bigint;
  readonly worker: string;
  readonly role: NodeRole;
  readonly provider: { readonly node: NodeName; readonly database: DatabaseName };
  readonly control: Session;
  readonly wake: WakeUp;
  readonly heartbeat: Heartbeat;
}

interface Job {
  readonly wait: Backoff;
  running: Promise<void> | undefined;
  notBefore: number;
  /** The error stands in the catalog: whoever takes it away there wants another try at once. */
  recorded: boolean;
  told: { readonly text: string; readonly at: number } | undefined;
  estimate: number;
  /** On the provider, where that was asked and could be told. */
  bytes: number | undefined;
  /** It was begun together with others, and that did not do. */
  alone: boolean;
  wake: WakeUp;
}

/** A table and what is done about it. */
interface Waiting {
  readonly table: WorkerTable;
  readonly job: Job;
  readonly spec: TableSpec;
}

/**
 * Small tables are copied together, as sessions, round trips and commits would cost far more than their rows. All of them
 * are locked until the last is there, so that they must not be many, nor hold much.
 */
const together = { tableBytes: 1_000_000, bytes: 16_000_000, tables: 64 };

/** Runs the first copies of one node, largest first, some side by side. */
export function startCopies(given: CopiesDeps): Copies {
  const { deps } = given;
  const jobs = new Map<TableName, Job>();
  let measuring: Promise<void> | undefined;
  const ended = new AbortController();
  const stop = AbortSignal.any([deps.stop, ended.signal]);
  // What a copy has not committed is copied again: there is nothing to wait for.
  const kill = AbortSignal.any([deps.kill, stop]);
  setMaxListeners(0, stop, kill);
  const jobDeps: NodeDeps = { ...deps, stop, kill };

  async function look(state: WorkerState, provider: Session): Promise<SyncNeeds> {
    const unfinished = [...state.tables.values()].filter(({ sync }) => sync !== undefined && sync.kind !== 'in_sync');
    if (unfinished.length === 0) return { handOver: [], handingOver: false, closing: false };
    await addJobs(
      unfinished.flatMap(({ name }) => (jobs.has(name) ? [] : [name])),
      provider,
    );
    await startWaiting(unfinished, provider);
    return {
      handOver: unfinished.filter(({ sync }) => sync?.kind === 'wants_handover' && sync.atTick <= state.position),
      handingOver: unfinished.some(({ sync }) => sync?.kind === 'handing_over'),
      closing: unfinished.some(({ sync }) => sync?.kind === 'wants_handover'),
    };
  }

  async function addJobs(tables: readonly TableName[], provider: Session): Promise<void> {
    if (tables.length === 0) return;
    const estimates = await estimateRows(provider, tables);
    for (const name of tables) jobs.set(name, newJob(estimates.get(name) ?? 0));
  }

  function newJob(estimate: number): Job {
    return {
      wait: backoff(1_000, 30_000),
      running: undefined,
      notBefore: 0,
      recorded: false,
      told: undefined,
      estimate,
      bytes: undefined,
      alone: false,
      wake: wakeUp(deps.clock),
    };
  }

  /** Copies under way go first: each of them holds back the provider's rotation. */
  async function startWaiting(unfinished: readonly WorkerTable[], provider: Session): Promise<void> {
    const running = new Set([...jobs.values()].flatMap((job) => job.running ?? []));
    let free = deps.parallelCopies - running.size;
    if (free <= 0 || measuring !== undefined) return;
    const waiting = unfinished
      .flatMap((table): Waiting[] => {
        const job = jobs.get(table.name);
        const { spec } = table;
        if (spec === undefined || job === undefined || job.running !== undefined) return [];
        const asked = job.recorded && table.error === undefined;
        return job.notBefore > deps.clock.now() && !asked ? [] : [{ table, job, spec }];
      })
      .sort((left, right) => rank(right) - rank(left) || right.job.estimate - left.job.estimate);
    const startable = await whoseSourceIsReady(waiting, provider);
    if (startable.length > free && startable.some(mayBeMeasured)) {
      measuring = measure(startable.filter(mayBeMeasured)).finally(() => {
        measuring = undefined;
        given.wake.wake();
      });
      return;
    }
    let small = startable.filter(isSmall);
    for (const one of startable) {
      if (free <= 0) return;
      if (one.job.running !== undefined) continue;
      const members = isSmall(one) ? companyOf(one, small, Math.ceil(small.length / free)) : [];
      small = small.filter((other) => other !== one && !members.includes(other));
      free -= 1;
      const running = run([one, ...members]);
      for (const { job } of [one, ...members]) job.running = running;
    }
  }

  /** Those that are begun together with one of them. */
  function companyOf(one: Waiting, small: readonly Waiting[], share: number): readonly Waiting[] {
    const members: Waiting[] = [];
    let bytes = one.job.bytes ?? 0;
    for (const other of small) {
      if (other === one) continue;
      bytes += other.job.bytes ?? 0;
      if (bytes > together.bytes || members.length + 1 >= Math.min(share, together.tables)) break;
      members.push(other);
    }
    return members;
  }

  function isSmall(one: Waiting): boolean {
    const { bytes, alone } = one.job;
    return !alone && isAnew(one) && bytes !== undefined && bytes <= together.tableBytes;
  }

  /** Of a table that begins at the provider, and has no rows of other queues to look after. */
  function mayBeMeasured(one: Waiting): boolean {
    const { bytes, alone } = one.job;
    return !alone && bytes === undefined && isAnew(one) && isFromProvider(one.spec) && given.role.kind !== 'merging';
  }

  function isFromProvider(spec: TableSpec): boolean {
    return (wantedSource(spec) ?? given.provider.node) === given.provider.node;
  }

  /** In a session of its own: who has one of them locked must not hold up the replay. */
  async function measure(tables: readonly Waiting[]): Promise<void> {
    try {
      await using session = await deps.connector(given.provider.database, {
        applicationName: `trunkline copy ${deps.node}`,
        settings: { lock_timeout: '1s' },
        signal: kill,
      });
      const names = tables.map(({ table }) => table.name);
      const bytes = await measureTables(session, deps.queue, names);
      for (const { table, job } of tables) job.bytes = bytes.get(table.name);
    } catch {
      // Whatever is wrong is wrong for the copies, too, and told there.
    }
    for (const { job } of tables) job.alone = job.bytes === undefined;
  }

  /** A provider that is itself still copying the table has nothing to copy from. */
  async function whoseSourceIsReady(waiting: readonly Waiting[], provider: Session): Promise<readonly Waiting[]> {
    // Another node is asked by the copy itself.
    const asking = waiting.filter((one) => isAnew(one) && isFromProvider(one.spec)).map(({ table }) => table.name);
    if (asking.length === 0) return waiting;
    const ready = await maySupplyCopy(provider, deps.queue, asking);
    // Rows of a first copy do not go through the queue that others are merged into.
    const incomplete = await incompleteMerges(provider, deps.queue, asking);
    const asked = new Set(asking);
    return waiting.filter(
      ({ table: { name } }) => !asked.has(name) || (ready.get(name) === true && !incomplete.has(name)),
    );
  }

  async function run(tables: readonly [Waiting, ...Waiting[]]): Promise<void> {
    const [first, ...others] = tables;
    const last = new Map<TableName, CopyProgress>();
    const report = (progress: CopyProgress) => {
      last.set(progress.table, progress);
      given.heartbeat.copy(progress);
      deps.report(progress);
    };
    try {
      await copyTables({
        deps: jobDeps,
        tables: [first.spec, ...others.map(({ spec }) => spec)],
        generation: given.generation,
        worker: given.worker,
        role: given.role.kind,
        provider: given.provider,
        changed: () => given.wake.wake(),
        waitForMain: () => first.job.wake.wait(500, stop),
        report,
      });
      for (const { job } of tables) {
        job.wait.reset();
        job.told = undefined;
        // Should it be copied again one day, it may be another size.
        job.bytes = undefined;
        job.alone = false;
      }
    } catch (error) {
      if (stop.aborted) return;
      // Whatever it was, the copy of the one table that it is about will meet it again.
      if (others.length > 0) {
        for (const { job } of tables) job.alone = true;
        return;
      }
      const { table, job } = first;
      if (mustRestart(error)) await startOver(table.name);
      else job.notBefore = deps.clock.now() + job.wait.next();
      await failed(table.name, job, error);
      report({ ...(last.get(table.name) ?? start(table.name)), phase: 'failed' });
    } finally {
      for (const { job } of tables) job.running = undefined;
      given.wake.wake();
    }
  }

  /** The same error is told now and then only: a table may wait for a person for days. */
  async function failed(table: TableName, job: Job, error: unknown): Promise<void> {
    const text = error instanceof ToolError ? deps.explain(error) : (error as Error).message;
    job.recorded = await setConsumerError(given.control, deps.queue, copyConsumer(given.worker, table), text).catch(
      () => false,
    );
    if (!mayPass(error) && !mustRestart(error)) await stepBack(table).catch(() => undefined);
    const now = deps.clock.now();
    if (job.told?.text === text && now - job.told.at < tellEveryMs) return;
    job.told = { text, at: now };
    deps.log({
      level: 'error',
      event: 'copy_failed',
      queue: deps.queue,
      node: deps.node,
      table,
      sqlstate: (readDriverError(error) ?? readDriverError((error as Error).cause))?.sqlstate,
      message: `the copy of ${table} failed and will be tried again: ${text}`,
    });
  }

  /** The main worker stands still for a table that is handed over: one that can not go on must not hold it up. */
  async function stepBack(table: TableName): Promise<void> {
    const row = await readTableState(given.control, deps.queue, table);
    const sync = row === undefined ? undefined : decodeSyncState(row.state);
    if (sync?.kind !== 'handing_over' && sync?.kind !== 'wants_handover') return;
    await transaction(given.control, async () => {
      await assertLease(given.control, deps.queue, deps.node, given.generation);
      await setTableState(given.control, deps.queue, table, { kind: 'catching_up' }, row?.snapshot ?? undefined);
    });
  }

  async function startOver(table: TableName): Promise<void> {
    await using session = await openSubscriber(jobDeps, 'copy');
    await setTableState(session, deps.queue, table, { kind: 'missing' }, undefined);
  }

  function start(table: TableName): CopyProgress {
    return {
      kind: 'copy',
      queue: deps.queue,
      node: deps.node,
      table,
      phase: 'starting',
      rowsDone: 0,
      rowsTotal: undefined,
      bytesDone: 0,
      elapsedMs: 0,
    };
  }

  return {
    look,
    wake() {
      for (const job of jobs.values()) job.wake.wake();
    },
    async [Symbol.asyncDispose]() {
      ended.abort();
      for (const job of jobs.values()) job.wake.wake();
      await Promise.all([measuring, ...[...jobs.values()].map(({ running }) => running)]);
    },
  };
}

const tellEveryMs = 600_000;

function rank({ table: { sync } }: Pick<Waiting, 'table'>): number {
  return sync?.kind === 'missing' ? 0 : 1;
}

function isAnew({ table: { sync } }: Waiting): boolean {
  return sync?.kind === 'missing' || sync?.kind === 'in_copy';
}
