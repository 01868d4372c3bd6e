import { setMaxListeners } from 'node:events';
import { isMergeComplete } from '../catalog/merged-tables.ts';
import { estimateRows } from '../catalog/pgq.ts';
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
import { type Backoff, backoff } from './backoff.ts';
import { copyTable, mustRestart } from './copy-table.ts';
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
  wake: WakeUp;
}

/** Runs the first copies of one node, largest first, some side by side. */
export function startCopies(given: CopiesDeps): Copies {
  const { deps } = given;
  const jobs = new Map<TableName, Job>();
  const ended = new AbortController();
  const stop = AbortSignal.any([deps.stop, ended.signal]);
  // What a copy has not committed is copied again: there is nothing to wait for.
  const kill = AbortSignal.any([deps.kill, stop]);
  setMaxListeners(0, stop, kill);
  const jobDeps: NodeDeps = { ...deps, stop, kill };

  async function look(state: WorkerState, provider: Session): Promise<SyncNeeds> {
    const unfinished = [...state.tables.values()].filter(({ sync }) => sync !== undefined && sync.kind !== 'in_sync');
    if (unfinished.length === 0) return { handOver: [], handingOver: false, closing: false };
    for (const { name } of unfinished) if (!jobs.has(name)) jobs.set(name, await newJob(name, provider));
    await startWaiting(unfinished, provider);
    return {
      handOver: unfinished.filter(({ sync }) => sync?.kind === 'wants_handover' && sync.atTick <= state.position),
      handingOver: unfinished.some(({ sync }) => sync?.kind === 'handing_over'),
      closing: unfinished.some(({ sync }) => sync?.kind === 'wants_handover'),
    };
  }

  async function newJob(table: TableName, provider: Session): Promise<Job> {
    const estimate = (await estimateRows(provider, table)) ?? 0;
    return {
      wait: backoff(1_000, 30_000),
      running: undefined,
      notBefore: 0,
      recorded: false,
      told: undefined,
      estimate,
      wake: wakeUp(deps.clock),
    };
  }

  /** Copies under way go first: each of them holds back the provider's rotation. */
  async function startWaiting(unfinished: readonly WorkerTable[], provider: Session): Promise<void> {
    let free = deps.parallelCopies - [...jobs.values()].filter(({ running }) => running !== undefined).length;
    const waiting = unfinished
      .flatMap((table) => {
        const job = jobs.get(table.name);
        if (job === undefined || job.running !== undefined) return [];
        const asked = job.recorded && table.error === undefined;
        return job.notBefore > deps.clock.now() && !asked ? [] : [{ table, job }];
      })
      .sort((left, right) => rank(right.table) - rank(left.table) || right.job.estimate - left.job.estimate);
    for (const { table, job } of waiting) {
      if (free <= 0) return;
      if (
        table.spec === undefined ||
        ((table.sync?.kind === 'missing' || table.sync?.kind === 'in_copy') &&
          !(await providerIsReady(table, provider)))
      )
        continue;
      free -= 1;
      job.running = run(table, job);
    }
  }

  /** A provider that is itself still copying the table has nothing to copy from. */
  async function providerIsReady({ name: table, spec }: WorkerTable, provider: Session): Promise<boolean> {
    // Another node is asked by the copy itself.
    const from = spec?.copy.from;
    if (from !== undefined && from !== '?' && from !== given.provider.node) return true;
    if ((await maySupplyCopy(provider, deps.queue, table)) !== true) return false;
    // Rows of a first copy do not go through the queue that others are merged into.
    return isMergeComplete(provider, deps.queue, table);
  }

  async function run(table: WorkerTable, job: Job): Promise<void> {
    const { spec } = table;
    if (spec === undefined) return;
    let last: CopyProgress | undefined;
    const report = (progress: CopyProgress) => {
      last = progress;
      given.heartbeat.copy(progress);
      deps.report(progress);
    };
    try {
      await copyTable({
        deps: jobDeps,
        spec,
        generation: given.generation,
        worker: given.worker,
        role: given.role.kind,
        provider: given.provider,
        changed: () => given.wake.wake(),
        waitForMain: () => job.wake.wait(500, stop),
        report,
      });
      job.wait.reset();
      job.told = undefined;
    } catch (error) {
      if (stop.aborted) return;
      if (mustRestart(error)) await startOver(table.name);
      else job.notBefore = deps.clock.now() + job.wait.next();
      await failed(table.name, job, error);
      report({ ...(last ?? start(table.name)), phase: 'failed' });
    } finally {
      job.running = undefined;
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
      await Promise.all([...jobs.values()].map(({ running }) => running));
    },
  };
}

const tellEveryMs = 600_000;

function rank({ sync }: WorkerTable): number {
  return sync?.kind === 'missing' ? 0 : 1;
}
