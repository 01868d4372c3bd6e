import { readNodePosition, readSequenceValues, type SequenceValue } from '../catalog/compare-reads.ts';
import { repairScript } from '../catalog/repair-script.ts';
import type { Connector } from '../db/connector.ts';
import type { Session } from '../db/session.ts';
import type { ComparedNode, ComparedSequence, Repair } from '../model/comparison.ts';
import type { ReadParts } from '../model/comparison-record.ts';
import type { DatabaseName, NodeName, QueueName, TableName } from '../model/names.ts';
import type { PaceSettings } from '../model/pace.ts';
import { ToolError } from '../model/problem.ts';
import { compareTables, type FoundIn, type TableComparison } from './compare-tables.ts';
import type { RowSearch } from './find-rows.ts';
import { type OpenDeps, type Opened, openBothSides, type Sessions } from './open-sides.ts';
import { type Pace, paceOf } from './pace.ts';
import { inOrder, type RepairStatements, repairStatements } from './repair-statements.ts';
import { closeSnapshots } from './snapshot-at-tick.ts';

/** One subscriber, and what of it to compare. */
export interface CompareTarget {
  readonly queue: QueueName;
  readonly node: NodeName;
  readonly database: DatabaseName;
  readonly provider: NodeName;
  readonly providerDatabase: DatabaseName;
  /** By their name on either side; undefined is all. */
  readonly tables: ReadonlySet<TableName> | undefined;
  /** How many tables are read side by side. */
  readonly parallel: number;
  readonly search: RowSearch;
  readonly pace: PaceSettings;
  /** What an earlier comparison found, of tables that it had begun. */
  readonly saved?: ReadonlyMap<TableName, ReadParts> | undefined;
  /** What to do about rows that differ, all at one tick; `apply` keeps the worker there until it is done. */
  readonly repair?: 'print' | 'apply';
}

export interface CompareDeps extends OpenDeps {
  readonly connector: Connector;
  /** After each part of a table. */
  readonly onPart?: ((table: TableName, read: ReadParts) => void) | undefined;
}

export interface CompareResult {
  readonly compared: ComparedNode;
  /** All tables of the node. */
  readonly known: readonly TableName[];
  /** Undefined where none was asked for. */
  readonly repair: Repair | undefined;
}

/** Reads both sides of a node at one tick, without a lock on the provider's tables and without stopping its writers. */
export async function compareNode(target: CompareTarget, deps: CompareDeps): Promise<CompareResult> {
  const { queue, node } = target;
  await using sessions = await openSessions(target, deps);
  const live = await readNodePosition(sessions.control, queue);
  if (live !== undefined && live.node !== node) {
    throw new ToolError([
      { code: 'node_elsewhere', queue, database: target.database, expected: node, found: live.node },
    ]);
  }
  const open = (whileThere?: (opened: Opened) => Promise<void>) =>
    openBothSides(queue, node, sessions, deps, whileThere);
  if (target.repair === undefined) return await compareInSnapshots(target, sessions, deps, open);
  if (target.repair === 'print') return await repairAtTick(target, sessions, deps, await open());
  let result: CompareResult | undefined;
  await open(async (opened) => {
    result = await repairAtTick(target, sessions, deps, opened);
    if (result.repair !== undefined && result.repair.statements > 0)
      await runScript(target, deps, result.repair.script);
  });
  if (result === undefined) throw new Error('both sides were open, and nothing was read');
  return result;
}

/** Reads on at a new tick whenever a snapshot has been open for long enough. */
async function compareInSnapshots(
  target: CompareTarget,
  sessions: OpenSessions,
  deps: CompareDeps,
  open: () => Promise<Opened>,
): Promise<CompareResult> {
  const { queue, node, provider, pace: settings } = target;
  const { clock, signal } = deps;
  const pace = paceOf(clock, settings);
  const tables = tablesOf(target, deps, pace, async () => undefined);
  let opened = await open();
  const firstTick = opened.tick;
  const sequences = target.tables === undefined ? await compareSequences(opened, sessions.control) : [];
  const step = stepOf(target, opened, deps);
  while ((await tables.readOn(sessions, clock.now() + settings.maxSnapshotMs)) === 'more') {
    await closeSnapshots([...sessions.providerReaders, ...sessions.subscriberReaders]);
    await clock.sleep(pace.waitMs(), signal);
    signal?.throwIfAborted();
    opened = await open();
  }
  step.done();
  const { tick, workerError } = opened;
  return {
    compared: { queue, node, provider, firstTick, tick, workerError, tables: tables.compared(), sequences },
    known: tables.known(),
    repair: undefined,
  };
}

