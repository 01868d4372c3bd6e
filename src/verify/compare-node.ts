import { readNodePosition, readSequenceValues, type SequenceValue } from '../catalog/compare-reads.ts';
import { repairScript } from '../catalog/repair-script.ts';
import type { Connector } from '../db/connector.ts';
import type { Session } from '../db/session.ts';
import type { ComparedNode, ComparedSequence, Repair } from '../model/comparison.ts';
import type { DatabaseName, NodeName, QueueName, TableName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import { compareTables, type FoundIn } from './compare-tables.ts';
import type { RowSearch } from './find-rows.ts';
import { type OpenDeps, type Opened, openBothSides, type Sessions } from './open-sides.ts';
import { repairStatements } from './repair-statements.ts';

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
  /** What to do about rows that differ; `apply` keeps the worker at the tick until it is done. */
  readonly repair?: 'print' | 'apply';
}

export interface CompareDeps extends OpenDeps {
  readonly connector: Connector;
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
  if (target.repair !== 'apply') {
    return await readBothSides(target, sessions, deps, await openBothSides(queue, node, sessions, deps));
  }
  let result: CompareResult | undefined;
  await openBothSides(queue, node, sessions, deps, async (opened) => {
    result = await readBothSides(target, sessions, deps, opened);
    if (result.repair !== undefined && result.repair.statements > 0)
      await runScript(target, deps, result.repair.script);
  });
  if (result === undefined) throw new Error('both sides were open, and nothing was read');
  return result;
}

async function readBothSides(
  target: CompareTarget,
  sessions: OpenSessions,
  deps: CompareDeps,
  opened: Opened,
): Promise<CompareResult> {
  const { queue, node, provider, search } = target;
  const { tick, workerError } = opened;
  const step = `compare/${queue}/${node}`;
  const description = `compare ${node} with ${provider} at tick ${tick}`;
  const startedAt = deps.clock.now();
  deps.report({ kind: 'step_started', step, description });
  const repairs = new Map<TableName, readonly string[]>();
  const onFound = async (found: FoundIn): Promise<void> => {
    if (target.repair === undefined) return;
    repairs.set(found.table.name, await repairStatements(found));
  };
  const { tables, known } = await compareTables(queue, sessions, target.tables, { search, onFound });
  const sequences = target.tables === undefined ? await compareSequences(opened, sessions.control) : [];
  deps.report({ kind: 'step_done', step, description, elapsedMs: deps.clock.now() - startedAt });
  const statements = tables.flatMap(({ table }) => repairs.get(table) ?? []);
  const repair = {
    tables: new Set(repairs.keys()),
    statements: statements.length,
    script: repairScript({ queue, node, tick }, statements),
  };
  return {
    compared: { queue, node, provider, tick, workerError, tables, sequences },
    known,
    repair: target.repair === undefined ? undefined : repair,
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
  return subscriber.called ? subscriber.lastValue < provider.lastValue : subscriber.lastValue <= provider.lastValue;
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