/** What is repaired was all read at the tick at which the repair runs. */
async function repairAtTick(
  target: CompareTarget,
  sessions: OpenSessions,
  deps: CompareDeps,
  opened: Opened,
): Promise<CompareResult> {
  const { queue, node, provider } = target;
  const { tick, workerError } = opened;
  const repairs = new Map<TableName, RepairStatements[]>();
  const tables = tablesOf(target, deps, paceOf(deps.clock, target.pace), async (found) => {
    const { name } = found.table;
    repairs.set(name, [...(repairs.get(name) ?? []), await repairStatements(found)]);
  });
  const step = stepOf(target, opened, deps);
  await tables.readOn(sessions, Number.POSITIVE_INFINITY);
  const sequences = target.tables === undefined ? await compareSequences(opened, sessions.control) : [];
  step.done();
  const compared = tables.compared();
  const statements = compared.flatMap(({ table }) => inOrder(repairs.get(table) ?? []));
  return {
    compared: { queue, node, provider, firstTick: tick, tick, workerError, tables: compared, sequences },
    known: tables.known(),
    repair: {
      tables: new Set(repairs.keys()),
      statements: statements.length,
      script: repairScript({ queue, node, tick }, statements),
    },
  };
}

function tablesOf(
  target: CompareTarget,
  deps: CompareDeps,
  pace: Pace,
  onFound: (found: FoundIn) => Promise<void>,
): TableComparison {
  const { queue, node, provider, search } = target;
  const { clock, signal, report } = deps;
  return compareTables(queue, {
    only: target.tables,
    sides: { provider, subscriber: node },
    search,
    settings: target.pace,
    pace,
    clock,
    signal,
    saved: target.saved ?? new Map(),
    onFound,
    onPart: deps.onPart ?? (() => undefined),
    report: (progress) => report({ kind: 'compare', queue, node, ...progress }),
    note: (text) => report({ kind: 'note', node, text }),
  });
}

function stepOf(
  { queue, node, provider }: CompareTarget,
  { tick }: Opened,
  { clock, report }: CompareDeps,
): { done(): void } {
  const step = `compare/${queue}/${node}`;
  const description = `compare ${node} with ${provider} at tick ${tick}`;
  const startedAt = clock.now();
  report({ kind: 'step_started', step, description });
  return {
    done: () => report({ kind: 'step_done', step, description, elapsedMs: clock.now() - startedAt }),
  };
}

/** In a session of its own: the others hold what was read, and the node. */
async function runScript(target: CompareTarget, deps: CompareDeps, script: string): Promise<void> {
  await using session = await deps.connector(target.database, {
    applicationName: 'trunkline repair',
    settings: { statement_timeout: '0', lock_timeout: '10s' },
    signal: deps.signal,
  });
  await session.script(script);
}

async function compareSequences(opened: Opened, subscriber: Session): Promise<ComparedSequence[]> {
  const values = await readSequenceValues(subscriber, opened.sequences);
  return opened.sequences.map((sequence) => {
    const left = opened.providerSequences.get(sequence);
    const right = values.get(sequence);
    return {
      sequence,
      provider: left?.lastValue,
      subscriber: right?.lastValue,
      behind: left === undefined || right === undefined || isBehind(right, left),
    };
  });
}

function isBehind(subscriber: SequenceValue, provider: SequenceValue): boolean {
  if (!provider.called) return false;
  // How far the subscriber is ahead, the way the provider counts.
  const ahead = (subscriber.lastValue - provider.lastValue) * (provider.falls ? -1n : 1n);
  return subscriber.called ? ahead < 0n : ahead <= 0n;
}

type OpenSessions = Sessions & AsyncDisposable;

async function openSessions(target: CompareTarget, deps: CompareDeps): Promise<OpenSessions> {
  const opened: Session[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((session) => session.close()));
  };
  const open = async (database: DatabaseName, signal: AbortSignal | undefined): Promise<Session> => {
    // Reading a large table takes as long as it takes; waiting for a lock does not.
    const settings = { statement_timeout: '0', lock_timeout: '10s' };
    const session = await deps.connector(database, { applicationName: 'trunkline compare', settings, signal });
    opened.push(session);
    return session;
  };
  const openMany = async (database: DatabaseName): Promise<Session[]> => {
    const sessions: Session[] = [];
    for (let index = 0; index < target.parallel; index += 1) sessions.push(await open(database, deps.signal));
    return sessions;
  };
  try {
    return {
      control: await open(target.database, undefined),
      ticker: await open(target.providerDatabase, deps.signal),
      providerReaders: await openMany(target.providerDatabase),
      subscriberReaders: await openMany(target.database),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
